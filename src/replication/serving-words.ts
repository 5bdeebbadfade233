// What a session that listens (serving-session.ts) says, frames and snapshots apart: each message signed, where it answers
// a Logon, over what makes it good for this connection alone.

import { WordBuffer } from "../base/index.ts";
import {
  encodeChallenge,
  encodeReplicationRefusal,
  encodeStanding,
  encodeWelcome,
  type Logon,
  type Prove,
  type RefusalCode,
  replicationStatement,
  type Standing,
  type StartFrom,
  writeHeartbeat,
} from "../protocol/index.ts";
import type { LiveReader } from "./live-frames.ts";
import type { SessionOutput } from "./peers.ts";
import type { PrimarySide, ServingNode } from "./serving-node.ts";

/** What a Heartbeat takes. */
const HEARTBEAT_MESSAGE_BYTES = 64;

export class ServingWords {
  readonly #node: ServingNode;
  readonly #output: SessionOutput;
  readonly #beat = new WordBuffer(HEARTBEAT_MESSAGE_BYTES);

  constructor(node: ServingNode, output: SessionOutput) {
    this.#node = node;
    this.#output = output;
  }

  challenge(nonce: Uint8Array): void {
    const { name, checksums } = this.#node;
    this.#output.write(encodeChallenge({ nonce, name }, checksums));
  }

  standing(logon: Logon, standing: Standing): void {
    const { keys, checksums } = this.#node;
    const prove: Prove = (signed) => keys.prove(replicationStatement("standing", logon.nonce, signed));
    this.#output.write(encodeStanding(standing, prove, checksums));
  }

  welcome(start: StartFrom, primary: PrimarySide, live: LiveReader, logon: Logon): void {
    const { keys, checksums } = this.#node;
    const { epoch, segmentBytes, cluster } = primary;
    const welcome = {
      ...{ start, epoch, segmentBytes, cluster },
      ...{ position: live.written, released: primary.released() },
    };
    const prove: Prove = (signed) => keys.prove(replicationStatement("welcome", logon.nonce, signed));
    this.#output.write(encodeWelcome(welcome, prove, checksums));
  }

  heartbeat(primary: PrimarySide): void {
    const beat = { epoch: primary.epoch, released: primary.released() };
    const total = writeHeartbeat(this.#beat, beat, this.#node.checksums);
    this.#output.write(this.#beat.bytes.subarray(0, total));
  }

  /** `logonProof`: of the Logon that it answers, if it answers one. */
  refusal(code: RefusalCode, logonProof: Uint8Array | undefined): void {
    const { keys, checksums, log } = this.#node;
    const refusal = { code, epoch: log.epoch, position: log.position };
    const prove: Prove | undefined =
      logonProof && ((signed) => keys.prove(replicationStatement("refusal", logonProof, signed)));
    this.#output.write(encodeReplicationRefusal(refusal, prove, checksums));
  }
}

// The side of a session that asks a node how it stands, and goes. Driven from outside like the others: bytes in, time in.
//
//   connected -> challenged: logs on to ask, with what it has itself -> answered, and the proof holds -> ended
//
// Who is asked may learn from it, too: a primary that hears of a higher epoch ends (serving-session.ts).

import {
  DIGEST_BYTES,
  decodeChallenge,
  decodeReplicationRefusal,
  decodeStanding,
  encodeLogon,
  LogonPurpose,
  MessageStream,
  type Prove,
  RefusalCode,
  ReplicationType,
  replicationStatement,
  type Signed,
  type Standing,
} from "../protocol/index.ts";
import type { PeerStanding } from "./decisions.ts";
import type { SessionEnd } from "./ending.ts";
import type { ReplicaLog } from "./following-session.ts";
import type { Peer, SessionOutput } from "./peers.ts";

/** The longest a peer may take to answer: two messages and two signatures. */
export const ASK_US = 1_000_000;
/** For a chain value: who asks is not compared with another's history. */
const NOT_COMPARED = new Uint8Array(DIGEST_BYTES);
/** No answer is longer: a Standing is the longest. */
const MESSAGE_BYTES_MAX = 256;

export interface AskingNode extends Peer {
  readonly log: Pick<ReplicaLog, "epoch" | "position" | "persisted">;
}

export class AskingSession {
  readonly #node: AskingNode;
  readonly #output: SessionOutput;
  readonly #stream: MessageStream;
  readonly #nonce: Uint8Array;
  readonly #begun_us: number;
  /** Who is asked, as it says; its proof shows whether that is so. */
  #name: string | undefined;
  #standing: PeerStanding | undefined;
  #ended: SessionEnd | undefined;

  constructor(node: AskingNode, output: SessionOutput, now_us: number) {
    this.#node = node;
    this.#output = output;
    this.#begun_us = now_us;
    this.#nonce = node.nonce();
    this.#stream = new MessageStream(node.checksums, MESSAGE_BYTES_MAX);
  }

  /** What the peer says of itself, proved; undefined unless it has answered. */
  get standing(): PeerStanding | undefined {
    return this.#standing;
  }
  /** Once it has ended the connection can be closed. */
  get ended(): SessionEnd | undefined {
    return this.#ended;
  }

  received(bytes: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const fault = this.#stream.receive(bytes, (type, at) => this.#hear(type, at));
    if (fault !== undefined) this.#end({ kind: "bad stream", fault });
  }

  /** Call it every so often: its deadline. */
  tick(now_us: number): void {
    if (now_us - this.#begun_us > ASK_US) this.#end({ kind: "silent" });
  }

  close(): void {
    this.#end({ kind: "closed" });
  }

  #hear(type: ReplicationType, at: number): boolean {
    const { buffer } = this.#stream;
    if (type === ReplicationType.Challenge && this.#name === undefined) this.#ask(at);
    else if (type === ReplicationType.Standing && this.#name !== undefined) {
      this.#answered(this.#name, decodeStanding(buffer, at));
    } else if (type === ReplicationType.Refusal) {
      const { code, epoch, position } = decodeReplicationRefusal(buffer, at);
      this.#end({ kind: "refused by peer", code, epoch, position, isProved: false });
    } else this.#end({ kind: "refused", code: RefusalCode.BadMessage });
    return this.#ended === undefined;
  }

  #ask(at: number): void {
    const challenge = decodeChallenge(this.#stream.buffer, at);
    const { name, keys, checksums, log } = this.#node;
    const { epoch, position, persisted } = log;
    const logon = {
      ...{ purpose: LogonPurpose.Ask, isWarm: false, name, nonce: this.#nonce },
      ...{ epoch, position, persisted, chain: NOT_COMPARED },
    };
    this.#name = challenge.name;
    const prove: Prove = (signed) => keys.prove(replicationStatement("logon", challenge.nonce, signed));
    this.#output.write(encodeLogon(logon, prove, checksums));
  }

  #answered(name: string, { signed, proof, ...standing }: Standing & Signed): void {
    const statement = replicationStatement("standing", this.#nonce, signed);
    const isProved = this.#node.keys.isProof(name, statement, proof);
    if (!isProved) return this.#end({ kind: "refused", code: RefusalCode.NotAuthorised });
    this.#standing = { name, ...standing };
    this.#end({ kind: "closed" });
  }

  #end(how: SessionEnd): void {
    this.#ended ??= how;
  }
}

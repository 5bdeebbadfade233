// A primary and a replica without sockets: real journal, real sessions, and a link in between that a test owns.

import { createHash } from "node:crypto";
import type { Prng } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import type { RefusalCode, Standing, Welcome } from "../../src/protocol/index.ts";
import { NodeRole } from "../../src/protocol/index.ts";
import {
  ACK_VIEW_BYTES,
  AckView,
  createLiveFrames,
  type FollowingNode,
  History,
  LiveFrames,
  type NodeKeys,
  type PeerStanding,
  type PrimarySide,
  type ReplicaLog,
  ReplicaSeats,
  type ServingNode,
  type SessionOutput,
} from "../../src/replication/index.ts";
import {
  claimedFrameBytes,
  FRAME_HEADER_BYTES,
  FrameBuffer,
  followChain,
  frameBytes,
  frameIsWhole,
  type LogWriter,
  openLog,
  readFrameFields,
  SECTOR_BYTES,
} from "../../src/segment/index.ts";

export const checksums = new NativeChecksums();

/** Stands for Ed25519: who knows the name's secret can prove it. */
function keysOf(name: string, known: readonly string[]): NodeKeys {
  const sign = (who: string, statement: Uint8Array): Buffer =>
    createHash("sha512").update(who).update(statement).digest();
  return {
    prove: (statement) => sign(name, statement),
    isProof: (who, statement, proof) => known.includes(who) && sign(who, statement).equals(proof),
  };
}

let nonces = 0;
function nonce(): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, ++nonces);
  return bytes;
}

const LIMITS = { segmentBytes: SECTOR_BYTES + 16_384, frameBytesMax: 4096 };

/** A journal that puts its frames in the live ring too. */
export class PrimaryNode implements ServingNode {
  readonly name = "north";
  readonly checksums = checksums;
  readonly keys = keysOf("north", ["north", "south", "west"]);
  readonly nonce = nonce;
  readonly writer: LogWriter;
  readonly view = new AckView(new ArrayBuffer(ACK_VIEW_BYTES));
  primary: PrimarySide | undefined;
  /** Every frame, as it lies in the file. */
  readonly frames: Uint8Array[] = [];
  readonly stops: RefusalCode[] = [];
  /** Who wanted to follow, as it said of itself. */
  readonly claims: PeerStanding[] = [];
  epoch = 1;
  readonly #live: LiveFrames;
  #segment = 0;
  #room = 0;

  constructor({ liveBytes = 4096, seats = ["south", "west"], frames = 1 } = {}) {
    const disk = new SimulatedDisk();
    const place = { storage: disk, checksums, directory: "d", log: "journal" };
    this.writer = openLog(place, LIMITS).writer;
    const memory = createLiveFrames(liveBytes);
    this.#live = new LiveFrames(memory, 0);
    this.primary = {
      epoch: this.epoch,
      segmentBytes: LIMITS.segmentBytes,
      history: new History(place),
      frames: memory,
      view: this.view,
      seats: new ReplicaSeats(seats),
      released: () => this.writer.durablePosition,
    };
    for (let i = 0; i < frames; i++) this.append(1 + (i % 40));
  }

  /** One frame of `count` positions, whose bytes say where they stand. */
  append(count: number): void {
    const payloadBytes = count * 16;
    const { writer } = this;
    for (let i = 0; i < count; i++) {
      writer.frame.view.setFloat64(FRAME_HEADER_BYTES + i * 16, writer.position + 1 + i);
    }
    const total = frameBytes(payloadBytes);
    if (this.#room < total) {
      this.#segment++;
      this.#room = LIMITS.segmentBytes - SECTOR_BYTES;
    }
    this.#room -= total;
    const first = writer.position + 1;
    writer.append(payloadBytes, count, 1_700_000_000_000_000 + first);
    const frame = writer.frame.bytes.slice(0, total);
    this.frames.push(frame);
    this.#live.append(frame, this.#segment, first, writer.position);
  }

  standing(): Omit<Standing, "proof"> {
    const { position, durablePosition, chain } = this.writer;
    return {
      ...{ role: this.primary === undefined ? NodeRole.Replica : NodeRole.Primary, isWarm: true },
      ...{ epoch: this.epoch, position, persisted: durablePosition, chain, primaryHeard_us: 0 },
    };
  }

  claimed(peer: PeerStanding): void {
    this.claims.push(peer);
  }

  mustStop(code: RefusalCode): void {
    this.stops.push(code);
  }
}

/** Keeps frames that follow one another, in memory; `persisted` trails until sync(). */
export class MemoryLog implements ReplicaLog {
  epoch = 0;
  position = 0;
  persisted = 0;
  chain = new Uint8Array(32);
  readonly frames: Uint8Array[] = [];
  readonly segments: number[] = [];

  append(bytes: Uint8Array, segment: number): string | undefined {
    const buffer = new FrameBuffer(bytes.length);
    buffer.bytes.set(bytes);
    const isWhole =
      bytes.length >= FRAME_HEADER_BYTES &&
      claimedFrameBytes(buffer.view, 0) === bytes.length &&
      frameIsWhole(buffer, 0, bytes.length, checksums);
    if (!isWhole) return "it is no whole frame";
    const { firstPosition, count, epoch } = readFrameFields(buffer.view, 0);
    if (firstPosition !== this.position + 1 || epoch < this.epoch) return "it does not come next";
    if (!followChain(buffer, 0, bytes.length, this.chain, checksums))
      return "its chain value does not follow";
    this.frames.push(bytes.slice());
    this.segments.push(segment);
    this.epoch = epoch;
    this.position += count;
    return undefined;
  }

  sync(): void {
    this.persisted = this.position;
  }
}

export class ReplicaNode implements FollowingNode {
  readonly checksums = checksums;
  readonly keys: NodeKeys;
  readonly nonce = nonce;
  readonly name: string;
  log = new MemoryLog();
  highestEpoch = 0;
  lastReleased = 0;
  welcomes = 0;

  constructor(name = "south", known = ["north", "south", "west"]) {
    this.name = name;
    this.keys = keysOf(name, known);
  }

  welcomed({ epoch }: Welcome): void {
    this.highestEpoch = epoch;
    this.welcomes++;
  }
  released(position: number): void {
    this.lastReleased = position;
  }
}

/** One direction of a link: bytes that arrive later, cut anywhere; a test may lose or repeat them. */
export class Pipe implements SessionOutput {
  #queue: { at_us: number; bytes: Uint8Array }[] = [];
  #waiting = 0;
  now_us = 0;
  delay_us = 0;
  readonly #bound: number;

  constructor(bound = 16_384) {
    this.#bound = bound;
  }

  get hasRoom(): boolean {
    return this.#waiting < this.#bound;
  }

  write(bytes: Uint8Array): void {
    this.#queue.push({ at_us: this.now_us + this.delay_us, bytes: bytes.slice() });
    this.#waiting += bytes.length;
  }

  /** Hands what has arrived by now to `receive`, in random pieces; `spoil` may lose or repeat one. */
  deliver(prng: Prng, receive: (bytes: Uint8Array) => void, spoil = (piece: Uint8Array) => [piece]): void {
    while (this.#queue.length > 0 && this.#queue[0].at_us <= this.now_us) {
      const { bytes } = this.#queue.shift() as { bytes: Uint8Array };
      this.#waiting -= bytes.length;
      for (let from = 0; from < bytes.length; ) {
        const to = Math.min(bytes.length, from + prng.between(1, 3000));
        for (const piece of spoil(bytes.subarray(from, to))) receive(piece);
        from = to;
      }
    }
  }
}

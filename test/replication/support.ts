// A primary and a replica without sockets: real journal, real sessions, and a link in between that a test owns.

import { createHash } from "node:crypto";
import { encodeUtf8, Prng, WordBuffer } from "../../src/base/index.ts";
import {
  IncomingSnapshot,
  listSnapshots,
  OutgoingSnapshots,
  readSnapshotFile,
  SnapshotStore,
} from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import type { RefusalCode, SnapshotBegin, Standing, Welcome } from "../../src/protocol/index.ts";
import { NodeRole } from "../../src/protocol/index.ts";
import {
  ACK_VIEW_BYTES,
  AckView,
  clusterSum,
  createLiveFrames,
  type FollowingNode,
  FollowingSession,
  History,
  LiveFrames,
  type NodeKeys,
  NodeRows,
  type PeerStanding,
  type PrimarySide,
  type ReplicaLog,
  ReplicaSeats,
  type ServingNode,
  ServingSession,
  type SessionOutput,
} from "../../src/replication/index.ts";
import {
  claimedFrameBytes,
  FRAME_HEADER_BYTES,
  followChain,
  frameBytes,
  frameIsWhole,
  type LogWriter,
  openLog,
  readFrameFields,
  retireSegments,
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

export const APPLICATION = { name: "text", version: 3 };
const SNAPSHOTS = "snapshots";

const LIMITS = { segmentBytes: SECTOR_BYTES + 16_384, frameBytesMax: 4096 };

/** A journal that puts its frames in the live ring too. */
export class PrimaryNode implements ServingNode {
  readonly name = "north";
  readonly checksums = checksums;
  readonly keys = keysOf("north", ["north", "south", "west"]);
  readonly nonce = nonce;
  readonly disk = new SimulatedDisk();
  readonly place = { storage: this.disk, checksums, directory: "d", log: "journal" };
  readonly snapshots = { storage: this.disk, checksums, directory: SNAPSHOTS };
  readonly writer: LogWriter;
  readonly view = new AckView(new ArrayBuffer(ACK_VIEW_BYTES));
  primary: PrimarySide | undefined;
  /** Every frame, as it lies in the file. */
  readonly frames: Uint8Array[] = [];
  readonly stops: RefusalCode[] = [];
  /** Who wanted to follow, as it said of itself. */
  readonly claims: PeerStanding[] = [];
  /** Who has promised to follow in its epoch, and who in which other one. */
  readonly promises: string[] = [];
  epoch = 1;
  readonly #live: LiveFrames;
  #segment = 0;
  #room = 0;

  constructor({ liveBytes = 4096, seats = ["south", "west"], frames = 1 } = {}) {
    this.writer = openLog(this.place, LIMITS).writer;
    const memory = createLiveFrames(liveBytes);
    this.#live = new LiveFrames(memory, 0, this.epoch);
    this.primary = {
      epoch: this.epoch,
      segmentBytes: LIMITS.segmentBytes,
      cluster: clusterSum(["north", "south", "west"], checksums),
      history: new History(this.place),
      snapshots: new OutgoingSnapshots(this.snapshots, APPLICATION),
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
    this.#live.append(frame, this.#segment, first, writer.position, this.epoch);
  }

  /** Of its last position, which says so in a state of `bytes`. */
  takeSnapshot(bytes = 100): void {
    const { position, chain } = this.writer;
    this.writer.sync();
    const point = { position, chain, epoch: this.epoch, timestamp_us: 1, session: 0 };
    new SnapshotStore(this.snapshots, APPLICATION).write(point, (write) =>
      write(encodeUtf8(stateAt(position, bytes))),
    );
  }

  /** Removes the segments that end before the newest snapshot. */
  retire(): void {
    retireSegments(this.place, (listSnapshots(this.snapshots)[0]?.position ?? 0) + 1);
  }

  get log(): { epoch: number; position: number } {
    return { epoch: this.epoch, position: this.writer.position };
  }

  standing(): Standing {
    const { position, durablePosition } = this.writer;
    return {
      ...{ role: this.primary === undefined ? NodeRole.Replica : NodeRole.Primary, isWarm: true },
      ...{ epoch: this.epoch, position, persisted: durablePosition, primaryHeard_us: 0 },
    };
  }

  claimed(peer: PeerStanding): void {
    this.claims.push(peer);
  }

  promised({ name }: PeerStanding): void {
    this.promises.push(name);
  }

  outpromised(name: string, epoch: number): void {
    this.promises.push(`${name}: ${epoch}`);
  }

  mustStop(code: RefusalCode): void {
    this.stops.push(code);
  }
}

export function stateAt(position: number, bytes: number): string {
  return `the state at ${position} `.repeat(bytes).slice(0, bytes);
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
    const buffer = new WordBuffer(bytes.length);
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

  prepareNext(_whenIdle: boolean): void {}
}

export class ReplicaNode implements FollowingNode {
  readonly checksums = checksums;
  readonly keys: NodeKeys;
  readonly nonce = nonce;
  readonly name: string;
  log = new MemoryLog();
  highestEpoch = 0;
  isWarm = false;
  mayLack = false;
  lastReleased = 0;
  welcomes = 0;

  readonly disk = new SimulatedDisk();
  /** Of the snapshot it began with. */
  state = "";
  received = 0;

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
  receive(begin: SnapshotBegin): IncomingSnapshot {
    const place = { storage: this.disk, checksums, directory: "incoming" };
    return new IncomingSnapshot(place, APPLICATION, begin);
  }

  /** What its node does with a snapshot that came whole. */
  beginWithReceived(): void {
    const place = { storage: this.disk, checksums, directory: "incoming" };
    const [name] = listSnapshots(place);
    const { header, state } = readSnapshotFile(place, name.path);
    const { position, epoch, chain } = header;
    this.log = Object.assign(new MemoryLog(), { position, persisted: position, epoch, chain });
    this.state = new TextDecoder().decode(state);
    this.disk.remove(name.path);
    this.received++;
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

  /** Hands at most `bytesMax` bytes of what was written to `receive`. */
  deliverSome(bytesMax: number, receive: (bytes: Uint8Array) => void): void {
    const [next] = this.#queue;
    if (next === undefined) return;
    const taken = next.bytes.subarray(0, bytesMax);
    next.bytes = next.bytes.subarray(taken.length);
    if (next.bytes.length === 0) this.#queue.shift();
    this.#waiting -= taken.length;
    receive(taken);
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

/** Both sessions over two pipes. */
export class Pair {
  readonly down: Pipe;
  readonly up: Pipe;
  readonly serving: ServingSession;
  readonly following: FollowingSession;
  readonly #prng = new Prng(1);

  constructor(
    primary: PrimaryNode,
    replica: ReplicaNode,
    now_us = 0,
    { down = new Pipe(), up = new Pipe() } = {},
  ) {
    this.down = down;
    this.up = up;
    this.serving = new ServingSession(primary, this.down, now_us);
    this.following = new FollowingSession(replica, this.up, now_us);
  }

  /** Runs until nothing moves any more. */
  settle(now_us = 0): void {
    for (let quiet = 0; quiet < 2; ) {
      let moved = false;
      while (this.serving.send(now_us)) moved = true;
      this.down.deliver(this.#prng, (bytes) => {
        moved = true;
        this.following.received(bytes, now_us);
      });
      this.up.deliver(this.#prng, (bytes) => {
        moved = true;
        this.serving.received(bytes, now_us);
      });
      quiet = moved ? 0 : quiet + 1;
    }
  }
}

/** The replicas in its view. */
export function rows(primary: PrimaryNode): [replica: number, inMemory: number, persisted: number][] {
  const found = new NodeRows();
  primary.view.read(found, primary.writer.durablePosition);
  return Array.from({ length: found.count - 1 }, (_, i) => [
    found.replica[i + 1],
    found.inMemory[i + 1],
    found.persisted[i + 1],
  ]);
}

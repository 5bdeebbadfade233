// One publisher's stream, from the bytes of its socket to parts in staging: bytes in, parts out, whatever the pieces they come in.
//
//   WaitHeader --header whole, sound, a buffer there--> WaitPayload --payload whole--> WaitHeader
//        | no buffer: WaitBuffer     | command queue full: WaitCommit     | Bye, or wrong bytes: Over
//
// A part is a run of whole batches with PART_HEADROOM_BYTES before it, where the log writes its frame. A batch that does not lie whole in
// what was read begins a part of its own: so one that is under way is always the first of its part, and whatever is whole can be
// handed over at any time and nothing is ever moved. While WaitBuffer or WaitCommit lasts no byte is taken; the caller keeps what
// it has read and reads no more. A stream that is at a boundary when its turn ends holds no buffer.

import { getU64 } from "../../base/index.ts";
import {
  batchHeaderProblem,
  TapeBatch,
  TapeHead,
  TapeReason,
  TapeSender,
  TapeType,
  tapeHeadProblem,
  tapeLengthAt,
  tapeMemory,
  tapeTypeAt,
} from "../../protocol/index.ts";
import { PART_HEADROOM_BYTES, STAGING_BUFFER_BYTES, type StagingPool } from "../staging/index.ts";

export const DrainState = {
  WaitHeader: 0,
  WaitPayload: 1,
  WaitBuffer: 2,
  WaitCommit: 3,
  /** The publisher said Bye, or `problem` says what was wrong with what it sent. */
  Over: 4,
} as const;
export type DrainState = (typeof DrainState)[keyof typeof DrainState];

/** Whose batches they are. */
export interface DrainSession {
  readonly connection: number;
  readonly publisher: number;
  readonly epoch: number;
}

/** Takes a part for committing; false: the queue is full, and nothing was taken. */
export type HandOver = (
  session: DrainSession,
  buffer: number,
  at: number,
  bytes: number,
  batches: number,
) => boolean;

const NONE = -1;

export class BatchDrain {
  readonly session: DrainSession;
  state: DrainState = DrainState.WaitHeader;
  /** What was wrong with the stream. */
  problem: TapeReason = TapeReason.None;
  /** No batch is begun: the publisher has sent more than it may for now. */
  isHeld = false;
  /** Batches that were drained whole, and their bytes. */
  batches = 0;
  bytes = 0;
  /** The number of the last one. */
  lastBatch = 0;
  readonly #pool: StagingPool;
  readonly #handOver: HandOver;
  readonly #worker: number;
  /** The head of the next message, and the rest of its header when it is a batch's. */
  readonly #header = tapeMemory(new ArrayBuffer(TapeBatch.bytes));
  #headerBytes = 0;
  #headerWanted: number = TapeHead.bytes;
  #buffer = NONE;
  #memory: Uint8Array = this.#header.bytes;
  /** The part that is open: whole batches in [#partAt, #fillAt) of the buffer. */
  #partAt = 0;
  #fillAt = 0;
  #partBatches = 0;
  /** Of the batch that is under way, at #fillAt. */
  #wanted = 0;
  #got = 0;
  #number = 0;
  /** The rest of the batch is being read straight into the buffer. */
  #isLent = false;
  /** The batch that waits for room lay whole in what was read. */
  #isWhole = false;
  /** What WaitCommit goes back to. */
  #behind: DrainState = DrainState.WaitHeader;

  /** `worker`: the commit worker that its parts go to. */
  constructor(session: DrainSession, pool: StagingPool, handOver: HandOver, worker: number) {
    this.session = session;
    this.#pool = pool;
    this.#handOver = handOver;
    this.#worker = worker;
  }

  /** The buffer it fills, or -1. */
  get buffer(): number {
    return this.#buffer;
  }

  /** It begins no batch for now, and none is begun. */
  get isStopped(): boolean {
    return this.isHeld && this.state === DrainState.WaitHeader && this.#headerBytes === 0;
  }

  /** Takes of `bytes[from, to)` what it can: returns where it stopped. Before `to` only when it waits, is held or is over. */
  take(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to) {
      if (this.state === DrainState.WaitPayload) at = this.#takePayload(bytes, at, to);
      else if (this.state !== DrainState.WaitHeader || this.isStopped) break;
      else at = this.#takeHeader(bytes, at, to);
    }
    return at;
  }

  /** Where the rest of the batch that is under way lies: may be read into, and then `advance`. Undefined: `take` what comes. */
  target(): Uint8Array | undefined {
    this.#isLent = this.state === DrainState.WaitPayload;
    if (!this.#isLent) return undefined;
    return this.#memory.subarray(this.#fillAt + this.#got, this.#fillAt + this.#wanted);
  }

  /** So many bytes were read into the last `target`. */
  advance(count: number): void {
    this.#isLent = false;
    if (this.state === DrainState.WaitPayload) this.#come(count);
  }

  /**
   * Nothing more is read for now: whatever is whole is handed over, and the buffer let go unless a batch is under way. False:
   * the command queue is full, and the state is WaitCommit until `resume`.
   */
  endTurn(): boolean {
    if (this.state === DrainState.WaitCommit) return false;
    if (!this.#closePart()) {
      this.#behind = this.state;
      this.state = DrainState.WaitCommit;
      return false;
    }
    if (this.state !== DrainState.WaitPayload && !this.#isLent) this.#letGo();
    return true;
  }

  /** WaitBuffer: `buffer` is this connection's now. */
  granted(buffer: number): void {
    this.#hold(buffer);
    this.#begin();
  }

  /** WaitCommit: the command queue has room. False: not enough. Nothing happens in any other state. */
  resume(): boolean {
    if (this.state !== DrainState.WaitCommit) return true;
    if (!this.#closePart()) return false;
    this.state = this.#behind;
    if (this.state === DrainState.WaitHeader && this.#headerBytes === TapeBatch.bytes) this.#reserve();
    return true;
  }

  /** Nothing more comes: what is not whole is forgotten. What is whole goes with the next `endTurn`, or when there is room. */
  finish(): void {
    this.#isLent = false;
    this.#pool.forget(this.session.connection);
    if (this.state === DrainState.WaitCommit) this.#behind = DrainState.Over;
    else this.state = DrainState.Over;
  }

  /**
   * Whatever was not handed over is forgotten, and its buffer given back; one that is being read into comes back when the
   * connection is `closed`.
   */
  abandon(): void {
    this.state = DrainState.Over;
    this.#partBatches = 0;
    this.#pool.forget(this.session.connection);
    if (!this.#isLent) this.#letGo();
  }

  /** The connection is gone: nothing is read any more. */
  closed(): void {
    this.#isLent = false;
    this.abandon();
  }

  #takeHeader(bytes: Uint8Array, from: number, to: number): number {
    const end = Math.min(to, from + this.#headerWanted - this.#headerBytes);
    const header = this.#header.bytes;
    for (let at = from; at < end; at++) header[this.#headerBytes++] = bytes[at];
    if (this.#headerBytes < this.#headerWanted) return end;
    if (this.#headerWanted === TapeHead.bytes) this.#judgeHead();
    else this.#judgeHeader(to - end);
    return end;
  }

  #judgeHead(): void {
    const { view } = this.#header;
    const problem = tapeHeadProblem(view, 0, TapeSender.Client);
    if (problem !== TapeReason.None) return this.#fail(problem);
    switch (tapeTypeAt(view, 0)) {
      case TapeType.Batch:
        this.#headerWanted = TapeBatch.bytes;
        return;
      case TapeType.Heartbeat:
        this.#headerBytes = 0;
        return;
      case TapeType.Bye:
        this.state = DrainState.Over;
        return;
      default:
        return this.#fail(TapeReason.Malformed);
    }
  }

  /** `ready`: bytes that lie behind the header in what was read. */
  #judgeHeader(ready: number): void {
    const problem = batchHeaderProblem(this.#header, 0);
    if (problem !== TapeReason.None) return this.#fail(problem);
    const { view } = this.#header;
    const { publisher, epoch } = this.session;
    if (getU64(view, TapeBatch.publisher) !== publisher || getU64(view, TapeBatch.epoch) !== epoch) {
      return this.#fail(TapeReason.OtherSession);
    }
    this.#wanted = tapeLengthAt(view, 0);
    this.#number = getU64(view, TapeBatch.batch);
    this.#isWhole = ready >= this.#wanted - TapeBatch.bytes;
    this.#reserve();
  }

  /** Finds room for the batch whose header is whole: behind the last one, in a part of its own, or in another buffer. */
  #reserve(): void {
    if (this.#buffer !== NONE) {
      const joins = this.#isWhole && this.#fillAt + this.#wanted <= STAGING_BUFFER_BYTES;
      if (!joins && !this.#closePart()) {
        this.#behind = DrainState.WaitHeader;
        this.state = DrainState.WaitCommit;
        return;
      }
      if (this.#fillAt + this.#wanted > STAGING_BUFFER_BYTES) this.#letGo();
    }
    if (this.#buffer === NONE) {
      const buffer = this.#pool.take(this.session.connection, this.#worker);
      if (buffer === NONE) {
        this.state = DrainState.WaitBuffer;
        return;
      }
      this.#hold(buffer);
    }
    this.#begin();
  }

  #begin(): void {
    this.#memory.set(this.#header.bytes, this.#fillAt);
    this.#got = TapeBatch.bytes;
    this.#headerBytes = 0;
    this.#headerWanted = TapeHead.bytes;
    this.state = DrainState.WaitPayload;
  }

  #takePayload(bytes: Uint8Array, from: number, to: number): number {
    const count = Math.min(to - from, this.#wanted - this.#got);
    const piece = count === bytes.length ? bytes : bytes.subarray(from, from + count);
    this.#memory.set(piece, this.#fillAt + this.#got);
    this.#come(count);
    return from + count;
  }

  /** `count` bytes more of the batch are there. */
  #come(count: number): void {
    this.#got += count;
    if (this.#got < this.#wanted) return;
    this.#fillAt += this.#wanted;
    this.#partBatches++;
    this.batches++;
    this.bytes += this.#wanted;
    this.lastBatch = this.#number;
    this.state = DrainState.WaitHeader;
  }

  #closePart(): boolean {
    if (this.#partBatches === 0) return true;
    const bytes = this.#fillAt - this.#partAt;
    if (!this.#handOver(this.session, this.#buffer, this.#partAt, bytes, this.#partBatches)) return false;
    this.#pool.handOver(this.#buffer);
    this.#partBatches = 0;
    this.#fillAt += PART_HEADROOM_BYTES;
    this.#partAt = this.#fillAt;
    return true;
  }

  #hold(buffer: number): void {
    this.#buffer = buffer;
    this.#memory = this.#pool.memory[buffer];
    this.#partAt = PART_HEADROOM_BYTES;
    this.#fillAt = PART_HEADROOM_BYTES;
    this.#partBatches = 0;
  }

  #letGo(): void {
    if (this.#buffer === NONE) return;
    this.#pool.letGo(this.#buffer);
    this.#buffer = NONE;
    this.#memory = this.#header.bytes;
  }

  #fail(problem: TapeReason): void {
    this.problem = problem;
    this.state = DrainState.Over;
  }
}

// The staging buffers: fixed blocks of shared memory that batches are drained into and that the log is written from. A buffer
// belongs to the connection that fills it, and to the commit stage for each part of it that was handed over; it is free
// when both are done with it. An arena: nothing in it is freed one by one.
//
//   free --take/grant--> filled by its holder --handOver--> ... --letGo--> at the commit stage --returned--> free
//
// Nobody is refused a buffer. Who finds none waits, the oldest first; and none is given out while somebody waits and only a few are
// free (hysteresis: a connection that is paused and read again for each buffer costs more than it brings), unless nothing is at the
// commit stage any more: then no further ones would come. When they don't come all the same (a worker whose disk hangs has them) fewer are
// enough, from one `relax` to the next.
//
// Of several commit workers each has a share that the publishers of the others leave free: so one whose disk hangs keeps what it has, its
// publishers wait, and those of the others go on.

import { assert, connectionSlot } from "../../base/index.ts";
import { FRAME_HEADER_BYTES } from "../../segment/index.ts";
import { SlotQueue } from "./slot-queue.ts";

/** The largest batch with its header, and room for a page-aligned rest of small ones beside it. */
export const STAGING_BUFFER_BYTES = 2 * 1024 * 1024 + 64 * 1024;
/** Before each part: there the log writes the header of its frame, so that a part is written where it lies. */
export const PART_HEADROOM_BYTES = FRAME_HEADER_BYTES;
/** Each page is written once at start, so that no publisher pays for its first touch. */
const PAGE_BYTES = 4096;
/** Waiters go on when one in so many buffers is free. */
const RESUME_SHARE = 4;
/** Of each worker's even part of the buffers, 1 / this is left to it. */
const KEPT_SHARE = 2;
/** 2 MiB each, so 2 GiB; more is a mistaken unit. */
export const STAGING_BUFFERS_MAX = 1_024;

const NOBODY = -1;

export interface StagingOptions {
  /** 1 to STAGING_BUFFERS_MAX. */
  readonly buffers: number;
  /** The most connections there may be. */
  readonly connectionsMax: number;
  /** Commit workers, numbered from 0. */
  readonly workers: number;
}

export class StagingPool {
  /** For the threads that write the log from them. */
  readonly shared: readonly SharedArrayBuffer[];
  /** The same memory, by buffer. */
  readonly memory: readonly Uint8Array[];
  /** How often somebody found no buffer. */
  timesExhausted = 0;
  readonly #holders: Int32Array;
  /** Parts of each buffer that the commit stage has not given back. */
  readonly #parts: Int32Array;
  readonly #free: Int32Array;
  #freeCount: number;
  /** Buffers that nobody fills and the commit stage still has. */
  #atCommit = 0;
  /** By worker: who waits to fill a buffer for it, and buffers that are filled for it or at it. */
  readonly #waiting: readonly SlotQueue[];
  readonly #used: Int32Array;
  /** Of one worker: beyond that its publishers would take the share of others. */
  readonly #usedMax: number;
  /** By buffer: the worker it was taken for last. */
  readonly #workers: Int32Array;
  /** By slot: since when its connection waits, as a count of those who came to wait. */
  readonly #since: Float64Array;
  #waits = 0;
  readonly #resumeAt: number;
  /** Free buffers that waiters wait for: #resumeAt, or less while those do not come. */
  #goal: number;
  /** At the last `relax` too few were free. */
  #wasShort = false;
  /** A waiter had to wait for several to be free: until they are, none is given out. */
  #isFilling = false;
  #granted = -1;

  constructor({ buffers, connectionsMax, workers }: StagingOptions) {
    assert(buffers >= 1 && buffers <= STAGING_BUFFERS_MAX, "there are 1 to 1,024 staging buffers");
    this.shared = Array.from({ length: buffers }, () => new SharedArrayBuffer(STAGING_BUFFER_BYTES));
    this.memory = this.shared.map((shared) => new Uint8Array(shared));
    for (const bytes of this.memory) {
      for (let at = 0; at < bytes.length; at += PAGE_BYTES) bytes[at] = 0;
    }
    this.#holders = new Int32Array(buffers).fill(NOBODY);
    this.#parts = new Int32Array(buffers);
    this.#free = Int32Array.from({ length: buffers }, (_, i) => i);
    this.#freeCount = buffers;
    this.#waiting = Array.from({ length: workers }, () => new SlotQueue(connectionsMax));
    this.#used = new Int32Array(workers);
    this.#usedMax = buffers - (workers - 1) * Math.floor(buffers / workers / KEPT_SHARE);
    this.#workers = new Int32Array(buffers);
    this.#since = new Float64Array(connectionsMax);
    this.#resumeAt = Math.max(1, Math.floor(buffers / RESUME_SHARE));
    this.#goal = this.#resumeAt;
  }

  get buffers(): number {
    return this.memory.length;
  }
  /** Buffers that are filled or at the commit stage. */
  get inUse(): number {
    return this.memory.length - this.#freeCount;
  }
  get waiting(): number {
    let waiting = 0;
    for (const queue of this.#waiting) waiting += queue.length;
    return waiting;
  }
  /** Somebody waits who goes on when `buffer` is free: any who may, or one of its own worker, which has all that it may have. */
  isWaitedFor(buffer: number): boolean {
    return this.#waiting[this.#workers[buffer]].length > 0 || this.#next() >= 0;
  }
  /** The connection that fills `buffer`, or -1. */
  holderOf(buffer: number): number {
    return this.#holders[buffer];
  }

  /** A buffer for `connection` to fill for `worker`; -1: it waits from now on, and `grant` says when it has one. */
  take(connection: number, worker: number): number {
    if (this.#freeCount > 0 && this.#mayUse(worker) && this.#next() < 0)
      return this.#give(connection, worker);
    this.timesExhausted++;
    this.#isFilling ||= this.#freeCount === 0;
    const queue = this.#waiting[worker];
    if (!queue.has(connection)) this.#since[connectionSlot(connection)] = ++this.#waits;
    queue.push(connection);
    return -1;
  }

  /** The oldest waiter of those whose worker has room in its share, when there is a buffer for it now (`granted`); -1: none, for now. */
  grant(): number {
    if (this.#freeCount === 0) return -1;
    const worker = this.#next();
    if (worker < 0) return -1;
    if (this.#isFilling && this.#freeCount < this.#goal && this.#atCommit > 0) return -1;
    this.#isFilling = this.#freeCount === 1;
    const connection = this.#waiting[worker].shift();
    this.#granted = this.#give(connection, worker);
    return connection;
  }

  #mayUse(worker: number): boolean {
    return this.#used[worker] < this.#usedMax;
  }

  /** The worker for which somebody waits longest, of those that may use more; -1: nobody. */
  #next(): number {
    let next = -1;
    let since = Number.POSITIVE_INFINITY;
    for (let worker = 0; worker < this.#waiting.length; worker++) {
      const { first } = this.#waiting[worker];
      if (first < 0 || !this.#mayUse(worker)) continue;
      const itsSince = this.#since[connectionSlot(first)];
      if (itsSince >= since) continue;
      next = worker;
      since = itsSince;
    }
    return next;
  }

  /** Some ten times a second: who has waited since the last time, with buffers free, waits for half as many. */
  relax(): void {
    const isShort = this.#freeCount > 0 && this.#next() >= 0;
    if (isShort && this.#wasShort) this.#goal = Math.max(1, this.#goal >> 1);
    this.#wasShort = isShort;
  }

  /** The buffer that the last `grant` gave. */
  get granted(): number {
    return this.#granted;
  }

  /** `connection` is gone: it waits no more. What it fills it lets go itself. */
  forget(connection: number): void {
    for (const queue of this.#waiting) queue.remove(connection);
  }

  /** A part of `buffer` is at the commit stage. */
  handOver(buffer: number): void {
    this.#parts[buffer]++;
  }

  /** The commit stage is done with a part of `buffer`. */
  returned(buffer: number): void {
    assert(this.#parts[buffer] > 0, "no part is given back twice");
    this.#parts[buffer]--;
    if (this.#parts[buffer] > 0 || this.#holders[buffer] !== NOBODY) return;
    this.#atCommit--;
    this.#freed(buffer);
  }

  /** Its holder fills `buffer` no further. */
  letGo(buffer: number): void {
    assert(this.#holders[buffer] !== NOBODY, "a buffer is let go by who fills it");
    this.#holders[buffer] = NOBODY;
    if (this.#parts[buffer] > 0) this.#atCommit++;
    else this.#freed(buffer);
  }

  #freed(buffer: number): void {
    this.#used[this.#workers[buffer]]--;
    this.#free[this.#freeCount++] = buffer;
    if (this.#freeCount >= this.#resumeAt) this.#goal = this.#resumeAt;
  }

  #give(connection: number, worker: number): number {
    const buffer = this.#free[--this.#freeCount];
    this.#holders[buffer] = connection;
    this.#workers[buffer] = worker;
    this.#used[worker]++;
    return buffer;
  }
}

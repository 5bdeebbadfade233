// Output memory: chunks from one bounded pool, and a queue of frames over them. A frame never spans two chunks, so every
// range that is sent ends between two frames.
//
//   head chunk                     tail chunk
//   [ sent | queued frames ] -> .. [ queued frames | free ]      claim() appends, range() looks, gone() removes
//
// Chunks come in a few sizes. A queue begins with the smallest, and moves what it holds into the next size when that
// is full: a connection with one answer takes 1 KiB, not 64, and one with many still sends them in one write.

import { assert } from "../../base/index.ts";

/** From one size of chunks to the next: what is moved on the way up is a third of the largest chunk at most. */
const GROWTH = 4;

export class Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Its place in the pool's sizes. */
  readonly size: number;
  /** Bytes filled from the front. */
  used = 0;
  next: Chunk | undefined = undefined;

  constructor(bytes: number, size: number) {
    this.bytes = new Uint8Array(bytes);
    this.view = new DataView(this.bytes.buffer);
    this.size = size;
  }
}

/** Bounds of a ChunkPool, in bytes. */
export interface ChunkPoolLimits {
  /** The smallest and the largest chunk. */
  readonly firstChunk_bytes: number;
  readonly chunk_bytes: number;
  /** All memory of the pool. */
  readonly total_bytes: number;
  /** Queues that may take chunks: each has its first one for certain, whatever the others took. */
  readonly queues: number;
}

/** Chunks made when first needed and then reused, the last returned first. */
export class ChunkPool {
  /** What can still be taken beside first chunks. */
  left_bytes: number;
  /** Kept for reuse of what can be taken beside first chunks: `left_bytes` at most, so that the total is one. */
  idle_bytes = 0;
  readonly #sizes_bytes: readonly number[];
  readonly #free: (Chunk | undefined)[];

  constructor({ firstChunk_bytes, chunk_bytes, total_bytes, queues }: ChunkPoolLimits) {
    this.left_bytes = total_bytes - queues * firstChunk_bytes;
    const sizes = [firstChunk_bytes];
    for (let size = firstChunk_bytes * GROWTH; size < chunk_bytes; size *= GROWTH) sizes.push(size);
    this.#sizes_bytes = [...sizes, chunk_bytes];
    this.#free = this.#sizes_bytes.map(() => undefined);
  }

  /** An empty chunk of the smallest size. There is always one for a queue that has none. */
  takeFirst(): Chunk {
    return this.#reuse(0) ?? new Chunk(this.#sizes_bytes[0], 0);
  }

  /** An empty chunk of the size after `size`, or of the largest; undefined at the bound. */
  takeAfter(size: number): Chunk | undefined {
    const wanted = Math.min(size + 1, this.#sizes_bytes.length - 1);
    const bytes = this.#sizes_bytes[wanted];
    if (bytes > this.left_bytes) return undefined;
    this.left_bytes -= bytes;
    const chunk = this.#reuse(wanted);
    if (chunk !== undefined) {
      this.idle_bytes -= bytes;
      return chunk;
    }
    if (this.idle_bytes > this.left_bytes) this.#forgetIdle();
    return new Chunk(bytes, wanted);
  }

  give(chunk: Chunk): void {
    chunk.next = this.#free[chunk.size];
    this.#free[chunk.size] = chunk;
    if (chunk.size === 0) return;
    this.left_bytes += chunk.bytes.length;
    this.idle_bytes += chunk.bytes.length;
  }

  #reuse(size: number): Chunk | undefined {
    const chunk = this.#free[size];
    if (chunk === undefined) return undefined;
    this.#free[size] = chunk.next;
    chunk.next = undefined;
    chunk.used = 0;
    return chunk;
  }

  // Free chunks of other sizes stand in the way of the bound on all memory: they go.
  #forgetIdle(): void {
    this.#free.fill(undefined, 1);
    this.idle_bytes = 0;
  }
}

/** Frames that wait to be sent, in order. */
export class OutputQueue {
  /** Bytes appended and not gone yet. */
  queued_bytes = 0;
  /** The memory of the last claim. */
  view!: DataView;
  /** Of the last `range`: send `bytes[from, to)`. */
  bytes!: Uint8Array;
  from = 0;
  to = 0;
  readonly #pool: ChunkPool;
  #head: Chunk | undefined = undefined;
  #tail: Chunk | undefined = undefined;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /** Room for one frame: its offset in `view`, or -1 when the pool has no more memory. */
  claim(bytes: number): number {
    let tail = this.#tail;
    if (tail === undefined || tail.used + bytes > tail.bytes.length) {
      tail = tail === undefined ? this.#begin() : this.#grow(tail, bytes);
      if (tail === undefined) return -1;
    }
    const at = tail.used;
    tail.used = at + bytes;
    this.queued_bytes += bytes;
    this.view = tail.view;
    return at;
  }

  #begin(): Chunk {
    const chunk = this.#pool.takeFirst();
    this.#head = chunk;
    this.#tail = chunk;
    this.from = 0;
    this.to = 0;
    return chunk;
  }

  #grow(tail: Chunk, bytes: number): Chunk | undefined {
    const chunk = this.#pool.takeAfter(tail.size);
    if (chunk === undefined) return undefined;
    // Memory that a transport may still read stays where it is.
    const isAlone = tail === this.#head && this.from === this.to;
    if (isAlone && tail.used + bytes <= chunk.bytes.length) this.#move(tail, chunk);
    else tail.next = chunk;
    this.#tail = chunk;
    return chunk;
  }

  /** Moves what the only chunk holds into a larger one. */
  #move(only: Chunk, to: Chunk): void {
    // The whole of it, sent bytes too: a view of the rest would be an object per step.
    to.bytes.set(only.bytes);
    to.used = only.used;
    this.#head = to;
    this.#pool.give(only);
  }

  /**
   * Finds the next range to send, of at most `limit_bytes` (which must fall between two frames): sets `bytes`, `from`
   * and `to` and returns its length. `gone` must have been called for the range before.
   */
  range(limit_bytes: number): number {
    const head = this.#head;
    if (head === undefined) return 0;
    this.bytes = head.bytes;
    this.to = Math.min(head.used, this.from + limit_bytes);
    return this.to - this.from;
  }

  /** The last range was sent and its memory is free: removes it. */
  gone(): void {
    const head = this.#head;
    assert(head !== undefined, "only a range that was found can be gone");
    this.queued_bytes -= this.to - this.from;
    this.from = this.to;
    if (this.from < head.used) return;
    this.#head = head.next;
    if (head.next === undefined) this.#tail = undefined;
    this.from = 0;
    this.to = 0;
    this.#pool.give(head);
  }

  /** Drops everything, but for the range found last when `keepRange` (a transport still reads its memory). */
  drop(keepRange: boolean): void {
    let chunk = this.#head;
    if (chunk === undefined) return;
    if (keepRange) {
      const kept = chunk;
      chunk = kept.next;
      kept.next = undefined;
      kept.used = this.to;
      this.#tail = kept;
      this.queued_bytes = this.to - this.from;
    } else {
      this.#head = undefined;
      this.#tail = undefined;
      this.queued_bytes = 0;
    }
    while (chunk !== undefined) {
      const next: Chunk | undefined = chunk.next;
      this.#pool.give(chunk);
      chunk = next;
    }
  }
}

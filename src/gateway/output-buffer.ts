// Output memory: fixed chunks from one bounded pool, and a queue of frames over them. A frame never spans two
// chunks, so every range that is sent ends between two frames.
//
//   head chunk                     tail chunk
//   [ sent | queued frames ] -> .. [ queued frames | free ]      claim() appends, range() looks, gone() removes

import { assert } from "../base/index.ts";

export class Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Bytes filled from the front. */
  used = 0;
  next: Chunk | undefined = undefined;

  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** At most `chunksMax` chunks, made when first needed and then reused, the last returned first. */
export class ChunkPool {
  readonly chunk_bytes: number;
  readonly #chunksMax: number;
  #made = 0;
  #idle = 0;
  #free: Chunk | undefined = undefined;

  constructor(chunk_bytes: number, chunksMax: number) {
    this.chunk_bytes = chunk_bytes;
    this.#chunksMax = chunksMax;
  }

  /** Chunks that `take` can still give. */
  get left(): number {
    return this.#chunksMax - this.#made + this.#idle;
  }

  /** An empty chunk, or undefined at the bound. */
  take(): Chunk | undefined {
    const chunk = this.#free;
    if (chunk !== undefined) {
      this.#free = chunk.next;
      this.#idle--;
      chunk.next = undefined;
      chunk.used = 0;
      return chunk;
    }
    if (this.#made === this.#chunksMax) return undefined;
    this.#made++;
    return new Chunk(this.chunk_bytes);
  }

  give(chunk: Chunk): void {
    chunk.next = this.#free;
    this.#free = chunk;
    this.#idle++;
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
    if (tail === undefined || tail.used + bytes > this.#pool.chunk_bytes) {
      tail = this.#grow();
      if (tail === undefined) return -1;
    }
    const at = tail.used;
    tail.used = at + bytes;
    this.queued_bytes += bytes;
    this.view = tail.view;
    return at;
  }

  #grow(): Chunk | undefined {
    const chunk = this.#pool.take();
    if (chunk === undefined) return undefined;
    if (this.#tail === undefined) {
      this.#head = chunk;
      this.from = 0;
      this.to = 0;
    } else {
      this.#tail.next = chunk;
    }
    this.#tail = chunk;
    return chunk;
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

// The memory of the report streams: chunks of CHUNK_REPORTS records, taken in slabs as they are needed and then used again. Chunks
// in use are linked by age, so that the oldest of all can go when there are as many as may be. Age is when a chunk was
// begun, which the log decides: every node drops the same ones.

import { assert } from "../base/index.ts";
import { REPORT_WORDS } from "../protocol/index.ts";

/** Reports of a chunk. A power of two: small, because each of thousands of accounts has one that is not full. */
export const CHUNK_REPORTS = 64;
const CHUNK_WORDS = CHUNK_REPORTS * REPORT_WORDS;
/** Chunks whose memory is taken at once: 1.5 MiB. */
const SLAB_CHUNKS_SHIFT = 8;
const SLAB_CHUNKS = 1 << SLAB_CHUNKS_SHIFT;
const NONE = -1;

export class ReportChunks<Owner> {
  readonly #max: number;
  readonly #slabs: Int32Array[] = [];
  readonly #owners: Owner[] = [];
  /** By chunk: the one begun next, also the link of the free list; and the one begun before. */
  readonly #younger: Int32Array;
  readonly #older: Int32Array;
  #oldest = NONE;
  #youngest = NONE;
  #free = NONE;
  /** Chunks from here on were never used. */
  #fresh = 0;

  constructor(max: number) {
    this.#max = max;
    this.#younger = new Int32Array(max);
    this.#older = new Int32Array(max);
  }

  /** Whether a chunk has to be given before one can be taken. */
  get isFull(): boolean {
    return this.#free === NONE && this.#fresh === this.#max;
  }

  /** The owner of the oldest chunk. To be asked only when all chunks are in use. */
  get oldestOwner(): Owner {
    assert(this.#oldest !== NONE, "a chunk is in use");
    return this.#owners[this.#oldest];
  }

  /** Takes a chunk, as the youngest; the caller has checked that it is not full. */
  take(owner: Owner): number {
    let chunk = this.#free;
    if (chunk === NONE) chunk = this.#addFresh();
    else this.#free = this.#younger[chunk];
    this.#owners[chunk] = owner;
    this.#older[chunk] = this.#youngest;
    this.#younger[chunk] = NONE;
    if (this.#youngest === NONE) this.#oldest = chunk;
    else this.#younger[this.#youngest] = chunk;
    this.#youngest = chunk;
    return chunk;
  }

  give(chunk: number): void {
    const older = this.#older[chunk];
    const younger = this.#younger[chunk];
    if (older === NONE) this.#oldest = younger;
    else this.#younger[older] = younger;
    if (younger === NONE) this.#youngest = older;
    else this.#older[younger] = older;
    this.#younger[chunk] = this.#free;
    this.#free = chunk;
  }

  /** The memory a chunk lies in. */
  words(chunk: number): Int32Array {
    return this.#slabs[chunk >> SLAB_CHUNKS_SHIFT];
  }

  /** The word offset of a chunk's first record there. */
  at(chunk: number): number {
    return (chunk & (SLAB_CHUNKS - 1)) * CHUNK_WORDS;
  }

  /** Visits the owners of the chunks in use, oldest chunk first: an owner once per chunk. */
  forEachOwner(visit: (owner: Owner) => void): void {
    for (let chunk = this.#oldest; chunk !== NONE; chunk = this.#younger[chunk]) visit(this.#owners[chunk]);
  }

  #addFresh(): number {
    const chunk = this.#fresh++;
    if ((chunk & (SLAB_CHUNKS - 1)) === 0) {
      const chunks = Math.min(SLAB_CHUNKS, this.#max - chunk);
      this.#slabs.push(new Int32Array(chunks * CHUNK_WORDS));
    }
    return chunk;
  }
}

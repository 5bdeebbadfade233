// How long things took: counts per bucket, in memory that two threads may share. One writer, which allocates nothing and
// waits for nobody; readers look at any time.
//
//   words: sum (microseconds) | count of bucket 0 | count of bucket 1 | ...
//
// Words are u32 and wrap: a reader takes the difference to what it saw before, at least once in 2^32 values or microseconds.
// Buckets have eight to a power of two, so a bucket's end is at most 12.5 % above any value in it.

import { assert } from "./assert.ts";
import { U32_MAX } from "./numbers.ts";

/** Values of 2^37 ns, over two minutes, and longer ones count as the longest bucket's. */
const OCTAVES = 37;
/** Buckets per power of two, as a power of two. */
const FRACTION_BITS = 3;
const FRACTIONS = 1 << FRACTION_BITS;
/** The first octaves, 0 to 7 ns, have a bucket per nanosecond. */
const BUCKETS = (OCTAVES - FRACTION_BITS + 1) * FRACTIONS;
const VALUE_MAX_NS = 2 ** OCTAVES - 1;
const SUM = 0;
const FIRST = 1;
const WORDS = FIRST + BUCKETS;

/** Bytes of the memory of one histogram. */
export const LATENCY_COUNTS_BYTES = WORDS * 4;

/** The writer. */
export class LatencyCounts {
  readonly #words: Uint32Array;
  #sum_ns = 0;

  /** `memory`: LATENCY_COUNTS_BYTES, zero at the beginning; shared when threads are. */
  constructor(memory: SharedArrayBuffer | ArrayBuffer) {
    assert(memory.byteLength === LATENCY_COUNTS_BYTES, "a histogram has its size");
    this.#words = new Uint32Array(memory);
  }

  /** Adds one value, in nanoseconds; whatever a clock that stands still or jumps may make of it. */
  record(value_ns: number): void {
    const ns = value_ns < 0 ? 0 : value_ns > VALUE_MAX_NS ? VALUE_MAX_NS : value_ns;
    this.#words[FIRST + bucketOf(ns)]++;
    this.#sum_ns += ns;
    this.#words[SUM] = this.#sum_ns / 1000;
  }
}

/** The bucket of a value from 0 to VALUE_MAX_NS, whose fraction of a nanosecond is dropped. */
function bucketOf(value_ns: number): number {
  if (value_ns <= U32_MAX) return smallBucket(value_ns >>> 0);
  // Beyond 32 bits, a power of 2^16 down and its octaves up.
  return smallBucket(value_ns / 65_536) + 16 * FRACTIONS;
}

function smallBucket(value: number): number {
  if (value < FRACTIONS) return value;
  const octave = 31 - Math.clz32(value);
  const fraction = (value >>> (octave - FRACTION_BITS)) & (FRACTIONS - 1);
  return (octave - FRACTION_BITS + 1) * FRACTIONS + fraction;
}

/** The first value beyond bucket `bucket`. */
function bucketEnd_ns(bucket: number): number {
  if (bucket < FRACTIONS) return bucket + 1;
  const octave = Math.floor(bucket / FRACTIONS) + FRACTION_BITS - 1;
  return (FRACTIONS + (bucket % FRACTIONS) + 1) * 2 ** (octave - FRACTION_BITS);
}

/** The end of the bucket that the value lies in which `percent` of `count` values didn't exceed; 0 without values. */
function percentileOf_ns(words: Uint32Array | Float64Array, count: number, percent: number): number {
  let left = Math.ceil((count * percent) / 100);
  for (let bucket = 0; bucket < BUCKETS && count > 0; bucket++) {
    left -= words[FIRST + bucket];
    if (left <= 0) return bucketEnd_ns(bucket);
  }
  return 0;
}

/** A reader: what was counted between two looks, and in all. */
export class LatencyReader {
  readonly #words: Uint32Array;
  readonly #seen = new Uint32Array(WORDS);
  readonly #recent = new Uint32Array(WORDS);
  /** Beyond 32 bits. */
  readonly #all = new Float64Array(WORDS);
  /** Values between the last two looks. */
  count = 0;

  constructor(memory: SharedArrayBuffer | ArrayBuffer) {
    this.#words = new Uint32Array(memory);
  }

  look(): void {
    this.count = 0;
    for (let i = 0; i < WORDS; i++) {
      const now = this.#words[i];
      this.#recent[i] = now - this.#seen[i];
      this.#seen[i] = now;
      this.#all[i] += this.#recent[i];
      if (i >= FIRST) this.count += this.#recent[i];
    }
  }

  /** What `percent` of the values between the last two looks didn't exceed, to 12.5 %; 0 without values. */
  percentile_ns(percent: number): number {
    return percentileOf_ns(this.#recent, this.count, percent);
  }

  /** The same of all values up to the last look. */
  totalPercentile_ns(percent: number): number {
    return percentileOf_ns(this.#all, this.total.count, percent);
  }

  /** Of all values up to the last look: how many were below each power of two nanoseconds from `first` to `last`. */
  below(first: number, last: number): number[] {
    const counts: number[] = [];
    let sum = 0;
    for (let bucket = 0, power = first; power <= last; power++) {
      for (const end = (power - FRACTION_BITS + 1) * FRACTIONS; bucket < end; bucket++)
        sum += this.#all[FIRST + bucket];
      counts.push(sum);
    }
    return counts;
  }

  /** Of all values up to the last look. */
  get total(): { readonly count: number; readonly sum_us: number } {
    let count = 0;
    for (let i = FIRST; i < WORDS; i++) count += this.#all[i];
    return { count, sum_us: this.#all[SUM] };
  }
}

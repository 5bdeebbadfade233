// How often something may be done: a bucket of tokens for each of many who do it, in typed arrays, so that a token costs
// no object. A bucket holds what one second brings (and one token at least), so whoever was quiet may do a second's worth at once.
//
// A bucket keeps what was taken out and has not come back yet, in millionths of a token, and until when that is reckoned.
// So all zeros is a full bucket, and memory of buckets that nobody uses is never touched. Whole numbers throughout: a rate
// is at most 10,000,000 a second, so a product of rate and elapsed microseconds stays below 2^53 for a second and more,
// and after a second the bucket is full anyhow.

const MILLIONTHS = 1_000_000;
/** What a bucket holds is what comes in this time. */
const FILL_us = 1_000_000;

/** What was taken out of a bucket and had not come back at that time. */
export interface Debt {
  readonly taken: number;
  readonly at_us: number;
}

/** Of so many millionths of a token what has not come back after that time, where `rate` tokens come a second. */
export function left(taken: number, elapsed_us: number, rate: number): number {
  return elapsed_us >= FILL_us ? 0 : Math.max(0, taken - elapsed_us * rate);
}

export class TokenBuckets {
  readonly #taken: Float64Array;
  readonly #at_us: Float64Array;

  constructor(count: number) {
    this.#taken = new Float64Array(count);
    this.#at_us = new Float64Array(count);
  }

  /** Whether bucket `i`, which gets `rate` tokens a second, has so many at `now_us`. */
  has(i: number, rate: number, now_us: number, tokens = 1): boolean {
    const elapsed_us = now_us - this.#at_us[i];
    if (elapsed_us > 0) {
      this.#at_us[i] = now_us;
      this.#taken[i] = left(this.#taken[i], elapsed_us, rate);
    }
    return this.#taken[i] + tokens * MILLIONTHS <= rate * FILL_us;
  }

  /** Takes tokens that `has` has seen. */
  take(i: number, tokens = 1): void {
    this.#taken[i] += tokens * MILLIONTHS;
  }

  /** What bucket `i` lacks. */
  debt(i: number): Debt {
    return { taken: this.#taken[i], at_us: this.#at_us[i] };
  }

  /** Bucket `i` lacks what another one did. */
  owe(i: number, { taken, at_us }: Debt): void {
    this.#taken[i] = taken;
    this.#at_us[i] = at_us;
  }

  /** Full again: somebody else's from now on. */
  reset(i: number): void {
    this.#taken[i] = 0;
  }
}

// The wall clock in nanoseconds, as two u32 lanes. Date has whole milliseconds only, cut off; the monotonic clock knows nothing
// of corrections. So a stamp is the monotonic clock and an offset, and the offset is what Date said when the cut took least:
// after some hundred stamps they are right to hundredths of a millisecond. Date is read first, so that a pause between the two
// readings makes one stamp late and none early.

/** A time that can be taken: take() renews `low` and `high`, nanoseconds since 1970. */
export interface Stamp {
  readonly low: number;
  readonly high: number;
  take(): void;
}

const NS_PER_MS = 1_000_000n;

export class WallStamp implements Stamp {
  low = 0;
  high = 0;
  readonly #wall_ms: () => number;
  readonly #monotonic_ns: () => bigint;
  /** What the monotonic clock lacks to the wall's. */
  #offset_ns = 0n;

  constructor(wall_ms: () => number = Date.now, monotonic_ns: () => bigint = process.hrtime.bigint) {
    this.#wall_ms = wall_ms;
    this.#monotonic_ns = monotonic_ns;
    this.take();
  }

  take(): void {
    const cut_ns = BigInt(this.#wall_ms()) * NS_PER_MS;
    const now_ns = this.#monotonic_ns();
    const read_ns = cut_ns - now_ns;
    // Lower by a millisecond: no cut takes so much, the wall clock was set back.
    if (read_ns > this.#offset_ns || read_ns <= this.#offset_ns - NS_PER_MS) this.#offset_ns = read_ns;
    const wall_ns = now_ns + this.#offset_ns;
    this.low = Number(wall_ns & 0xffffffffn);
    this.high = Number(wall_ns >> 32n);
  }
}

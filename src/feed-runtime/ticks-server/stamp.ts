// The wall clock in nanoseconds, as two u32 lanes: anchored at Date's milliseconds, carried on by the monotonic clock, and
// anchored again every minute, so that corrections of the wall clock are followed.

/** A time that can be taken: take() renews `low` and `high`, nanoseconds since 1970. */
export interface Stamp {
  readonly low: number;
  readonly high: number;
  take(): void;
}

const ANCHOR_NS = 60_000_000_000n;

export class WallStamp implements Stamp {
  low = 0;
  high = 0;
  readonly #wall_ms: () => number;
  readonly #monotonic_ns: () => bigint;
  #anchored_ns: bigint;
  /** What the monotonic clock lacks to the wall's. */
  #offset_ns: bigint;

  constructor(wall_ms: () => number = Date.now, monotonic_ns: () => bigint = process.hrtime.bigint) {
    this.#wall_ms = wall_ms;
    this.#monotonic_ns = monotonic_ns;
    this.#anchored_ns = monotonic_ns();
    this.#offset_ns = this.#offsetAt(this.#anchored_ns);
    this.take();
  }

  take(): void {
    const now_ns = this.#monotonic_ns();
    if (now_ns - this.#anchored_ns >= ANCHOR_NS) {
      this.#anchored_ns = now_ns;
      this.#offset_ns = this.#offsetAt(now_ns);
    }
    const wall_ns = now_ns + this.#offset_ns;
    this.low = Number(wall_ns & 0xffffffffn);
    this.high = Number(wall_ns >> 32n);
  }

  #offsetAt(now_ns: bigint): bigint {
    return BigInt(this.#wall_ms()) * 1_000_000n - now_ns;
  }
}

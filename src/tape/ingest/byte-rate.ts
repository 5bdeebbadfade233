// How many bytes a second one key's publishers may send. Nobody is refused: who has sent more than that begins no further batch until
// the time for it has passed. What a second brings may come at once.

/** A debt is paid with time. Microseconds of the monotonic clock, bytes. */
export class ByteRate {
  readonly #bytesPerSecond: number;
  #debt_bytes = 0;
  #at_us = 0;

  /** `bytesPerSecond`: at least 1. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** So many bytes came in. */
  spend(bytes: number, now_us: number): void {
    this.#settle(now_us);
    this.#debt_bytes += bytes;
  }

  /** More came than a second brings. */
  isExceeded(now_us: number): boolean {
    this.#settle(now_us);
    return this.#debt_bytes > this.#bytesPerSecond;
  }

  #settle(now_us: number): void {
    const paid = ((now_us - this.#at_us) * this.#bytesPerSecond) / 1_000_000;
    this.#debt_bytes = Math.max(0, this.#debt_bytes - paid);
    this.#at_us = now_us;
  }
}

// How many ticks a simulator makes now: as many as the time since it began asks for, less what it has made. What it is
// behind by more than a moment is given up, and counted: a machine that can't keep up says so instead of bursting.

/** A step at most so often. */
const STEP_us = 1_000;
/** Of how much time one step may make the ticks; the rest is given up. */
const BEHIND_MAX_us = 50_000;

export class TickPacer {
  /** Ticks given up, of all the time. */
  skipped = 0;
  /** Ticks a second. */
  readonly #rate: number;
  #begun_us = 0;
  #stepped_us = 0;
  /** Since it began, with those given up. */
  #made = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Counts from `now_us` on (monotonic): nothing is due for the time before. */
  begin(now_us: number): void {
    this.#begun_us = now_us;
    this.#stepped_us = now_us;
    this.#made = 0;
  }

  /** The ticks to make now. */
  due(now_us: number): number {
    if (now_us - this.#stepped_us < STEP_us) return 0;
    this.#stepped_us = now_us;
    const behind = Math.floor(((now_us - this.#begun_us) * this.#rate) / 1e6) - this.#made;
    const due = Math.min(behind, Math.max(1, Math.floor((BEHIND_MAX_us * this.#rate) / 1e6)));
    this.#made += behind;
    this.skipped += behind - due;
    return due;
  }
}

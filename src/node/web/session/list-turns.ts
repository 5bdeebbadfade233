// Whose turn it is for a list of open orders. A list walks all resting orders (5 ms of 200,000), and every connection may ask
// for one in a second: 256 of them would keep the web's thread from everything else. So lists get a quarter of its time:
// while they are within it each is made at once, then one after another in the order of asking.
//
// Bound: a session has at most one of each kind in the line, and takes them out when it ends (session.ts), so the line is no
// longer than twice the connections.

import type { Clock } from "../../../base/index.ts";

/** A list is paid for by this many times what it took. */
const COST_TIMES = 4;
/** What may be owed before the next one waits: a burst of cheap lists, or one that is dear. */
const OWED_MAX_US = 20_000;
/** Between two looks whether the copy has come as far as the next one needs: it is behind by less, mostly. */
const LOOK_AGAIN_MS = 2;

export class ListTurns {
  readonly #clock: Clock;
  /** In the order of asking. */
  readonly #line = new Map<() => void, () => boolean>();
  /** When all lists so far are paid for; monotonic. */
  #paid_us = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lists that wait for their turn. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Calls `make`, which makes a list: now, or when its turn comes and the copy of the exchange `isReady`. */
  take(make: () => void, isReady: () => boolean): void {
    this.#line.set(make, isReady);
    if (this.#timer === undefined) this.#serve();
  }

  /** Who asked does not want it any more, or nobody did. */
  drop(make: (() => void) | undefined): void {
    if (make !== undefined) this.#line.delete(make);
  }

  /** Nothing is made any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#line.clear();
  }

  #serve(): void {
    this.#timer = undefined;
    for (const [make, isReady] of this.#line) {
      if (!isReady()) {
        this.#timer = setTimeout(() => this.#serve(), LOOK_AGAIN_MS);
        return;
      }
      const begun_us = this.#clock.monotonicMicros();
      const wait_us = this.#paid_us - OWED_MAX_US - begun_us;
      if (wait_us > 0) {
        this.#timer = setTimeout(() => this.#serve(), Math.ceil(wait_us / 1000));
        return;
      }
      this.#line.delete(make);
      make();
      const took_us = this.#clock.monotonicMicros() - begun_us;
      this.#paid_us = Math.max(this.#paid_us, begun_us) + COST_TIMES * took_us;
    }
  }
}

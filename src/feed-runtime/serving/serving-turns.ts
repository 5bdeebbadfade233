// When subscribers are written to. Writing to a thousand sockets takes milliseconds, in which nothing else happens on the
// thread; so behind a turn comes a rest, several times as long as the turn took: few subscribers are written to at once, many less
// often, and then each gets more at a time. Asking again and again costs nothing.

import { performance } from "node:perf_hooks";

/** A turn and its rest: of the thread's time, turns have one part in so many. */
const TURN_PARTS = 5;
/** However long a turn took: its work is bounded, more than this is the machine's doing. */
const REST_MAX_MS = 250;
/** What a timer can't wait for exactly: shorter rests are none. */
const REST_MIN_MS = 0.5;

export class ServingTurns {
  readonly #turn: () => boolean;
  #isAsked = false;
  #restUntil_ms = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** `turn`: serves everybody; true: there is more to do at once. */
  constructor(turn: () => boolean) {
    this.#turn = turn;
  }

  /** Has a turn soon; not in this call. */
  ask(): void {
    if (this.#isAsked || this.#isOver) return;
    this.#isAsked = true;
    const rest_ms = this.#restUntil_ms - performance.now();
    if (rest_ms < REST_MIN_MS) setImmediate(this.#act);
    else this.#timer = setTimeout(this.#act, rest_ms);
  }

  /** No turn follows. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  readonly #act = (): void => {
    this.#isAsked = false;
    if (this.#isOver) return;
    const began_ms = performance.now();
    const isMore = this.#turn();
    const ended_ms = performance.now();
    this.#restUntil_ms = ended_ms + Math.min(REST_MAX_MS, (ended_ms - began_ms) * (TURN_PARTS - 1));
    if (isMore) this.ask();
  };
}

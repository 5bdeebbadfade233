// Time that passes only as it is told to: what is to happen waits in its order, and happens when its time has come.

import type { Clock } from "../../../src/base/index.ts";

/** 2026-01-01, 00:00 UTC. */
const NEW_YEAR_US = 1_767_225_600_000_000;

interface Event {
  readonly at_us: number;
  readonly act: () => void;
}

export class SimulatedTime implements Clock {
  now_us = 0;
  /** In the order in which they happen; of the same time, as they were put in. */
  readonly #events: Event[] = [];

  wallMicros(): number {
    return NEW_YEAR_US + this.now_us;
  }

  monotonicMicros(): number {
    return this.now_us;
  }

  /** `act` happens at `at_us`, or now when that is over. */
  at(at_us: number, act: () => void): void {
    const event = { at_us: Math.max(at_us, this.now_us), act };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle].at_us <= event.at_us) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  after(delay_us: number, act: () => void): void {
    this.at(this.now_us + delay_us, act);
  }

  /** Lets time pass up to `to_us`, or until `isDone`, which is asked every `look_us`. */
  run(to_us: number, isDone: () => boolean = () => false, look_us = 10_000): void {
    for (let look = this.now_us + look_us; ; ) {
      const next_us = Math.min(this.#events[0]?.at_us ?? to_us, to_us, look);
      this.now_us = next_us;
      if (next_us === look) {
        look += look_us;
        if (isDone()) return;
      }
      while (this.#events.length > 0 && this.#events[0].at_us <= this.now_us) this.#events.shift()?.act();
      if (this.now_us >= to_us) return;
    }
  }
}

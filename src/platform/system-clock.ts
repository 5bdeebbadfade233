// The machine's clock, to the microsecond. Node's Date has milliseconds only and its monotonic clock does not follow
// corrections of the wall clock; so the wall time is the monotonic clock plus an offset that is compared with Date
// from time to time and replaced when the two have drifted apart.

import type { Clock } from "../base/index.ts";

/** How often the offset is checked: a corrected wall clock is followed within this time. */
const check_interval_ms = 1_000;
/** Date truncates to whole milliseconds, so a difference of up to one means nothing; twice that is a drift. */
const drift_max_ms = 2;

/** The machine's clock, for whatever asks for a `Clock`. */
export class SystemClock implements Clock {
  #offset_ms = performance.timeOrigin;
  #checkAt_ms = 0;

  wallMicros(): number {
    const now_ms = performance.now();
    if (now_ms >= this.#checkAt_ms) this.#check(now_ms);
    return Math.floor((this.#offset_ms + now_ms) * 1_000);
  }

  /** The origin is this thread's start: compare only what was read on one thread. */
  monotonicMicros(): number {
    return Math.floor(performance.now() * 1_000);
  }

  #check(now_ms: number): void {
    this.#checkAt_ms = now_ms + check_interval_ms;
    const wall_ms = Date.now();
    if (Math.abs(this.#offset_ms + now_ms - wall_ms) > drift_max_ms) this.#offset_ms = wall_ms - now_ms;
  }
}

/** Monotonic nanoseconds of the calling thread, for durations too short for a Clock: of things measured, never of decisions. */
export function monotonicNanos(): number {
  return performance.now() * 1e6;
}

/** How long the calling thread has had a processor since it began, in microseconds. */
export function threadBusyMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

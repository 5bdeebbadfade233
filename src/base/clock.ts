// Time is passed in: pure layers never read a clock, and a test can own it.

import type { Micros } from "./numbers.ts";

/** Where time comes from. */
export interface Clock {
  /** Wall time in microseconds since 1970; may step backwards (the sequencer guards against that). */
  wallMicros(): Micros;
  /** Monotonic time in microseconds from an arbitrary origin; never steps backwards. */
  monotonicMicros(): number;
}

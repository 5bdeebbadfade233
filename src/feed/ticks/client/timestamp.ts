// Timestamps of ticks/1 as the rest of the program has times.

const US_PER_HIGH = 2 ** 32 / 1_000;
const NS_PER_US = 1_000;

/** Microseconds since 1970 with a fraction, exact to half of one: nanoseconds since 1970 are beyond safe integers. */
export function tickTimestamp_us(tick: {
  readonly timestampLow: number;
  readonly timestampHigh: number;
}): number {
  return tick.timestampHigh * US_PER_HIGH + tick.timestampLow / NS_PER_US;
}

// How long a client waits before it connects again: twice as long after each failure, up to a bound, and spread, so that
// the many clients of a node that was restarted don't all come in the same instant.

const FIRST_DELAY_MS = 100;
/** Long enough that thousands who wait cost a node nothing; who can't wait connects by hand. */
const DELAY_MAX_MS = 30_000;

/** The wait after `failures` (from 1) in a row; `chance` is from 0 up to but not including 1. */
export function retryDelay_ms(failures: number, chance: number): number {
  const delay = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return Math.round(delay * (0.75 + chance / 4));
}

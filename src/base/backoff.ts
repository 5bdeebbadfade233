// How long to wait before something is tried again: twice as long after each failure, up to a bound, and spread by chance, so that the many
// clients of a server that was restarted don't all come in the same instant.

export interface BackoffTerms {
  /** The wait after the first failure and the longest, in any one unit. */
  readonly min: number;
  readonly max: number;
  /** Waits are at least so much of what the doubling says; the rest is chance. */
  readonly spreadFrom: number;
}

/** The wait after `failures` earlier ones in a row, from 0; `chance` is from 0 up to but not including 1. In the unit of the terms. */
export function backoff(failures: number, { min, max, spreadFrom }: BackoffTerms, chance: number): number {
  return Math.min(max, min * 2 ** failures) * (spreadFrom + (1 - spreadFrom) * chance);
}

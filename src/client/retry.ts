// How long a client of the exchange waits before it connects again.

import { type BackoffTerms, backoff } from "../base/index.ts";

/** In milliseconds. The longest is long enough that thousands who wait cost a node nothing; who can't wait connects by hand. */
const TERMS: BackoffTerms = { min: 100, max: 30_000, spreadFrom: 0.75 };

/** The wait after `failures` (from 1) in a row; `chance` is from 0 up to but not including 1. */
export function retryDelay_ms(failures: number, chance: number): number {
  return Math.round(backoff(failures - 1, TERMS, chance));
}

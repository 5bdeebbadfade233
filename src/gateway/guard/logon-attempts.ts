// How often it may be tried to log on: of each address and in total, counted before any signature is looked at, because
// that is what costs. An address comes first, so one that tries without end takes nothing of what others may.
//
// An address is remembered until its bucket is full again, a second later; that and the bound below make the table finite.

import { assert, isLoopbackKey, UNCOUNTED } from "../../base/index.ts";
import { TokenBuckets } from "./token-bucket.ts";

export interface AttemptLimits {
  /** Attempts a second of one address. */
  readonly perAddress: number;
  /** The same of this machine's own addresses, which all its programs share. */
  readonly perOwnAddress: number;
  /** Attempts a second of all. */
  readonly total: number;
}

export const ATTEMPT_LIMITS: AttemptLimits = {
  perAddress: 10,
  perOwnAddress: 200,
  // A signature takes about 0.1 ms to look at, and a node tries two keys: a twenty-fifth of a core at most.
  total: 200,
};

/** Addresses remembered at once; attempts of more are refused, as they would be by the total a moment later. */
const ADDRESSES_MAX = 4_096;
/** How long a bucket takes to be full again. */
const FULL_AFTER_us = 1_000_000;

interface Remembered {
  readonly slot: number;
  at_us: number;
}

export class LogonAttempts {
  readonly #limits: AttemptLimits;
  readonly #total = new TokenBuckets(1);
  readonly #addresses = new TokenBuckets(ADDRESSES_MAX);
  /** By address, the one that tried least lately first. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #free = Array.from({ length: ADDRESSES_MAX }, (_, slot) => slot);

  constructor(limits: AttemptLimits) {
    this.#limits = limits;
    assert(limits.perAddress >= 1 && limits.perOwnAddress >= 1, "an address may try now and then");
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.#remembered.size;
  }

  /** Whether the address may try now; counts the attempt. */
  admits(key: string, now_us: number): boolean {
    if (key !== UNCOUNTED && !this.#admitsAddress(key, now_us)) return false;
    if (!this.#total.has(0, this.#limits.total, now_us)) return false;
    this.#total.take(0);
    return true;
  }

  #admitsAddress(key: string, now_us: number): boolean {
    this.#forget(now_us);
    const known = this.#remembered.get(key);
    const slot = known?.slot ?? this.#free.pop();
    if (slot === undefined) return false;
    if (known === undefined) this.#addresses.reset(slot);
    const { perAddress, perOwnAddress } = this.#limits;
    if (!this.#addresses.has(slot, isLoopbackKey(key) ? perOwnAddress : perAddress, now_us)) return false;
    this.#addresses.take(slot);
    this.#remembered.delete(key);
    this.#remembered.set(key, { slot, at_us: now_us });
    return true;
  }

  /** Those whose buckets are full again. */
  #forget(now_us: number): void {
    for (const [key, { slot, at_us }] of this.#remembered) {
      if (now_us - at_us < FULL_AFTER_us) return;
      this.#remembered.delete(key);
      this.#free.push(slot);
    }
  }
}

// Finds a resting order by (account, symbol, order id). Chained hashing: a bucket is the slot of its first order, and
// the orders of a bucket are linked through a word of their own records, which a search must read anyway.
//
// Clients choose their ids, so the hash is keyed by the genesis seed: simple tabulation over the id bytes, for which
// chains are proven short whatever the keys are (Patrascu and Thorup, "The Power of Simple Tabulation Hashing", 2012).
// Only the last four id bits stay as they are: sixteen neighbouring ids share a cache line of buckets, since most
// clients count upwards. Neither seed nor place ever changes a result.
//
// The table grows with the orders that rest (a small one stays in the cache) by splitting one bucket per addition,
// never all at once: linear hashing (Litwin, "Linear Hashing", 1980). Buckets below `split` have been split in this
// round, so their hashes count one bit more. Layout: buckets[i] = slot + 1 of the first order, 0 when empty.
// Why not open addressing: docs/adr/order-index.md.

import { Prng, powerOfTwoAtLeast } from "../base/index.ts";
import { NO_SLOT, ORDER_SHIFT, type OrderPool, OrderWord } from "./order-pool.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SHIFT = ORDER_SHIFT;
const RESTING_ID_LOW = OrderWord.idLow;
const RESTING_ID_HIGH = OrderWord.idHigh;
const RESTING_ACCOUNT = OrderWord.account;
const RESTING_HASH = OrderWord.hash;
const RESTING_SYMBOL_SIDE = OrderWord.symbolSide;
const RESTING_CHAIN = OrderWord.chain;
const NONE = NO_SLOT;

/** 8 id bytes x 256 values. */
const TABULATION_WORDS = 8 * 256;
/** The first table: 4 KiB. */
const BUCKETS_MIN = 1024;

export class OrderIndex {
  readonly #orders: OrderPool;
  readonly #tabulation = new Int32Array(TABULATION_WORDS);
  readonly #accountFactor: number;
  readonly #symbolFactor: number;
  /** As many as can ever be used: what has not been touched costs no memory. */
  readonly #buckets: Int32Array;
  /** Buckets in use are [0, mask + 1 + split). */
  #mask: number;
  #split = 0;
  #count = 0;

  constructor(orders: OrderPool, seed: readonly [low: number, high: number]) {
    this.#orders = orders;
    const bucketsMax = powerOfTwoAtLeast(orders.capacity * 2);
    this.#buckets = new Int32Array(bucketsMax);
    this.#mask = Math.min(BUCKETS_MIN, bucketsMax) - 1;
    const low = new Prng(seed[0]);
    const high = new Prng(seed[1]);
    for (let i = 0; i < TABULATION_WORDS; i++) this.#tabulation[i] = low.u32() ^ high.u32();
    this.#accountFactor = low.u32() | 1;
    this.#symbolFactor = high.u32() | 1;
  }

  /** The hash of a key, to be given to the other calls: a command looks up once and then adds. */
  hash(account: number, symbol: number, idLow: number, idHigh: number): number {
    const t = this.#tabulation;
    let mixed =
      t[idLow & 0xf0] ^
      t[256 + ((idLow >>> 8) & 255)] ^
      t[512 + ((idLow >>> 16) & 255)] ^
      t[768 + (idLow >>> 24)] ^
      Math.imul(account, this.#accountFactor) ^
      Math.imul(symbol, this.#symbolFactor);
    if (idHigh !== 0) {
      mixed ^=
        t[1024 + (idHigh & 255)] ^
        t[1280 + ((idHigh >>> 8) & 255)] ^
        t[1536 + ((idHigh >>> 16) & 255)] ^
        t[1792 + (idHigh >>> 24)];
    }
    return (mixed & ~15) | (idLow & 15);
  }

  /** The slot of the resting order with this key, or NONE. */
  find(hash: number, account: number, symbol: number, idLow: number, idHigh: number): number {
    const orders = this.#orders;
    let slot = this.#buckets[this.#bucketOf(hash)] - 1;
    while (slot !== NONE) {
      const at = slot << SHIFT;
      if (
        orders.words[at + RESTING_ID_LOW] === idLow &&
        orders.words[at + RESTING_ID_HIGH] === idHigh &&
        orders.words[at + RESTING_ACCOUNT] === account &&
        orders.words[at + RESTING_SYMBOL_SIDE] >> 1 === symbol
      ) {
        return slot;
      }
      slot = orders.words[at + RESTING_CHAIN] - 1;
    }
    return NONE;
  }

  /** Adds `slot`, whose hash is set and whose key is not in the index. */
  add(slot: number): void {
    if (++this.#count * 2 > this.#mask + 1 + this.#split) this.#splitBucket();
    const { words } = this.#orders;
    const bucket = this.#bucketOf(words[(slot << SHIFT) + RESTING_HASH]);
    words[(slot << SHIFT) + RESTING_CHAIN] = this.#buckets[bucket];
    this.#buckets[bucket] = slot + 1;
  }

  /** Takes out `slot`, which is in the index. */
  remove(slot: number): void {
    this.#count--;
    const { words } = this.#orders;
    const bucket = this.#bucketOf(words[(slot << SHIFT) + RESTING_HASH]);
    const after = words[(slot << SHIFT) + RESTING_CHAIN];
    let before = this.#buckets[bucket] - 1;
    if (before === slot) {
      this.#buckets[bucket] = after;
      return;
    }
    while (words[(before << SHIFT) + RESTING_CHAIN] !== slot + 1) {
      before = words[(before << SHIFT) + RESTING_CHAIN] - 1;
    }
    words[(before << SHIFT) + RESTING_CHAIN] = after;
  }

  /** Without a branch, which could not be predicted. */
  #bucketOf(hash: number): number {
    const bucket = hash & this.#mask;
    // All ones when the bucket has been split in this round.
    const hasSplit = (bucket - this.#split) >> 31;
    return bucket | (hash & (this.#mask + 1) & hasSplit);
  }

  /** Spreads one bucket over itself and a new one; after the last of a round all hashes count one bit more. */
  #splitBucket(): void {
    const { words } = this.#orders;
    const low = this.#split;
    const high = low + this.#mask + 1;
    if (high >= this.#buckets.length) return;
    let slot = this.#buckets[low] - 1;
    this.#buckets[low] = 0;
    while (slot !== NONE) {
      const at = slot << SHIFT;
      const next = words[at + RESTING_CHAIN] - 1;
      const bucket = (words[at + RESTING_HASH] & (this.#mask + 1)) === 0 ? low : high;
      words[at + RESTING_CHAIN] = this.#buckets[bucket];
      this.#buckets[bucket] = slot + 1;
      slot = next;
    }
    this.#split++;
    if (this.#split <= this.#mask) return;
    this.#mask = this.#mask * 2 + 1;
    this.#split = 0;
  }
}

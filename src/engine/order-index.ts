// Finds a resting order by (account, symbol, order id). Open addressing with linear probing at a load of at most one
// half, and deletion by shifting back, so there are no tombstones and a search never degrades with age.
//
// Clients choose their ids, so the hash is keyed by the genesis seed: simple tabulation over the eight id bytes,
// for which linear probing is proven to take constant expected time whatever the keys are (Patrascu and Thorup,
// "The Power of Simple Tabulation Hashing", 2012). The seed changes speed only, never a result.
//
// Layout: entry i = table[2i] hash, table[2i + 1] slot + 1, or 0 when empty.

import { Prng, powerOfTwoAtLeast } from "../base/index.ts";
import { NONE, type OrderPool } from "./order-pool.ts";

/** 8 id bytes x 256 values. */
const TABULATION_WORDS = 8 * 256;

export class OrderIndex {
  readonly #orders: OrderPool;
  readonly #table: Int32Array;
  readonly #mask: number;
  readonly #tabulation = new Int32Array(TABULATION_WORDS);
  readonly #accountFactor: number;
  readonly #symbolFactor: number;

  constructor(orders: OrderPool, seed: readonly [low: number, high: number]) {
    const entries = powerOfTwoAtLeast(orders.capacity * 2);
    this.#orders = orders;
    this.#table = new Int32Array(entries * 2);
    this.#mask = entries - 1;
    const low = new Prng(seed[0]);
    const high = new Prng(seed[1]);
    for (let i = 0; i < TABULATION_WORDS; i++) this.#tabulation[i] = low.u32() ^ high.u32();
    this.#accountFactor = low.u32() | 1;
    this.#symbolFactor = high.u32() | 1;
  }

  /** The hash of a key, to be given to the other calls: a command looks up once and then adds. */
  hash(account: number, symbol: number, idLow: number, idHigh: number): number {
    const t = this.#tabulation;
    const high = idHigh ^ Math.imul(account, this.#accountFactor) ^ Math.imul(symbol, this.#symbolFactor);
    return (
      t[idLow & 255] ^
      t[256 + ((idLow >>> 8) & 255)] ^
      t[512 + ((idLow >>> 16) & 255)] ^
      t[768 + (idLow >>> 24)] ^
      t[1024 + (high & 255)] ^
      t[1280 + ((high >>> 8) & 255)] ^
      t[1536 + ((high >>> 16) & 255)] ^
      t[1792 + (high >>> 24)]
    );
  }

  /** The slot of the resting order with this key, or NONE. */
  find(hash: number, account: number, symbol: number, idLow: number, idHigh: number): number {
    const table = this.#table;
    const orders = this.#orders;
    for (let i = hash & this.#mask; ; i = (i + 1) & this.#mask) {
      const slot = table[2 * i + 1] - 1;
      if (slot === NONE) return NONE;
      if (
        table[2 * i] === hash &&
        orders.idLow[slot] === idLow &&
        orders.idHigh[slot] === idHigh &&
        orders.account[slot] === account &&
        orders.symbolSide[slot] >> 1 === symbol
      ) {
        return slot;
      }
    }
  }

  /** Adds `slot`, whose key hashes to `hash` and is not in the index. */
  add(hash: number, slot: number): void {
    const table = this.#table;
    let i = hash & this.#mask;
    while (table[2 * i + 1] !== 0) i = (i + 1) & this.#mask;
    table[2 * i] = hash;
    table[2 * i + 1] = slot + 1;
  }

  /** Takes out `slot`, which is in the index. */
  remove(slot: number): void {
    const orders = this.#orders;
    const hash = this.hash(
      orders.account[slot],
      orders.symbolSide[slot] >> 1,
      orders.idLow[slot],
      orders.idHigh[slot],
    );
    let i = hash & this.#mask;
    while (this.#table[2 * i + 1] !== slot + 1) i = (i + 1) & this.#mask;
    this.#closeGap(i);
  }

  /** Moves later entries of the cluster back, each no further than its home, until the gap is at its end. */
  #closeGap(gap: number): void {
    const table = this.#table;
    const mask = this.#mask;
    for (let i = (gap + 1) & mask; table[2 * i + 1] !== 0; i = (i + 1) & mask) {
      const home = table[2 * i] & mask;
      if (((i - home) & mask) >= ((i - gap) & mask)) {
        table[2 * gap] = table[2 * i];
        table[2 * gap + 1] = table[2 * i + 1];
        gap = i;
      }
    }
    table[2 * gap + 1] = 0;
  }
}

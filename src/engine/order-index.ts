// Finds a resting order by (account, symbol, order id). Open addressing with linear probing at a load of at most one
// half, and deletion by shifting back, so there are no tombstones and a search never degrades with age.
//
// Clients choose their ids, so the hash is keyed by the genesis seed: simple tabulation over the id bytes, for which
// linear probing is proven to take constant expected time whatever the keys are (Patrascu and Thorup, "The Power of
// Simple Tabulation Hashing", 2012). Only the last three id bits stay as they are: eight neighbouring ids share a
// cache line, since most clients count upwards. Neither seed nor place ever changes a result.
//
// The table grows with the orders that rest (a small one stays in the cache) by moving a few entries per addition,
// never all at once. Layout: entry i = table[2i] hash, table[2i + 1] slot + 1, or 0 when empty.

import { Prng, powerOfTwoAtLeast } from "../base/index.ts";
import { NO_SLOT, ORDER_SHIFT, type OrderPool, OrderWord } from "./order-pool.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SHIFT = ORDER_SHIFT;
const RESTING_ID_LOW = OrderWord.idLow;
const RESTING_ID_HIGH = OrderWord.idHigh;
const RESTING_ACCOUNT = OrderWord.account;
const RESTING_HASH = OrderWord.hash;
const RESTING_SYMBOL_SIDE = OrderWord.symbolSide;
const NONE = NO_SLOT;

/** 8 id bytes x 256 values. */
const TABULATION_WORDS = 8 * 256;
/** The first table: 8 KiB. */
const ENTRIES_MIN = 1024;
/** Entries moved per addition while the table grows; 3 would be enough to end before it must grow again. */
const MOVES_PER_ADD = 4;

export class OrderIndex {
  readonly #orders: OrderPool;
  readonly #entriesMax: number;
  readonly #tabulation = new Int32Array(TABULATION_WORDS);
  readonly #accountFactor: number;
  readonly #symbolFactor: number;
  #table: Int32Array;
  #mask: number;
  #count = 0;
  /** The smaller table while entries still move out of it, else an empty one. */
  #old: Int32Array = new Int32Array(2);
  #oldMask = 0;
  /** Places of the old table below this are empty; it has moved out when this reaches its end. */
  #moved = 1;

  constructor(orders: OrderPool, seed: readonly [low: number, high: number]) {
    this.#orders = orders;
    this.#entriesMax = powerOfTwoAtLeast(orders.capacity * 2);
    const entries = Math.min(ENTRIES_MIN, this.#entriesMax);
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
    const mixed =
      t[idLow & 0xf8] ^
      t[256 + ((idLow >>> 8) & 255)] ^
      t[512 + ((idLow >>> 16) & 255)] ^
      t[768 + (idLow >>> 24)] ^
      t[1024 + (high & 255)] ^
      t[1280 + ((high >>> 8) & 255)] ^
      t[1536 + ((high >>> 16) & 255)] ^
      t[1792 + (high >>> 24)];
    return (mixed & ~7) | (idLow & 7);
  }

  /** The slot of the resting order with this key, or NONE. */
  find(hash: number, account: number, symbol: number, idLow: number, idHigh: number): number {
    const slot = this.#findIn(this.#table, this.#mask, hash, account, symbol, idLow, idHigh);
    if (slot !== NONE || this.#moved > this.#oldMask) return slot;
    return this.#findIn(this.#old, this.#oldMask, hash, account, symbol, idLow, idHigh);
  }

  /** Adds `slot`, whose hash is set and whose key is not in the index. */
  add(slot: number): void {
    if (this.#moved <= this.#oldMask) this.#moveSome();
    else if (this.#count * 2 > this.#mask && this.#mask < this.#entriesMax - 1) this.#grow();
    this.#count++;
    put(this.#table, this.#mask, this.#orders.words[(slot << SHIFT) + RESTING_HASH], slot + 1);
  }

  /** Takes out `slot`, which is in the index. */
  remove(slot: number): void {
    const hash = this.#orders.words[(slot << SHIFT) + RESTING_HASH];
    this.#count--;
    if (takeOut(this.#table, this.#mask, hash, slot + 1)) return;
    takeOut(this.#old, this.#oldMask, hash, slot + 1);
  }

  #findIn(
    table: Int32Array,
    mask: number,
    hash: number,
    account: number,
    symbol: number,
    idLow: number,
    idHigh: number,
  ): number {
    const orders = this.#orders;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const slot = table[2 * i + 1] - 1;
      if (slot === NONE) return NONE;
      if (
        table[2 * i] === hash &&
        orders.words[(slot << SHIFT) + RESTING_ID_LOW] === idLow &&
        orders.words[(slot << SHIFT) + RESTING_ID_HIGH] === idHigh &&
        orders.words[(slot << SHIFT) + RESTING_ACCOUNT] === account &&
        orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE] >> 1 === symbol
      ) {
        return slot;
      }
    }
  }

  #grow(): void {
    this.#old = this.#table;
    this.#oldMask = this.#mask;
    this.#moved = 0;
    const entries = (this.#mask + 1) * 2;
    this.#table = new Int32Array(entries * 2);
    this.#mask = entries - 1;
  }

  /**
   * Moves a few entries. Emptying a place pulls later entries of its cluster into it until none has its home there
   * or before, so what stays is still found from its home.
   */
  #moveSome(): void {
    const old = this.#old;
    for (let moves = 0; moves < MOVES_PER_ADD && this.#moved <= this.#oldMask; moves++) {
      const at = this.#moved;
      if (old[2 * at + 1] === 0) {
        this.#moved++;
        continue;
      }
      put(this.#table, this.#mask, old[2 * at], old[2 * at + 1]);
      closeGap(old, this.#oldMask, at);
    }
    if (this.#moved > this.#oldMask) this.#old = new Int32Array(2);
  }
}

function put(table: Int32Array, mask: number, hash: number, entry: number): void {
  let i = hash & mask;
  while (table[2 * i + 1] !== 0) i = (i + 1) & mask;
  table[2 * i] = hash;
  table[2 * i + 1] = entry;
}

/** Takes an entry out; false when it is not in this table. */
function takeOut(table: Int32Array, mask: number, hash: number, entry: number): boolean {
  let i = hash & mask;
  while (table[2 * i + 1] !== entry) {
    if (table[2 * i + 1] === 0) return false;
    i = (i + 1) & mask;
  }
  closeGap(table, mask, i);
  return true;
}

/** Empties place `gap` and moves later entries of its cluster back, each no further than its home. */
function closeGap(table: Int32Array, mask: number, gap: number): void {
  let hole = gap;
  for (let i = (hole + 1) & mask; table[2 * i + 1] !== 0; i = (i + 1) & mask) {
    const home = table[2 * i] & mask;
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      table[2 * hole] = table[2 * i];
      table[2 * hole + 1] = table[2 * i + 1];
      hole = i;
    }
  }
  table[2 * hole + 1] = 0;
}

// The publisher's own number of every resting order, by (account, symbol, order id): what subscribers know an order by, and nobody can
// tell an account from. Numbers count from 1 within an epoch and are never used again.
//
// Open addressing with linear probing, on typed arrays, 24 bytes a place and at most half of them used; an entry that leaves is
// closed by moving those behind it up, so there are no marks of what is gone. Clients choose their ids, so the hash is keyed by a
// secret seed: simple tabulation, for which linear probing is proven short whatever the keys are (Patrascu and Thorup, "The
// Power of Simple Tabulation Hashing", 2012). The table doubles when it is half full, and then moves as a whole, some 50 ns an order.

import { Prng } from "../../base/index.ts";

/** The first table: 24 KiB. */
const PLACES_MIN = 1_024;
/** 16 key bytes x 256 values. */
const TABULATION_WORDS = 16 * 256;

export class OrderRefs {
  readonly #tabulation = new Int32Array(TABULATION_WORDS);
  /** Places; a ref of 0: the place is free. */
  #refs = new Float64Array(PLACES_MIN);
  /** Four words of each place: account, symbol, id low, id high. */
  #keys = new Int32Array(4 * PLACES_MIN);
  #mask = PLACES_MIN - 1;
  /** Orders in the table. */
  count = 0;
  #last = 0;

  constructor(seed: readonly [low: number, high: number]) {
    const low = new Prng(seed[0]);
    const high = new Prng(seed[1]);
    for (let i = 0; i < TABULATION_WORDS; i++) this.#tabulation[i] = low.u32() ^ high.u32();
  }

  /** Numbers an order that comes to rest; it has no number yet. */
  add(account: number, symbol: number, idLow: number, idHigh: number): number {
    if (2 * this.count > this.#mask) this.#double();
    this.count++;
    this.#put(account | 0, symbol | 0, idLow | 0, idHigh | 0, ++this.#last);
    return this.#last;
  }

  /** The number of a resting order; 0 for one that has none. */
  find(account: number, symbol: number, idLow: number, idHigh: number): number {
    return this.#refs[this.#place(account | 0, symbol | 0, idLow | 0, idHigh | 0)];
  }

  /** Takes out an order that rests no more, and returns its number; 0 for one that has none. */
  remove(account: number, symbol: number, idLow: number, idHigh: number): number {
    const place = this.#place(account | 0, symbol | 0, idLow | 0, idHigh | 0);
    const ref = this.#refs[place];
    if (ref === 0) return 0;
    this.count--;
    this.#close(place);
    return ref;
  }

  /** Forgets all orders; numbers begin at 1 again: another epoch. */
  clear(): void {
    this.#refs = new Float64Array(PLACES_MIN);
    this.#keys = new Int32Array(4 * PLACES_MIN);
    this.#mask = PLACES_MIN - 1;
    this.count = 0;
    this.#last = 0;
  }

  /** Where the key is, or where it would go. */
  #place(account: number, symbol: number, idLow: number, idHigh: number): number {
    const refs = this.#refs;
    const keys = this.#keys;
    let place = this.#hash(account, symbol, idLow, idHigh) & this.#mask;
    for (; refs[place] !== 0; place = (place + 1) & this.#mask) {
      const at = 4 * place;
      if (keys[at + 2] !== idLow || keys[at + 3] !== idHigh) continue;
      if (keys[at] === account && keys[at + 1] === symbol) break;
    }
    return place;
  }

  #put(account: number, symbol: number, idLow: number, idHigh: number, ref: number): void {
    const place = this.#place(account, symbol, idLow, idHigh);
    const at = 4 * place;
    this.#refs[place] = ref;
    this.#keys[at] = account;
    this.#keys[at + 1] = symbol;
    this.#keys[at + 2] = idLow;
    this.#keys[at + 3] = idHigh;
  }

  /** Frees `hole`: whoever behind it was pushed past it moves up. */
  #close(from: number): void {
    const refs = this.#refs;
    const keys = this.#keys;
    const mask = this.#mask;
    let hole = from;
    for (let place = (hole + 1) & mask; refs[place] !== 0; place = (place + 1) & mask) {
      const at = 4 * place;
      const home = this.#hash(keys[at], keys[at + 1], keys[at + 2], keys[at + 3]) & mask;
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      refs[hole] = refs[place];
      for (let i = 0; i < 4; i++) keys[4 * hole + i] = keys[at + i];
      hole = place;
    }
    refs[hole] = 0;
  }

  #double(): void {
    const [refs, keys] = [this.#refs, this.#keys];
    this.#refs = new Float64Array(2 * refs.length);
    this.#keys = new Int32Array(2 * keys.length);
    this.#mask = this.#refs.length - 1;
    for (let place = 0; place < refs.length; place++) {
      const at = 4 * place;
      if (refs[place] !== 0) this.#put(keys[at], keys[at + 1], keys[at + 2], keys[at + 3], refs[place]);
    }
  }

  #hash(account: number, symbol: number, idLow: number, idHigh: number): number {
    return (
      this.#mixed(idLow, 0) ^
      this.#mixed(idHigh, 1_024) ^
      this.#mixed(account, 2_048) ^
      this.#mixed(symbol, 3_072)
    );
  }

  #mixed(word: number, from: number): number {
    const t = this.#tabulation;
    return (
      t[from + (word & 255)] ^
      t[from + 256 + ((word >>> 8) & 255)] ^
      t[from + 512 + ((word >>> 16) & 255)] ^
      t[from + 768 + (word >>> 24)]
    );
  }
}

// From an order's number on the feed to its slot: open addressing on typed arrays, linear probing, at most half full, and without
// tombstones: what follows a removed entry moves up. Allocates only when it grows.

import { highLane } from "../../base/index.ts";

/** A free place, and no number of an order: the publisher numbers them from 1 on. */
export const FREE = 0;
const PLACES_AT_FIRST = 32;

export class RefTable {
  #count = 0;
  #refs = new Float64Array(PLACES_AT_FIRST);
  #slots = new Int32Array(PLACES_AT_FIRST);

  clear(): void {
    if (this.#count > 0) this.#refs.fill(FREE);
    this.#count = 0;
  }

  /** The slot of `ref`, or -1. */
  get(ref: number): number {
    const place = this.#find(ref);
    return this.#refs[place] === ref && ref !== FREE ? this.#slots[place] : -1;
  }

  /** `ref` is not there yet, and not FREE. */
  put(ref: number, slot: number): void {
    if (this.#count * 2 >= this.#refs.length) this.#grow();
    const place = this.#find(ref);
    this.#refs[place] = ref;
    this.#slots[place] = slot;
    this.#count++;
  }

  remove(ref: number): void {
    const mask = this.#refs.length - 1;
    let hole = this.#find(ref);
    if (this.#refs[hole] !== ref) return;
    for (let at = (hole + 1) & mask; this.#refs[at] !== FREE; at = (at + 1) & mask) {
      const home = hashOf(this.#refs[at]) & mask;
      // It may move up when its home does not lie behind the hole.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#refs[hole] = this.#refs[at];
      this.#slots[hole] = this.#slots[at];
      hole = at;
    }
    this.#refs[hole] = FREE;
    this.#count--;
  }

  /** Where `ref` is, or where it would go. */
  #find(ref: number): number {
    const mask = this.#refs.length - 1;
    let at = hashOf(ref) & mask;
    while (this.#refs[at] !== FREE && this.#refs[at] !== ref) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const refs = this.#refs;
    const slots = this.#slots;
    this.#refs = new Float64Array(refs.length * 2);
    this.#slots = new Int32Array(refs.length * 2);
    for (let i = 0; i < refs.length; i++) {
      if (refs[i] === FREE) continue;
      const place = this.#find(refs[i]);
      this.#refs[place] = refs[i];
      this.#slots[place] = slots[i];
    }
  }
}

function hashOf(ref: number): number {
  const mixed = Math.imul((ref >>> 0) ^ highLane(ref), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

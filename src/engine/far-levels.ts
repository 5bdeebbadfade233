// Price levels outside a ladder's window: an ordered set of prices with a search depth of at most 53 whatever the
// prices are, and exactly one inner node per level after the first, so its memory is bounded by the level pool.
// A crit-bit tree (D. J. Bernstein): an inner node names the first bit in which its two halves differ.
//
// Links: a value >= 0 is an inner node, ~link is a level slot, EMPTY is no tree. One pool of inner nodes serves
// every book and side; a tree is its root link, kept by its owner.

import { highLane } from "../base/index.ts";
import type { LevelPool } from "./level-pool.ts";
import { NO_SLOT } from "./order-pool.ts";

const NONE = NO_SLOT;

/** The root link of a tree without levels: no level slot has this complement. */
export const EMPTY = -0x80000000;

/** Prices are below 2^53: 21 bits in the high lane, 32 in the low one. Bit 0 is the most significant. */
const HIGH_BITS = 21;

export class FarLevels {
  readonly #prices: Float64Array;
  readonly #zero: Int32Array;
  readonly #one: Int32Array;
  readonly #bit: Uint8Array;
  #free = NONE;
  #fresh = 0;

  constructor(levels: LevelPool) {
    const capacity = levels.price.length;
    this.#prices = levels.price;
    this.#zero = new Int32Array(capacity);
    this.#one = new Int32Array(capacity);
    this.#bit = new Uint8Array(capacity);
  }

  /** The level at `price`, or NONE. */
  find(root: number, price: number): number {
    if (root === EMPTY) return NONE;
    const level = this.#nearest(root, price);
    return this.#prices[level] === price ? level : NONE;
  }

  /** Adds `level`, whose price is not in the tree; returns the new root. */
  insert(root: number, level: number): number {
    if (root === EMPTY) return ~level;
    const price = this.#prices[level];
    const bit = firstDifference(price, this.#prices[this.#nearest(root, price)]);
    let parent = NONE;
    let link = root;
    while (link >= 0 && this.#bit[link] < bit) {
      parent = link;
      link = this.#child(link, price);
    }
    const node = this.#take(bit);
    const one = bitOf(price, bit) === 1;
    this.#zero[node] = one ? link : ~level;
    this.#one[node] = one ? ~level : link;
    return this.#relink(root, parent, price, node);
  }

  /** Takes out `level`, which is in the tree; returns the new root. */
  remove(root: number, level: number): number {
    const price = this.#prices[level];
    let grandparent = NONE;
    let parent = NONE;
    let link = root;
    while (link >= 0) {
      grandparent = parent;
      parent = link;
      link = this.#child(link, price);
    }
    if (parent === NONE) return EMPTY;
    const sibling = bitOf(price, this.#bit[parent]) === 1 ? this.#zero[parent] : this.#one[parent];
    this.#give(parent);
    return this.#relink(root, grandparent, price, sibling);
  }

  /** The level with the lowest price, or NONE. */
  lowest(root: number): number {
    if (root === EMPTY) return NONE;
    let link = root;
    while (link >= 0) link = this.#zero[link];
    return ~link;
  }

  /** The level with the highest price, or NONE. */
  highest(root: number): number {
    if (root === EMPTY) return NONE;
    let link = root;
    while (link >= 0) link = this.#one[link];
    return ~link;
  }

  /** The level with the lowest price > `price`, or NONE. */
  above(root: number, price: number): number {
    return this.#beside(root, price, 0);
  }

  /** The level with the highest price < `price`, or NONE. */
  below(root: number, price: number): number {
    return this.#beside(root, price, 1);
  }

  /**
   * The neighbour of `price` on one side. `turn` is the bit value that leaves the wanted side behind on the other
   * branch: going down `turn` at a node puts all of its other branch on the wanted side of `price`.
   */
  #beside(root: number, price: number, turn: 0 | 1): number {
    if (root === EMPTY) return NONE;
    const nearest = this.#prices[this.#nearest(root, price)];
    const bit = nearest === price ? 53 : firstDifference(price, nearest);
    let candidate = EMPTY;
    let link = root;
    while (link >= 0 && this.#bit[link] < bit) {
      const node = link;
      const goesTurn = bitOf(price, this.#bit[node]) === turn;
      link = this.#child(node, price);
      if (goesTurn) candidate = turn === 0 ? this.#one[node] : this.#zero[node];
    }
    // The subtree at `link` agrees with `price` up to `bit`: it lies on one side as a whole.
    if (bit < 53 && bitOf(price, bit) === turn) candidate = link;
    return turn === 0 ? this.lowest(candidate) : this.highest(candidate);
  }

  /** The level reached by following the bits of `price`; it shares the longest prefix with it. */
  #nearest(root: number, price: number): number {
    let link = root;
    while (link >= 0) link = this.#child(link, price);
    return ~link;
  }

  #child(node: number, price: number): number {
    return bitOf(price, this.#bit[node]) === 1 ? this.#one[node] : this.#zero[node];
  }

  #relink(root: number, parent: number, price: number, link: number): number {
    if (parent === NONE) return link;
    if (bitOf(price, this.#bit[parent]) === 1) this.#one[parent] = link;
    else this.#zero[parent] = link;
    return root;
  }

  #take(bit: number): number {
    let node = this.#free;
    if (node === NONE) node = this.#fresh++;
    else this.#free = this.#zero[node];
    this.#bit[node] = bit;
    return node;
  }

  #give(node: number): void {
    this.#zero[node] = this.#free;
    this.#free = node;
  }
}

function bitOf(price: number, bit: number): number {
  return bit < HIGH_BITS ? (highLane(price) >>> (HIGH_BITS - 1 - bit)) & 1 : (price >>> (52 - bit)) & 1;
}

/** The first bit in which two different prices differ. */
function firstDifference(a: number, b: number): number {
  const high = highLane(a) ^ highLane(b);
  if (high !== 0) return Math.clz32(high) - (32 - HIGH_BITS);
  return HIGH_BITS + Math.clz32((a >>> 0) ^ (b >>> 0));
}

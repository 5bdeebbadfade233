// A set of small integers with "next above" and "next below" in a few steps: three levels of 32-bit words, where a
// bit of a higher level says that the word below it is not empty. Finding a neighbour over any gap costs at most
// one look per level and one scan of the top (four words at the largest size).

/** The largest size: the top level is then four words. */
export const BITMAP_SIZE_MAX = 131_072;

export class TickBitmap {
  readonly #bits: Int32Array;
  readonly #words: Int32Array;
  readonly #groups: Int32Array;

  /** A set of integers in [0, size); `size` is a power of two up to BITMAP_SIZE_MAX. */
  constructor(size: number) {
    this.#bits = new Int32Array(Math.max(1, size >>> 5));
    this.#words = new Int32Array(Math.max(1, size >>> 10));
    this.#groups = new Int32Array(Math.max(1, size >>> 15));
  }

  add(i: number): void {
    this.#bits[i >>> 5] |= 1 << i;
    this.#words[i >>> 10] |= 1 << (i >>> 5);
    this.#groups[i >>> 15] |= 1 << (i >>> 10);
  }

  remove(i: number): void {
    const bits = this.#bits[i >>> 5] & ~(1 << i);
    this.#bits[i >>> 5] = bits;
    if (bits !== 0) return;
    const words = this.#words[i >>> 10] & ~(1 << (i >>> 5));
    this.#words[i >>> 10] = words;
    if (words === 0) this.#groups[i >>> 15] &= ~(1 << (i >>> 10));
  }

  /** The largest member <= i, or -1; i >= 0. */
  atOrBelow(i: number): number {
    const bits = this.#bits[i >>> 5] & (-1 >>> (31 - (i & 31)));
    if (bits !== 0) return (i & ~31) + top(bits);
    const word = i >>> 5;
    const words = this.#words[word >>> 5] & ~(-1 << word);
    if (words !== 0) return this.#lastOf((word & ~31) + top(words));
    const group = word >>> 5;
    let groups = this.#groups[group >>> 5] & ~(-1 << group);
    let at = group >>> 5;
    while (groups === 0) {
      if (--at < 0) return -1;
      groups = this.#groups[at];
    }
    const found = at * 32 + top(groups);
    return this.#lastOf(found * 32 + top(this.#words[found]));
  }

  /** The smallest member >= i, or -1; i < size. */
  atOrAbove(i: number): number {
    const bits = this.#bits[i >>> 5] & (-1 << i);
    if (bits !== 0) return (i & ~31) + bottom(bits);
    const word = i >>> 5;
    const words = this.#words[word >>> 5] & (-2 << word);
    if (words !== 0) return this.#firstOf((word & ~31) + bottom(words));
    const group = word >>> 5;
    let groups = this.#groups[group >>> 5] & (-2 << group);
    let at = group >>> 5;
    while (groups === 0) {
      if (++at >= this.#groups.length) return -1;
      groups = this.#groups[at];
    }
    const found = at * 32 + bottom(groups);
    return this.#firstOf(found * 32 + bottom(this.#words[found]));
  }

  #lastOf(word: number): number {
    return word * 32 + top(this.#bits[word]);
  }

  #firstOf(word: number): number {
    return word * 32 + bottom(this.#bits[word]);
  }
}

/** The number of the highest bit set. */
function top(bits: number): number {
  return 31 - Math.clz32(bits);
}

/** The number of the lowest bit set. */
function bottom(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

// A small deterministic generator for the lab and for jitter: sfc32 (Doty-Humphrey, PractRand), seeded by
// splitmix32. Same seed, same numbers, on every machine. Not for secrets.

export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: any safe integer >= 0; folded to 32 bits, so 2^32 sequences in all. */
  constructor(seed: number) {
    let state = (seed ^ Math.floor(seed / 4294967296)) | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let i = 0; i < 12; i++) this.u32();
  }

  /** A uniform u32. */
  u32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** A uniform double in [0, 1) with 32 random bits. */
  unit(): number {
    return this.u32() / 4294967296;
  }

  /** A uniform integer in [low, high], both included; the span must be below 2^32. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of `items`; there must be at least one. */
  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)];
  }
}

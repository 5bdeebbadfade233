// The random source of the tick simulator: xoshiro128** (Blackman and Vigna), its state filled from one u32 by a
// splitmix of 32 bits. Streams are reproducible to the bit across implementations, which is why it is not the project's
// own Prng: others pin this one.

const TWO_32 = 4294967296;

export class TickRandom {
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;
  /** The second value of the last pair of normal ones; NaN when it is used up. */
  #spare = Number.NaN;

  /** `seed`: a u32. */
  constructor(seed: number) {
    this.#s0 = mixed(seed, 1);
    this.#s1 = mixed(seed, 2);
    this.#s2 = mixed(seed, 3);
    this.#s3 = mixed(seed, 4);
  }

  /** A uniform u32. */
  next(): number {
    const s1 = this.#s1;
    const result = Math.imul(rotated(Math.imul(s1, 5), 7), 9) >>> 0;
    this.#s2 ^= this.#s0;
    this.#s3 ^= s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= s1 << 9;
    this.#s3 = rotated(this.#s3, 11);
    return result;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.next() / TWO_32;
  }

  /** A uniform integer, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.unit());
  }

  /** Standard normal, by Box and Muller: two numbers are drawn for two values. */
  normal(): number {
    const spare = this.#spare;
    if (!Number.isNaN(spare)) {
      this.#spare = Number.NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log((this.next() + 1) / TWO_32));
    const angle = 2 * Math.PI * this.unit();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mixed(seed: number, round: number): number {
  let z = (seed + Math.imul(round, 0x9e3779b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

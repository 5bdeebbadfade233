// The random source of the tick simulator: xoshiro128** (Blackman and Vigna), its state filled from one u32 by a
// splitmix of 32 bits. Streams are reproducible to the bit across implementations, which is why it is not the project's
// own Prng: others pin this one.
//
// What many are drawn of is left in `drawn` and read there: a double that is returned is an allocation wherever the call is
// not inlined.

const TWO_32 = 4294967296;
/** The most that is drawn at once. */
const DRAWN_MAX = 4;

export class TickRandom {
  /** What was drawn last. */
  readonly drawn = new Float64Array(DRAWN_MAX);
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;
  /** The second value of the last pair of normal ones, if it was not used yet. */
  readonly #spare = new Float64Array(1);
  #hasSpare = false;

  /** `seed`: a u32. */
  constructor(seed: number) {
    this.#s0 = mixed(seed, 1);
    this.#s1 = mixed(seed, 2);
    this.#s2 = mixed(seed, 3);
    this.#s3 = mixed(seed, 4);
  }

  /** A uniform u32. */
  next(): number {
    return this.#advance() >>> 0;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.next() / TWO_32;
  }

  /** A uniform integer, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.unit());
  }

  /** Draws so many as unit() gives, at most DRAWN_MAX. */
  drawUnits(count: number): void {
    for (let i = 0; i < count; i++) this.drawn[i] = (this.#advance() >>> 0) / TWO_32;
  }

  /** Draws a standard normal value, by Box and Muller: of two numbers two values. */
  drawNormal(): void {
    if (this.#hasSpare) {
      this.#hasSpare = false;
      this.drawn[0] = this.#spare[0];
      return;
    }
    const radius = Math.sqrt(-2 * Math.log(((this.#advance() >>> 0) + 1) / TWO_32));
    const angle = 2 * Math.PI * ((this.#advance() >>> 0) / TWO_32);
    this.drawn[0] = radius * Math.cos(angle);
    this.#spare[0] = radius * Math.sin(angle);
    this.#hasSpare = true;
  }

  /** The next u32, as i32. */
  #advance(): number {
    const s1 = this.#s1;
    const result = Math.imul(rotated(Math.imul(s1, 5), 7), 9);
    this.#s2 ^= this.#s0;
    this.#s3 ^= s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= s1 << 9;
    this.#s3 = rotated(this.#s3, 11);
    return result;
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

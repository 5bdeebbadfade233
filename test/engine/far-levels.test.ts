// The crit-bit tree against a sorted array, with prices from everywhere below 2^53 and with prices that share all
// but their last bits.

import { describe, expect, test } from "vitest";
import { Prng, SAFE_MAX } from "../../src/base/index.ts";
import { EMPTY, FarLevels } from "../../src/engine/far-levels.ts";
import { LevelPool } from "../../src/engine/level-pool.ts";
import { NO_SLOT } from "../../src/engine/order-pool.ts";

const LEVELS = 64;

/** The tree with a sorted array beside it; level slots come and go as the engine's do. */
class Compared {
  readonly prices: number[] = [];
  readonly #pool = new LevelPool(LEVELS);
  readonly #far = new FarLevels(this.#pool);
  readonly #slots = new Map<number, number>();
  #root = EMPTY;

  insert(price: number): void {
    if (this.#slots.has(price) || this.prices.length === LEVELS) return;
    const slot = this.#pool.take(price);
    this.#slots.set(price, slot);
    this.#root = this.#far.insert(this.#root, slot);
    this.prices.push(price);
    this.prices.sort((a, b) => a - b);
  }

  remove(price: number): void {
    const slot = this.#slots.get(price);
    if (slot === undefined) return;
    this.#root = this.#far.remove(this.#root, slot);
    this.#pool.give(slot);
    this.#slots.delete(price);
    this.prices.splice(this.prices.indexOf(price), 1);
  }

  /** Asks everything about `price` and compares. */
  check(price: number): void {
    const below = this.prices.filter((other) => other < price).at(-1);
    const above = this.prices.find((other) => other > price);
    const found = {
      find: this.#priceOf(this.#far.find(this.#root, price)),
      below: this.#priceOf(this.#far.below(this.#root, price)),
      above: this.#priceOf(this.#far.above(this.#root, price)),
      lowest: this.#priceOf(this.#far.lowest(this.#root)),
      highest: this.#priceOf(this.#far.highest(this.#root)),
    };
    expect(found, `asked about ${price}`).toEqual({
      find: this.#slots.has(price) ? price : undefined,
      below,
      above,
      lowest: this.prices[0],
      highest: this.prices.at(-1),
    });
  }

  #priceOf(slot: number): number | undefined {
    if (slot === NO_SLOT) return undefined;
    const [price] =
      [...this.#slots].find(([, other]) => other === slot) ?? expect.fail(`slot ${slot} is free`);
    return price;
  }
}

const POWERS: readonly number[] = Array.from({ length: 53 }, (_, i) => 2 ** i);

const PRICES: readonly [name: string, draw: (prng: Prng) => number][] = [
  ["any price", (prng) => Math.max(1, prng.between(0, 0x1fffff) * 2 ** 32 + prng.u32())],
  ["prices beside one another", (prng) => 1_000_000 + prng.between(0, 99)],
  ["prices around 2^32, where the lanes meet", (prng) => 2 ** 32 + prng.between(-40, 40)],
  ["powers of two and their neighbours", (prng) => Math.max(1, prng.pick(POWERS) + prng.between(-1, 1))],
  ["the largest prices", (prng) => SAFE_MAX - prng.between(0, 70)],
];

describe.each(PRICES)("far levels at %s", (_name, draw) => {
  test.each([1, 2, 3, 4])("answer like a sorted array (seed %i)", (seed) => {
    const prng = new Prng(seed);
    const compared = new Compared();
    for (let step = 0; step < 800; step++) {
      // Filling and emptying take turns, so that both full and empty trees are met.
      const fills = Math.floor(step / 150) % 2 === 0;
      const known = compared.prices.length > 0 ? prng.pick(compared.prices) : 1;
      if (prng.chance(fills ? 0.8 : 0.2)) compared.insert(draw(prng));
      else compared.remove(known);
      compared.check(draw(prng));
      compared.check(known);
    }
  });
});

test("every bit of a price tells two levels apart", () => {
  const compared = new Compared();
  for (const power of POWERS) compared.insert(power);
  expect(compared.prices.length).toBe(53);
  for (const power of POWERS) {
    for (const price of [power - 1, power, power + 1]) compared.check(price);
  }
  for (const power of POWERS) {
    compared.remove(power);
    compared.check(power);
  }
});

test("a tree keeps answering when as many levels as there can be come and go for ever", () => {
  // One inner node leaked per turn would run out of nodes at the first full tree after it.
  const compared = new Compared();
  for (let turn = 0; turn < 30; turn++) {
    for (let i = 0; i < LEVELS; i++) compared.insert(1 + ((i * 7919 + turn) % 100_003));
    expect(compared.prices.length).toBe(LEVELS);
    for (const price of [...compared.prices]) {
      compared.check(price);
      compared.remove(price);
    }
  }
});

test("an empty tree has no neighbours", () => {
  new Compared().check(1);
});

import { describe, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";

const take = (prng: Prng, count: number) => Array.from({ length: count }, () => prng.u32());

const PINNED_1 = [2_420_951_833, 2_513_034_076, 3_847_892_949, 4_064_752_930];
const PINNED_2 = [2_724_626_171, 55_566_936, 450_448_904, 3_358_731_064];

test("a seed gives the numbers it always gave: recorded flows and shrunk cases depend on it", () => {
  expect(take(new Prng(1), 4)).toEqual(PINNED_1);
  expect(take(new Prng(2 ** 40 + 7), 4)).toEqual(PINNED_2);
});

test("small seeds give different numbers, and the part of a seed above 32 bits counts", () => {
  const first = (seed: number) => take(new Prng(seed), 2).join();
  expect(new Set(Array.from({ length: 1_000 }, (_, seed) => first(seed))).size).toBe(1_000);
  expect(first(2 ** 32 + 5)).not.toBe(first(5));
});

describe("numbers of a range", () => {
  test("are all there, both ends included, and none beyond", () => {
    const prng = new Prng(3);
    const seen = new Set(Array.from({ length: 1_000 }, () => prng.between(-2, 3)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
  });

  test("come about equally often", () => {
    const prng = new Prng(4);
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 80_000; i++) counts[prng.between(0, 7)]++;
    // Six standard deviations of a fair count are 560.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(560);
  });

  test("of one value are that value", () => {
    expect(new Prng(5).between(9, 9)).toBe(9);
  });
});

test("every bit of a number is set about half of the time", () => {
  const prng = new Prng(6);
  const set = new Array<number>(32).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const value = prng.u32();
    for (let bit = 0; bit < 32; bit++) set[bit] += (value >>> bit) & 1;
  }
  // Six standard deviations are 300.
  for (const count of set) expect(Math.abs(count - 5_000)).toBeLessThan(300);
});

test("a chance of 0 never comes, of 1 always, and the unit interval has no end", () => {
  const prng = new Prng(7);
  for (let i = 0; i < 1_000; i++) {
    expect(prng.chance(0)).toBe(false);
    expect(prng.chance(1)).toBe(true);
    expect(prng.unit()).toBeLessThan(1);
  }
});

test("a pick is one of the items, and any of them", () => {
  const prng = new Prng(8);
  const seen = new Set(Array.from({ length: 200 }, () => prng.pick(["a", "b", "c"])));
  expect([...seen].sort()).toEqual(["a", "b", "c"]);
});

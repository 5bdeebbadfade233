// The price ladder against plain sorted arrays: whatever the window does, best and next levels are the same.

import { describe, expect, test } from "vitest";
import { Prng, SAFE_MAX } from "../../src/base/index.ts";
import { LevelPool } from "../../src/engine/level-pool.ts";
import { NO_SLOT } from "../../src/engine/order-pool.ts";
import { LadderShare, PriceLadder } from "../../src/engine/price-ladder.ts";
import { BITMAP_SIZE_MAX } from "../../src/engine/tick-bitmap.ts";
import { Side } from "../../src/protocol/index.ts";

/** A window is never larger than its bitmap. */
const WINDOW_TICKS_MAX = BITMAP_SIZE_MAX;
const LEVELS_MAX = 600;
/** Window ticks for one book at its largest and some to spare. */
const ENOUGH_TICKS = 4 * WINDOW_TICKS_MAX;

/** A ladder with two sorted arrays of prices beside it. */
class Compared {
  /** Best first. */
  readonly bids: number[] = [];
  readonly asks: number[] = [];
  readonly share: LadderShare;
  readonly #levels = new LevelPool(LEVELS_MAX);
  readonly #ladder: PriceLadder;
  readonly #slots = new Map<number, number>();

  constructor(windowTicks: number) {
    this.share = new LadderShare(this.#levels, windowTicks);
    this.#ladder = new PriceLadder(this.share);
  }

  prices(side: Side): number[] {
    return side === Side.Buy ? this.bids : this.asks;
  }

  /** Adds a level where the book would: not at a price in use, not across the other side. */
  insert(price: number, side: Side): void {
    const other = this.prices(side === Side.Buy ? Side.Sell : Side.Buy)[0];
    if (other !== undefined && (side === Side.Buy ? price >= other : price <= other)) return;
    if (this.#slots.size === LEVELS_MAX) return;
    const found = this.#ladder.find(price, side);
    expect(found, `find ${price}`).toBe(this.#slots.get(price) ?? NO_SLOT);
    if (found !== NO_SLOT) return;
    const slot = this.#levels.take(price);
    this.#ladder.insert(slot, side);
    this.#slots.set(price, slot);
    this.prices(side).push(price);
    this.prices(side).sort((a, b) => (side === Side.Buy ? b - a : a - b));
    this.checkBest();
  }

  /** Takes out the `place`-th best level of a side. */
  removeAt(place: number, side: Side): void {
    const [price] = this.prices(side).splice(place, 1);
    const slot = this.#slots.get(price) as number;
    this.#ladder.remove(slot, side);
    this.#levels.give(slot);
    this.#slots.delete(price);
    this.checkBest();
  }

  checkBest(): void {
    const best = [this.#priceOf(this.#ladder.bestBid), this.#priceOf(this.#ladder.bestAsk)];
    if (best[0] !== this.bids[0] || best[1] !== this.asks[0])
      expect(best, "best bid and ask").toEqual([this.bids[0], this.asks[0]]);
  }

  /** Walks from a level that rests to the one behind it. */
  checkWorse(place: number, side: Side): void {
    const prices = this.prices(side);
    const worse = this.#ladder.worse(this.#slots.get(prices[place]) as number, side);
    if (this.#priceOf(worse) !== prices[place + 1])
      expect(this.#priceOf(worse), `behind ${prices[place]}`).toBe(prices[place + 1]);
  }

  /** Walks both sides from best to worst, and finds each level by its price. */
  checkAll(): void {
    for (const side of [Side.Buy, Side.Sell]) {
      const prices = this.prices(side);
      for (let i = 0; i < prices.length; i++) {
        this.checkWorse(i, side);
        expect(this.#ladder.find(prices[i], side)).toBe(this.#slots.get(prices[i]));
      }
    }
  }

  #priceOf(slot: number): number | undefined {
    return slot === NO_SLOT ? undefined : this.#levels.price[slot];
  }
}

/** One market: where its middle is at a step, and how far from it levels lie. */
type Market = readonly [
  name: string,
  middle: (step: number, prng: Prng) => number,
  distance: (prng: Prng) => number,
];

const near = (prng: Prng): number => prng.between(1, 400);
const MIDDLE = 1_000_000;

const MARKETS: readonly Market[] = [
  ["stays where it is", () => MIDDLE, near],
  ["drifts upwards", (step) => MIDDLE + 100 * step, near],
  ["drifts down to the lowest price", (step) => Math.max(1, 150_000 - 100 * step), near],
  ["jumps by a million ticks and back", (step) => MIDDLE * (1 + (Math.floor(step / 300) % 2)), near],
  ["is as wide as its largest window", () => MIDDLE, (prng) => prng.between(1, WINDOW_TICKS_MAX / 2 + 100)],
  ["widens slowly", () => MIDDLE, (prng) => prng.between(1, 2 ** prng.between(1, 20))],
  ["is anywhere", (_, prng) => 1 + Math.floor(prng.unit() * SAFE_MAX), (prng) => 2 ** prng.between(0, 51)],
  ["lies at the lowest prices", () => 1, near],
  ["lies at the largest prices", () => SAFE_MAX, near],
  ["lies around 2^32, where the lanes meet", () => 2 ** 32, (prng) => prng.between(1, 5000)],
  ["lies at a window's edge", () => MIDDLE, (prng) => prng.pick([1, 2047, 2048, 2049, 4095, 4096, 4097])],
];

const BUDGETS: readonly [name: string, ticks: number][] = [
  ["room for its window", ENOUGH_TICKS],
  ["a window that can't grow", 4096],
  ["a window one doubling short of its largest", WINDOW_TICKS_MAX - 1],
  ["no window at all", 0],
];

function run(compared: Compared, [, middle, distance]: Market, seed: number): void {
  const prng = new Prng(seed);
  for (let step = 0; step < 1500; step++) {
    const side = prng.pick([Side.Buy, Side.Sell]);
    const prices = compared.prices(side);
    const at = middle(step, prng);
    const price = side === Side.Buy ? at - distance(prng) : at + distance(prng);
    // A crowded side loses its best more often, as trading does.
    if (prices.length > 0 && prng.chance(prices.length > 60 ? 0.6 : 0.35)) {
      compared.removeAt(prng.chance(0.5) ? 0 : prng.between(0, prices.length - 1), side);
    } else if (price >= 1 && price <= SAFE_MAX) compared.insert(price, side);
    if (prices.length > 0) compared.checkWorse(prng.between(0, prices.length - 1), side);
    if (step % 200 === 0) compared.checkAll();
  }
  compared.checkAll();
}

describe.each(BUDGETS)("with %s", (_name, ticks) => {
  describe.each(MARKETS)("a market that %s", (...market) => {
    test.each([1, 2])("has the best and next levels of a plain book (seed %i)", (seed) => {
      run(new Compared(ticks), market, seed);
    });
  });
});

test("two books share the ticks of their windows, and the one that comes too late works without", () => {
  const levels = new LevelPool(100);
  const share = new LadderShare(levels, 4096);
  const first = new PriceLadder(share);
  const second = new PriceLadder(share);
  first.insert(levels.take(100), Side.Buy);
  expect(share.windowTicksLeft).toBe(0);
  for (const price of [100, 99, 101]) second.insert(levels.take(price), Side.Buy);
  const prices: number[] = [];
  for (let level = second.bestBid; level !== NO_SLOT; level = second.worse(level, Side.Buy))
    prices.push(levels.price[level]);
  expect(prices).toEqual([101, 100, 99]);
});

test("a window grows to its largest when the market widens, and takes no more ticks than that", () => {
  const compared = new Compared(ENOUGH_TICKS);
  const prng = new Prng(1);
  for (let i = 0; i < 4000; i++) {
    const distance = prng.between(1, WINDOW_TICKS_MAX);
    compared.insert(MIDDLE - distance, Side.Buy);
    compared.insert(MIDDLE + distance, Side.Sell);
    for (const side of [Side.Buy, Side.Sell]) {
      const last = compared.prices(side).length - 1;
      if (last > 200) compared.removeAt(prng.between(1, last), side);
    }
  }
  compared.checkAll();
  expect(ENOUGH_TICKS - compared.share.windowTicksLeft).toBe(WINDOW_TICKS_MAX);
});

test("a market that drifts 100,000 ticks is followed level by level", () => {
  const compared = new Compared(ENOUGH_TICKS);
  for (let middle = MIDDLE; middle > MIDDLE - 100_000; middle -= 20) {
    while (compared.bids[0] >= middle - 10) compared.removeAt(0, Side.Buy);
    compared.insert(middle - 30, Side.Buy);
    compared.insert(middle + 10, Side.Sell);
    if (compared.asks.length > 100) compared.removeAt(compared.asks.length - 1, Side.Sell);
    if (compared.bids.length < 2) compared.insert(middle - 5000, Side.Buy);
  }
  compared.checkAll();
});

test("levels a million ticks apart are neighbours", () => {
  const compared = new Compared(ENOUGH_TICKS);
  for (let i = 1; i <= 40; i++) {
    compared.insert(100_000_000 - i * 1_000_000, Side.Buy);
    compared.insert(100_000_000 + i * 1_000_000, Side.Sell);
  }
  compared.checkAll();
  while (compared.bids.length > 0) compared.removeAt(0, Side.Buy);
  while (compared.asks.length > 0) compared.removeAt(0, Side.Sell);
  expect([compared.bids, compared.asks]).toEqual([[], []]);
});

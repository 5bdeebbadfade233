// What moving the window costs: never more than a constant share of the calls that asked for it, whatever the prices.

import { describe, expect, test } from "vitest";
import { Prng, SAFE_MAX } from "../../src/base/index.ts";
import { LevelPool } from "../../src/engine/level-pool.ts";
import { NO_SLOT } from "../../src/engine/order-pool.ts";
import { LadderShare, PriceLadder } from "../../src/engine/price-ladder.ts";
import { BITMAP_SIZE_MAX } from "../../src/engine/tick-bitmap.ts";
import { Side } from "../../src/protocol/index.ts";

const WINDOW_TICKS_MAX = BITMAP_SIZE_MAX;
const LEVELS_MAX = 10_000;
/**
 * Levels carried per call. A level leaves the window at a move for two far uses, and comes back in for no more than
 * the same or its own insertion: at most 1.5 per use and one per insertion.
 */
const CARRIED_PER_CALL_MAX = 2.5;
/** Calls between two moves; the first insertion moves too. */
const CALLS_PER_MOVE_MIN = 64;

/** A ladder of bids, counting the calls made to it. */
class CountedLadder {
  readonly ladder: PriceLadder;
  calls = 0;
  readonly #levels = new LevelPool(LEVELS_MAX);
  readonly #slots = new Map<number, number>();

  constructor(windowTicks = 4 * WINDOW_TICKS_MAX) {
    this.ladder = new PriceLadder(new LadderShare(this.#levels, windowTicks));
  }

  rest(price: number): void {
    this.calls++;
    if (this.ladder.find(price, Side.Buy) !== NO_SLOT || this.#slots.size === LEVELS_MAX) return;
    this.calls++;
    const slot = this.#levels.take(price);
    this.ladder.insert(slot, Side.Buy);
    this.#slots.set(price, slot);
  }

  leave(price: number): void {
    const slot = this.#slots.get(price);
    if (slot === undefined) return;
    this.calls++;
    this.ladder.remove(slot, Side.Buy);
    this.#levels.give(slot);
    this.#slots.delete(price);
  }

  /** Rests and takes out again, `times` times, at prices near `middle`. */
  work(middle: number, times: number, prng: Prng): void {
    for (let i = 0; i < times; i++) {
      const price = middle + prng.between(0, 1000);
      this.rest(price);
      this.leave(price);
    }
  }

  expectPaidFor(): void {
    expect(this.ladder.levelsCarried).toBeLessThanOrEqual(CARRIED_PER_CALL_MAX * this.calls);
    expect(this.ladder.moves).toBeLessThanOrEqual(1 + this.calls / CALLS_PER_MOVE_MIN);
  }
}

/** Who would have the window thrash: prices of one kind, and how many moves they get at least. */
const ADVERSARIES: readonly [
  name: string,
  movesMin: number,
  run: (book: CountedLadder, prng: Prng) => void,
][] = [
  [
    "a market that jumps between a crowded place and an empty one",
    10,
    (book, prng) => {
      for (let k = 0; k < 2_000; k++) book.rest(1_000_000 - k);
      for (let round = 0; round < 40; round++) {
        book.rest(50_000_000);
        book.work(50_000_000, prng.pick([1, 20, 2_000]), prng);
        book.leave(50_000_000);
        book.work(1_000_000, prng.pick([1, 20, 200]), prng);
      }
    },
  ],
  [
    "a market that jumps between two crowded places",
    4,
    (book, prng) => {
      for (let k = 0; k < 3_000; k++) book.rest(1_000_000 - k);
      for (let round = 0; round < 8; round++) {
        for (let k = 0; k < 3_000; k++) book.rest(50_000_000 + k);
        for (let k = 0; k < 3_000; k++) book.leave(50_000_000 + k);
        book.work(1_000_000, 100, prng);
      }
    },
  ],
  [
    "a market that drifts, with all its past behind it",
    5,
    (book) => {
      for (let k = 0; k < 200_000; k += 5) {
        book.rest(1_000_000 + k);
        book.leave(1_000_000 + k - 5_000);
      }
    },
  ],
  [
    "orders anywhere",
    1,
    (book, prng) => {
      for (let i = 0; i < 20_000; i++) {
        const price = 1 + Math.floor(prng.unit() * 2 ** prng.between(1, 52));
        book.rest(price);
        if (i % 3 > 0) book.leave(price);
      }
    },
  ],
  [
    "orders at both ends of a window that can't hold them",
    2,
    (book, prng) => {
      for (let k = 0; k < 2_000; k++) book.rest(1_000_000 - k);
      for (let i = 0; i < 5_000; i++) {
        const price = 1_000_000 - prng.pick([2_047, 2_048, 2_049, 30_000, 32_767, 32_768]);
        book.rest(price);
        book.leave(price);
      }
    },
  ],
];

describe.each([4 * WINDOW_TICKS_MAX, 4096])("with %i ticks for windows", (windowTicks) => {
  test.each(ADVERSARIES)("%s pays for every level carried", (_name, movesMin, run) => {
    const book = new CountedLadder(windowTicks);
    run(book, new Prng(1));
    book.expectPaidFor();
    expect(book.ladder.moves).toBeGreaterThanOrEqual(movesMin);
  });
});

test("stub quotes that no window around the market would hold move nothing", () => {
  const book = new CountedLadder();
  for (let k = 0; k < 100; k++) book.rest(10_000_000 - k);
  expect(book.ladder.moves).toBe(1);
  for (let i = 0; i < 2_000; i++) {
    for (const stub of [1, 2 + i, 10_000_000 - WINDOW_TICKS_MAX]) {
      book.rest(stub);
      book.leave(stub);
    }
  }
  expect(book.ladder.moves).toBe(1);
  book.rest(SAFE_MAX);
  book.leave(SAFE_MAX);
  expect(book.ladder.moves).toBe(1);
});

test.each([
  [WINDOW_TICKS_MAX, WINDOW_TICKS_MAX],
  [WINDOW_TICKS_MAX - 1, WINDOW_TICKS_MAX / 2],
  [3 * 4096, 2 * 4096],
  [4096, 4096],
  [4095, 0],
])("of %i ticks a wide market gets %i: the largest doubling that fits", (budget, granted) => {
  const levels = new LevelPool(100);
  const share = new LadderShare(levels, budget);
  const ladder = new PriceLadder(share);
  ladder.insert(levels.take(10_000_000), Side.Buy);
  for (let i = 1; i <= 64; i++) {
    // The find is the second use of the two that a new far level takes.
    ladder.find(10_000_000 - 65_000 - i, Side.Buy);
    ladder.insert(levels.take(10_000_000 - 65_000 - i), Side.Buy);
  }
  expect(budget - share.windowTicksLeft).toBe(granted);
});

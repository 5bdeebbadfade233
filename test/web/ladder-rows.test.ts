// The ladder's rows: which price counts in which, where the middle is, and which step fits.

import { expect, test } from "vitest";
import { Book } from "../../src/client/index.ts";
import { fittingStep, LadderRows, middleOf, onGrid, rowWords, stepChoices } from "../../web/ladder-rows.ts";

function book(bids: readonly number[], asks: readonly number[]): Book {
  const made = new Book(0);
  for (const price of bids) made.bids.set(price, 10, 1);
  for (const price of asks) made.asks.set(price, 10, 1);
  return made;
}

function rows(count: number, step: number, middle: number): LadderRows {
  const made = new LadderRows();
  made.step = step;
  made.resize(count);
  made.centre(middle);
  return made;
}

test("a price between two rows counts to the worse of them for who takes it", () => {
  const ladder = rows(5, 10, 100);
  ladder.take(book([99, 100, 91], [101, 110, 119]));
  expect(Array.from({ length: 5 }, (_, row) => ladder.priceOf(row))).toEqual([120, 110, 100, 90, 80]);
  expect([...ladder.bids]).toEqual([0, 0, 10, 20, 0]);
  expect([...ladder.asks]).toEqual([10, 20, 0, 0, 0]);
  expect(ladder.largest).toBe(20);
});

test("a place between two prices is named by one that an order can have", () => {
  const around = (price: number, step: number) =>
    [Math.floor, Math.round, Math.ceil].map((round) => onGrid(price, step, round));
  expect(around(10_003, 5)).toEqual([10_000, 10_005, 10_005]);
  expect(around(-7.5, 5)).toEqual([-10, -5, -5]);
  expect(around(41, 1)).toEqual([41, 41, 41]);
});

test("what lies outside of the rows is not shown", () => {
  const ladder = rows(3, 1, 100);
  ladder.take(book([50], [150]));
  ladder.addOwn("buy", 50, 1);
  expect([...ladder.bids, ...ladder.asks, ...ladder.ownBuys]).toEqual(new Array(9).fill(0));
});

test("own orders count in the rows of their side", () => {
  const ladder = rows(3, 10, 100);
  ladder.addOwn("buy", 105, 2);
  ladder.addOwn("sell", 105, 3);
  expect([[...ladder.ownBuys], [...ladder.ownSells]]).toEqual([
    [0, 2, 0],
    [3, 0, 0],
  ]);
  ladder.clearOwn();
  expect([...ladder.ownBuys]).toEqual([0, 0, 0]);
});

test("another height or step keeps the middle where it is", () => {
  const ladder = rows(11, 1, 1_000);
  ladder.resize(21);
  expect(ladder.priceOf(10)).toBe(1_000);
  ladder.setStep(5);
  expect(ladder.priceOf(10)).toBe(1_000);
});

test.each([
  [[100], [101], 100.5],
  [[100], [], 100],
  [[], [101], 101],
  [[], [], undefined],
])("between bids %j and asks %j the middle is %s", (bids, asks, middle) => {
  expect(middleOf(book(bids, asks))).toBe(middle);
});

test.each([
  ["the instrument's own when the market fits", [100], [101], 1, 1],
  ["larger in steps of 1, 2, 5, 10 when it doesn't", [1_000], [1_090], 1, 5],
  ["as it is while it does well enough", [1_000], [1_090], 10, 10],
  ["smaller again when most rows would be empty", [1_000], [1_004], 100, 1],
])("the step is %s", (_, bids, asks, now, step) => {
  expect(fittingStep(book(bids, asks), 1, now, 20)).toBe(step);
});

test("steps to choose from stay safe integers", () => {
  expect(stepChoices(50)).toEqual([50, 100, 250, 500, 1_000, 2_500, 5_000, 50_000]);
  expect(stepChoices(Number.MAX_SAFE_INTEGER)).toEqual([Number.MAX_SAFE_INTEGER]);
});

// The form took the row's price and the queue another: the best one that the book had by then.
test.each([
  ["a bid's own price", 1, 100, "bids", "buy", 100],
  ["the first to trade of the bids that a quantity counts", 10, 90, "bids", "buy", 99],
  ["the first to trade of the asks", 10, 110, "asks", "sell", 101],
  ["the first to trade of one's own", 10, 90, "ownBuys", "buy", 92],
  ["the first to trade of one's own asks", 10, 110, "ownSells", "sell", 105],
  ["a side without orders in the row", 10, 70, "bids", "buy", 70],
  ["a place for one's own without any", 10, 110, "ownBuys", "sell", 110],
  ["the price itself, among bids", 10, 90, "price", "buy", 90],
  ["the price itself, above them", 1, 101, "price", "sell", 101],
] as const)(
  "a click on %s means that price, in the form and in the queue",
  (_name, step, row, column, side, price) => {
    const ladder = rows(41, step, row);
    const market = book([100, 99, 98, 91], [101, 105]);
    ladder.take(market);
    for (const own of [91, 92]) ladder.addOwn("buy", own, 1);
    for (const own of [106, 105]) ladder.addOwn("sell", own, 1);
    // What one has not been shown yet.
    market.bids.set(99, 0, 0);
    const meant = ladder.meantAt(20, column, 1);
    expect(meant).toEqual({ side, price, row: step === 1 ? undefined : row });
  },
);

// It was a bare number or two, and of which side was said by its place alone.
test.each([
  [["", "", "100.50", "", ""], "100.50"],
  [["", "12k", "100.50", "", ""], "100.50, bid 12k"],
  [["", "", "100.50", "7", "2"], "100.50, ask 7, mine to sell 2"],
  [["3", "5", "100.50", "4", "1"], "100.50, bid 5, ask 4, mine to buy 3, mine to sell 1"],
])("a row of %j is said as: %s", (texts, words) => {
  expect(rowWords(texts)).toBe(words);
});

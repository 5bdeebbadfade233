// Fills in one line: those of one order that come together are summed up.

import { expect, test } from "vitest";
import { FillWords } from "../../web/fill-words.ts";

const FILL = {
  ...{ type: "fill", sequence: "1", symbol: "BTC-USD", id: "7", side: "buy", price: "100.00" },
  ...{ quantity: 2, open: 3, liquidity: "taker", time: "1790000000000000" },
} as const;

test("the fills of one order are one line, of another order another", () => {
  const words = new FillWords();
  const first = words.add(FILL);
  const second = words.add({ ...FILL, price: "101.00", quantity: 3, open: 0 });
  const other = words.add({ ...FILL, id: "8", side: "sell" });
  expect([first?.text, second?.text, other?.text]).toEqual([
    "Bought 2 BTC-USD at 100.00, 3 left",
    "Bought 5 BTC-USD at 100.00 to 101.00",
    "Sold 2 BTC-USD at 100.00, 3 left",
  ]);
  expect(second?.about).toBe(first?.about);
  expect(other?.about).not.toBe(first?.about);
});

test("a fill much later is a line of its own", () => {
  const words = new FillWords();
  const first = words.add(FILL);
  const later = words.add({ ...FILL, open: 1, time: "1790000003000000" });
  expect(later?.text).toBe("Bought 2 BTC-USD at 100.00, 1 left");
  expect(later?.about).not.toBe(first?.about);
});

test("of an account that trades faster than one can read nothing is said, until it is slower", () => {
  const words = new FillWords();
  const said = (at_s: number, id: number) =>
    words.add({ ...FILL, id: String(id), time: String((1_790_000_000 + at_s) * 1_000_000) }) !== undefined;
  expect([1, 2, 3, 4, 5, 6, 7].map((id) => said(0, id))).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  expect([said(5, 8), said(10, 9)]).toEqual([false, true]);
});

const ORDER = { symbol: "BTC-USD", id: "7", side: "buy", open: 100, time: FILL.time } as const;

test("what of an order expired is said: of one that traded in its line, of one that did not in its own", () => {
  const words = new FillWords();
  words.accepted(ORDER);
  const traded = words.add({ ...FILL, open: 98 });
  const rest = words.expired({ ...ORDER, open: 0 });
  words.accepted({ ...ORDER, id: "8", side: "sell", open: 3 });
  const nothing = words.expired({ ...ORDER, id: "8", side: "sell", open: 0 });
  const unknown = words.expired({ ...ORDER, id: "9", open: 0 });
  expect([rest, nothing, unknown].map((line) => [line?.text, line?.isBad])).toEqual([
    ["Bought 2 BTC-USD at 100.00, 98 not filled", false],
    ["Sell 3 BTC-USD: nothing traded, 3 expired", true],
    ["Buy BTC-USD: nothing traded, expired", true],
  ]);
  expect(rest?.about).toBe(traded?.about);
});

// What was bought of others was not told: the order of one's own began a new line in the same place.
test("an order that trades with the account's own orders between has all its fills in its line", () => {
  const words = new FillWords();
  words.add({ ...FILL, quantity: 40, open: 60 });
  const texts: (string | undefined)[] = [];
  for (let i = 1; i <= 7; i++) {
    words.add({ ...FILL, id: String(10 + i), side: "sell", price: "101.00", quantity: 1, open: 0 });
    texts.push(words.add({ ...FILL, price: "101.00", quantity: 1, open: 60 - i })?.text);
  }
  expect(texts[0]).toBe("Bought 41 BTC-USD at 100.00 to 101.00, 59 left");
  expect(texts[6]).toBe("Bought 47 BTC-USD at 100.00 to 101.00, 53 left");
});

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

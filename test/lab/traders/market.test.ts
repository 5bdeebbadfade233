import { expect, test } from "vitest";
import { canBeTraded, tradedInstrument } from "../../../src/lab/index.ts";

const listed = (name: string, priceDecimals: number, tick: number) =>
  tradedInstrument({ symbol: 0, name, priceDecimals, tick, status: 0 });

test.each([
  ["BTC-USD", 2, 50, 7_000_000],
  ["btc/usd", 2, 50, 7_000_000],
  ["BTC-USD", 0, 1, 70_000],
  ["BTC-USD", 8, 1, 7_000_000_000_000],
  ["ETH-USD", 2, 5, 350_000],
  ["EUR-USD", 5, 1, 108_500],
  ["XAU-USD", 2, 10, 240_000],
  // No known name, or prices that leave no room for a book: ten thousand steps.
  ["ACME", 2, 1, 10_000],
  ["ACME", 2, 25, 250_000],
  ["EUR-USD", 0, 1, 10_000],
  ["BTC-USD", 18, 1, 10_000],
])("%s with %i decimals in steps of %i starts at %i", (name, decimals, tick, start) => {
  expect(listed(name, decimals, tick).start).toBe(start);
});

test.each([
  [1, true],
  [900_000_000, true],
  [Number.MAX_SAFE_INTEGER, false],
])("an unknown instrument in steps of %i can be traded: %s", (tick, can) => {
  expect(canBeTraded(listed("ACME", 2, tick))).toBe(can);
});

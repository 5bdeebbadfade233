// Prices as text and back: exact for every safe integer and up to 18 decimals.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SAFE_MAX } from "../../../src/base/index.ts";
import { formatPrice, PRICE_DECIMALS_MAX, parsePrice } from "../../../src/protocol/index.ts";

test.each([
  [7_000_050, 2, "70000.50"],
  [5, 2, "0.05"],
  [0, 2, "0.00"],
  [0, 0, "0"],
  [70_000, 0, "70000"],
  [-5, 1, "-0.5"],
  [-1234, 2, "-12.34"],
  [1, 18, "0.000000000000000001"],
  [SAFE_MAX, 18, "0.009007199254740991"],
  [SAFE_MAX, 0, "9007199254740991"],
  [-SAFE_MAX, 3, "-9007199254740.991"],
])("%d ticks with %d decimals are %s, and back", (ticks, decimals, text) => {
  expect(formatPrice(ticks, decimals)).toBe(text);
  expect(parsePrice(text, decimals)).toBe(ticks);
});

test.each([
  ["70000.5", 2, 7_000_050],
  ["70000", 2, 7_000_000],
  ["-0.00", 2, 0],
  ["0", 18, 0],
  ["9007199254740991", 0, SAFE_MAX],
])("%s with %d decimals is %d ticks", (text, decimals, ticks) => {
  expect(parsePrice(text, decimals)).toBe(ticks);
});

test.each([
  ["", 2],
  ["-", 2],
  [".5", 2],
  ["5.", 2],
  ["+5", 2],
  ["05", 2],
  ["5.001", 2],
  ["5.0", 0],
  ["1e3", 2],
  ["0x10", 2],
  [" 5", 2],
  ["5\n", 2],
  ["1,5", 2],
  ["NaN", 2],
  ["9007199254740992", 0],
  ["9007199254740993", 0],
  ["-9007199254740992", 0],
  ["90071992547409.92", 2],
  ["1", 18],
  ["9".repeat(60_000), 2],
])("%s with %d decimals is no price", (text, decimals) => {
  expect(parsePrice(text, decimals)).toBeUndefined();
});

test("every safe integer survives the way to text and back", () => {
  const ticks = fc.integer({ min: -SAFE_MAX, max: SAFE_MAX });
  const decimals = fc.integer({ min: 0, max: PRICE_DECIMALS_MAX });
  fc.assert(
    fc.property(ticks, decimals, (value, digits) => {
      expect(parsePrice(formatPrice(value, digits), digits)).toBe(value === 0 ? 0 : value);
    }),
  );
});

// The checks of a single order, as a table; and the notional check against exact arithmetic.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SAFE_MAX, U32_MAX } from "../../src/base/index.ts";
import { checkLimitOrder, checkMarketOrder } from "../../src/engine/risk.ts";
import { Reason, reasonName } from "../../src/protocol/index.ts";

const LIMITS = { maxQuantity: 100, maxNotional: 1000 };

const LIMIT_ORDERS: readonly [name: string, price: number, quantity: number, reason: keyof typeof Reason][] =
  [
    ["price and quantity at their least", 1, 1, "None"],
    ["a quantity at its limit", 10, 100, "None"],
    ["a quantity above its limit", 1, 101, "MaxQuantityExceeded"],
    ["a notional at its limit", 1000, 1, "None"],
    ["a notional above its limit by the price", 1001, 1, "MaxNotionalExceeded"],
    ["a notional above its limit by the quantity", 334, 3, "MaxNotionalExceeded"],
    ["a notional below its limit by less than a price", 333, 3, "None"],
    ["a price of 0", 0, 1, "InvalidPrice"],
    ["a price below 0", -1, 1, "InvalidPrice"],
    ["the lowest i64 as a price", -(2 ** 63), 1, "InvalidPrice"],
    ["a price of 2^53", SAFE_MAX + 1, 1, "InvalidPrice"],
    ["the highest i64 as a price", 2 ** 63, 1, "InvalidPrice"],
    ["the largest price", SAFE_MAX, 1, "MaxNotionalExceeded"],
    ["a quantity of 0", 1, 0, "InvalidQuantity"],
    ["a bad price before a bad quantity", 0, 0, "InvalidPrice"],
    ["a quantity of 0 before a notional", SAFE_MAX, 0, "InvalidQuantity"],
    ["a quantity before a notional", SAFE_MAX, 101, "MaxQuantityExceeded"],
  ];

test.each(LIMIT_ORDERS)("%s: price %i, quantity %i is %s", (_name, price, quantity, reason) => {
  expect(reasonName(checkLimitOrder(LIMITS, price, quantity))).toBe(reason);
});

test.each([
  [0, "InvalidQuantity"],
  [1, "None"],
  [100, "None"],
  [101, "MaxQuantityExceeded"],
  [U32_MAX, "MaxQuantityExceeded"],
])("a market order of %i lots is %s", (quantity, reason) => {
  expect(reasonName(checkMarketOrder(LIMITS, quantity))).toBe(reason);
});

/** The rule as the specification has it: quantity > floor(maxNotional / price). */
function exceeds(maxNotional: number, price: number, quantity: number): boolean {
  return BigInt(quantity) > BigInt(maxNotional) / BigInt(price);
}

function expectExact(maxNotional: number, price: number, quantity: number): void {
  const found = checkLimitOrder({ maxQuantity: U32_MAX, maxNotional }, price, quantity);
  const expected = exceeds(maxNotional, price, quantity) ? Reason.MaxNotionalExceeded : Reason.None;
  if (found !== expected) expect.fail(`limit ${maxNotional}, price ${price}, quantity ${quantity}: ${found}`);
}

/** Values around every power of two that fits. */
function edgesTo(max: number): number[] {
  const edges: number[] = [];
  for (let power = 1; power <= max + 1; power *= 2)
    for (const edge of [power - 1, power, power + 1]) if (edge >= 1 && edge <= max) edges.push(edge);
  return edges;
}

test("the notional check is exact at the edges of prices, quantities and limits", () => {
  const prices = edgesTo(SAFE_MAX);
  const limits = [0, 1, 1000, 2 ** 32, 2 ** 52 + 1, SAFE_MAX - 1, SAFE_MAX];
  for (const maxNotional of limits)
    for (const quantity of edgesTo(U32_MAX))
      for (const price of prices) expectExact(maxNotional, price, quantity);
});

test("the notional check is exact beside the quantity that just passes", () => {
  const price = fc.oneof(fc.integer({ min: 1, max: U32_MAX }), fc.integer({ min: 1, max: SAFE_MAX }));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: SAFE_MAX }), price, (maxNotional, ticks) => {
      const most = Math.min(Number(BigInt(maxNotional) / BigInt(ticks)), U32_MAX - 1);
      for (const quantity of [most - 1, most, most + 1])
        if (quantity > 0) expectExact(maxNotional, ticks, quantity);
    }),
    { numRuns: 5000 },
  );
});

// What the order form says about what is typed, how prices step, and what an order is worth.

import { expect, test } from "vitest";
import {
  canonicalPrice,
  draftProblems,
  needsOwnLine,
  type OrderDraft,
  orderValue,
  priceProblem,
  quantityProblem,
  steppedPrice,
  steppedQuantity,
} from "../../web/order-draft.ts";

const LIMITS = { maxQuantity: 1_000_000, maxNotional: 1_000_000_000_000 } as const;

const DRAFT: OrderDraft = {
  side: "buy",
  orderType: "limit",
  timeInForce: "gtc",
  price: "70000.50",
  quantity: "3",
};

test.each([
  ["70000.50", 2, undefined],
  ["70000", 2, undefined],
  ["0.01", 2, undefined],
  ["0.00", 2, "A price is above zero"],
  ["-1.5", 2, "A price is above zero"],
  ["", 2, "A limit order needs a price"],
  ["1,5", 2, "A price is digits and one point"],
  [".", 2, "A price is digits and one point"],
  ["1.234", 2, "At most 2 decimals"],
  ["1.2", 0, "Whole numbers only"],
  ["007", 2, "This is no price here: too large, or zeros in front"],
  ["99999999999999999", 2, "This is no price here: too large, or zeros in front"],
])("of the price %j with %i decimals it says: %s", (text, decimals, words) => {
  expect(priceProblem(text, decimals)).toBe(words);
});

// What the exchange would refuse was sent, and refused.
test.each([
  ["3", undefined, undefined],
  ["1000000", undefined, undefined],
  ["", undefined, "How many lots?"],
  ["0", undefined, "At least 1 lot"],
  ["1.5", undefined, "A whole number of lots"],
  ["1000001", undefined, "At most 1,000,000 lots"],
  ["99999999999999999999", undefined, "At most 1,000,000 lots"],
  ["142856", 70_000_50, undefined],
  ["142857", 70_000_50, "At this price at most 142,856"],
  ["1000000", -5, undefined],
  ["1", 1_000_000_000_000, undefined],
  ["1", 1_000_000_000_001, "The price is too high for 1 lot"],
])("of the quantity %j at %s ticks it says: %s", (text, ticks, words) => {
  expect(quantityProblem(text, LIMITS, ticks)).toBe(words);
});

// In doubles 9007199254740991 / 3 x 3 is more than it was.
test.each([2, 3, 7, 3_002_399_751_580_331])("the most lots at %i ticks is exact", (ticks) => {
  const limits = { maxQuantity: 0xffffffff, maxNotional: ticks * 3 - 1 };
  expect(quantityProblem("2", limits, ticks)).toBeUndefined();
  expect(quantityProblem("3", limits, ticks)).toBe("At this price at most 2");
});

test("a market order needs no price, and has no value to be too large", () => {
  const market = { ...DRAFT, orderType: "market", price: "" } as const;
  expect(draftProblems(market, 2, LIMITS)).toEqual({});
  expect(draftProblems({ ...market, price: "70000.50", quantity: "1000000" }, 2, LIMITS)).toEqual({});
  expect(draftProblems({ ...DRAFT, quantity: "1000000" }, 2, LIMITS)).toEqual({
    quantity: "At this price at most 142,856",
  });
  expect(draftProblems({ ...DRAFT, price: "", quantity: "" }, 2, LIMITS)).toEqual({
    price: "A limit order needs a price",
    quantity: "How many lots?",
  });
});

test.each([
  ["70000.50", 1, "70001.00"],
  ["70000.50", -1, "70000.00"],
  ["70000.50", 10, "70005.50"],
  ["70000.49", 1, "70000.50"],
  ["70000.51", -1, "70000.50"],
  ["", 1, "69999.50"],
  ["nonsense", -1, "69999.50"],
  ["-0.50", 1, "0.00"],
])("from %j by %i steps the price goes to %s", (text, steps, price) => {
  expect(steppedPrice(text, 2, 50, steps, 69_999_50)).toBe(price);
});

test("a step past the largest price leaves it", () => {
  expect(steppedPrice("9007199254740991", 0, 1, 1, 0)).toBe("9007199254740991");
});

test.each([
  ["3", 1, "4"],
  ["3", -10, "1"],
  ["", 1, "1"],
  ["999995", 10, "1000000"],
])("from %j by %i steps the quantity goes to %s", (text, steps, quantity) => {
  expect(steppedQuantity(text, steps, LIMITS)).toBe(quantity);
});

test("the value is exact, also where a double would round", () => {
  expect(orderValue(DRAFT, 2)).toBe("210001.50");
  expect(orderValue({ ...DRAFT, price: "0.009007199254740991", quantity: "4294967295" }, 18)).toBe(
    "38685626.218660930040889345",
  );
  expect(orderValue({ ...DRAFT, price: "-1.50" }, 2)).toBe("-4.50");
  expect(orderValue({ ...DRAFT, orderType: "market" }, 2)).toBeUndefined();
});

test.each([
  ["", 2, false],
  ["999999.50", 2, false],
  ["9000000.50", 2, true],
  ["", 7, false],
  ["", 8, true],
])("whether the price %j with %i decimals needs a line of its own: %s", (price, decimals, needs) => {
  expect(needsOwnLine(price, decimals)).toBe(needs);
});

test("a price is sent with all its decimals", () => {
  expect(canonicalPrice("7", 2)).toBe("7.00");
});

// The summary's 24 hours.

import { expect, test } from "vitest";
import { dayName, dayOf, HOUR_S } from "../../web/day.ts";

function hour(number: number, price: number) {
  return {
    ...{ start: number * HOUR_S, open: price, high: price + 2, low: price - 2, close: price + 1 },
    quantity: 10,
  };
}

const at_us = (hours: number) => hours * HOUR_S * 1e6;

test("it is the hours of one day, whatever came before", () => {
  const hours = Array.from({ length: 30 }, (_, i) => hour(i, 100 + i));
  expect(dayOf(hours, at_us(29.5))).toEqual({ open: 106, high: 131, low: 104, close: 130, quantity: 240 });
});

// The latest 24 candles were taken for a day: in a quiet market, whose empty hours have none, they were weeks.
test("hours without trades don't reach back further", () => {
  const quiet = [hour(0, 500), hour(100, 100), hour(110, 90)];
  expect(dayOf(quiet, at_us(110.2))).toEqual({ open: 100, high: 102, low: 88, close: 91, quantity: 20 });
  expect(dayOf(quiet, at_us(200))).toBeUndefined();
});

// In a burst Last stood below Low: the trade had come, and its candle had not.
test.each([
  [80, { high: 102, low: 80, close: 80 }],
  [150, { high: 150, low: 98, close: 150 }],
  [99, { high: 102, low: 98, close: 99 }],
])("a last trade at %i is part of its day", (price, figures) => {
  expect(dayOf([hour(1, 100)], at_us(2), { price, time_us: at_us(1.9) })).toMatchObject(figures);
  expect(dayOf([hour(1, 100)], at_us(2), { price, time_us: at_us(-30) })?.close).toBe(101);
});

// After a restart the figures of some minutes were called those of 24 hours.
test("what is known for less than a day is called by when that began", () => {
  const at = new Date(2026, 4, 3, 14, 5, 59).getTime() * 1_000;
  expect([1, 23.9, 24, 100].map((hours) => dayName(at, at + hours * HOUR_S * 1e6))).toEqual([
    "since 14:05",
    "since 14:05",
    "24 h",
    "24 h",
  ]);
  expect(dayName(0, at)).toBe("24 h");
});

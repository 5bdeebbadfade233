// When a day begins and ends, and what is counted in it: these times and trades, exactly these days.

import { expect, test } from "vitest";
import { SAFE_MAX } from "../../src/base/index.ts";
import { DayBook } from "../../src/feed/day-book.ts";

const DAY_US = 86_400_000_000;
const MONDAY_US = 20_000 * DAY_US;
const NOON_US = MONDAY_US + DAY_US / 2;
const TUESDAY_US = MONDAY_US + DAY_US;
const NONE = { open: 0, high: 0, low: 0, last: 0, last_us: 0, volume: 0, trades: 0 };

function begun(): DayBook {
  const days = new DayBook();
  days.begin(NOON_US);
  return days;
}

test.each<[string, number, boolean, number]>([
  ["the same time", NOON_US, false, NOON_US],
  ["the last microsecond of the day", TUESDAY_US - 1, false, NOON_US],
  ["midnight", TUESDAY_US, true, TUESDAY_US],
  ["three days later", TUESDAY_US + 3 * DAY_US + 5, true, TUESDAY_US + 3 * DAY_US],
  ["a time that goes back", MONDAY_US - 1, false, NOON_US],
])("a publisher that began at noon reaches %s", (_, timestamp_us, isAnother, since_us) => {
  const days = begun();
  days.add(7, NOON_US, 100, 3);
  expect(days.reach(timestamp_us)).toBe(isAnother);
  expect(days.reach(timestamp_us)).toBe(false);
  expect(days.of(7)).toMatchObject(isAnother ? { ...NONE, since_us } : { since_us, volume: 3, trades: 1 });
  expect(days.of(8)).toMatchObject({ ...NONE, since_us });
});

test("trades of a day are its first, highest, lowest and last price, and all lots there are numbers for", () => {
  const days = begun();
  for (const [price, quantity] of [
    [-5, 1],
    [9, SAFE_MAX],
    [-7, 2],
    [3, 1],
  ])
    days.add(7, NOON_US + 1, price, quantity);
  const monday = { open: -5, high: 9, low: -7, last: 3, last_us: NOON_US + 1, volume: SAFE_MAX, trades: 4 };
  expect(days.of(7)).toMatchObject({ since_us: NOON_US, ...monday });
  days.reach(TUESDAY_US);
  days.add(7, TUESDAY_US + 1, 4, 6);
  const tuesday = { open: 4, high: 4, low: 4, last: 4, last_us: TUESDAY_US + 1, volume: 6, trades: 1 };
  expect(days.of(7)).toMatchObject({ since_us: TUESDAY_US, ...tuesday });
});

test("a publisher that begins anew knows of no trade before", () => {
  const days = begun();
  days.add(7, NOON_US, 100, 3);
  days.begin(NOON_US + 1);
  expect(days.of(7)).toMatchObject({ ...NONE, since_us: NOON_US + 1 });
});

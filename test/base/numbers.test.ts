import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fromLanes,
  fromSignedLanes,
  highLane,
  lowLane,
  powerOfTwoAtLeast,
  SAFE_MAX,
  u64FromString,
  u64ToString,
} from "../../src/base/index.ts";

const u32 = fc.integer({ min: 0, max: 0xffffffff });

describe("lanes", () => {
  test.each<[value: number, low: number, high: number]>([
    [0, 0, 0],
    [1, 1, 0],
    [0xffffffff, 0xffffffff, 0],
    [0x100000000, 0, 1],
    [-1, 0xffffffff, -1],
    [-0x100000000, 0, -1],
    [-0x100000001, 0xffffffff, -2],
    [SAFE_MAX, 0xffffffff, 0x1fffff],
    [-SAFE_MAX, 1, -0x200000],
  ])("of %i are %i and %i, and mean it again", (value, low, high) => {
    expect([lowLane(value), highLane(value)]).toEqual([low, high]);
    expect(fromSignedLanes(low, high)).toBe(value);
  });

  test("take every safe integer there and back", () => {
    const safe = fc.maxSafeInteger();
    fc.assert(fc.property(safe, (value) => fromSignedLanes(lowLane(value), highLane(value)) === value));
    const natural = fc.maxSafeNat();
    fc.assert(fc.property(natural, (value) => fromLanes(lowLane(value), highLane(value)) === value));
  });

  test("may be given signed or unsigned", () => {
    expect(fromLanes(-1, 0)).toBe(0xffffffff);
    expect(fromSignedLanes(-1, 0xffffffff)).toBe(-1);
  });
});

describe("decimal text of a u64", () => {
  test("goes there and back for every pair of lanes", () => {
    fc.assert(
      fc.property(u32, u32, (low, high) => {
        expect(u64FromString(u64ToString(low, high))).toEqual([low, high]);
      }),
    );
  });

  test.each(["", "-1", "+1", "01", "1.0", " 1", "1e3", "0x1", "18446744073709551616", "1".repeat(21)])(
    "is not %j",
    (text) => {
      expect(u64FromString(text)).toBeUndefined();
    },
  );

  test("ends at 2^64 - 1", () => {
    expect(u64FromString("18446744073709551615")).toEqual([0xffffffff, 0xffffffff]);
  });
});

test.each([
  [1, 1],
  [2, 2],
  [3, 4],
  [4, 4],
  [5, 8],
  [2 ** 29 + 1, 2 ** 30],
  [2 ** 30, 2 ** 30],
])("the smallest power of two from %i on is %i", (value, power) => {
  expect(powerOfTwoAtLeast(value)).toBe(power);
});

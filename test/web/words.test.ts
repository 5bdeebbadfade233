// Numbers as the page shows them.

import { expect, test } from "vitest";
import { bytesText } from "../../src/base/index.ts";
import {
  behindText,
  countedLots,
  durationText,
  grouped,
  groupedPrice,
  shortQuantity,
  sinceText,
  topicsLeftOut,
} from "../../web/words.ts";

test.each([
  [grouped(1_980), "1,980"],
  [grouped(12n ** 12n), "8,916,100,448,256"],
  [groupedPrice("70000.123456"), "70,000.123456"],
  [groupedPrice("-1234567"), "-1,234,567"],
  [shortQuantity(9_999_999), "9999999"],
  [shortQuantity(12_345_678), "12.3M"],
  [shortQuantity(999_499_999), "999M"],
  [shortQuantity(999_500_000), "1.00G"],
  [shortQuantity(999_999_999_999), "1.00T"],
  [shortQuantity(Number.MAX_SAFE_INTEGER), "9.01P"],
  [shortQuantity(1_234_567, 6), "1.23M"],
  [shortQuantity(1_234_567, 4), "1.2M"],
  [shortQuantity(9_999, 4), "9999"],
  [shortQuantity(12_345, 5), "12345"],
  [shortQuantity(12_345, 4), "12k"],
  [shortQuantity(99_960, 4), "100k"],
  [shortQuantity(123_456, 5), "123k"],
  [shortQuantity(999_499, 4), "999k"],
  [shortQuantity(999_500, 4), "1.0M"],
  [shortQuantity(9_960_000, 4), "10M"],
  [countedLots(1), "1 lot"],
  [countedLots(9_999_999), "9,999,999 lots"],
  [countedLots(12_345_678), "12.3M lots"],
  [bytesText(1_023), "1023 B"],
  [bytesText(1_434), "1.4 KiB"],
  [bytesText(268_435_456), "256.0 MiB"],
  [bytesText(1_320_702_443), "1.2 GiB"],
  [durationText(410.4), "410 µs"],
  [durationText(1_254), "1.25 ms"],
  [durationText(2_100_000), "2.10 s"],
  [durationText(3_600_400_000), "3,600 s"],
  [behindText(0, 0), "nothing"],
  [behindText(1_204, 3_200_000), "1,204 · 3.20 s"],
  [sinceText(5e6, 4e6), "0 s"],
  [sinceText(1e6, 60.9e6), "59 s"],
  [sinceText(1e6, 61e6), "1 min"],
  [sinceText(0, 47.9 * 3_600e6), "47 h"],
  [topicsLeftOut(1), "and 1 topic more: shown are those used since the start, at most 100"],
  [topicsLeftOut(1_923), "and 1,923 topics more: shown are those used since the start, at most 100"],
  [sinceText(0, 2 * 86_400e6), "2 days"],
])("it says %s", (said, words) => {
  expect(said).toBe(words);
});

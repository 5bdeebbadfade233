import { expect, test } from "vitest";
import { backoff } from "../../src/base/index.ts";

const terms = { min: 100, max: 30_000, spreadFrom: 0.5 };

const rows: [failures: number, chance: number, wait: number][] = [
  [0, 0, 50],
  [0, 0.5, 75],
  [1, 0, 100],
  [8, 0, 12_800],
  [9, 0, 15_000],
  [2_000, 0, 15_000],
  [2_000, 0.5, 22_500],
];

test.each(rows)("after %i failures, by chance %d: %i", (failures, chance, wait) => {
  expect(backoff(failures, terms, chance)).toBe(wait);
});

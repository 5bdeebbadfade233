// What the numbers of a ticks/1 stream tell: tables of numbers that came, and what was counted.

import { expect, test } from "vitest";
import { Prng } from "../../../../src/base/index.ts";
import { TickCounters, TickNumbering, type TickNumberingOption } from "../../../../src/feed/index.ts";

const MAX = 4_294_967_295;
const seed = 52_013;

interface Row {
  readonly what: string;
  readonly numbers: readonly number[];
  /** gapIncidents, framesLost, regressions. */
  readonly expected: readonly [gaps: number, lost: number, back: number];
}

function counted(option: TickNumberingOption, isFiltered: boolean, numbers: readonly number[]): TickCounters {
  const counters = new TickCounters();
  const numbering = new TickNumbering(option, counters);
  numbering.isFiltered = isFiltered;
  for (const number of numbers) numbering.take({ sequence: number });
  return counters;
}

test.each<Row>([
  { what: "a first number is taken as given", numbers: [1], expected: [0, 0, 0] },
  {
    what: "also one in the middle of the circle",
    numbers: [3_000_000_000, 3_000_000_001],
    expected: [0, 0, 0],
  },
  { what: "one is missing", numbers: [5, 7, 8], expected: [1, 1, 0] },
  { what: "two gaps add up", numbers: [5, 7, 107], expected: [2, 100, 0] },
  { what: "a duplicate", numbers: [5, 5, 6], expected: [0, 0, 1] },
  { what: "after a step back it goes on from there", numbers: [5, 6, 3, 4, 5], expected: [0, 0, 1] },
  { what: "a reordered pair", numbers: [1, 3, 2, 4], expected: [2, 2, 1] },
  { what: "over the wrap without a gap", numbers: [MAX - 1, MAX, 0, 1], expected: [0, 0, 0] },
  { what: "over the wrap with a gap across it", numbers: [MAX - 1, 2], expected: [1, 3, 0] },
  { what: "back over the wrap", numbers: [0, MAX, 0], expected: [0, 0, 1] },
  { what: "the largest gap", numbers: [0, 2 ** 31], expected: [1, 2 ** 31 - 1, 0] },
  { what: "half the circle on is a step back", numbers: [0, 2 ** 31 + 1], expected: [0, 0, 1] },
])("$what", ({ numbers, expected }) => {
  const { gapIncidents, framesLost, regressions } = counted("connection", false, numbers);
  expect([gapIncidents, framesLost, regressions]).toEqual(expected);
});

test("a new connection never books a gap, wherever it begins", () => {
  const counters = new TickCounters();
  const numbering = new TickNumbering("auto", counters);
  for (const first of [7, 1, 3_000_000_000, 6, MAX]) {
    numbering.begin();
    numbering.take({ sequence: first });
    numbering.take({ sequence: first + 1 });
  }
  expect({ ...counters }).toEqual({ ...new TickCounters() });
});

test.each<[option: TickNumberingOption, isFiltered: boolean, first: number, isLoss: boolean]>([
  ["connection", true, 1, true],
  ["connection", true, 900, true],
  ["global", false, 900, true],
  ["global", true, 900, false],
  // The first client of such a server within its first second begins at 1 too.
  ["global", true, 1, false],
  ["auto", true, 1, true],
  ["auto", true, 900, false],
  ["auto", false, 900, true],
])(
  "numbering %s, filtered %s, first number %i: a step forward is a loss: %s",
  (option, isFiltered, first, isLoss) => {
    const { gapIncidents, framesLost, unattributedGaps } = counted(option, isFiltered, [first, first + 5]);
    expect([gapIncidents, framesLost, unattributedGaps]).toEqual(isLoss ? [1, 4, 0] : [0, 0, 1]);
  },
);

test(`a filtered stream of a server that numbers globally has unattributed gaps only (seed ${seed})`, () => {
  const prng = new Prng(seed);
  const wanted = Array.from({ length: 5_000 }, (_, i) => i + 40).filter(() => prng.chance(0.4));
  const counters = counted("auto", true, wanted);
  const steps = wanted.filter((number, i) => i > 0 && number !== wanted[i - 1] + 1).length;
  expect({ ...counters }).toEqual({ ...new TickCounters(), unattributedGaps: steps });
});

// The decision table, row by row, as the specification states it.

import { expect, test } from "vitest";
import { classifyTail, type Damage, type Verdict } from "../../src/segment/index.ts";

const EITHER = [true, false];

test.each<
  [
    name: string,
    damage: Damage,
    last: boolean[],
    above: boolean[],
    behind: boolean[],
    ahead: boolean[],
    verdict: Verdict,
  ]
>([
  ["an undamaged log is clean, whatever D is", "none", EITHER, EITHER, EITHER, EITHER, "clean"],
  ["a damaged segment header is corrupt", "segment header", EITHER, EITHER, EITHER, EITHER, "corrupt"],
  ["a gap or a broken link is corrupt", "not continuing", EITHER, EITHER, EITHER, EITHER, "corrupt"],
  ["a missing newest segment is corrupt", "newest missing", EITHER, EITHER, EITHER, EITHER, "corrupt"],
  [
    "a file that can't have been left short is corrupt",
    "cut short",
    EITHER,
    EITHER,
    EITHER,
    EITHER,
    "corrupt",
  ],
  ["damage before the last segment is corrupt", "not whole", [false], EITHER, EITHER, EITHER, "corrupt"],
  ["damage at or below D is corrupt", "not whole", [true], [false], EITHER, EITHER, "corrupt"],
  ["damage with a whole frame behind it is corrupt", "not whole", [true], [true], [true], [false], "corrupt"],
  ["a log that writes ahead is cut there", "not whole", [true], [true], [true], [true], "torn"],
  [
    "damage above D with nothing whole behind it is torn",
    "not whole",
    [true],
    [true],
    [false],
    EITHER,
    "torn",
  ],
])("%s", (_, damage, last, above, behind, ahead, verdict) => {
  for (const inLastSegment of last) {
    for (const aboveDurable of above) {
      for (const wholeFrameBehind of behind) {
        for (const writesAhead of ahead) {
          for (const hasRemains of EITHER) {
            for (const isOnlyBegun of EITHER) {
              const place = { damage, inLastSegment, aboveDurable };
              const facts = { ...place, wholeFrameBehind, writesAhead, hasRemains, isOnlyBegun };
              expect({ facts, verdict: classifyTail(facts).verdict }).toEqual({ facts, verdict });
            }
          }
        }
      }
    }
  }
});

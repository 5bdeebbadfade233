import { expect, test } from "vitest";
import { GateWaits } from "../../src/runtime/gate-waits.ts";

/** How far disk, r1 and r2 have come. */
type Look = readonly [disk: number, r1: number, r2: number];

test.each<[says: string, looks: readonly Look[], counts: Look]>([
  ["nobody was behind at the first look", [[10, 10, 10]], [0, 0, 0]],
  [
    "the disk alone was behind",
    [
      [9, 10, 10],
      [10, 10, 10],
    ],
    [1, 0, 0],
  ],
  [
    "the disk came first, the gate waited for the replica",
    [
      [9, 9, 10],
      [10, 9, 10],
      [10, 10, 10],
    ],
    [0, 1, 0],
  ],
  [
    "two came between the same two looks",
    [
      [9, 10, 8],
      [10, 10, 10],
    ],
    [1, 0, 1],
  ],
  [
    "one who never came was not needed",
    [
      [9, 10, 0],
      [10, 10, 0],
    ],
    [1, 0, 0],
  ],
  [
    "who fell behind later held nobody back",
    [
      [9, 10, 10],
      [9, 0, 10],
      [10, 10, 10],
    ],
    [1, 0, 0],
  ],
  [
    "whoever was behind came, and one who fell behind later held it on: nobody is counted",
    [
      [9, 10, 10],
      [10, 0, 10],
      [10, 10, 10],
    ],
    [0, 0, 0],
  ],
])("%s", (_, looks, [disk, r1, r2]) => {
  const waits = new GateWaits(2);
  expect(["disk", "r1", "r2", "r1"].map((name) => waits.holder(name))).toEqual([0, 1, 2, 1]);
  const positions = looks.map((look) => Float64Array.from(look));
  waits.begin(1, 10, positions[0]);
  for (const look of positions.slice(0, -1)) waits.again(1, 10, look);
  waits.end(1, 10, positions[positions.length - 1]);
  expect(waits.counts).toEqual({ disk, r1, r2 });
});

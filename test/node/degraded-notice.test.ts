import { expect, test } from "vitest";
import { DegradedNotice } from "../../src/node/degraded-notice.ts";

const WELL = undefined;

/** What the log says when the state changes as told, `[second, why]`, with a tick every half second. */
function said(changes: [second: number, why: string | undefined][], seconds: number): string[] {
  const lines: string[] = [];
  let now = 0;
  const notice = new DegradedNotice({
    degraded: (why) => lines.push(`${now} ${why}`),
    over: () => lines.push(`${now} over`),
  });
  for (; now <= seconds; now += 0.5) {
    for (const [second, why] of changes) if (second === now) notice.changed(why, now * 1e6);
    notice.tick(now * 1e6);
  }
  return lines;
}

test.each<[name: string, changes: [number, string | undefined][], seconds: number, lines: string[]]>([
  ["a node that starts degraded says so at once", [[0, "alone"]], 4, ["0 alone"]],
  ["a degraded node says so every five seconds", [[0, "alone"]], 11, ["0 alone", "5 alone", "10 alone"]],
  [
    "one that becomes degraded says so after a second",
    [
      [0, WELL],
      [3, "alone"],
    ],
    6,
    ["4 alone"],
  ],
  [
    "one whose reason changes all the time says so too",
    [
      [0, WELL],
      [3, "alone"],
      [3.5, "of two"],
      [4, "alone"],
    ],
    6,
    ["4 alone"],
  ],
  [
    "a state that holds less is not spoken of",
    [
      [0, WELL],
      [3, "alone"],
      [3.5, WELL],
    ],
    9,
    [],
  ],
  [
    "its end is said once, when it has held",
    [
      [0, "alone"],
      [2, WELL],
    ],
    9,
    ["0 alone", "3 over"],
  ],
  [
    "a flapping one is not over",
    [
      [0, "alone"],
      [2, WELL],
      [2.5, "alone"],
    ],
    4,
    ["0 alone"],
  ],
])("%s", (_, changes, seconds, lines) => {
  expect(said(changes, seconds)).toEqual(lines);
});

// What the log says of the connections' cap, by how often it was reached and when.

import { expect, test } from "vitest";
import { FullNotice } from "../../src/node/full-notice.ts";

const rows: [at_s: number, times: number, isFull: boolean, said: string[]][] = [
  [0, 0, false, []],
  [1, 1, true, ["full"]],
  [2, 1, true, []],
  [3, 1, false, []],
  // It was full in between, and nobody saw it.
  [5, 4, false, []],
  [9.9, 4, false, []],
  [10, 4, false, ["room"]],
  [99, 4, false, []],
  [100, 5, false, ["full"]],
  [105, 5, false, ["room"]],
];
test("at the cap there is a line, and another when there has been room for some seconds", () => {
  const said: string[] = [];
  const notice = new FullNotice({ full: () => said.push("full"), room: () => said.push("room") });
  for (const [at_s, times, isFull, expected] of rows) {
    notice.tick(times, isFull, at_s * 1e6);
    expect(said.splice(0), `at ${at_s} s`).toEqual(expected);
  }
});

// What becomes of a connection by what is seen of it at each tick.

import { expect, test } from "vitest";
import { Deadlines } from "../../../src/gateway/guard/deadlines.ts";
import { CLOSE_REASON_NAMES, CloseReason } from "../../../src/gateway/limits.ts";

const SECOND = 1_000_000;
const SLOT = 3;

/** One row per tick: the second, bytes and frames so far, whether in the middle of a frame, and why it is closed. */
type Tick = readonly [
  at_s: number,
  received_bytes: number,
  frames: number,
  isMidFrame: boolean,
  closed?: keyof typeof CloseReason,
];

interface Case {
  readonly idle_s?: number;
  readonly mustLogOnAt_s?: readonly number[];
  readonly loggedOnAt_s?: number;
  readonly ticks: readonly Tick[];
}

const CASES: Readonly<Record<string, Case>> = {
  "a connection that never says a word stays, when nothing says otherwise": {
    ticks: [
      [5, 0, 0, false],
      [86_400, 0, 0, false],
    ],
  },
  "one that must log on has five seconds": {
    mustLogOnAt_s: [0],
    ticks: [
      [4.9, 0, 0, false],
      [5, 0, 0, false, "LogonTimeout"],
    ],
  },
  "also when it says other things meanwhile": {
    mustLogOnAt_s: [0],
    ticks: [
      [2, 100, 5, false],
      [4, 200, 10, false],
      [5, 300, 15, false, "LogonTimeout"],
    ],
  },
  "asking for a challenge again gives no more time": {
    mustLogOnAt_s: [1, 3, 5],
    ticks: [
      [5.9, 48, 3, false],
      [6, 48, 3, false, "LogonTimeout"],
    ],
  },
  "one that has logged on may be as silent as it has said": {
    mustLogOnAt_s: [0],
    loggedOnAt_s: 4,
    idle_s: 10,
    ticks: [
      [13, 140, 2, false],
      [3_600, 140, 2, false],
    ],
  },
  "a frame that is begun is finished within five seconds": {
    ticks: [
      [1, 7, 0, true],
      [5.9, 7, 0, true],
      [6, 7, 0, true, "FrameTimeout"],
    ],
  },
  "a byte now and then does not help": {
    ticks: [
      [1, 1, 0, true],
      [3, 2, 0, true],
      [5, 3, 0, true],
      [6, 4, 0, true, "FrameTimeout"],
    ],
  },
  "whoever finishes one and begins the next has its time again": {
    ticks: [
      [1, 7, 0, true],
      [5, 40, 1, true],
      [9, 70, 2, true],
      [14, 71, 2, true, "FrameTimeout"],
    ],
  },
  "time in which it is not read does not count": {
    ticks: [
      [1, 7, 0, true],
      [5, 7, 0, false],
      [60, 7, 0, true],
      [64.9, 7, 0, true],
      [65, 7, 0, true, "FrameTimeout"],
    ],
  },
  "silence is measured from the last byte": {
    idle_s: 3,
    ticks: [
      [1, 10, 1, false],
      [3, 11, 1, true],
      [5, 12, 2, false],
      [7.9, 12, 2, false],
      [8, 12, 2, false, "Idle"],
    ],
  },
  "and from the connection, when there was none": {
    idle_s: 3,
    ticks: [
      [2, 0, 0, false],
      [3, 0, 0, false, "Idle"],
    ],
  },
};

test.each(Object.entries(CASES))("%s", (_what, { idle_s = 0, mustLogOnAt_s = [], loggedOnAt_s, ticks }) => {
  const limits = {
    logon_us: 5 * SECOND,
    frame_us: 5 * SECOND,
    idle_us: idle_s * SECOND,
  };
  const deadlines = new Deadlines(limits, SLOT + 1);
  deadlines.opened(SLOT, 0);
  for (const at_s of mustLogOnAt_s) deadlines.mustLogOn(SLOT, at_s * SECOND);
  if (loggedOnAt_s !== undefined) deadlines.loggedOn(SLOT);
  for (const [at_s, received_bytes, frames, isMidFrame, closed] of ticks) {
    const verdict = deadlines.look(SLOT, { received_bytes, frames, isMidFrame }, at_s * SECOND);
    expect([at_s, verdict && CLOSE_REASON_NAMES[verdict]]).toEqual([at_s, closed]);
  }
});

test("the next connection of a slot begins anew", () => {
  const deadlines = new Deadlines({ logon_us: 1, frame_us: 1, idle_us: 0 }, 1);
  deadlines.opened(0, 0);
  deadlines.mustLogOn(0, 0);
  deadlines.loggedOn(0);
  deadlines.look(0, { received_bytes: 9, frames: 1, isMidFrame: true }, 0);
  deadlines.opened(0, 100);
  expect(deadlines.look(0, { received_bytes: 0, frames: 0, isMidFrame: false }, 1_000)).toBeUndefined();
  expect(deadlines.look(0, { received_bytes: 3, frames: 0, isMidFrame: true }, 2_000)).toBeUndefined();
  expect(deadlines.look(0, { received_bytes: 3, frames: 0, isMidFrame: true }, 2_001)).toBe(
    CloseReason.FrameTimeout,
  );
});

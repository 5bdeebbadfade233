// When a journal is said to wait for a disk that hangs, by what it has given back.

import { expect, test, vi } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { type JournalStage, Runtime } from "../../src/runtime/index.ts";
import { StallWatch } from "../../src/runtime/stall-watch.ts";
import { add, Counter } from "./counter.ts";

const S = 1_000_000;
const HANGS = expect.stringMatching(
  /^this node's disk has made nothing safe for \d+ s: it holds up \d+ command/,
);

test.each<[what: string, looks: [durable: number, given: number, s: number][], why: unknown]>([
  ["one that has nothing", [[5, 5, 60]], undefined],
  [
    "one that is given more while it gives back",
    [
      [5, 9, 0],
      [6, 20, 4],
      [7, 30, 8],
    ],
    undefined,
  ],
  [
    "one that gives back nothing for 4.9 s",
    [
      [5, 9, 1],
      [5, 20, 5.9],
    ],
    undefined,
  ],
  [
    "one that gives back nothing for 5 s, however much it is given",
    [
      [5, 5, 1],
      [5, 9, 2],
      [5, 20, 6],
    ],
    HANGS,
  ],
  [
    "one that goes on",
    [
      [5, 9, 1],
      [5, 20, 60],
      [6, 20, 61],
    ],
    undefined,
  ],
  [
    "one that was idle for long, and was given something just now",
    [
      [5, 5, 60],
      [5, 9, 61],
    ],
    undefined,
  ],
])("%s", (_, looks, why) => {
  const watch = new StallWatch(0);
  for (const [durable, given, s] of looks) watch.look(durable, given, s * S);
  const [durable, given, s] = looks[looks.length - 1];
  expect(watch.why(durable, given, s * S)).toEqual(why);
});

test("what has come since the last look is no stall", () => {
  const watch = new StallWatch(0);
  watch.look(5, 9, 1 * S);
  expect([watch.why(5, 9, 60 * S), watch.why(6, 9, 60 * S)]).toEqual([HANGS, undefined]);
});

/** A journal that takes everything and gives nothing back. */
const hanging: JournalStage = {
  batches: true,
  failed: new Promise<SeriatimError>(() => {}),
  recover: () => Promise.reject(new SeriatimError("UNUSED", "there is no log")),
  run: () => {},
  published: () => {},
  ask: () => Promise.reject(new SeriatimError("UNUSED", "nobody asks")),
  stop: async () => {},
};

// Its health was ok for as long as the disk hung.
test("a runtime whose disk hangs says so", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  let now_us = 0;
  const clock = { wallMicros: () => now_us, monotonicMicros: () => now_us };
  const recovered = {
    ...{
      position: 1,
      epoch: 1,
      timestamp_us: 0,
      created: true,
      wasTorn: false,
      cut_bytes: 0,
      mayLack: false,
    },
    ...{ finding: "", snapshot: undefined, newestSnapshot: 0, released: 1 },
  };
  const runtime = new Runtime(new Counter(), hanging, recovered, undefined, clock);
  try {
    const output = { onApplied() {}, seal() {}, release() {}, resumeStalled() {} };
    runtime.run(output, { roomChanged() {}, ackShortage() {}, halted() {}, clockIsBehind() {} });
    const { path } = runtime;
    const at = path.claim();
    add(1)(path.words, at);
    path.commit();
    for (let s = 1; s <= 6; s++) {
      now_us = s * S;
      vi.advanceTimersByTime(1_000);
      expect([s, runtime.stall]).toEqual([s, s < 5 ? undefined : HANGS]);
    }
  } finally {
    vi.useRealTimers();
    await runtime.stop();
  }
});

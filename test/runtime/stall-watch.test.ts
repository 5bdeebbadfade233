// When a journal is said to wait for a disk that hangs, and a node for its replicas, by what they have given back.

import { expect, test, vi } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { ACK_VIEW_BYTES, AckView } from "../../src/replication/index.ts";
import { AckGate, type JournalStage, NoJournal, Runtime } from "../../src/runtime/index.ts";
import { StallWatch } from "../../src/runtime/stall-watch.ts";
import { add, Counter } from "./counter.ts";

const S = 1_000_000;
test.each<[what: string, looks: [done: number, given: number, s: number][], stalled_s: number | undefined]>([
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
    5,
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
])("%s", (_, looks, stalled_s) => {
  const watch = new StallWatch(0);
  for (const [done, given, s] of looks) watch.look(done, given, s * S);
  const [done, given, s] = looks[looks.length - 1];
  expect(watch.stalled_s(done, given, s * S)).toBe(stalled_s);
});

test("what has come since the last look is no stall", () => {
  const watch = new StallWatch(0);
  watch.look(5, 9, 1 * S);
  expect([watch.stalled_s(5, 9, 60 * S), watch.stalled_s(6, 9, 60 * S)]).toEqual([59, undefined]);
});

/** How it stands each second with a command that it has got in the first. */
async function stallsOf(journal: JournalStage, gate?: AckGate): Promise<(string | undefined)[]> {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  let now_us = 0;
  const clock = { wallMicros: () => now_us, monotonicMicros: () => now_us };
  const recovered = {
    ...{ position: 1, epoch: 1, timestamp_us: 0, created: true, wasTorn: false, cut_bytes: 0 },
    ...{ mayLack: false, finding: "", snapshot: undefined, newestSnapshot: 0, released: 1 },
  };
  const runtime = new Runtime(new Counter(), journal, recovered, undefined, clock);
  if (gate !== undefined) runtime.path.gateBy(gate);
  const said: (string | undefined)[] = [];
  try {
    const output = { onApplied() {}, seal() {}, release() {}, resumeStalled() {} };
    runtime.run(output, { roomChanged() {}, ackShortage() {}, halted() {}, clockIsBehind() {} });
    const { path } = runtime;
    const at = path.claim();
    add(1)(path.words, at);
    path.commit();
    // Its batch is published in the next turn.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    for (let s = 1; s <= 6; s++) {
      now_us = s * S;
      vi.advanceTimersByTime(1_000);
      said.push(runtime.stall);
    }
  } finally {
    vi.useRealTimers();
    await runtime.stop();
  }
  return said;
}

const FOUR_TIMES = [undefined, undefined, undefined, undefined];

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
  const hangs = (for_s: number) =>
    `this node's disk has made nothing safe for ${for_s} s: it holds up 1 command`;
  expect(await stallsOf(hanging)).toEqual([...FOUR_TIMES, hangs(5), hangs(6)]);
});

// Nor did anything say that no answer left while a replica, whose disk the policy asks for, was reading what it had missed.
test("a runtime whose replicas acknowledge nothing says so", async () => {
  const view = new SharedArrayBuffer(ACK_VIEW_BYTES);
  new AckView(view).join(0, 0, 0);
  const gate = new AckGate({ policyName: "two-disks", replicas: 1, view });
  const begun = gate.lead(1);
  gate.position(1, 1);
  await begun;
  const waits = (for_s: number) =>
    `the replicas have acknowledged nothing that may be answered for ${for_s} s: it holds up 1 command`;
  expect(await stallsOf(new NoJournal(new Int32Array(0)), gate)).toEqual([...FOUR_TIMES, waits(5), waits(6)]);
});

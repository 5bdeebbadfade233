// A commit worker, event by event: what is told of each command, and what is in the log.

import { expect, test } from "vitest";
import { type BatchOptions, batchBytes, batchesOf, logOf, Workbench } from "./support.ts";

test("a topic is opened, a session begins in the log, parts are written, told and acknowledged", () => {
  const bench = new Workbench();
  bench.stage.commands.openTopic(1, 1, { bytes: 0, age_us: 0 });
  expect(bench.turn()).toEqual(["TopicOpened"]);
  bench.open(10);
  expect(bench.turn()).toEqual(["SessionOpened 10 epoch 1 last 0"]);
  bench.part(10, [batchBytes(1, { values: ["a", "b"] }), batchBytes(2)]);
  bench.stage.publish();
  bench.stage.work();
  expect(bench.told(true)).toEqual(["Released 0", "Visible 4", "Ack 10 batch 2 next 4"]);
  expect(logOf(bench.disk, 1)).toEqual(["checkpoint", "session", "7.1.1", "7.1.2"]);
});

test("a session of a topic that nobody opened is refused, and its parts are let go", () => {
  const bench = new Workbench();
  bench.open(10);
  bench.part(10, [batchBytes(1)]);
  bench.stage.turn();
  expect(bench.told(true)).toEqual(["SessionOpened 10 TopicUnknown 0", "Released 0"]);
});

test("a topic that is open is told how far it is when it is opened again", () => {
  const bench = new Workbench().topic(1);
  bench.stage.commands.openTopic(1, 1, { bytes: 0, age_us: 0 });
  expect(bench.turn()).toEqual(["TopicOpened"]);
  expect(logOf(bench.disk, 1)).toEqual(["checkpoint"]);
});

const wrong: readonly [string, string, BatchOptions][] = [
  ["whose payload is not what was sealed", "ChecksumPayload", { spoil: "payload" }],
  ["whose records don't add up", "Records", { spoil: "records" }],
  ["of another publisher", "OtherSession", { publisher: 8 }],
  ["of another epoch", "OtherSession", { epoch: 2 }],
];

test.each(wrong)(
  "a batch %s ends its connection with %s: those before it are committed, none behind",
  (_, reason, options) => {
    const bench = new Workbench().topic(2);
    bench.open(10);
    bench.part(10, [batchBytes(1), batchBytes(2), batchBytes(3, options), batchBytes(4)]);
    bench.part(10, [batchBytes(5)]);
    bench.stage.turn();
    const told = bench.told(true).filter((line) => !line.startsWith("Visible"));
    expect(told).toEqual([
      "Released 0",
      "Released 1",
      "Ack 10 batch 2 next 3",
      "SessionOpened 10 epoch 1 last 0",
      `Fault 10 ${reason} 2`,
    ]);
    expect(batchesOf(bench.disk, 1)).toEqual(["7.1.1", "7.1.2"]);
    // What is fenced off is that connection: the session goes on over another.
    bench.open(11);
    bench.part(11, [batchBytes(3)]);
    expect(bench.turn()).toEqual(["Ack 11 batch 3 next 4", "SessionOpened 11 epoch 1 last 2"]);
  },
);

test("a number that can't follow is refused with the last good batch", () => {
  const bench = new Workbench().topic(2);
  bench.open(10);
  bench.part(10, [batchBytes(1), batchBytes(67)]);
  expect(bench.turn()).toEqual([
    "Ack 10 batch 1 next 2",
    "SessionOpened 10 epoch 1 last 0",
    "Fault 10 BatchNumber 1",
  ]);
});

test("one part with everything in it: taken, there already, too early, and what waited follows in between", () => {
  const bench = new Workbench().topic(2);
  bench.open(10);
  bench.part(10, [batchBytes(1), batchBytes(3), batchBytes(1), batchBytes(4), batchBytes(2), batchBytes(5)]);
  expect(bench.turn()).toEqual(["Ack 10 batch 5 next 6", "SessionOpened 10 epoch 1 last 0"]);
  expect(batchesOf(bench.disk, 1)).toEqual(["7.1.1", "7.1.2", "7.1.3", "7.1.4", "7.1.5"]);
  expect(bench.stage.figures()).toMatchObject({ batches: 5, duplicates: 1, held: 2, fenced: 0 });
});

test("parts of a connection that was closed are let go, and its session comes back", () => {
  const bench = new Workbench().topic(1);
  bench.open(10);
  bench.part(10, [batchBytes(1)]);
  bench.stage.commands.closeConnection(10, 1);
  bench.part(10, [batchBytes(2)]);
  bench.stage.turn();
  expect(bench.told(true).filter((line) => line.startsWith("Released"))).toEqual([
    "Released 0",
    "Released 1",
  ]);
  expect(batchesOf(bench.disk, 1)).toEqual(["7.1.1"]);
  bench.open(11);
  expect(bench.turn()).toEqual(["SessionOpened 11 epoch 1 last 1"]);
});

test("a topic that is deleted ends its connections, and its log is closed", () => {
  const bench = new Workbench().topic(1);
  bench.open(10);
  bench.turn();
  const open = bench.disk.openFiles;
  bench.stage.commands.deleteTopic(1);
  expect(bench.turn()).toEqual(["TopicDeleted", "Fault 10 TopicDeleted 0"]);
  expect(bench.disk.openFiles).toBe(open - 1);
  bench.stage.commands.deleteTopic(1);
  expect(bench.turn()).toEqual(["TopicDeleted"]);
});

test("retention removes the oldest segments, when it is changed and by time, and says what is left", () => {
  const bench = new Workbench().topic(1);
  bench.open(10);
  const values = ["x".repeat(30_000)];
  for (let batch = 1; batch <= 30; batch++) {
    bench.part(10, [batchBytes(batch, { values })]);
    bench.turn();
  }
  expect(batchesOf(bench.disk, 1)).toHaveLength(30);
  bench.stage.commands.retain(1, { bytes: 400_000, age_us: 0 });
  bench.turn();
  const left = batchesOf(bench.disk, 1);
  expect(left.length).toBeLessThan(20);
  expect(left.at(-1)).toBe("7.1.30");
  bench.stage.commands.retain(1, { bytes: 0, age_us: 60_000_000 });
  bench.turn();
  expect(batchesOf(bench.disk, 1)).toEqual(left);
  // The segment that is written goes too once another has begun and all of it is old.
  bench.pass(61_000_000);
  bench.pass(61_000_000);
  expect(batchesOf(bench.disk, 1)).toEqual([]);
  bench.part(10, [batchBytes(31)]);
  expect(bench.turn()).toEqual(["Ack 10 batch 31 next 32"]);
});

// A thousand topics that are due together stopped every publisher of the worker for as long as all their files' removals took.
test("topics whose retention is due together are shortened one a pass", () => {
  const bench = new Workbench();
  const topics = [1, 2, 3];
  for (const topic of topics) {
    bench.topic(1, topic);
    bench.open(10 + topic, 7, 1, 1, topic);
    bench.part(10 + topic, [batchBytes(1)], topic);
    bench.stage.commands.retain(topic, { bytes: 0, age_us: 60_000_000 });
    bench.turn();
  }
  const left = (): number[] => topics.map((topic) => batchesOf(bench.disk, topic).length);
  expect(left()).toEqual([1, 1, 1]);
  bench.pass(61_000_000);
  expect(left()).toEqual([0, 1, 1]);
  bench.pass(10_000);
  expect(left()).toEqual([0, 0, 1]);
  bench.pass(10_000);
  expect(left()).toEqual([0, 0, 0]);
});

test("a round of retention that takes longer than the time between two comes to its end", () => {
  const bench = new Workbench();
  const topics = [1, 2, 3];
  for (const topic of topics) {
    bench.topic(1, topic);
    bench.open(10 + topic, 7, 1, 1, topic);
    bench.part(10 + topic, [batchBytes(1)], topic);
    bench.stage.commands.retain(topic, { bytes: 0, age_us: 60_000_000 });
    bench.turn();
  }
  // The first one has something to be removed each time.
  for (let batch = 2; batch <= 4; batch++) {
    bench.pass(61_000_000);
    bench.part(11, [batchBytes(batch)], 1);
    bench.turn();
  }
  expect([2, 3].map((topic) => batchesOf(bench.disk, topic).length)).toEqual([0, 0]);
});

test("a topic that is to keep everything from now on loses nothing more, though its files were used again", () => {
  const bench = new Workbench().topic(1);
  bench.open(10);
  const values = ["x".repeat(30_000)];
  const put = (from: number, to: number): void => {
    for (let batch = from; batch <= to; batch++) {
      bench.part(10, [batchBytes(batch, { values })]);
      bench.turn();
    }
  };
  bench.stage.commands.retain(1, { bytes: 400_000, age_us: 0 });
  bench.turn();
  put(1, 30);
  // The first file, begun before the log had an epoch of its own, is removed; from then on the oldest one is used again.
  bench.pass(61_000_000);
  put(31, 60);
  bench.stage.commands.retain(1, { bytes: 0, age_us: 0 });
  bench.turn();
  const [oldest] = batchesOf(bench.disk, 1);
  put(61, 100);
  const left = batchesOf(bench.disk, 1);
  expect([left[0], left.at(-1)]).toEqual([oldest, "7.1.100"]);
});

test("what nobody waits for is safe within a second and a tick", () => {
  const bench = new Workbench().topic(1);
  bench.open(10);
  bench.turn();
  let syncs = 0;
  bench.storage.beforeSync = () => {
    syncs++;
  };
  bench.part(10, [batchBytes(1)]);
  bench.turn();
  bench.pass(20_000);
  expect(syncs).toBe(0);
  bench.pass(1_000_000);
  expect(syncs).toBe(1);
  bench.pass(5_000_000);
  expect(syncs).toBe(1);
});

test("closing takes what was given, makes it safe, and gives every file back", async () => {
  const bench = new Workbench().topic(1);
  bench.open(10);
  bench.part(10, [batchBytes(1)]);
  await bench.stage.close();
  expect(bench.told()).toContain("Ack 10 batch 1 next 2");
  expect(bench.disk.openFiles).toBe(0);
  const again = new Workbench({ disk: bench.disk }).topic(1);
  again.open(10);
  expect(again.turn()).toEqual(["SessionOpened 10 epoch 1 last 1"]);
});

// What waits while a worker's queue is full or a log is being opened is bounded by who is connected, not by who comes and goes.

import { expect, test } from "vitest";
import { TapeReason } from "../../../src/protocol/index.ts";
import type { CatalogTopic } from "../../../src/tape/index.ts";
import { CommitWorkers } from "../../../src/tape-runtime/broker/commit-workers.ts";
import { OpenTopics } from "../../../src/tape-runtime/broker/open-topics.ts";
import { Workbench } from "../../tape/commit/support.ts";

const topic: CatalogTopic = {
  ...{ id: 1, name: "trades", order: 1, retainBytes: 0, retain_us: 0, created_us: 1 },
};

test("commit queue full: connections that come and go leave nothing behind, and who stays is let in", () => {
  const bench = new Workbench({ commandsMax: 8 });
  const workers = new CommitWorkers([bench.stage]);
  workers.openTopic(topic);
  for (let connection = 1; connection <= 7; connection++)
    workers.openSession(connection, 1, connection, 1, 1);
  const full = workers.queued;
  for (let connection = 100; connection < 1_100; connection++) {
    workers.openSession(connection, 1, connection, 1, 1);
    workers.closeConnection(connection, 1);
  }
  expect(workers.queued).toBe(full);
  workers.openSession(50, 1, 50, 1, 1);
  workers.closeConnection(7, 1);
  expect(workers.queued).toBe(full + 2);
  bench.turn();
  workers.settle();
  expect(bench.turn()).toEqual(["SessionOpened 50 epoch 1 last 0"]);
});

test("the few commands that wait for room go ahead of batches, and each topic's go to its own worker", () => {
  const benches = [new Workbench({ commandsMax: 8 }), new Workbench({ commandsMax: 8 })];
  const workers = new CommitWorkers(benches.map(({ stage }) => stage));
  const [even, odd] = benches;
  for (let connection = 1; connection <= 9; connection++)
    workers.openSession(connection, 1, connection, 1, 1);
  odd.turn();
  // There is room in the queue now, and what waits has not had it.
  expect([workers.part(1, 1, 0, 80, 1024, 1), workers.hasRoom(1), workers.hasRoom(0)]).toEqual([
    false,
    false,
    true,
  ]);
  workers.settle();
  expect(workers.hasRoom(1)).toBe(true);
  expect(workers.part(1, 1, 0, 80, 1024, 1)).toBe(true);
  expect(workers.part(1, 3, 1, 80, 1024, 1)).toBe(true);
  expect(workers.part(2, 2, 2, 80, 1024, 1)).toBe(true);
  workers.publish();
  for (const { stage } of benches) stage.work();
  expect(odd.told(true)).toEqual(["SessionOpened 9 TopicUnknown 0", "Released 0", "Released 1"]);
  expect(even.told(true)).toEqual(["Released 2"]);
});

test("a topic that is being opened is asked for once, and told to nobody who is gone", () => {
  const asked: number[] = [];
  const told: string[] = [];
  const open = new OpenTopics(({ id }) => asked.push(id));
  for (let i = 0; i < 1_000; i++) open.open(topic, () => told.push("gone"))();
  open.open(topic, () => told.push("there"));
  expect(asked).toEqual([1]);
  open.opened(1, TapeReason.None);
  expect(told).toEqual(["there"]);
});

// The order levels, end to end over a commit worker: what several publishers, connections and workers make of the log.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { ORDERING_LIMITS } from "../../../src/tape/index.ts";
import { batchBytes, batchesOf, recordsOf, Workbench } from "./support.ts";

const lease_us = ORDERING_LIMITS.lease_us;

test("order 1: all subscribers see one order, which is the order of the acks", () => {
  const prng = new Prng(1);
  const bench = new Workbench({ buffers: 60 }).topic(1);
  const sent = new Map([7, 8, 9].map((publisher) => [publisher, 0]));
  for (const publisher of sent.keys()) bench.open(publisher, publisher);
  bench.turn();
  const acked: [next: number, entry: string][] = [];
  for (let step = 0; step < 300; step++) {
    const publisher = prng.pick([7, 8, 9]);
    const batch = (sent.get(publisher) ?? 0) + 1;
    sent.set(publisher, batch);
    bench.part(publisher, [batchBytes(batch, { publisher })]);
    for (const line of bench.turn()) {
      const [, connection, , number, , next] = line.split(" ");
      acked.push([Number(next), `${connection}.1.${number}`]);
    }
  }
  // Two that read all of it, and one that begins in the middle.
  const first = recordsOf(bench.disk, 1, 1);
  expect(first.map(({ value }) => value)).toEqual(acked.map(([, entry]) => `value ${entry}`));
  expect(first.map(({ record }) => record)).toEqual(acked.map(([next]) => next - 1));
  expect(recordsOf(bench.disk, 1, 1)).toEqual(first);
  expect(recordsOf(bench.disk, 1, 151)).toEqual(first.slice(150));
});

test("duplicates are rejected: in one part, over another connection, after a restart", async () => {
  const bench = new Workbench().topic(2);
  bench.open(10);
  bench.open(11);
  bench.turn();
  bench.part(10, [batchBytes(1), batchBytes(1), batchBytes(2)]);
  bench.part(11, [batchBytes(2), batchBytes(1)]);
  expect(bench.turn()).toEqual(["Ack 10 batch 2 next 3", "Ack 11 batch 2 next 0"]);
  await bench.stage.close();
  const again = new Workbench({ disk: bench.disk }).topic(2);
  again.open(12);
  expect(again.turn()).toEqual(["SessionOpened 12 epoch 1 last 2"]);
  again.part(12, [batchBytes(2), batchBytes(3)]);
  expect(again.turn()).toEqual(["Ack 12 batch 3 next 4"]);
  expect(batchesOf(bench.disk, 1)).toEqual(["7.1.1", "7.1.2", "7.1.3"]);
});

test("hold, cascade, fence, reopen: the suffix is replayed exactly once", () => {
  const bench = new Workbench().topic(2);
  bench.open(10);
  bench.open(11);
  bench.turn();
  bench.part(10, [batchBytes(1)]);
  bench.part(11, [batchBytes(3), batchBytes(4)]);
  expect(bench.turn()).toEqual(["Ack 10 batch 1 next 2"]);
  // The missing one: what waited follows it at once, each acknowledged where it came from.
  bench.part(10, [batchBytes(2)]);
  expect(bench.turn()).toEqual(["Ack 10 batch 2 next 3", "Ack 11 batch 4 next 5"]);
  // Five never comes.
  bench.part(11, [batchBytes(6), batchBytes(7)]);
  expect(bench.turn()).toEqual([]);
  expect(bench.pass(lease_us)).toEqual([]);
  expect(bench.pass(10_000)).toEqual(["Fault 10 LeaseOver 4", "Fault 11 LeaseOver 4"]);
  // Who has not heard it hears it when it comes back.
  bench.open(12);
  expect(bench.turn()).toEqual(["SessionOpened 12 LeaseOver 4"]);
  bench.open(12, 7, 0);
  expect(bench.turn()).toEqual(["SessionOpened 12 epoch 2 last 0"]);
  // Five, six and seven again, as the new session's first.
  const values = (n: number): string[] => [`value 7.1.${n}`];
  bench.part(
    12,
    [5, 6, 7].map((n) => batchBytes(n - 4, { epoch: 2, values: values(n) })),
  );
  expect(bench.turn()).toEqual(["Ack 12 batch 3 next 8"]);
  const told = recordsOf(bench.disk, 1, 1).map(({ value }) => value);
  expect(told).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `value 7.1.${n}`));
  expect(bench.stage.figures()).toMatchObject({ fenced: 1, held: 4 });
});

test("a fence does not outlive the process: what waited was acknowledged to nobody, so the session goes on behind its last batch", async () => {
  const bench = new Workbench().topic(2);
  bench.open(10);
  bench.part(10, [batchBytes(1), batchBytes(3)]);
  bench.turn();
  expect(bench.pass(lease_us + 10_000)).toEqual(["Fault 10 LeaseOver 1"]);
  await bench.stage.close();
  const again = new Workbench({ disk: bench.disk }).topic(2);
  again.open(11);
  expect(again.turn()).toEqual(["SessionOpened 11 epoch 1 last 1"]);
  again.part(11, [batchBytes(2), batchBytes(3)]);
  expect(again.turn()).toEqual(["Ack 11 batch 3 next 4"]);
});

test("a late batch before the lease is over is not fenced, also when the worker was busy until after it", () => {
  const bench = new Workbench().topic(2);
  bench.open(10);
  bench.part(10, [batchBytes(2)]);
  bench.turn();
  expect(bench.pass(lease_us)).toEqual([]);
  // It is in the ring already when the worker finds the lease over.
  bench.part(10, [batchBytes(1)]);
  expect(bench.pass(lease_us)).toEqual(["Ack 10 batch 2 next 3"]);
  expect(bench.pass(lease_us * 3)).toEqual([]);
  expect(batchesOf(bench.disk, 1)).toEqual(["7.1.1", "7.1.2"]);
});

test("a late batch is not fenced when it lies behind the end of the ring, in the turn that finds the lease over", () => {
  const bench = new Workbench({ commandsMax: 8 }).topic(2);
  bench.open(10);
  bench.part(10, [batchBytes(2)]);
  const other = (): boolean => bench.stage.commands.retain(1, { bytes: 0, age_us: 0 });
  for (let command = 0; command < 4; command++) other();
  bench.turn();
  bench.clock.now_us += 2 * lease_us;
  other();
  bench.part(10, [batchBytes(1)]);
  expect(bench.turn()).toEqual(["Ack 10 batch 2 next 3"]);
});

test("what waits is acknowledged to who sent it last", () => {
  const bench = new Workbench().topic(2);
  bench.open(10);
  bench.open(11);
  bench.turn();
  bench.part(10, [batchBytes(2)]);
  bench.part(11, [batchBytes(2), batchBytes(1)]);
  expect(bench.turn()).toEqual(["Ack 11 batch 2 next 3"]);
});

test("a connection that was ended is none of its session's any more", () => {
  const bench = new Workbench().topic(2);
  for (let connection = 10; connection < 10 + 2 * ORDERING_LIMITS.sessionConnectionsMax; connection++) {
    bench.open(connection);
    expect(bench.turn()).toEqual([`SessionOpened ${connection} epoch 1 last 0`]);
    bench.part(connection, [batchBytes(99)]);
    expect(bench.turn()).toEqual([`Fault ${connection} BatchNumber 0`]);
  }
});

test("other sessions are not held up while one waits for a batch that is missing", () => {
  const bench = new Workbench().topic(2);
  bench.open(10, 7);
  bench.open(11, 8);
  bench.turn();
  bench.part(10, [batchBytes(2)]);
  for (let batch = 1; batch <= 20; batch++) {
    bench.part(11, [batchBytes(batch, { publisher: 8 })]);
    expect(bench.pass(1_000_000)).toEqual([`Ack 11 batch ${batch} next ${batch + 1}`]);
  }
  expect(batchesOf(bench.disk, 1)).toEqual(Array.from({ length: 20 }, (_, i) => `8.1.${i + 1}`));
});

test("the bounds of what waits are answered with the last good batch, and what waits stays", () => {
  const orderingLimits = { ...ORDERING_LIMITS, heldBytesMax: 1_000 };
  const bench = new Workbench({ orderingLimits }).topic(2);
  bench.open(10);
  bench.open(11);
  bench.turn();
  const values = ["v".repeat(400)];
  bench.part(10, [batchBytes(1), batchBytes(3, { values })]);
  bench.turn();
  bench.part(10, [batchBytes(4, { values })]);
  expect(bench.turn()).toEqual(["Fault 10 HoldFull 1"]);
  bench.part(11, [batchBytes(99)]);
  expect(bench.turn()).toEqual(["Fault 11 BatchNumber 1"]);
  bench.open(12);
  bench.turn();
  bench.part(12, [batchBytes(2)]);
  // Batch 3 followed: its connection is gone, so its ack waits for who sends it again.
  expect(bench.turn()).toEqual(["Ack 12 batch 2 next 3"]);
  expect(batchesOf(bench.disk, 1)).toEqual(["7.1.1", "7.1.2", "7.1.3"]);
  bench.part(12, [batchBytes(3, { values })]);
  expect(bench.turn()).toEqual(["Ack 12 batch 3 next 0"]);
});

test("a part waits for nothing that it held: every buffer comes back though a session has a gap", () => {
  const bench = new Workbench({ buffers: 1 }).topic(2);
  bench.open(10);
  bench.turn();
  for (let batch = 2; batch <= 10; batch++) {
    bench.part(10, [batchBytes(batch)]);
    bench.stage.turn();
    expect(bench.told(true)).toEqual(["Released 0"]);
  }
  bench.part(10, [batchBytes(1)]);
  expect(bench.turn()).toEqual(["Ack 10 batch 10 next 11"]);
});

test("commit queue full: what finds no room is not taken, and nothing is lost or out of order when it is given again", () => {
  const bench = new Workbench({ buffers: 8, commandsMax: 4 }).topic(2);
  bench.open(10);
  bench.turn();
  let refused = 0;
  for (let batch = 1; batch <= 100; ) {
    if (bench.part(10, [batchBytes(batch)])) batch++;
    else {
      refused++;
      expect(bench.stage.hasRoom).toBe(false);
      bench.turn();
      expect(bench.stage.hasRoom).toBe(true);
    }
  }
  bench.turn();
  expect(refused).toBeGreaterThan(20);
  expect(batchesOf(bench.disk, 1)).toEqual(Array.from({ length: 100 }, (_, i) => `7.1.${i + 1}`));
});

test("results that nobody takes stop the worker, not its memory: it goes on where it was, and none is lost", () => {
  const bench = new Workbench({ buffers: 8, commandsMax: 8, connectionsMax: 1 }).topic(2);
  bench.open(10);
  bench.turn();
  let stopped = 0;
  for (let batch = 1; batch <= 400; ) {
    if (bench.part(10, [batchBytes(batch)])) batch++;
    else {
      bench.stage.publish();
      // Nobody drains: at some time it takes no more.
      if (bench.stage.work() > 0) continue;
      stopped++;
      bench.stage.drain();
    }
  }
  bench.stage.turn();
  const told = bench.told(true);
  expect(stopped).toBeGreaterThan(2);
  expect(told.filter((line) => line.startsWith("Released"))).toHaveLength(400);
  expect(told.findLast((line) => line.startsWith("Ack"))).toBe("Ack 10 batch 400 next 401");
  expect(batchesOf(bench.disk, 1)).toHaveLength(400);
});

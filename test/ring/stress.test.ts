// The ring between real threads, under perturbation: random batch sizes, spins and sleeps on both sides, cursors that
// wrap on the way. Every word of every record is checked. A failure names the seed.

import { Worker } from "node:worker_threads";
import { expect, onTestFailed, test } from "vitest";
import { entryBeside } from "../../src/platform/index.ts";
import { Ring, RingConsumer, RingProducer } from "../../src/ring/index.ts";
import { createRingAt } from "../../src/ring/ring.ts";
import { checkRecord, produce, type StressPlan, writeRecord } from "./stress.ts";

function newRing(capacity: number): Ring {
  // The cursors pass 2^32 halfway through the first few laps.
  return createRingAt({ recordBytes: 32, capacity }, -3 * capacity);
}

/** A plan with a fresh seed, which is printed if the test fails. */
function planFor(ring: Ring, records: number, wait: StressPlan["wait"] = "block"): StressPlan {
  const seed = Math.floor(Math.random() * 2 ** 32);
  onTestFailed(() => console.error(`seed ${seed}`));
  return { side: "consume", shared: ring.shared, seed, records, wait, failAfter: records };
}

/** Runs one side on a thread of its own; resolves with its count, rejects with its error. */
function onThread(plan: StressPlan): Promise<number> {
  const worker = new Worker(entryBeside(import.meta.url, "stress-worker"), { workerData: plan });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the ${plan.side} thread ended early, code ${code}`)));
  });
}

test.each([
  { capacity: 1, records: 1_000, wait: "block" },
  { capacity: 1, records: 1_000, wait: "spin" },
  { capacity: 2, records: 2_000, wait: "block" },
  { capacity: 8, records: 10_000, wait: "block" },
  { capacity: 8, records: 10_000, wait: "spin" },
  { capacity: 1024, records: 100_000, wait: "block" },
] as const)("two threads pass $records records through $capacity slots ($wait)", async (row) => {
  const plan = planFor(newRing(row.capacity), row.records, row.wait);
  const counts = await Promise.all([onThread({ ...plan, side: "produce" }), onThread(plan)]);
  expect(counts).toEqual([row.records, row.records]);
});

test.each([1, 4, 256])(
  "the main thread feeds a worker through %i slots without blocking",
  async (capacity) => {
    const ring = newRing(capacity);
    const plan = planFor(ring, 500 * Math.ceil(Math.sqrt(capacity)));
    const counts = await Promise.all([produce(ring, plan), onThread(plan)]);
    expect(counts).toEqual([plan.records, plan.records]);
  },
);

test("a consumer that fails halfway wakes and stops its producer", async () => {
  const ring = newRing(4);
  const plan = { ...planFor(ring, 10_000), failAfter: 1_000 };
  const [sent, taken] = await Promise.all([produce(ring, plan), onThread(plan)]);
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThanOrEqual(1_000);
  expect(sent).toBeLessThanOrEqual(taken + ring.capacity);
});

test.each([
  ["torn", (ring: Ring) => void ring.words.copyWithin(4, 12, 16)],
  ["swapped with its neighbour", (ring: Ring) => void ring.words.copyWithin(0, 8, 16)],
  ["stale from the lap before", (ring: Ring) => writeRecord(ring, 0, -2)],
])("the check sees a record that is %s", (_, spoil) => {
  const ring = newRing(2);
  writeRecord(ring, 0, 0);
  writeRecord(ring, 8, 1);
  checkRecord(ring, 0, 0);
  spoil(ring);
  expect(() => checkRecord(ring, 0, 0)).toThrow("record 0 is wrong");
});

test("the worker reports what the check sees", async () => {
  const ring = newRing(2);
  const plan = planFor(ring, 1);
  const producer = new RingProducer(ring);
  writeRecord(ring, producer.claim(), 77);
  producer.commit();
  producer.close();
  await expect(onThread(plan)).rejects.toThrow("record 0 is wrong");
  expect(new RingConsumer(Ring.attach(ring.shared)).available()).toBe(1);
});

// Sleeping and waking: who is woken by what, and that nobody is woken, or pays for it, when nobody waits.

import { Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { createRing, type Ring, RingConsumer, RingProducer } from "../../src/ring/index.ts";

afterEach(() => vi.restoreAllMocks());

function pair(capacity = 4, wait: "block" | "spin" = "block") {
  const ring = createRing({ recordBytes: 8, capacity });
  const producer = new RingProducer(ring);
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) {
      expect(producer.claim()).toBeGreaterThanOrEqual(0);
      producer.commit();
    }
    producer.publish();
  };
  return { ring, producer, consumer: new RingConsumer(ring, wait), send };
}

/** Runs `body`, which sees `ring` (another view) and both classes, on another thread after a moment. */
function elsewhere(ring: Ring, body: string): Promise<void> {
  const source = `
    import { workerData } from "node:worker_threads";
    const { Ring, RingConsumer, RingProducer } = await import(workerData.module);
    const ring = Ring.attach(workerData.shared);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    ${body}`;
  const module = new URL("../../src/ring/index.ts", import.meta.url).href;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: { shared: ring.shared, module },
  });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => resolve());
  });
}

/** Longer than any wait here should last; only its passing is a failure. */
const long_ms = 20_000;

test.each(["block", "spin"] as const)("waitForRecords (%s) gives up when its time is over", (wait) => {
  const { consumer } = pair(4, wait);
  expect(consumer.waitForRecords(2)).toBe(false);
  expect(consumer.waitForRecords(0)).toBe(false);
});

test.each(["block", "spin"] as const)(
  "waitForRecords (%s) returns at once when something is there",
  (wait) => {
    const { consumer, send } = pair(4, wait);
    send(1);
    expect(consumer.waitForRecords(0)).toBe(true);
  },
);

test.each(["p.claim(); p.commit(); p.publish();", "p.close();"])(
  "%s on another thread ends a consumer's wait on its event loop",
  async (step) => {
    const { ring, consumer } = pair();
    const done = elsewhere(ring, `const p = new RingProducer(ring); ${step}`);
    await consumer.whenRecords();
    expect(consumer.available() > 0 || consumer.ended()).toBe(true);
    expect(consumer.whenRecords()).toBeUndefined();
    await done;
  },
);

test.each(["block", "spin"] as const)("a published record ends another thread's wait (%s)", async (wait) => {
  const { ring, consumer } = pair(4, wait);
  const done = elsewhere(ring, "const p = new RingProducer(ring); p.claim(); p.commit(); p.publish();");
  expect(consumer.waitForRecords(long_ms)).toBe(true);
  expect(consumer.available()).toBe(1);
  await done;
});

test.each(["block", "spin"] as const)("close() ends another thread's wait (%s)", async (wait) => {
  const { ring, consumer } = pair(4, wait);
  const done = elsewhere(ring, "new RingProducer(ring).close();");
  expect(consumer.waitForRecords(long_ms)).toBe(true);
  expect(consumer.ended()).toBe(true);
  await done;
});

test("whenReleasedBeyond() is undefined when there is nothing to wait for", () => {
  const { producer, consumer, send } = pair();
  expect(producer.whenReleasedBeyond(-1)).toBeUndefined();
  send(2);
  consumer.release(consumer.available(1));
  expect(producer.whenReleasedBeyond(0)).toBeUndefined();
  expect(producer.whenReleasedBeyond(1)).toBeInstanceOf(Promise);
  consumer.fail();
  expect(producer.whenReleasedBeyond(1)).toBeUndefined();
});

test("whenReleasedBeyond() resolves when another thread has released enough, not before", async () => {
  const { ring, producer, send } = pair(4);
  send(4);
  const one = producer.whenReleasedBeyond(0)?.then(() => producer.released());
  const three = producer.whenReleasedBeyond(2)?.then(() => producer.released());
  const done = elsewhere(
    ring,
    `const c = new RingConsumer(ring);
     c.available();
     for (let i = 0; i < 3; i++) {
       c.release(1);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
     }`,
  );
  expect(await one).toBeGreaterThanOrEqual(1);
  expect(await three).toBe(3);
  await done;
});

test("fail() on another thread resolves a pending whenReleasedBeyond()", async () => {
  const { ring, producer, send } = pair();
  send(4);
  const wait = producer.whenReleasedBeyond(0);
  const done = elsewhere(ring, "new RingConsumer(ring).fail();");
  await wait;
  expect(producer.consumerFailed()).toBe(true);
  await done;
});

test("fail() on another thread resolves a pending whenRecords(), and one that is asked for later", async () => {
  const { ring, consumer } = pair();
  const done = elsewhere(ring, "new RingConsumer(ring).fail();");
  await consumer.whenRecords();
  expect([consumer.available(), consumer.ended()]).toEqual([0, false]);
  await consumer.whenRecords();
  await done;
});

test("nobody is notified when nobody waits", () => {
  const { producer, consumer, send } = pair();
  const notify = vi.spyOn(Atomics, "notify");
  send(3);
  consumer.release(consumer.available());
  producer.close();
  consumer.fail();
  expect(notify).not.toHaveBeenCalled();
});

test("a wait that is over costs the other side no notification", () => {
  const { consumer, send } = pair();
  consumer.waitForRecords(1);
  const notify = vi.spyOn(Atomics, "notify");
  send(1);
  expect(notify).not.toHaveBeenCalled();
});

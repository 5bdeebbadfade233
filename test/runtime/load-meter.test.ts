import { expect, test } from "vitest";
import { LoadMeter } from "../../src/runtime/index.ts";

const SECOND_US = 1_000_000;

/** A meter whose clock stands where the last step put it. */
class Metered {
  now_us = 0;
  readonly meter: LoadMeter;

  constructor(position: number) {
    this.meter = new LoadMeter(position, undefined, () => this.now_us * 1e3);
  }

  sealed(position: number, arrived_us: number, now_us: number): void {
    this.now_us = now_us;
    this.meter.sealed(position, arrived_us * 1e3);
  }

  /** The gate looks at `now_us`; what leaves is with the sockets at `sent_us`. */
  looked(safe: number, now_us: number, sent_us = now_us, durable = safe, diskIsLast = true): void {
    this.now_us = now_us;
    this.meter.releasing(safe, durable, diskIsLast);
    this.now_us = sent_us;
    this.meter.released();
  }

  turnOver(position: number, now_us: number) {
    this.now_us = now_us;
    this.meter.turnOver(position);
    return this.meter.load;
  }
}

/** What values of `us` alone are told as: the end of their bucket. */
function told(us: number) {
  const bucket_ns = 2 ** Math.floor(Math.log2(us * 1e3)) / 8;
  return ((Math.floor((us * 1e3) / bucket_ns) + 1) * bucket_ns) / 1e3;
}

const nothing = { commandsPerSecond: 0, latency: null };

test("a node that does nothing has no latency", () => {
  expect(new Metered(10).turnOver(10, SECOND_US)).toEqual(nothing);
});

test("a batch counts from its first bytes to its answers' sending, and only in its second", () => {
  const node = new Metered(10);
  node.sealed(14, 100, 150);
  node.looked(13, 300);
  node.looked(14, 450, 500);
  const { latency, commandsPerSecond } = node.turnOver(14, SECOND_US);
  expect(commandsPerSecond).toBe(4);
  expect(latency).toEqual({ p50_us: Math.round(told(400)), p99_us: Math.round(told(400)) });
  expect(node.meter.times.latency).toEqual({
    gate: { count: 1, p50_us: told(300), p99_us: told(300) },
    send: { count: 1, p50_us: told(50), p99_us: told(50) },
    whole: { count: 1, p50_us: told(400), p99_us: told(400) },
  });
  expect(node.turnOver(14, 2 * SECOND_US)).toEqual(nothing);
  expect(node.meter.times.latency).toEqual({});
});

test("several batches may leave at once: each waited by itself, and they are sent together", () => {
  const node = new Metered(10);
  node.sealed(11, 100, 100);
  node.sealed(12, 400, 400);
  node.looked(12, 500, 510);
  node.turnOver(12, SECOND_US);
  const { gate, send, whole } = node.meter.times.latency;
  expect([gate?.count, send?.count, whole?.count]).toEqual([2, 1, 2]);
  expect([whole?.p50_us, whole?.p99_us]).toEqual([told(110), told(410)]);
});

test("a second that came late is as long as it was, and a clock that stands still changes nothing", () => {
  const node = new Metered(10);
  expect(node.turnOver(11, 0)).toEqual(nothing);
  expect(node.turnOver(110, 2 * SECOND_US)).toEqual({ commandsPerSecond: 50, latency: null });
});

test("the disk is waited for when it was behind at the first look, once per batch", () => {
  const node = new Metered(10);
  node.sealed(11, 0, 0);
  node.looked(11, 1);
  expect(node.meter.waits.counts).toEqual({ disk: 0 });
  node.sealed(12, 2, 2);
  node.looked(11, 2);
  node.sealed(13, 3, 3);
  node.looked(11, 3);
  node.looked(12, 4);
  expect(node.meter.waits.counts).toEqual({ disk: 1 });
  node.looked(13, 5);
  expect(node.meter.waits.counts).toEqual({ disk: 2 });
});

test("what waits for others is not held by the disk", () => {
  const node = new Metered(10);
  node.sealed(11, 0, 0);
  node.looked(10, 1, 1, 10);
  node.looked(10, 2, 2, 11);
  node.sealed(12, 3, 3);
  node.looked(10, 4, 4, 12);
  node.looked(12, 5, 5, 12);
  expect(node.meter.waits.counts).toEqual({ disk: 0 });
});

test("with replicas, what they have is told from when they have it, and the last one needed held the batch", () => {
  const node = new Metered(10);
  const memory = node.meter.waits.holder("south memory");
  const progress = { replicated: 10, look: (held: Float64Array) => held.fill(progress.replicated, memory) };
  node.meter.watch(progress);
  node.sealed(11, 0, 100);
  node.sealed(12, 0, 200);
  node.looked(10, 250, 250, 10);
  node.looked(10, 300, 300, 12);
  progress.replicated = 11;
  node.looked(11, 500, 500, 12);
  progress.replicated = 12;
  node.looked(12, 600, 600, 12);
  node.turnOver(12, SECOND_US);
  expect(node.meter.times.latency.replicate).toEqual({ count: 2, p50_us: told(400), p99_us: told(400) });
  expect(node.meter.waits.counts).toEqual({ disk: 0, "south memory": 2 });
});

test.each([
  ["disk", true],
  ["south memory", false],
])(
  "of disk and replica, come between two looks, %s held the batch: it woke the gate, so the other had not let it out",
  (held, diskIsLast) => {
    const node = new Metered(10);
    const memory = node.meter.waits.holder("south memory");
    const progress = { replicated: 10, look: (all: Float64Array) => all.fill(progress.replicated, memory) };
    node.meter.watch(progress);
    node.looked(10, 1);
    node.sealed(11, 2, 2);
    node.looked(10, 2, 2, 10);
    progress.replicated = 11;
    node.looked(11, 3, 3, 11, diskIsLast);
    expect(node.meter.waits.counts).toEqual({ disk: 0, "south memory": 0, [held]: 1 });
  },
);

test("more batches than it holds count as one with the newest, from the older's beginning", () => {
  const node = new Metered(0);
  for (let batch = 1; batch <= 100; batch++) node.sealed(batch, batch === 64 ? 200 : 400, 450);
  node.looked(99, 500);
  expect(node.turnOver(100, SECOND_US).latency?.p99_us).toBe(Math.round(told(100)));
  node.looked(100, 500);
  expect(node.turnOver(100, 2 * SECOND_US).latency?.p50_us).toBe(Math.round(told(300)));
});

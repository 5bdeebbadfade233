// The windows that a stress test hits once in a million runs, hit on purpose: before each single atomic operation of a
// side that is about to sleep, the other side does its whole step. If the sleeper still went to sleep with its flag up,
// nobody would ever wake it. (The other half, the sleeper stepping in between the operations of its waker, is an order
// the flag's lowering makes harmless: see ring.md.) And likewise for who looks whether the other side is done.

import { afterEach, expect, test, vi } from "vitest";
import { createRing, RingConsumer, RingProducer } from "../../src/ring/index.ts";

afterEach(() => vi.restoreAllMocks());

const far_ms = 60_000;
/** More operations than any side does before it sleeps. */
const operations_max = 40;

/** Atomics on an Int32Array: the built-in declarations are overloaded for 64-bit lanes too. */
const atomics = Atomics as unknown as {
  load(words: Int32Array, index: number): number;
  store(words: Int32Array, index: number, value: number): number;
  wait(words: Int32Array, index: number, value: number): string;
  waitAsync(words: Int32Array, index: number, value: number): { async: boolean; value: unknown };
};

function pair(capacity: number) {
  const ring = createRing({ recordBytes: 8, capacity });
  return { producer: new RingProducer(ring), consumer: new RingConsumer(ring) };
}

function sendOne(producer: RingProducer): void {
  producer.claim();
  producer.commit();
  producer.publish();
}

/**
 * Calls `step` once, before the `nth` atomic operation from now on, and makes an error of what would be a sleep for
 * ever. Tells whether the step was made; when it was not, there is no `nth` operation and sleeping is right.
 */
function stepBefore(nth: number, step: () => void) {
  const seen = { operations: 0, stepped: false };
  const beforeOperation = (): void => {
    if (seen.stepped || ++seen.operations < nth) return;
    seen.stepped = true;
    step();
  };
  const { load, store } = atomics;
  vi.spyOn(atomics, "load").mockImplementation((words, index) => {
    beforeOperation();
    return load(words, index);
  });
  vi.spyOn(atomics, "store").mockImplementation((words, index, value) => {
    beforeOperation();
    return store(words, index, value);
  });
  const sleeps = (words: Int32Array, index: number, value: number): boolean => {
    beforeOperation();
    return words[index] === value;
  };
  vi.spyOn(atomics, "wait").mockImplementation((words, index, value) => {
    if (sleeps(words, index, value)) throw new Error("sleeps for ever");
    return "not-equal";
  });
  vi.spyOn(atomics, "waitAsync").mockImplementation((words, index, value) => {
    return sleeps(words, index, value)
      ? { async: true, value: Promise.reject(new Error("sleeps for ever")) }
      : { async: false, value: "not-equal" };
  });
  return seen;
}

/** Runs `scene` with the step before the first, second, ... operation, until there is no such operation any more. */
async function atEveryPoint(scene: (nth: number) => Promise<boolean>): Promise<number> {
  for (let nth = 1; nth <= operations_max; nth++) {
    const stepped = await scene(nth);
    vi.restoreAllMocks();
    if (!stepped) return nth - 1;
  }
  throw new Error("the scene has no end");
}

test.each([
  ["publish()", sendOne],
  ["close()", (producer: RingProducer) => producer.close()],
])("a consumer never sleeps through a %s, whenever it comes", async (_, step) => {
  const points = await atEveryPoint(async (nth) => {
    const { producer, consumer } = pair(2);
    const seen = stepBefore(nth, () => step(producer));
    try {
      expect(consumer.waitForRecords(far_ms)).toBe(true);
    } catch (error) {
      if (seen.stepped) throw error;
    }
    return seen.stepped;
  });
  expect(points).toBeGreaterThanOrEqual(4);
});

test.each([
  ["publish()", sendOne],
  ["close()", (producer: RingProducer) => producer.close()],
])("a consumer on an event loop never sleeps through a %s, whenever it comes", async (_, step) => {
  const points = await atEveryPoint(async (nth) => {
    const { producer, consumer } = pair(2);
    const seen = stepBefore(nth, () => step(producer));
    try {
      await consumer.whenRecords();
    } catch (error) {
      if (seen.stepped) throw error;
    }
    return seen.stepped;
  });
  expect(points).toBeGreaterThanOrEqual(4);
});

test.each([
  ["release()", (consumer: RingConsumer) => consumer.release(consumer.available())],
  ["fail()", (consumer: RingConsumer) => consumer.fail()],
])("a producer never sleeps through a %s, whenever it comes", async (_, step) => {
  const points = await atEveryPoint(async (nth) => {
    const { producer, consumer } = pair(1);
    sendOne(producer);
    const seen = stepBefore(nth, () => step(consumer));
    try {
      await producer.whenReleasedBeyond(0);
    } catch (error) {
      if (seen.stepped) throw error;
    }
    return seen.stepped;
  });
  expect(points).toBeGreaterThanOrEqual(4);
});

test("a consumer that sees the close has seen everything published before it, whenever both come", async () => {
  const points = await atEveryPoint(async (nth) => {
    const { producer, consumer } = pair(2);
    const seen = stepBefore(nth, () => {
      sendOne(producer);
      producer.close();
    });
    expect(consumer.ended(), `before operation ${nth}`).toBe(false);
    return seen.stepped;
  });
  expect(points).toBeGreaterThanOrEqual(1);
});

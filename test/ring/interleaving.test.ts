// The windows that a stress test hits once in a million runs, hit on purpose. Before each single atomic operation of a
// side that is about to sleep, the other side does its whole step: if the sleeper still went to sleep with its flag up,
// nobody would ever wake it. And the other way round: before each operation of a waker the sleeper looks, and sleeps if it
// finds nothing; when the waker is done, it must not be asleep. Likewise for who looks whether the other side is done.

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
  notify(words: Int32Array, index: number): number;
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
  beforeEachAccess(beforeOperation);
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

/** Calls `act` before each load and store of either side; both are done as ever. */
function beforeEachAccess(act: () => void): void {
  const { load, store } = atomics;
  vi.spyOn(atomics, "load").mockImplementation((words, index) => {
    act();
    return load(words, index);
  });
  vi.spyOn(atomics, "store").mockImplementation((words, index, value) => {
    act();
    return store(words, index, value);
  });
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

/**
 * A sleeper that runs between the operations of its waker: `look` takes what there is and goes as far as the sleep, and is called again
 * whenever it is woken. `step` does a waker's step, with a look before its `nth` operation, as after a sleep that was over by time; without
 * `nth` no look but by being woken. Tells whether there was such an operation.
 */
function sleeper(look: () => void) {
  const seen = { sleeps: false };
  let untilLook = Number.POSITIVE_INFINITY;
  let isLooking = false;
  const letLook = (): void => {
    isLooking = true;
    seen.sleeps = false;
    look();
    isLooking = false;
  };
  const beforeOperation = (): void => {
    if (!isLooking && --untilLook === 0) letLook();
  };
  beforeEachAccess(beforeOperation);
  vi.spyOn(atomics, "notify").mockImplementation(() => {
    beforeOperation();
    if (seen.sleeps) letLook();
    return 0;
  });
  const falls = (words: Int32Array, index: number, value: number): boolean => {
    seen.sleeps = words[index] === value;
    return seen.sleeps;
  };
  vi.spyOn(atomics, "wait").mockImplementation((words, index, value) => {
    if (falls(words, index, value)) throw new Error("asleep");
    return "not-equal";
  });
  vi.spyOn(atomics, "waitAsync").mockImplementation((words, index, value) => {
    const isAsleep = falls(words, index, value);
    return { async: isAsleep, value: isAsleep ? new Promise(() => {}) : "not-equal" };
  });
  letLook();
  const step = (wake: () => void, nth = Number.POSITIVE_INFINITY): boolean => {
    untilLook = nth;
    wake();
    const hasLooked = untilLook <= 0;
    untilLook = Number.POSITIVE_INFINITY;
    return hasLooked;
  };
  return { seen, step };
}

type Sides = ReturnType<typeof pair>;

/** Takes all there is and sleeps for more, on a thread of its own. */
function takeAndSleep({ consumer }: Sides): void {
  consumer.release(consumer.available());
  try {
    consumer.waitForRecords(far_ms);
  } catch (error) {
    expect((error as Error).message).toBe("asleep");
  }
}

/** The same on an event loop. */
function takeAndWait({ consumer }: Sides): void {
  consumer.release(consumer.available());
  void consumer.whenRecords();
}

function waitForMore({ producer }: Sides): void {
  void producer.whenReleasedBeyond(producer.released());
}

/** `wakes`: a step that gives the sleeper one more of what it waits for; `ends`: one after which it sleeps no more. */
const WAKERS: [name: string, look: (sides: Sides) => void, wakes: (sides: Sides) => void, ends: boolean][] = [
  ["a consumer by publish()", takeAndSleep, ({ producer }) => sendOne(producer), false],
  ["a consumer by close()", takeAndSleep, ({ producer }) => producer.close(), true],
  ["a consumer on an event loop by publish()", takeAndWait, ({ producer }) => sendOne(producer), false],
  ["a consumer on an event loop by close()", takeAndWait, ({ producer }) => producer.close(), true],
  ["a consumer on an event loop by fail()", takeAndWait, ({ consumer }) => consumer.fail(), true],
  ["a producer by release()", waitForMore, ({ consumer }) => consumer.release(consumer.available(1)), false],
  ["a producer by fail()", waitForMore, ({ consumer }) => consumer.fail(), true],
];

test.each(WAKERS)(
  "%s is woken, this time and the next, wherever it looks in between",
  async (_, look, wakes, ends) => {
    const points = await atEveryPoint(async (nth) => {
      const sides = pair(2);
      let found = 0;
      if (look === waitForMore) for (let i = 0; i < 2; i++) sendOne(sides.producer);
      const { seen, step } = sleeper(() => {
        look(sides);
        found = sides.producer.released();
      });
      expect(seen.sleeps).toBe(true);
      const hasLooked = step(() => wakes(sides), nth);
      const at = `looking before operation ${nth}`;
      if (ends) expect(seen.sleeps, at).toBe(false);
      else {
        expect(found, at).toBe(1);
        step(() => wakes(sides));
        expect(found, `the next time, ${at}`).toBe(2);
      }
      return hasLooked;
    });
    expect(points).toBeGreaterThanOrEqual(4);
  },
);

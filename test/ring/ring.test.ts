// The ring on one thread, step by step. What only two threads can show is in stress.test.ts and waiting.test.ts.

import { describe, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { createRing, Ring, RingConsumer, RingProducer } from "../../src/ring/index.ts";
import { RingLayout } from "../../src/ring/layout.ts";
import { createRingAt } from "../../src/ring/ring.ts";

/** The cursors' values before the first record: small, at the sign change, and at the wrap past 2^32. */
const starts = [0, 0x7fffffff - 2, -3];

/** Both sides of a ring of one-number records, on this thread. */
function pair(capacity: number, start = 0) {
  const ring = createRingAt({ recordBytes: 8, capacity }, start);
  const producer = new RingProducer(ring);
  const consumer = new RingConsumer(Ring.attach(ring.shared));
  /** Commits `values` without publishing; returns how many found room. */
  const commit = (...values: number[]): number => {
    for (let i = 0; i < values.length; i++) {
      const at = producer.claim();
      if (at < 0) return i;
      ring.words[at] = values[i];
      ring.words[at + 1] = ~values[i];
      producer.commit();
    }
    return values.length;
  };
  /** Takes one contiguous batch of at most `limit` records. */
  const take = (limit?: number): number[] => {
    const count = consumer.available(limit);
    const values: number[] = [];
    for (let i = 0; i < count; i++) {
      const at = consumer.offset() + i * ring.recordWords;
      expect(ring.words[at + 1]).toBe(~ring.words[at]);
      values.push(ring.words[at]);
    }
    consumer.release(count);
    return values;
  };
  return { ring, producer, consumer, commit, take };
}

describe.each(starts)("with cursors that begin at %i", (start) => {
  test("a batch is invisible until it is published, then visible at once", () => {
    const { producer, consumer, commit, take } = pair(8, start);
    expect(commit(1, 2, 3)).toBe(3);
    expect(consumer.available()).toBe(0);
    producer.publish();
    expect(consumer.available()).toBe(3);
    expect(take()).toEqual([1, 2, 3]);
    expect(consumer.available()).toBe(0);
  });

  test("a batch may become visible in parts, each once and never less than before", () => {
    const { producer, consumer, commit, take } = pair(4, start);
    commit(1, 2, 3);
    producer.publishUpTo(0);
    expect(consumer.available()).toBe(0);
    producer.publishUpTo(2);
    expect(take()).toEqual([1, 2]);
    producer.publishUpTo(1);
    expect(consumer.available()).toBe(0);
    commit(4, 5, 6);
    expect(producer.claim()).toBe(-1);
    producer.publishUpTo(3);
    expect(take()).toEqual([3]);
    producer.publish();
    expect([...take(), ...take()]).toEqual([4, 5, 6]);
    expect(() => producer.publishUpTo(7)).toThrow("publishUpTo() beyond what was committed");
  });

  test("a full ring answers claim() with -1 until the consumer releases", () => {
    const { producer, commit, take } = pair(4, start);
    expect(commit(1, 2, 3, 4, 5)).toBe(4);
    expect(producer.claim()).toBe(-1);
    producer.publish();
    expect(producer.claim()).toBe(-1);
    expect(producer.free()).toBe(0);
    expect(take(1)).toEqual([1]);
    expect(producer.free()).toBe(1);
    expect(commit(5, 6)).toBe(1);
  });

  test("a claimed slot stays the same until it is committed", () => {
    const { producer, commit } = pair(2, start);
    const slot = producer.claim();
    expect(producer.claim()).toBe(slot);
    commit(1);
    expect(producer.claim()).not.toBe(slot);
  });

  test("a batch across the end of the record area comes in two contiguous parts", () => {
    const { producer, consumer, commit, take } = pair(4, 0);
    commit(1, 2, 3);
    producer.publish();
    take();
    commit(4, 5, 6);
    producer.publish();
    expect(consumer.available()).toBe(1);
    expect(take()).toEqual([4]);
    expect(take()).toEqual([5, 6]);
  });

  test("records pass in order through every batch size, over many wraps", () => {
    const { producer, commit, take } = pair(8, start);
    const taken: number[] = [];
    for (let next = 0, size = 0; next < 200; size = (size + 1) % 9) {
      const batch = Array.from({ length: size }, (_, i) => next + i);
      expect(commit(...batch)).toBe(size);
      next += size;
      producer.publish();
      taken.push(...take(), ...take());
    }
    expect(taken).toEqual(taken.map((_, i) => i));
    expect(taken.length).toBeGreaterThanOrEqual(200);
  });

  test("a ring of one slot passes one record at a time", () => {
    const { producer, commit, take } = pair(1, start);
    for (let value = 0; value < 6; value++) {
      expect(commit(value, -1)).toBe(1);
      producer.publish();
      expect(take()).toEqual([value]);
    }
  });

  test("produced, released and free count records, not cursors", () => {
    const { producer, consumer, commit, take } = pair(4, start);
    expect([producer.produced, producer.released(), producer.free()]).toEqual([0, 0, 4]);
    commit(1, 2, 3);
    expect([producer.produced, producer.released(), producer.free()]).toEqual([3, 0, 1]);
    producer.publish();
    take(2);
    expect([producer.produced, producer.released(), producer.free()]).toEqual([3, 2, 3]);
    for (let i = 0; i < 10; i++) {
      commit(i);
      producer.publish();
      consumer.release(consumer.available(1));
    }
    expect([producer.produced, producer.released()]).toEqual([13, 12]);
  });

  test("a consumer ends only when the producer has closed and everything is released", () => {
    const { producer, consumer, commit, take } = pair(4, start);
    expect(consumer.ended()).toBe(false);
    commit(1, 2);
    producer.close();
    expect(consumer.ended()).toBe(false);
    expect(take()).toEqual([1, 2]);
    expect(consumer.ended()).toBe(true);
  });
});

test("available() keeps to its limit", () => {
  const { producer, commit, take } = pair(8);
  commit(1, 2, 3, 4, 5);
  producer.publish();
  expect(take(2)).toEqual([1, 2]);
  expect(take(0)).toEqual([]);
  expect(take(100)).toEqual([3, 4, 5]);
});

test("available() sees what was published after it last looked", () => {
  const { producer, consumer, commit } = pair(8);
  commit(1);
  producer.publish();
  expect(consumer.available()).toBe(1);
  commit(2);
  producer.publish();
  expect(consumer.available()).toBe(2);
});

test("an empty publish() shows nothing", () => {
  const { producer, consumer } = pair(2);
  producer.publish();
  expect(consumer.available()).toBe(0);
});

test("a side that is made anew goes on where the last one was", () => {
  const { ring, producer, commit, take } = pair(4, -1);
  commit(1, 2, 3);
  producer.publish();
  take(1);
  const heir = new RingProducer(Ring.attach(ring.shared));
  expect([heir.produced, heir.released()]).toEqual([3, 1]);
  expect(new RingConsumer(Ring.attach(ring.shared)).available()).toBe(2);
});

test("a failed consumer is seen by the producer", () => {
  const { ring, producer } = pair(2);
  expect(producer.consumerFailed()).toBe(false);
  new RingConsumer(Ring.attach(ring.shared)).fail();
  expect(producer.consumerFailed()).toBe(true);
});

test("commit() without a free slot is a bug and crashes", () => {
  const { producer, commit } = pair(2);
  commit(1, 2);
  expect(() => producer.commit()).toThrow("commit() without a claimed slot");
});

test("abandon() ends the consumer behind what was published, whatever else was committed", () => {
  const ring = createRing({ recordBytes: 8, capacity: 4 });
  const [producer, consumer] = [new RingProducer(ring), new RingConsumer(ring)];
  for (let i = 0; i < 3; i++) {
    producer.claim();
    producer.commit();
  }
  producer.publishUpTo(1);
  producer.abandon();
  expect([consumer.available(), consumer.ended()]).toEqual([1, false]);
  consumer.release(1);
  expect([consumer.available(), consumer.ended(), consumer.waitForRecords(0)]).toEqual([0, true, true]);
});

test("commit() after close() is a bug and crashes", () => {
  const { producer } = pair(2);
  producer.close();
  expect(() => producer.commit()).toThrow("commit() after close()");
});

test.each([1, -1])("release(%i) of an empty ring is a bug and crashes", (count) => {
  expect(() => pair(2).consumer.release(count)).toThrow("release() of records that were not available");
});

test.each([
  [{ recordBytes: 12, capacity: 4 }, "12 bytes: not a multiple of 8"],
  [{ recordBytes: 0, capacity: 4 }, "0 bytes"],
  [{ recordBytes: 8.5, capacity: 4 }, "8.5 bytes"],
  [{ recordBytes: 8, capacity: 3 }, "capacity cannot be 3"],
  [{ recordBytes: 8, capacity: 0 }, "capacity cannot be 0"],
  [{ recordBytes: 8, capacity: 2 ** 31 }, "capacity cannot be 2147483648"],
  [{ recordBytes: 128, capacity: 2 ** 24 }, "larger than 1 GiB"],
])("createRing(%o) is refused", (options, message) => {
  expect(() => createRing(options)).toThrow(message);
});

test.each<[string, number, number]>([
  ["foreign memory", RingLayout.magic, 0],
  ["another version", RingLayout.version, 99],
  ["a capacity that does not match the size", RingLayout.capacity, 8],
  ["a record size that is none", RingLayout.recordBytes, 7],
])("attach() refuses %s", (_, word, value) => {
  const { ring } = pair(4);
  ring.header[word] = value;
  expect(() => Ring.attach(ring.shared)).toThrow(SeriatimError);
});

test("attach() refuses memory that is too short for a header", () => {
  expect(() => Ring.attach(new SharedArrayBuffer(16))).toThrow("too short");
});

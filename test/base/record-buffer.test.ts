import { expect, test } from "vitest";
import { RecordBuffer } from "../../src/base/index.ts";

/** A buffer of two records of three words, and what its listener was given, record by record. */
function recording() {
  const drains: number[][] = [];
  const buffer = new RecordBuffer(3, 2, (full) => {
    drains.push(Array.from({ length: full.count }, (_, i) => full.words[i * full.recordWords]));
  });
  const write = (value: number) => {
    buffer.words[buffer.claim()] = value;
  };
  return { buffer, drains, write };
}

test("records follow one another, and the listener takes all at once when there is no room for the next", () => {
  const { buffer, drains, write } = recording();
  for (const value of [1, 2]) write(value);
  expect(buffer.count).toBe(2);
  expect(drains).toEqual([]);
  write(3);
  expect(drains).toEqual([[1, 2]]);
  expect(buffer.count).toBe(1);
  for (const value of [4, 5]) write(value);
  expect(drains).toEqual([
    [1, 2],
    [3, 4],
  ]);
  buffer.drain();
  expect(drains[2]).toEqual([5]);
});

test("an empty buffer does not call its listener", () => {
  const { buffer, drains, write } = recording();
  buffer.drain();
  write(1);
  buffer.drain();
  buffer.drain();
  expect(drains).toEqual([[1]]);
  expect(buffer.claim()).toBe(0);
});

test("a claimed record is all zero, whatever lay in its place before", () => {
  const { buffer } = recording();
  for (const round of [1, 2, 3]) {
    const at = buffer.claim();
    expect([...buffer.words.subarray(at, at + 3)], `round ${round}`).toEqual([0, 0, 0]);
    buffer.words.fill(-1, at, at + 3);
    if (round === 1) buffer.drain();
  }
});

test("bytes and words are the same memory", () => {
  const { buffer, write } = recording();
  write(0x01020304);
  expect([...buffer.bytes.subarray(0, 4)]).toEqual([4, 3, 2, 1]);
  expect(buffer.bytes.length).toBe(2 * 3 * 4);
});

test.each([
  [0, 1],
  [1, 0],
])("%i words times %i records hold nothing: refused", (words, capacity) => {
  expect(() => new RecordBuffer(words, capacity, () => {})).toThrow("at least one record");
});

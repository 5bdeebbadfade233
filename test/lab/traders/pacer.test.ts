import { expect, test } from "vitest";
import { Pacer } from "../../../src/lab/index.ts";

/** What is sent in slices of 10 ms when `room` says how many may be, in each slice from the first. */
function sentPerSlice(rate: number, slices: number, room: (slice: number) => number): number[] {
  const pacer = new Pacer(rate, 0);
  return Array.from({ length: slices }, (_, slice) => {
    const sent = Math.min(pacer.due((slice + 1) * 10_000), room(slice));
    pacer.sent(sent);
    return sent;
  });
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

test.each([1, 7, 100, 2_000, 33_333])("%i orders a second are that many, in even slices", (rate) => {
  const sent = sentPerSlice(rate, 1_000, () => Number.POSITIVE_INFINITY);
  expect(Math.abs(sum(sent) - rate * 10)).toBeLessThanOrEqual(1);
  expect(Math.max(...sent)).toBeLessThanOrEqual(Math.ceil(rate / 100));
});

test("what could not be sent for a long time is owed for a quarter of a second only", () => {
  const sent = sentPerSlice(2_000, 600, (slice) => (slice < 500 ? 0 : Number.POSITIVE_INFINITY));
  expect(sent[500]).toBe(500);
  expect(sum(sent)).toBe(500 + 99 * 20);
});

test("an exchange that takes half gets half, and no wave when it recovers", () => {
  const sent = sentPerSlice(2_000, 600, (slice) => (slice < 500 ? 10 : Number.POSITIVE_INFINITY));
  expect(sum(sent.slice(0, 500))).toBe(5_000);
  expect(Math.max(...sent)).toBeLessThanOrEqual(500);
});

test("a clock that jumps forward owes no more than one that stands", () => {
  const pacer = new Pacer(1_000, 0);
  expect(pacer.due(3_600e6)).toBe(250);
});

// When subscribers have their turns: so long a turn, so long a rest behind it.

import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ServingTurns } from "../../../src/feed-runtime/serving/serving-turns.ts";

let now_ms = 0;
beforeEach(() => {
  now_ms = 1_000;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate"] });
  vi.spyOn(performance, "now").mockImplementation(() => now_ms);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Lets time pass, timers too. */
function pass(ms: number): void {
  now_ms += ms;
  vi.advanceTimersByTime(ms);
}

test.each([
  [0, 0],
  [0.1, 0],
  [10, 40],
  [60, 240],
  [100, 250],
  [5_000, 250],
])("behind a turn of %d ms there is a rest of %d ms", (took_ms, rest_ms) => {
  let began = 0;
  const turns = new ServingTurns(() => {
    began++;
    now_ms += took_ms;
    return false;
  });
  turns.ask();
  turns.ask();
  expect(began).toBe(0);
  pass(0);
  expect(began).toBe(1);
  turns.ask();
  if (rest_ms > 0) pass(rest_ms - 1);
  expect(began).toBe(1);
  pass(1);
  expect(began).toBe(2);
  pass(10_000);
  expect(began).toBe(2);
});

test("a turn that leaves something to do is followed by another, until all is done or it ends", () => {
  let left = 3;
  const turns = new ServingTurns(() => --left > 0);
  turns.ask();
  for (let i = 0; i < 9; i++) pass(1);
  expect(left).toBe(0);
  left = 100;
  turns.ask();
  pass(1);
  turns.end();
  const then = left;
  for (let i = 0; i < 9; i++) pass(1);
  turns.ask();
  pass(1);
  expect([then < 100, left]).toEqual([true, then]);
});

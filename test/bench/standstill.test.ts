// The watch of the snapshot's bench, on this thread.

import { expect, test } from "vitest";
import { StandstillWatch } from "../../bench/standstill.ts";

const STILL_MS = 30;

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

/** So much of a core's time, however long that takes. */
function work(): void {
  const end = worked_ms() + STILL_MS;
  while (worked_ms() < end);
}

function worked_ms(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e3;
}

test("a thread that works in one go stood still for all of that, and worked, whatever came before", async () => {
  const watch = new StandstillWatch();
  work();
  watch.begin();
  await turn();
  const before = watch.end();
  watch.begin();
  await turn();
  work();
  const standstill = watch.end();
  expect(standstill.longest_ms).toBeGreaterThanOrEqual(STILL_MS);
  expect(standstill.pauses).toBeGreaterThanOrEqual(1);
  expect(standstill.watched_ms).toBeGreaterThanOrEqual(standstill.longest_ms);
  expect(standstill.busy_ms).toBeGreaterThanOrEqual(STILL_MS);
  // What it worked before it was watched is no part of it.
  expect(before.busy_ms).toBeLessThan(STILL_MS);
});

test("a thread that sleeps stood still and worked less than that", async () => {
  const watch = new StandstillWatch();
  watch.begin();
  await turn();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STILL_MS);
  const { longest_ms, busy_ms } = watch.end();
  expect(longest_ms).toBeGreaterThanOrEqual(STILL_MS);
  expect(busy_ms).toBeLessThan(longest_ms);
});

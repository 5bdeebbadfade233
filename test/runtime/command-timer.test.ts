// Which command of a batch is measured, and what its stages are told as.

import { beforeEach, expect, test } from "vitest";
import { CommandTimer } from "../../src/runtime/command-timer.ts";
import { StageTimes } from "../../src/runtime/stage-times.ts";

let now_ns: number;
let times: StageTimes;
let timer: CommandTimer;
beforeEach(() => {
  now_ns = 1_000_000;
  times = new StageTimes(undefined);
  timer = new CommandTimer(times.write, () => now_ns);
});

/** One command as the path takes it: 10 ns to decode, 20 to sequence, 40 to match, 80 to encode; true when measured. */
function command(): boolean {
  const wasDue = timer.isDue;
  now_ns += 10;
  if (wasDue) timer.decoded();
  now_ns += 20;
  if (wasDue) timer.sequenced();
  now_ns += 40;
  if (wasDue) timer.applied();
  now_ns += 80;
  if (wasDue) timer.encoded();
  timer.passed();
  return wasDue;
}

/** A batch of `size` commands from one piece of bytes; returns the places of those that were measured. */
function batch(size: number): number[] {
  now_ns += 1_000_000;
  timer.arrived();
  timer.begin();
  const measured = Array.from({ length: size }, command).flatMap((was, place) => (was ? [place] : []));
  timer.taken();
  timer.end(size);
  return measured;
}

test("the stages of a measured command are told apart, and add up", () => {
  for (let i = 0; i < 3; i++) expect(batch(1)).toEqual([0]);
  times.turnOver();
  expect(times.latency).toEqual({
    receive: { count: 3, p50_us: 0.001, p99_us: 0.001 },
    decode: { count: 3, p50_us: 0.011, p99_us: 0.011 },
    sequence: { count: 3, p50_us: 0.022, p99_us: 0.022 },
    match: { count: 3, p50_us: 0.044, p99_us: 0.044 },
    encode: { count: 3, p50_us: 0.088, p99_us: 0.088 },
  });
});

test("one command of a batch is measured at most, and every place is met as often", () => {
  batch(10);
  const seen = new Array(10).fill(0);
  for (let i = 0; i < 1000; i++) {
    const measured = batch(10);
    expect(measured.length).toBe(1);
    seen[measured[0]]++;
  }
  for (const count of seen) expect(count).toBeGreaterThan(70);
});

test("a command has waited for those before it in the same bytes", () => {
  batch(64);
  for (let i = 0; i < 64; i++) batch(64);
  times.turnOver();
  const { receive } = times.latency;
  // 150 ns for each of up to 63 before it.
  expect(receive?.p50_us).toBeGreaterThan(2);
  expect(receive?.p99_us).toBeGreaterThan(8);
  expect(receive?.p99_us).toBeLessThan(11);
});

test("batches that follow at once are not measured", () => {
  expect(batch(1)).toEqual([0]);
  timer.arrived();
  expect(timer.begin()).toBe(now_ns);
  expect(command()).toBe(false);
  timer.end(1);
  expect(batch(1)).toEqual([0]);
});

test("a command that came in no bytes begins with its commit, and was neither received nor decoded", () => {
  batch(1);
  times.turnOver();
  now_ns += 10_000_000;
  expect(timer.begin()).toBe(now_ns);
  expect(command()).toBe(true);
  times.turnOver();
  const { receive, decode, sequence } = times.latency;
  expect([receive, decode, sequence?.count]).toEqual([undefined, undefined, 1]);
});

// The benches of what is kept, made small: that they run, with a replica and with snapshots, and what they tell. Their
// figures are nobody's aim here.

import { expect, test } from "vitest";
import { whyNotKept } from "../../bench/cores.ts";
import { benchDurability } from "../../bench/durability/bench.ts";
import { textTable } from "../../bench/report.ts";
import { benchSnapshot } from "../../bench/snapshot/bench.ts";

test("the same load is measured against a node that keeps nothing, its disk, and its disk and a replica", async () => {
  const result = await benchDurability(1, {
    servers: ["journal off", "fsync", "disk+ram"],
    shapes: [[2, 8]],
    closed_ms: 200,
    paced_ms: 100,
    sameLoad: { bursts: [16], run_ms: 100 },
    budget_ms: 10_000,
    roomBytes: 2 ** 29,
  });
  const values = new Map(result.rows.map(({ name, median }) => [name, median]));
  for (const server of ["journal off", "fsync", "disk+ram"]) {
    expect(values.get(`2 x 8 ${server}`)).toBeGreaterThan(0);
    expect(values.get(`2 x 8 ${server}, half load, p99.9`)).toBeGreaterThan(0);
    expect(values.get(`2 x 8 ${server}, full load, processor time`)).toBeGreaterThan(0);
  }
  expect(values.get("2 x 8 fsync / journal off")).toBeGreaterThan(0);
  expect(values.get("2 x 8 disk+ram / fsync, full load, processor time")).toBeGreaterThan(0);
  // Where processes can't be kept to cores that is said, and there are no such rows.
  const sameLoad = whyNotKept() === undefined ? ["fsync", "disk+ram", "disk+ram / fsync"] : [];
  const told = [...values.keys()].filter((name) => name.startsWith("frames of 16"));
  expect(told).toEqual(sameLoad.map((what) => `frames of 16, ${what}, processor time`));
  for (const name of told) expect(values.get(name)).toBeGreaterThan(0);
  const text = textTable(result);
  expect(text).toMatch(/^stage +journal off +fsync +disk\+ram$/m);
  expect(text).toMatch(/^replicate /m);
});

test("the longest pause is measured without a snapshot and while one is taken", async () => {
  const small = { ordersResting: 500, fillRate: 10_000, rate: 1_000, run_ms: 300, budget_ms: 10_000 };
  const result = await benchSnapshot(1, small);
  expect(result.rows.map(({ name }) => name)).toEqual(
    ["buffered", "fsync"].flatMap((mode) => [
      `${mode}, longest time between answers`,
      `${mode}, the same during a snapshot`,
      `${mode}, longest standstill of an echo in its place`,
      `${mode}, longest standstill of matching`,
      `${mode}, standstill during a snapshot`,
      `${mode}, of that beyond the echo's`,
      `${mode}, longest work of matching in one go`,
      `${mode}, longest work in one go during a snapshot`,
      `${mode}, standstills over 5 ms of the echo`,
      `${mode}, standstills over 5 ms`,
      `${mode}, standstills over 5 ms during a snapshot`,
      `${mode}, p99`,
      `${mode}, p99 during a snapshot`,
      `${mode}, time of a snapshot`,
    ]),
  );
  // A thread that was watched has worked; whether it ever stood still for long, and longer than the echo, is the machine's affair.
  const isTime = (name: string): boolean => !name.includes("over 5 ms") && !name.includes("beyond");
  for (const { name, median } of result.rows) if (isTime(name)) expect(median).toBeGreaterThan(0);
});

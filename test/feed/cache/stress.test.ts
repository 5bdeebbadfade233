// The cache between real threads: one writes self-checking figures as fast as it can, several read them and check each
// snapshot. The same check, given the memory without the lock, sees torn ones: so it would.

import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { createCache } from "../../../src/feed/index.ts";
import { entryBeside } from "../../../src/platform/index.ts";
import type { HammerPlan, HammerReport } from "./hammer.ts";

function onThread(workerData: HammerPlan): Promise<HammerReport> {
  const worker = new Worker(entryBeside(import.meta.url, "hammer-worker"), { workerData });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) =>
      reject(new Error(`the ${workerData.side} thread ended early, code ${code}`)),
    );
  });
}

/** A writer and `sides`, until each of these has made its checks. */
function hammer(
  sides: readonly ("read" | "naked")[],
  symbols: number,
  checks: number,
): Promise<[writer: HammerReport, ...readers: HammerReport[]]> {
  const { shared } = createCache(symbols);
  const progress = new SharedArrayBuffer(4 * (sides.length + 1));
  const plan = { shared, progress, symbols, checks };
  const readers = sides.map((side, at) => onThread({ ...plan, side, number: at + 1 }));
  return Promise.all([onThread({ ...plan, side: "write", number: 0 }), ...readers]);
}

test.each([
  { symbols: 1, checks: 100_000 },
  { symbols: 8, checks: 100_000 },
])(
  "three readers of $symbols symbols see whole ones only, $checks times each, up to the last write",
  async (row) => {
    const [writer, ...readers] = await hammer(["read", "read", "read"], row.symbols, row.checks);
    expect(readers.map(({ torn }) => torn)).toEqual([0, 0, 0]);
    expect(readers.map(({ last }) => last)).toEqual(readers.map(() => writer.last));
    for (const { checked } of readers) expect(checked).toBeGreaterThanOrEqual(row.checks);
  },
);

test("without the lock the same check sees a torn symbol", async () => {
  const [, naked] = await hammer(["naked"], 1, 1);
  expect(naked.torn).toBe(1);
});

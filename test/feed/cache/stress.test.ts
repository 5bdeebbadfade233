// The cache between real threads: one writes self-checking figures as fast as it can, several read them and check each
// snapshot. The same check, given the memory without the lock, sees torn ones: so it would.

import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { createCache, type SymbolCache } from "../../../src/feed/index.ts";
import { entryBeside } from "../../../src/platform/index.ts";
import type { HammerPlan, HammerReport } from "./hammer.ts";

function onThread(
  cache: SymbolCache,
  side: HammerPlan["side"],
  plan: Omit<HammerPlan, "shared" | "side">,
): Promise<HammerReport> {
  const workerData: HammerPlan = { shared: cache.shared, side, ...plan };
  const worker = new Worker(entryBeside(import.meta.url, "hammer-worker"), { workerData });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the ${side} thread ended early, code ${code}`)));
  });
}

test.each([
  { symbols: 1, writes: 400_000, readers: 3 },
  { symbols: 8, writes: 50_000, readers: 3 },
])(
  "$readers readers of $symbols symbols see whole ones only, up to the last of $writes writes",
  async (row) => {
    const cache = createCache(row.symbols);
    const readers = Array.from({ length: row.readers }, () => onThread(cache, "read", row));
    const [writer, ...reports] = await Promise.all([onThread(cache, "write", row), ...readers]);
    expect(writer.done).toBe(row.writes);
    expect(reports.map((report) => report.torn)).toEqual(reports.map(() => 0));
    for (const report of reports) expect(report.done).toBeGreaterThan(row.symbols);
  },
);

test("without the lock the same check sees a torn symbol", async () => {
  const cache = createCache(1);
  const plan = { symbols: 1, writes: 3_000_000 };
  const [naked] = await Promise.all([onThread(cache, "naked", plan), onThread(cache, "write", plan)]);
  expect(naked.torn).toBe(1);
});

// A warm reader of ticks/1 allocates nothing per message. Judged by the leanest of several stretches, as the engine is.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** A number on the heap takes 16 bytes: one per 16 messages would show. */
const BYTES_PER_MESSAGE_MAX = 1;

test("no heap is allocated per message, whatever the reads", () => {
  const worker = fileURLToPath(new URL("allocations-worker.ts", import.meta.url));
  const printed = execFileSync(process.execPath, [worker], { encoding: "utf8" });
  const { heap, frames, framesLost } = JSON.parse(printed) as Record<string, number> & { heap: number[] };
  expect(frames).toBeGreaterThanOrEqual(4_000_000);
  expect(framesLost).toBe(0);
  expect(Math.min(...heap), `bytes per message: ${heap}`).toBeLessThan(BYTES_PER_MESSAGE_MAX);
});

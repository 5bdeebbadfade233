// A warm engine allocates nothing per command. Judged by the leanest of several stretches: what is compiled or recompiled
// during one of them does not count, and what the engine's code allocates shows in all of them.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/**
 * A number on the heap takes 16 bytes, so one per four commands would show. What a measurement itself leaves behind is up
 * to 1 byte here, on a busy machine.
 */
const BYTES_PER_COMMAND_MAX = 4;

test.each([
  ["prices are small", "small"],
  ["prices are large", "large"],
  ["every account is told of its orders", "told"],
])("no heap is allocated per command when %s", (_name, argument) => {
  const worker = fileURLToPath(new URL("allocations-worker.ts", import.meta.url));
  const printed = execFileSync(process.execPath, [worker, argument], { encoding: "utf8" });
  const { bytes, sequence } = JSON.parse(printed) as { bytes: number[]; sequence: number };
  expect(sequence).toBeGreaterThan(200_000);
  expect(Math.min(...bytes), `bytes per command: ${bytes}`).toBeLessThan(BYTES_PER_COMMAND_MAX);
});

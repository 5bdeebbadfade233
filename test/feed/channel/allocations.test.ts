// A warm publisher allocates nothing per event: what there is, is numbers of each packet (its time, its checksum), one of 28 messages or so.
// Judged by the leanest of several stretches, as the engine's (test/engine/allocations.test.ts).

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/**
 * Three channels make a packet in five commands, each with three numbers on the heap at most: 10 bytes. One number per command
 * would be 16 more.
 */
const BYTES_PER_COMMAND_MAX = 12;

test("no heap is allocated per event with all channels on", () => {
  const worker = fileURLToPath(new URL("allocations-worker.ts", import.meta.url));
  const printed = execFileSync(process.execPath, [worker], { encoding: "utf8" });
  const { bytes, packets } = JSON.parse(printed) as { bytes: number[]; packets: number[] };
  for (const count of packets) expect(count).toBeGreaterThan(10_000);
  expect(Math.min(...bytes), `bytes per command: ${bytes}`).toBeLessThan(BYTES_PER_COMMAND_MAX);
});

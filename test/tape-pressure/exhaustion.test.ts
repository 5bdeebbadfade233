// Many publishers and few staging buffers, for a moment. Minutes of it: npm run tape-exhaustion

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runExhaustion } from "./exhaustion.ts";
import { endProcesses } from "./processes.ts";

const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-tape-exhaustion-"));
});
afterEach(() => {
  endProcesses();
  rmSync(directory, { recursive: true, force: true });
});

test("64 publishers and 4 staging buffers: no batch is lost, doubled or reordered, and every publisher gets on", async () => {
  console.log(`seed ${SEED}`);
  const plan = { directory: join(directory, "tape"), seed: SEED, publishers: 64, buffers: 4 };
  const load = { windowBytes: 128 * 1024, duration_ms: 500 };
  const { wrong, perPublisher, timesExhausted } = await runExhaustion({ ...plan, ...load });
  expect(wrong, `seed ${SEED}`).toEqual([]);
  expect(perPublisher).toHaveLength(64);
  expect(Math.min(...perPublisher.map(({ batches }) => batches))).toBeGreaterThan(0);
  expect(timesExhausted).toBeGreaterThan(0);
}, 120_000);

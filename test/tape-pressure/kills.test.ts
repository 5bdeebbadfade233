// SIGKILL of a tape's broker and of its publishers under load, again and again on one data directory. More of it: npm run tape-kills

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TapeKillLoop } from "./kill-loop.ts";
import { endProcesses } from "./processes.ts";

const ROUNDS = 2;
const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-tape-kill-"));
});
afterEach(() => {
  endProcesses();
  rmSync(directory, { recursive: true, force: true });
});

test("SIGKILL under load: every ack-2 batch readable after restart, no torn batch, none twice, one order for all", async () => {
  console.log(`seed ${SEED}`);
  const loop = await TapeKillLoop.make({ directory, seed: SEED });
  for (let round = 0; round < ROUNDS; round++) await loop.round();
  await loop.finish();
  console.log(loop.figures.table());
  expect(loop.figures.wrong, `seed ${SEED}`).toEqual([]);
  expect(loop.figures.kills).toBeGreaterThanOrEqual(ROUNDS);
  expect(loop.figures.acknowledged).toBeGreaterThan(0);
}, 120_000);

// SIGKILL under load, again and again on one data directory: every acknowledged order is there after the restart, every
// acknowledged cancel holds, and no order is in the log twice. More of it: npm run crash -- --kills 1000

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KillLoop } from "./kill-loop.ts";
import { killNodes } from "./node-process.ts";

const KILLS = 20;
const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-kill-"));
});
afterAll(() => {
  killNodes();
  rmSync(directory, { recursive: true, force: true });
});

test(`${KILLS} times SIGKILL under load and at the start lose nothing that was acknowledged and do nothing twice`, async () => {
  console.log(`seed ${SEED}`);
  const loop = new KillLoop({ directory, seed: SEED });
  while (loop.figures.kills < KILLS) await loop.round();
  await loop.finish();
  console.log(loop.figures.table());
  expect(loop.figures.wrong, `seed ${SEED}`).toEqual([]);
  expect(loop.figures.acknowledged).toBeGreaterThan(KILLS * 10);
}, 300_000);

// SIGKILL under load, again and again on one data directory: every acknowledged order is there after the restart, every
// acknowledged cancel holds, and no order is in the log twice, on a node alone and on three. More of it: npm run crash

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ClusterLoop } from "./cluster-loop.ts";
import { KillLoop } from "./kill-loop.ts";
import { killNodes } from "./node-process.ts";

/** Twenty together: what every test run is to show (docs/RELIABILITY.md). */
const KILLS = 14;
const KILLS_OF_THREE = 6;
const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-kill-"));
});
afterEach(() => {
  killNodes();
  rmSync(directory, { recursive: true, force: true });
});

async function killed(loop: KillLoop | ClusterLoop, kills: number): Promise<void> {
  console.log(`seed ${SEED}`);
  while (loop.figures.kills < kills) await loop.round();
  await loop.finish();
  console.log(loop.figures.table());
  expect(loop.figures.wrong, `seed ${SEED}`).toEqual([]);
  expect(loop.figures.acknowledged).toBeGreaterThan(kills * 10);
}

test(
  `${KILLS} times SIGKILL under load and at the start lose nothing that was acknowledged and do nothing twice`,
  () => killed(new KillLoop({ directory, seed: SEED }), KILLS),
  300_000,
);

test(
  `${KILLS_OF_THREE} times SIGKILL of the primary of three nodes, of a replica, or of all neither, and all have the same files`,
  async () => killed(await ClusterLoop.make({ directory, seed: SEED }, 3), KILLS_OF_THREE),
  300_000,
);

// The kill loops on demand, its figures as a table, to stdout or into the named document between its two marks.
//
//   npm run crash                                  200 kills of one node; status 1 when anything was lost or done twice
//   npm run crash -- --nodes 3                     of the primary of a cluster, a replica, or all
//   npm run crash -- --kills 1000 --seed 7 --minutes 30 --write docs/RELIABILITY.md
//                                                  and no longer than that: the figures are of the rounds that were made
//
// Of one node two loops go side by side, each in a directory of its own: most of a round is the start of a node, on one core.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { partOf } from "../../tools/document.ts";
import { orWrongUsage, runOptions, SEED } from "../../tools/run-options.ts";
import { ClusterLoop } from "./cluster-loop.ts";
import { KillFigures } from "./kill-figures.ts";
import { KillLoop } from "./kill-loop.ts";
import { killNodes } from "./node-process.ts";

const KILLS = 200;
const NODES_MAX = 3;
/** Loops of one node at once. */
const LOOPS = 2;
/** Breaches told of in words. */
const WRONG_SHOWN = 20;
/** A day: as good as no limit. */
const MINUTES = 1_440;
/** Kills between two lines of progress. */
const PROGRESS = 25;

const { kills, nodes, minutes, seed, write } = runOptions(
  import.meta.url,
  {
    kills: { unless: KILLS, least: 1 },
    nodes: { unless: 1, least: 1 },
    minutes: { unless: MINUTES, least: 1 },
    seed: SEED,
  },
  ["write"],
);
orWrongUsage(() => {
  if (nodes > NODES_MAX) throw new Error(`--nodes is 1, 2 or ${NODES_MAX}, not ${nodes}`);
});
const writeTable = partOf(write, `kills, nodes ${nodes}`);

const directory = mkdtempSync(join(tmpdir(), "seriatim-kill-"));
const end_ms = Date.now() + minutes * 60_000;
const begun_ms = Date.now();
const loops =
  nodes === 1
    ? Array.from(
        { length: LOOPS },
        (_, i) => new KillLoop({ directory: join(directory, String(i)), seed: seed + i }),
      )
    : [await ClusterLoop.make({ directory, seed }, nodes)];
let told = 0;

function killed(): number {
  return loops.reduce((sum, { figures }) => sum + figures.kills, 0);
}

function isOver(): boolean {
  return Date.now() >= end_ms || killed() >= kills || loops.some(({ figures }) => figures.wrong.length > 0);
}

async function run(loop: KillLoop | ClusterLoop): Promise<void> {
  try {
    while (!isOver()) {
      await loop.round();
      tellProgress();
    }
    await loop.finish();
  } catch (error) {
    // What was found until then is told all the same; that a loop can't go on is not as it must be.
    loop.figures.wrong.push(`the loop can't go on: ${(error as Error).message}`);
  }
}

function tellProgress(): void {
  if (killed() < told + PROGRESS) return;
  told = killed();
  const acknowledged = loops.reduce((sum, { figures }) => sum + figures.acknowledged, 0);
  console.error(`${told} kills, ${acknowledged} acknowledged`);
}

/** Of all loops together. */
function allFigures(): KillFigures | ClusterLoop["figures"] {
  const [first] = loops;
  if (first instanceof ClusterLoop) return first.figures;
  const all = new KillFigures();
  for (const loop of loops) if (loop instanceof KillLoop) all.add(loop.figures);
  return all;
}

function giveBack(): void {
  killNodes();
  rmSync(directory, { recursive: true, force: true });
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    giveBack();
    process.exit(1);
  });
}

try {
  await Promise.all(loops.map(run));
  const figures = allFigures();
  const ended = figures.kills < kills ? `, ended after ${figures.kills} kills` : "";
  const command = `npm run crash -- --nodes ${nodes} --kills ${kills} --seed ${seed}`;
  const perMinute = Math.round((figures.kills / (Date.now() - begun_ms)) * 60_000);
  const about = `\`${command}\`${ended}; ${figures.summary()}; ${perMinute} kills a minute.`;
  const text = `${figures.table()}\n\n${about}`;
  console.log(text);
  for (const line of figures.wrong.slice(0, WRONG_SHOWN)) console.log(`seed ${seed}: ${line}`);
  if (figures.wrong.length > 0)
    console.log(`seed ${seed}: ${figures.wrong.length} breaches; all is left in ${directory}`);
  if (figures.wrong.length === 0) writeTable(text);
  process.exitCode = figures.wrong.length === 0 ? 0 : 1;
} finally {
  // What is wrong is to be looked at.
  if (allFigures().wrong.length > 0) killNodes();
  else giveBack();
}

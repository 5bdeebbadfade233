// The tape's kill loop on demand, its figures as a table, to stdout or into the named document between its two marks.
//
//   npm run tape-kills                              100 rounds; status 1 when anything was lost, torn, twice or out of order
//   npm run tape-kills -- --rounds 1000 --seed 7 --minutes 30 --write docs/RELIABILITY.md
//                                                   and no longer than that: the figures are of the rounds that were made

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { partOf } from "../../tools/document.ts";
import { runOptions, SEED } from "../../tools/run-options.ts";
import { TapeKillLoop } from "./kill-loop.ts";
import { endProcesses } from "./processes.ts";

/** Breaches told of in words. */
const WRONG_SHOWN = 20;
/** A day: as good as no limit. */
const MINUTES = 1_440;
/** Rounds between two lines of progress. */
const PROGRESS = 10;

const { rounds, minutes, seed, write } = runOptions(
  import.meta.url,
  { rounds: { unless: 100, least: 1 }, minutes: { unless: MINUTES, least: 1 }, seed: SEED },
  ["write"],
);
const writeTable = partOf(write, "tape kills");

const directory = mkdtempSync(join(tmpdir(), "seriatim-tape-kill-"));
const loop = await TapeKillLoop.make({ directory, seed });
const { figures } = loop;

function giveBack(): void {
  endProcesses();
  rmSync(directory, { recursive: true, force: true });
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    giveBack();
    process.exit(1);
  });
}

const end_ms = Date.now() + minutes * 60_000;
let made = 0;
try {
  for (; made < rounds && Date.now() < end_ms && figures.wrong.length === 0; made++) {
    await loop.round();
    if ((made + 1) % PROGRESS === 0)
      console.error(`${made + 1} rounds, ${figures.kills} kills, ${figures.acknowledged} acknowledged`);
  }
  if (figures.wrong.length === 0) await loop.finish();
  const ended = made < rounds ? `, ended after ${made} rounds` : "";
  const text = `${figures.table()}\n\n\`npm run tape-kills -- --rounds ${rounds} --seed ${seed}\`${ended}; ${figures.summary()}.`;
  console.log(text);
  for (const line of figures.wrong.slice(0, WRONG_SHOWN)) console.log(`seed ${seed}, round ${made}: ${line}`);
  if (figures.wrong.length > 0)
    console.log(`seed ${seed}: ${figures.wrong.length} breaches; all is left in ${directory}`);
  if (figures.wrong.length === 0) writeTable(text);
  process.exitCode = figures.wrong.length === 0 ? 0 : 1;
} finally {
  // What is wrong is to be looked at.
  if (figures.wrong.length > 0) endProcesses();
  else giveBack();
}
// Subscribers of a run that was broken off.
process.exit();

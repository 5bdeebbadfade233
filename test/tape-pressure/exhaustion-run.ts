// Many publishers and few staging buffers for minutes, on demand; figures to stdout, or into the named document between its marks.
//
//   npm run tape-exhaustion                         64 publishers, 4 buffers, 10 minutes; status 1 when anything was wrong
//   npm run tape-exhaustion -- --minutes 0.5 --publishers 16 --buffers 1 --seed 7 --write docs/RELIABILITY.md

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { partOf } from "../../tools/document.ts";
import { runOptions, SEED } from "../../tools/run-options.ts";
import { runExhaustion } from "./exhaustion.ts";
import { endProcesses } from "./processes.ts";

const WRONG_SHOWN = 20;
const WINDOW_BYTES = 4 * 1024 * 1024;

const { minutes, publishers, buffers, seed, write } = runOptions(
  import.meta.url,
  {
    minutes: { unless: 10, least: 0.01, isWhole: false },
    publishers: { unless: 64, least: 1 },
    buffers: { unless: 4, least: 1 },
    seed: SEED,
  },
  ["write"],
);
const writeFigures = partOf(write, "tape exhaustion");

const directory = mkdtempSync(join(tmpdir(), "seriatim-tape-exhaustion-"));
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

let isWrong = true;
try {
  const report = await runExhaustion({
    ...{ directory: join(directory, "tape"), seed, publishers, buffers, duration_ms: minutes * 60_000 },
    windowBytes: WINDOW_BYTES,
    onMinute: ({ minutes, batches }) => console.error(`${minutes.toFixed(1)} minutes, ${batches} batches`),
  });
  isWrong = report.wrong.length > 0;
  const command = `npm run tape-exhaustion -- --minutes ${minutes} --publishers ${publishers} --buffers ${buffers} --seed ${seed}`;
  const text = `${report.text}. \`${command}\``;
  console.log(text);
  for (const line of report.wrong.slice(0, WRONG_SHOWN)) console.log(`seed ${seed}: ${line}`);
  if (isWrong) console.log(`seed ${seed}: ${report.wrong.length} breaches; all is left in ${directory}`);
  else writeFigures(text);
  process.exitCode = isWrong ? 1 : 0;
} finally {
  // What is wrong is to be looked at.
  if (isWrong) endProcesses();
  else giveBack();
}

// Many publishers and few staging buffers for minutes, on demand; figures to stdout, or into the named document between its marks.
//
//   npm run tape-exhaustion                         64 publishers, 4 buffers, 10 minutes; status 1 when anything was wrong
//   npm run tape-exhaustion -- --minutes 0.5 --publishers 16 --buffers 1 --seed 7 --write docs/RELIABILITY.md

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writePart } from "../../tools/document.ts";
import { runExhaustion } from "./exhaustion.ts";
import { endProcesses } from "./processes.ts";

const WRONG_SHOWN = 20;
const WINDOW_BYTES = 4 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    publishers: { type: "string", default: "64" },
    buffers: { type: "string", default: "4" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    write: { type: "string" },
  },
});
const [minutes, publishers, buffers, seed] = [
  values.minutes,
  values.publishers,
  values.buffers,
  values.seed,
].map(Number);
if (
  !(minutes > 0 && publishers >= 1 && buffers >= 1 && [publishers, buffers, seed].every(Number.isSafeInteger))
)
  throw new Error("--minutes is above 0; --publishers, --buffers and --seed take whole numbers");

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
  else if (values.write !== undefined) writePart(values.write, "tape exhaustion", text);
  process.exitCode = isWrong ? 1 : 0;
} finally {
  // What is wrong is to be looked at.
  if (isWrong) endProcesses();
  else giveBack();
}

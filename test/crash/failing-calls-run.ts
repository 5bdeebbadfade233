// Each system call on a node's journal fails once, one life of a node after the other: the figures as a table, to stdout or
// into the named document between its two marks. Status 1 when anything was not as it must be.
//
//   npm run failing-calls -- --write docs/RELIABILITY.md

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { partOf } from "../../tools/document.ts";
import { runOptions } from "../../tools/run-options.ts";
import { withFailingCall } from "./failing-call.ts";
import { killNodes } from "./node-process.ts";
import { type CallFault, straceRefusal } from "./strace.ts";

/** Lives at once. */
const LANES = 2;
/** Far more calls than a life makes. */
const CALLS_MAX = 1_000;

type Series = Pick<CallFault, "call" | "error">;

interface Row extends Series {
  /** Lives in which the call failed. */
  tried: number;
  /** Of them those that went on: the next segment had no room. */
  wentOn: number;
  acknowledged: number;
  lost: number;
}

const wrong: string[] = [];
let lives = 0;

/** Index after index until so many calls are not made any more. */
async function run(folder: string, series: Series): Promise<Row> {
  const row: Row = { ...series, tried: 0, wentOn: 0, acknowledged: 0, lost: 0 };
  for (let index = 1; index <= CALLS_MAX; index++) {
    const found = await withFailingCall(join(folder, String(++lives)), { ...series, index });
    const where = `${series.call} number ${index}, ${series.error}`;
    wrong.push(...found.wrong.map((what) => `${where}: ${what}`));
    row.acknowledged += found.acknowledged;
    row.lost += found.lost;
    if (found.failed === undefined) return row;
    row.tried++;
    if (found.wentOn) row.wentOn++;
  }
  throw new Error(`a node makes more than ${CALLS_MAX} calls`);
}

function tableOf(rows: readonly Row[]): string {
  const titles = "call | error | calls failed, one in each run | ended with 1 and its line | went on";
  const lines = rows.map(({ call, error, tried, wentOn, acknowledged, lost }) => {
    return `| ${call} | ${error} | ${tried} | ${tried - wentOn} | ${wentOn} | ${acknowledged} | ${lost} |`;
  });
  return [
    `| ${titles} | orders acknowledged | of them lost |`,
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
  ].join("\n");
}

const { write } = runOptions(import.meta.url, {}, ["write"]);
const writeTable = partOf(write, "failing calls");
const refusal = straceRefusal();
if (refusal !== undefined) {
  console.error(`failing-calls: no call can be made to fail: ${refusal}`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "seriatim-calls-"));
const series = (["pwrite64", "fdatasync", "fsync", "rename"] as const).flatMap((call) =>
  (["EIO", "ENOSPC"] as const).map((error): Series => ({ call, error })),
);
try {
  const rows = new Map<Series, Row>();
  const waiting = [...series];
  const lane = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      rows.set(one, await run(folder, one));
      console.error(`${one.call}, ${one.error}: ${rows.get(one)?.tried} calls`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const table = tableOf(series.flatMap((one) => rows.get(one) ?? []));
  const text = `${table}\n\n\`npm run failing-calls -- --write docs/RELIABILITY.md\``;
  console.log(text);
  for (const line of wrong) console.log(line);
  if (wrong.length === 0) writeTable(text);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  killNodes();
  rmSync(folder, { recursive: true, force: true });
}

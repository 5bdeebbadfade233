// Applies each planted fault to a copy of the source and sees what notices it. The table goes to stdout, or into the named
// document between its two marks.
//
//   npm run planted                                 says what notices each fault; status 1 when one is not noticed
//   npm run planted -- --only snapshot              those alone in whose name or file that stands
//   npm run planted -- --write docs/RELIABILITY.md  of all
//
// Two at a time. Each is told with the seconds it took, the whole with its minutes.

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { partOf } from "../document.ts";
import { orWrongUsage, runOptions } from "../run-options.ts";
import { PLANTED_FAULTS, type PlantedFault } from "./faults.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Seeds a fault may need before it counts as not noticed. */
const SEEDS = 300;
/** The same source without a fault passes as many. */
const SEEDS_CLEAN = 50;
/** What one fault may take, and the source without any: whatever takes longer has noticed nothing. */
const TIMEOUT_MS = 900_000;
/** Faults at once, each lane with a copy of its own. */
const LANES = 2;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const COPIED = [
  "src",
  "bin",
  "bench",
  "test",
  "web",
  "docs",
  "tools",
  "package.json",
  "tsconfig.json",
  "tsconfig.base.json",
  "examples",
  "vitest.config.ts",
];

interface Finding {
  readonly fault: PlantedFault;
  /** Undefined: nothing did. */
  readonly noticedBy: string | undefined;
  readonly seeds: string;
}

function copySource(): string {
  const copy = mkdtempSync(join(tmpdir(), "seriatim-planted-"));
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

interface Ran {
  readonly isClean: boolean;
  readonly output: string;
}

function run(copy: string, args: readonly string[]): Promise<Ran> {
  const options = { cwd: copy, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ isClean: error === null, output: `${stdout}${stderr}` }),
    );
  });
}

function simulate(copy: string, seeds: number): Promise<Ran> {
  return run(copy, ["bin/seriatim", "lab", "sim", "--seeds", `1..${seeds}`]);
}

function runTests(copy: string, folders: readonly string[]): Promise<Ran> {
  return run(copy, ["node_modules/vitest/vitest.mjs", "run", ...folders]);
}

/** Plants one fault in the copy, looks, and takes it out again. */
async function look(copy: string, fault: PlantedFault): Promise<Finding> {
  const path = join(copy, fault.file);
  const source = readFileSync(path, "utf8");
  writeFileSync(path, source.replace(fault.find, fault.replace));
  try {
    if (fault.tests !== undefined) {
      const { output } = await runTests(copy, [fault.tests]);
      // Tests that did not even begin noticed nothing.
      const hasFailed = /\b[1-9][0-9]* failed/.test(output) && /\b[1-9][0-9]* passed/.test(output);
      return { fault, noticedBy: hasFailed ? `\`${fault.tests}\`` : undefined, seeds: "" };
    }
    const { output } = await simulate(copy, SEEDS);
    const seed = /seed (\d+): (.*?)(?: \(and \d+ more\))?; repeat/.exec(output);
    return {
      fault,
      noticedBy: seed === null ? undefined : `simulation: ${withoutStack(seed[2])}`,
      seeds: seed?.[1] ?? "",
    };
  } finally {
    writeFileSync(path, source);
  }
}

/** A crash is told with where it was: in a copy that is gone. */
function withoutStack(what: string): string {
  return what.replace(/ at (\S+ )?\(?file:.*$/, "");
}

function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ fault, noticedBy, seeds }) => {
    const by = noticedBy?.replaceAll("|", "\\|") ?? "**nothing**";
    return `| ${fault.name} | \`${fault.file}\` | ${by} | ${seeds} |`;
  });
  return ["| fault | planted in | noticed by | seeds needed |", "| --- | --- | --- | ---: |", ...rows].join(
    "\n",
  );
}

/** Before anything takes its time. */
function assertApplicable(copy: string, faults: readonly PlantedFault[]): void {
  for (const { name, file, find } of faults)
    if (readFileSync(join(copy, file), "utf8").split(find).length !== 2)
      throw new Error(`${file} does not hold once what '${name}' replaces`);
}

/** What notices a fault must find nothing without one. */
async function assertClean(copy: string, faults: readonly PlantedFault[]): Promise<void> {
  const folders = new Set(faults.flatMap(({ tests }) => tests ?? []));
  const seeds = faults.some(({ tests }) => tests === undefined) ? [simulate(copy, SEEDS_CLEAN)] : [];
  const tests = folders.size === 0 ? [] : [runTests(copy, [...folders])];
  for (const { isClean, output } of await Promise.all([...seeds, ...tests]))
    if (!isClean) throw new Error(`the source fails without any fault: ${output}`);
}

/** In the order of the list. */
async function lookAtAll(faults: readonly PlantedFault[], copies: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  let next = 0;
  const lane = async (copy: string) => {
    while (next < faults.length) {
      const i = next++;
      const begun_ms = performance.now();
      findings[i] = await look(copy, faults[i]);
      const took_s = Math.round((performance.now() - begun_ms) / 1_000);
      console.error(`${faults[i].name}: ${findings[i].noticedBy ?? "NOT NOTICED"} (${took_s} s)`);
    }
  };
  await Promise.all(copies.map(lane));
  return findings;
}

function chosen(only: string | undefined): readonly PlantedFault[] {
  if (only === undefined) return PLANTED_FAULTS;
  const faults = PLANTED_FAULTS.filter(({ name, file }) => name.includes(only) || file.includes(only));
  if (faults.length === 0) throw new Error(`no fault has '${only}' in its name or file`);
  return faults;
}

const { only, write } = runOptions(import.meta.url, {}, ["only", "write"]);
const faults = orWrongUsage(() => {
  if (only !== undefined && write !== undefined) throw new Error("a table of some faults is not written");
  return chosen(only);
});
const writeTable = partOf(write, "planted faults");
const begun_ms = performance.now();
const copies = Array.from({ length: LANES }, copySource);
try {
  assertApplicable(copies[0], faults);
  await assertClean(copies[0], faults);
  const findings = await lookAtAll(faults, copies);
  const table = tableOf(findings);
  const took_min = Math.ceil((performance.now() - begun_ms) / 60_000);
  const what = only === undefined ? " --write docs/RELIABILITY.md" : ` --only "${only}"`;
  const about = `\`npm run planted --${what}\`, ${took_min} min; without a fault ${SEEDS_CLEAN} seeds pass.`;
  console.log(`${table}\n\n${about}`);
  writeTable(`${table}\n\n${about}`);
  process.exitCode = findings.every(({ noticedBy }) => noticedBy !== undefined) ? 0 : 1;
} finally {
  for (const copy of copies) rmSync(copy, { recursive: true });
}

// `seriatim bench`: runs benchmarks and shows, prints or files their figures.

import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Command } from "commander";
import { SeriatimError } from "../base/index.ts";
import { asGivenPathError, givenPathError } from "../platform/index.ts";
import { usageError, wholeNumber } from "./arguments.ts";
import { onStopSignals } from "./signals.ts";
import { stdout } from "./stdout.ts";

const EXAMPLES = `
Examples:
  seriatim bench engine
  seriatim bench gateway journal --rounds 5
  seriatim bench gateway --against ../before
  seriatim bench durability snapshot restart
  seriatim bench --json > figures.json
  seriatim bench --write docs/BENCHMARKS.md

Every figure is measured beside its baseline in the same run; compare within one table. Machines are noisy: quote the
median, look at best and worst.`;

/** Enough for a median that a noisy machine doesn't move much. */
const ROUNDS_DEFAULT = 7;
/** Hours of measuring, and no better figures. */
const ROUNDS_MAX = 100;

export function registerBench(program: Command): void {
  program
    .command("bench")
    .description(
      "Measures the engine, the codec, the journal, the gateway, its sessions, replicas, snapshots, recovery, market data and the tape beside their baselines.",
    )
    .argument(
      "[names...]",
      "engine, codec, journal, restart, gateway, sessions, durability, snapshot, subscribers, feed, tape, and soak (10 minutes); all but soak by default",
    )
    .option(
      "--rounds <n>",
      "measured rounds of every case, 1-100",
      wholeNumber("--rounds", 1, ROUNDS_MAX),
      ROUNDS_DEFAULT,
    )
    .option(
      "--against <dir>",
      "another checkout of this project, installed, whose exchange the gateway's bench measures beside this one's",
    )
    .option("--json", "print one JSON document instead of tables")
    .option(
      "--write <file>",
      "put the results into this Markdown file, replacing the sections of the same benches",
    )
    .addHelpText("after", EXAMPLES)
    .action(runBenches);
}

interface BenchOptions {
  readonly rounds: number;
  readonly against?: string;
  readonly json?: true;
  readonly write?: string;
}

async function runBenches(names: readonly string[], options: BenchOptions): Promise<void> {
  const { BENCHES, LONG_BENCHES, markdownSection, provenance, textTable, writeSection } = await import(
    "../../bench/index.ts"
  );
  const wanted =
    names.length > 0 ? names : Object.keys(BENCHES).filter((name) => !LONG_BENCHES.includes(name));
  const unknown = wanted.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined)
    throw usageError(`no benchmark is called ${unknown}: there are ${Object.keys(BENCHES).join(", ")}`);
  const { rounds, write, against } = options;
  if (against !== undefined && !existsSync(join(against, "bench", "gateway", "exchange.ts")))
    throw usageError(`--against ${against}: no checkout of this project is there`);
  if (write !== undefined) withWriteErrors(write, () => checkWritable(write));
  const results = [];
  const unlessEnded = endedBySignals();
  for (const name of wanted) {
    const result = await unlessEnded(BENCHES[name](rounds, against));
    results.push(result);
    const origin = provenance(
      `seriatim bench ${name} --rounds ${rounds}${against === undefined ? "" : " --against DIR"}`,
    );
    if (options.json === undefined) stdout.write(`${textTable(result)}\n`);
    if (write !== undefined)
      withWriteErrors(write, () => writeSection(write, name, markdownSection(result, origin)));
  }
  if (options.json) {
    const origin = provenance(`seriatim bench ${wanted.join(" ")} --rounds ${rounds} --json`);
    stdout.write(`${JSON.stringify({ provenance: origin, results }, undefined, 2)}\n`);
  }
}

/** Waits for work, or throws when a signal comes: what the work has made is removed when the process exits. */
function endedBySignals(): <T>(work: Promise<T>) => Promise<T> {
  const { promise: ended, resolve: end } = Promise.withResolvers<NodeJS.Signals>();
  let signal: NodeJS.Signals | undefined;
  onStopSignals((by) => {
    signal = by;
    end(by);
  });
  const interrupted = ended.then((by): never => {
    throw new SeriatimError("INTERRUPTED", `ended by ${by}`);
  });
  interrupted.catch(() => {});
  return async (work) => {
    try {
      return await Promise.race([work, interrupted]);
    } catch (error) {
      // Ctrl-C goes to the processes of a bench too, whose ends may be heard first.
      await nextTurn();
      return signal === undefined ? Promise.reject(error) : interrupted;
    }
  };
}

/** Throws unless `path` can be written: benches take minutes, and that must be known before. */
function checkWritable(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw givenPathError("EISDIR", "write", path, { option: "--write" });
  accessSync(found === undefined ? dirname(path) : path, constants.W_OK);
}

function withWriteErrors(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw cause instanceof SeriatimError ? cause : asGivenPathError(cause, "write", path, "--write");
  }
}

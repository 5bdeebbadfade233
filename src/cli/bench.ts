// `seriatim bench`: runs benchmarks and shows, prints or files their figures.

import type { Command } from "commander";
import { SeriatimError } from "../base/index.ts";
import { stdout } from "./stdout.ts";

const EXAMPLES = `
Examples:
  seriatim bench engine
  seriatim bench gateway journal --rounds 5
  seriatim bench --json > figures.json
  seriatim bench --write docs/BENCHMARKS.md

Every figure is measured beside its baseline in the same run; compare within one table. Machines are noisy: quote the
median, look at best and worst.`;

export function registerBench(program: Command): void {
  program
    .command("bench")
    .description(
      "measure the engine, the codec, the journal, the gateway and recovery beside their baselines",
    )
    .argument("[names...]", "engine, codec, journal, restart, gateway; all of them by default")
    .option("--rounds <n>", "measured rounds of every case, 1-100", "7")
    .option("--json", "print one JSON document instead of tables")
    .option(
      "--write <file>",
      "put the results into this Markdown file, replacing the sections of the same benches",
    )
    .addHelpText("after", EXAMPLES)
    .action(runBenches);
}

interface BenchOptions {
  readonly rounds: string;
  readonly json?: true;
  readonly write?: string;
}

async function runBenches(names: readonly string[], options: BenchOptions): Promise<void> {
  const { BENCHES, markdownSection, provenance, textTable, writeSection } = await import(
    "../../bench/index.ts"
  );
  const wanted = names.length > 0 ? names : Object.keys(BENCHES);
  const unknown = wanted.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined)
    throw usage(`no benchmark is called ${unknown}: there are ${Object.keys(BENCHES).join(", ")}`);
  const rounds = Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw usage(`--rounds takes 1 to 100, not ${options.rounds}`);
  const results = [];
  for (const name of wanted) {
    const result = await BENCHES[name](rounds);
    results.push(result);
    const origin = provenance(`seriatim bench ${name} --rounds ${rounds}`);
    if (options.json === undefined) stdout.write(`${textTable(result)}\n`);
    if (options.write !== undefined) writeSection(options.write, name, markdownSection(result, origin));
  }
  if (options.json) {
    const origin = provenance(`seriatim bench ${wanted.join(" ")} --rounds ${rounds} --json`);
    stdout.write(`${JSON.stringify({ provenance: origin, results }, undefined, 2)}\n`);
  }
}

function usage(message: string): SeriatimError {
  return new SeriatimError("USAGE", message, { exitCode: 2 });
}

// `seriatim replay`: flows computed again by the engine, printed or compared with what the files say.

import type { Command } from "commander";
import { SeriatimError } from "../base/index.ts";
import { checkFlow, describeDifference, replayFlow } from "../replay/index.ts";
import { readFlowFile } from "./flow-file.ts";
import { stdout } from "./stdout.ts";

const EXAMPLES = `
Without --check, each flow is printed complete: its commands, what follows from them, and the final state.
With --check, each line that differs from what the commands lead to is reported as FILE:LINE. A file without event lines
is compared by its final state alone. A file with events and no final state was cut, and one with commands alone can't be
checked: both fail.

Examples:
  seriatim replay session.txt
  seriatim replay session.txt > complete.txt
  seriatim replay --check recorded/*.txt`;

export function registerReplay(program: Command): void {
  program
    .command("replay")
    .description(
      "Computes flow files again with the engine: prints each one complete, or compares it with the file.",
    )
    .argument("<flow...>", "flow files")
    .option("--check", "compare with the files and report differing lines")
    .addHelpText("after", EXAMPLES)
    .action((files: string[], options: { check?: boolean }) => {
      if (options.check) checkFiles(files);
      else files.every(printReplayed);
    });
}

/** False when nobody reads what is printed. */
function printReplayed(file: string): boolean {
  return stdout.writeLines(replayFlow(readFlowFile(file).flow));
}

/** Every file is looked at, whatever is wrong with the ones before it; all that is wrong decides the outcome. */
function checkFiles(files: readonly string[]): void {
  const damaged: SeriatimError[] = [];
  let lines = 0;
  for (const file of files) {
    try {
      lines += reportDifferences(file);
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      damaged.push(error);
    }
  }
  const parts = damaged.map(({ message }) => message);
  if (lines > 0) parts.push(lines === 1 ? "1 line differs" : `${lines} lines differ`);
  if (parts.length === 0) return;
  const exitCode = lines === 0 && damaged.every((error) => error.exitCode === 2) ? 2 : 1;
  throw new SeriatimError(damaged[0]?.code ?? "FLOW_DIFFERS", parts.join("; "), { exitCode });
}

/** Prints what differs in one file, or that nothing does; returns the number of lines that differ. */
function reportDifferences(file: string): number {
  const { differences, commands, compared } = checkFlow(readFlowFile(file));
  if (compared === 0 && differences.length === 0)
    throw new SeriatimError(
      "FLOW_NOT_RECORDED",
      `${file}: holds no events and no final state to compare with`,
    );
  const report = differences.map((difference) => describeDifference(file, difference));
  if (report.length === 0)
    report.push(`${file}: ${commands} commands, ${compared} lines compared, none differs`);
  stdout.writeLines(report);
  return differences.length;
}

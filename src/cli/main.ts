// The one error boundary of the command line. Whatever fails becomes one line on stderr and an exit status:
//
//   SeriatimError                 its message, its exitCode (1 the work failed, 2 wrong usage)
//   a usage error of the parser   its message, 2
//   anything else                 a bug: says so; the stack only under SERIATIM_DEBUG=1; 1
//   EPIPE on stdout               nothing, 0: the reader has seen enough

import { CommanderError } from "commander";
import { SeriatimError } from "../base/index.ts";
import { createProgram } from "./program.ts";

/** Parser outcomes that are answers, not errors: the text has been printed. */
const ANSWERED = ["commander.helpDisplayed", "commander.version"];

/** Runs the command that `args` (without node and script) name; resolves with the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on("error", endAtBrokenPipe);
  process.on("uncaughtException", (error) => process.exit(report(error)));
  return run(args);
}

/** As `main`, without touching the process: for tests and embedding. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error);
  }
}

function endAtBrokenPipe(error: NodeJS.ErrnoException): void {
  process.exit(error.code === "EPIPE" ? 0 : report(error));
}

/** Says what went wrong and returns the exit status. */
function report(error: unknown): number {
  const debug = process.env.SERIATIM_DEBUG === "1";
  if (error instanceof CommanderError) return reportUsage(error);
  if (error instanceof SeriatimError) {
    say(error.message);
    if (debug) console.error(error);
    return error.exitCode;
  }
  const what = error instanceof Error ? error.message : String(error);
  say(`this is a bug: ${what}${debug ? "" : " (SERIATIM_DEBUG=1 shows where)"}`);
  if (debug) console.error(error);
  return 1;
}

function reportUsage(error: CommanderError): number {
  if (ANSWERED.includes(error.code)) return 0;
  // A command group without its command: the parser has printed the help already.
  if (error.code !== "commander.help") say(error.message.replace(/^error: /, ""));
  return 2;
}

function say(message: string): void {
  process.stderr.write(`seriatim: ${message.replace(/\s*\n\s*/g, " ")}\n`);
}

// What a failure means to whoever ran the command: one line and an exit status.
//
//   SeriatimError                 its message, its exitCode (1 the work failed, 2 wrong usage)
//   a usage error of the parser   its message, 2
//   anything else                 a bug, and said to be one, 1

import { CommanderError } from "commander";
import { SeriatimError } from "../base/index.ts";

export interface Failure {
  readonly status: 0 | 1 | 2;
  /** undefined: everything has been said. */
  readonly line: string | undefined;
}

/** Parser outcomes that are answers, not errors: the text has been printed. Help for want of a command is program.ts's. */
const ANSWERED = ["commander.help", "commander.helpDisplayed", "commander.version"];

export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError) return describeUsage(error);
  if (error instanceof SeriatimError) return { status: error.exitCode, line: oneLine(error.message) };
  const what = error instanceof Error ? error.message : String(error);
  return { status: 1, line: oneLine(`this is a bug: ${what} (SERIATIM_DEBUG=1 shows where)`) };
}

function describeUsage(error: CommanderError): Failure {
  if (ANSWERED.includes(error.code)) return { status: 0, line: undefined };
  return { status: 2, line: oneLine(error.message.replace(/^error: /, "")) };
}

function oneLine(message: string): string {
  return `seriatim: ${message.trim().replace(/\s*\n\s*/g, " ")}`;
}

// The one error boundary of the command line: whatever fails becomes one line on stderr and an exit status. The stack
// is shown only under SERIATIM_DEBUG=1. What is printed goes through stdout.ts, which says when that fails.

import { inlineDeeply } from "../platform/index.ts";
import { endAtOnce, watchThreads } from "./ending.ts";
import { describeFailure } from "./failure.ts";
import { createProgram } from "./program.ts";

export { endProcess } from "./ending.ts";

/** Runs the command that `args` (without node and script) name; resolves with the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  inlineDeeply();
  watchThreads();
  // Where to say it is what failed; whether anything else did is the exit status.
  process.stderr.on("error", () => {});
  process.on("uncaughtException", (error) => endAtOnce(report(error)));
  return run(args);
}

/** As `main`, without touching the process: for tests and embedding. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(args);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error);
  }
}

/** Says what went wrong and returns the exit status. */
function report(error: unknown): number {
  const { status, line } = describeFailure(error);
  if (line !== undefined) process.stderr.write(`${line}\n`);
  if (status === 1 && process.env.SERIATIM_DEBUG === "1") console.error(error);
  return status;
}

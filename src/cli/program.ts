// The command line as a whole: every command is a module that registers itself here.

import { Command } from "commander";
import { packageVersion } from "../node/index.ts";
import { refuseRepeatedOptions } from "./arguments.ts";
import { registerBench } from "./bench.ts";
import { registerJournal } from "./journal.ts";
import { registerLab } from "./lab.ts";
import { registerReplay } from "./replay.ts";
import { registerSend } from "./send.ts";
import { registerStart } from "./start.ts";

const EXAMPLES = `
Exit status: 0 good, 1 the work failed, 2 wrong usage.
Every command explains itself: seriatim COMMAND --help
SERIATIM_DEBUG=1 adds the stack to an error.

Examples:
  seriatim start
  seriatim send session.txt
  seriatim replay --check session.txt`;

/** The root command, ready to parse. */
export function createProgram(): Command {
  const program = new Command("seriatim")
    .description(
      "A deterministic, replicated exchange: one ordered log of commands, the rest computed from it.",
    )
    .version(packageVersion())
    .addHelpText("after", EXAMPLES)
    // Errors come out as exceptions: main.ts says them in one line, its own way.
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  registerStart(program);
  registerSend(program);
  registerReplay(program);
  registerLab(program);
  registerBench(program);
  registerJournal(program);
  refuseRepeatedOptions(program);
  return program;
}

// The command line as a whole: every command is a module that registers itself here.

import { Command, type CommanderError } from "commander";
import { packageVersion } from "../node/index.ts";
import { registerAdmin } from "./admin.ts";
import { refuseCarelessText, usageError } from "./arguments.ts";
import { registerBench } from "./bench.ts";
import { registerFeed } from "./feed.ts";
import { registerJournal } from "./journal.ts";
import { registerKeygen } from "./keygen.ts";
import { registerLab } from "./lab.ts";
import { registerReplay } from "./replay.ts";
import { registerSend } from "./send.ts";
import { registerSnapshot } from "./snapshot.ts";
import { registerStart } from "./start.ts";
import { stdout } from "./stdout.ts";
import { registerTape } from "./tape.ts";
import { registerTraders } from "./traders.ts";

const EXAMPLES = `
Exit status: 0 good, 1 the work failed, 2 wrong usage.
Every command explains itself: seriatim COMMAND --help
SERIATIM_DEBUG=1 adds the stack when the work failed (status 1).

Examples:
  seriatim start
  seriatim send session.txt
  seriatim replay --check session.txt`;

/** The root command, ready to parse. */
export function createProgram(): Command {
  const program = new Command("seriatim")
    .description("A deterministic exchange: one ordered log of commands, the rest computed from it.")
    .version(packageVersion())
    .addHelpText("after", EXAMPLES)
    // Errors come out as exceptions: main.ts says them in one line, its own way.
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: () => {}, outputError: () => {} });
  registerStart(program);
  registerSend(program);
  registerTraders(program);
  registerFeed(program);
  registerTape(program);
  registerReplay(program);
  registerLab(program);
  registerBench(program);
  registerJournal(program);
  registerKeygen(program);
  registerAdmin(program);
  registerSnapshot(program);
  refuseCarelessText(program);
  for (const command of [program, ...program.commands]) {
    nameCommandsWhenMissing(command);
    registerHelp(command);
  }
  return program;
}

/** `help [command...]` of a group: the parser's own looks one name deep and takes an unknown one for none. */
function registerHelp(group: Command): void {
  if (group.commands.length === 0) return;
  const help = new Command("help").argument("[command...]").description("display help for command");
  help.action((names: readonly string[]) => {
    let named = group;
    for (const name of names) {
      const found = named.commands.find((command) => command.name() === name);
      if (found === undefined) throw usageError(`unknown command '${pathTo(named)}${name}'`);
      named = found;
    }
    named.outputHelp();
  });
  group.addCommand(help);
  group.helpCommand(false);
}

/** What stands before the commands of `group`: nothing, or `lab `. */
function pathTo(group: Command): string {
  return group.parent === null ? "" : `${group.name()} `;
}

/** A group of commands without one of them is wrong usage in one line, as everything else is. */
function nameCommandsWhenMissing(group: Command): void {
  if (group.commands.length === 0) return;
  const path = pathTo(group);
  const names = group.commands.map((command) => command.name()).join(", ");
  group.exitOverride((error: CommanderError) => {
    if (error.code === "commander.unknownCommand")
      throw usageError(error.message.replace("error: unknown command '", `unknown command '${path}`));
    if (error.code !== "commander.help" || error.exitCode === 0) throw error;
    throw usageError(`${path}needs a command: ${names} (seriatim ${path}--help)`);
  });
}

// The command line as a whole: every command is a module that registers itself, loaded only when it is named. Loading all of them
// would make a start take four times as long.

import { Command, type CommanderError } from "commander";
import { packageVersion } from "../platform/index.ts";
import { refuseCarelessText, usageError } from "./arguments.ts";
import { stdout } from "./stdout.ts";

const EXAMPLES = `
Exit status: 0 good, 1 the work failed, 2 wrong usage (also a named path that is not there, of another kind, or closed to you).
Every command explains itself: seriatim COMMAND --help
With SERIATIM_DEBUG=1 a failure (status 1) prints its stack too.

Examples:
  seriatim start --simulate          an exchange with simulated traders: http://127.0.0.1:8080
  seriatim send session.txt          the commands of a flow file, over the wire
  seriatim replay --check session.txt`;

type CommandRow = readonly [name: string, summary: string, load: () => Promise<(program: Command) => void>];

const COMMANDS: readonly CommandRow[] = [
  ["start", "run an exchange, or a replica of one", async () => (await import("./start.ts")).registerStart],
  [
    "send",
    "send the commands of flow files to a running exchange",
    async () => (await import("./send.ts")).registerSend,
  ],
  [
    "traders",
    "let simulated traders trade on a running exchange",
    async () => (await import("./traders.ts")).registerTraders,
  ],
  [
    "feed",
    "simulate, watch, record and play market data",
    async () => (await import("./feed.ts")).registerFeed,
  ],
  [
    "tape",
    "serve the tape (an ordered log for large volumes), publish to it, read it",
    async () => (await import("./tape.ts")).registerTape,
  ],
  [
    "replay",
    "compute flows again; print them or check them against their files",
    async () => (await import("./replay.ts")).registerReplay,
  ],
  [
    "lab",
    "generate flows, compare the engine with its twin, simulate failing clusters",
    async () => (await import("./lab.ts")).registerLab,
  ],
  ["bench", "measure every part beside a baseline", async () => (await import("./bench.ts")).registerBench],
  [
    "journal",
    "inspect, verify, export and repair the log on disk",
    async () => (await import("./journal.ts")).registerJournal,
  ],
  [
    "keygen",
    "make a key for an administrator, a node, a trader, a reader or the tape",
    async () => (await import("./keygen.ts")).registerKeygen,
  ],
  [
    "admin",
    "give a running node an administrative command",
    async () => (await import("./admin.ts")).registerAdmin,
  ],
  [
    "snapshot",
    "inspect snapshots of the exchange's state",
    async () => (await import("./snapshot.ts")).registerSnapshot,
  ],
];

/** The root command, ready to parse `args`. */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("seriatim")
    .description("A deterministic exchange: one ordered log of commands, the rest computed from it.")
    .version(packageVersion())
    .addHelpText("after", EXAMPLES)
    // Errors come out as exceptions: main.ts says them in one line, its own way.
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: () => {}, outputError: () => {} });
  for (const row of COMMANDS) await addCommand(program, row, args.includes(row[0]));
  // Set after the commands, which would inherit it: the list names each in one line, and each explains its arguments itself.
  program.configureHelp({ subcommandTerm: (command) => command.name() });
  refuseCarelessText(program);
  for (const command of [program, ...program.commands]) {
    nameCommandsWhenMissing(command);
    registerHelp(command);
    for (const below of command === program ? [] : command.commands) refuseUnknownCommands(below);
  }
  return program;
}

/** A command that is not named on this command line is only listed. */
async function addCommand(program: Command, row: CommandRow, isNamed: boolean): Promise<void> {
  const [name, summary, load] = row;
  if (isNamed) (await load())(program);
  else program.command(name);
  program.commands.at(-1)?.summary(summary);
}

/** `help [command...]` of a group: the parser's own looks one name deep, and treats an unknown name as none. */
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

/** What stands before the commands of `group`: nothing, `lab `, or `tape topics `. */
function pathTo(group: Command): string {
  return group.parent === null ? "" : `${pathTo(group.parent)}${group.name()} `;
}

/** A group that does something of its own takes what is no command of it for an argument, and has none. */
function refuseUnknownCommands(group: Command): void {
  if (group.commands.length === 0) return;
  const names = group.commands.map((command) => command.name()).join(", ");
  group.exitOverride((error: CommanderError) => {
    if (error.code !== "commander.excessArguments") throw error;
    throw usageError(`unknown command '${pathTo(group)}${group.args[0]}': there are ${names}`);
  });
}

/** A group named without one of its commands is wrong usage: one line, like everything else. */
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

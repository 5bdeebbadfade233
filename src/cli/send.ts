// `seriatim send`: the commands of flow files over the wire, answers printed as they come.

import type { Command } from "commander";
import { WINDOW_MAX } from "../client/index.ts";
import { SETTINGS } from "../node/index.ts";
import { wholeNumber } from "./arguments.ts";
import { readFlowFile } from "./flow-file.ts";
import { planFlow } from "./flow-plan.ts";
import { FlowSender } from "./flow-sender.ts";

/** Enough to keep a fast disk's group commits filled, little enough to read along. */
const WINDOW_DEFAULT = 64;
const ACCOUNT_MAX = 0xffffffff;

const EXAMPLES = `
The flows are sent one after another over one connection. Their symbols are matched with the exchange's by name;
a name it doesn't have is an error before anything is sent. Answers are printed in the flow's own words (evt, reject)
with the flow's own symbol numbers. Nothing is sent twice: when the connection is lost, the exit status is 1 and the
last line counts what was answered, what has an unknown outcome, and what was not sent.

Examples:
  seriatim send session.txt
  seriatim send --port 9010 --window 1 first.txt second.txt
  seriatim send --account 7 session.txt > answers.txt`;

interface SendOptions {
  readonly host: string;
  readonly port: number;
  readonly account: number;
  readonly window: number;
}

export function registerSend(program: Command): void {
  program
    .command("send")
    .summary("send the commands of flow files to a running exchange")
    .description("Sends the commands of flow files over the wire and prints the answers as they come.")
    .argument("<flow...>", "flow files")
    .option("--host <address>", "where the exchange listens", settingDefault("host"))
    .option(
      "--port <n>",
      "its order-entry port",
      wholeNumber("--port", 1, 65_535),
      Number(settingDefault("orderPort")),
    )
    .option("--account <n>", "the account to act for", wholeNumber("--account", 0, ACCOUNT_MAX), 0)
    .option(
      "--window <n>",
      "most commands unanswered at once",
      wholeNumber("--window", 1, WINDOW_MAX),
      WINDOW_DEFAULT,
    )
    .addHelpText("after", EXAMPLES)
    .action(sendFlows);
}

function settingDefault(name: "host" | "orderPort"): string {
  return String(SETTINGS.find((setting) => setting.name === name)?.default);
}

async function sendFlows(files: string[], options: SendOptions): Promise<void> {
  const flows = files.map((file) => planFlow(file, readFlowFile(file), options.account));
  const sender = new FlowSender({ ...options, print: (text) => process.stdout.write(text) });
  await sender.send(flows);
}

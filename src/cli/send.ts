// `seriatim send`: the commands of flow files over the wire, answers printed as they come.

import type { Command } from "commander";
import { SeriatimError } from "../base/index.ts";
import { WINDOW_MAX } from "../client/index.ts";
import { environmentSetting } from "../node/index.ts";
import { usageError, wholeNumber } from "./arguments.ts";
import { readsEnvironment } from "./environment.ts";
import { readFlowFile } from "./flow-file.ts";
import { planFlow } from "./flow-plan.ts";
import { FlowSender } from "./flow-sender.ts";
import { accountMeant, addLogonOptions, type LogonOptions, logonOf } from "./logon-options.ts";
import { onStopSignals } from "./signals.ts";
import { stdout } from "./stdout.ts";

/** Enough to keep a fast disk's group commits filled, little enough to read along. */
const WINDOW_DEFAULT = 64;
const ACCOUNT_MAX = 0xffffffff;

const EXAMPLES = `
A flow is a text file of commands: src/protocol/flow/flow.md. The flows are sent one after another over one connection. Their
symbols are matched with the exchange's by name; a name that it doesn't have is an error before anything is sent. Answers are
printed in the flow's own words (evt, reject), with the flow's own symbol numbers. A flow that names no accounts is sent for
--account. A flow that does (accounts_max in its meta line) is sent only when all its commands are of that account, 0 where none is named.

With --key it logs on with a trader's key, which must be good for --account. Without it, it uses the open mode, which an exchange offers
on the loopback interface unless it is switched off. A logged-on session is not told whom it traded with: a trade's maker is printed as 0.

Nothing is sent twice. When it ends early (connection lost, Ctrl-C, nobody reads the answers), the exit status is 1 and the last line counts
what was answered, what has an unknown outcome, and what was not sent. The same happens when the exchange refuses some, but not all, of several
unanswered commands on one order id, over a rate for example: it doesn't say which. --window 1 leaves no doubt.

An order that the market's rules refuse is an answer like any other: the status is 0. It is 1 when the exchange took none of the commands
to be judged at all: DiskFull, Halted, ReplicaDisconnected, ShuttingDown, NotAuthorised, NotLoggedOn or Throttled.

Examples:
  seriatim send session.txt
  seriatim send --port 9010 --window 1 first.txt second.txt
  seriatim send --account 7 session.txt > answers.txt
  seriatim send --key ann.key --account 7 session.txt`;

interface SendOptions extends LogonOptions {
  readonly host?: string;
  readonly port?: number;
  readonly account?: number;
  readonly window: number;
}

export function registerSend(program: Command): void {
  const command = program
    .command("send")
    .description("Sends the commands of flow files over the wire and prints the answers as they come.")
    .argument("<flow...>", "flow files")
    .option("--host <address>", "where the exchange listens; else SERIATIM_HOST, else 127.0.0.1")
    .option(
      "--port <n>",
      "its order-entry port; else SERIATIM_ORDER_PORT, else 9009",
      wholeNumber("--port", 1, 65_535),
    )
    .option(
      "--account <n>",
      "the account to act for: one that the exchange has; by default 0, or the only one of the key",
      wholeNumber("--account", 0, ACCOUNT_MAX),
    )
    .option(
      "--window <n>",
      "most commands unanswered at once",
      wholeNumber("--window", 1, WINDOW_MAX),
      WINDOW_DEFAULT,
    );
  readsEnvironment(addLogonOptions(command)).addHelpText("after", EXAMPLES).action(sendFlows);
}

/** Where the exchange is: what `start` obeys, this does too. */
export function exchangeAddress(
  { host, port }: Pick<SendOptions, "host" | "port">,
  environment: Readonly<Record<string, string | undefined>>,
): { host: string; port: number } {
  const address = {
    host: host ?? environmentSetting("host", environment),
    port: port ?? environmentSetting("orderPort", environment),
  };
  if (address.port === 0)
    throw usageError("SERIATIM_ORDER_PORT is 0, which is any free port: --port has to name the one it took");
  return address;
}

async function sendFlows(files: string[], options: SendOptions): Promise<void> {
  const { window, account = accountMeant(options.key) } = options;
  const flows = files.map((file) => planFlow(file, readFlowFile(file), account));
  const address = exchangeAddress(options, process.env);
  const terms = { ...address, ...logonOf(options), account, window };
  const sender = new FlowSender({ ...terms, print: (text) => stdout.write(text) });
  onStopSignals((signal) => sender.stop(new SeriatimError("INTERRUPTED", `ended by ${signal}`)));
  await sender.send(flows);
}

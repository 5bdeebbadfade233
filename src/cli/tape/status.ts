// `seriatim tape status`: what a tape says of itself. With an exchange its /metrics and its page say the same.

import type { Command } from "commander";
import { TapeAdministrator } from "../../tape-runtime/index.ts";
import { stdout } from "../stdout.ts";
import { addBrokerOptions, type BrokerOptions, brokerOf, connected } from "./broker-options.ts";

const EXAMPLES = `
One JSON object: connections by role and how many publishers are not read for now; staging and delivery buffers in use, and how often there
was no staging buffer; batches and bytes, drained, committed and acknowledged since the start; each topic
that was used since then with its records, bytes and groups, as far as 100 topics and 2,048 groups go.

Examples:
  seriatim tape status
  seriatim tape status --key ann.key | jq .staging`;

export function registerStatus(tape: Command): void {
  const status = tape
    .command("status")
    .summary("what a tape says of itself, as JSON")
    .description("Prints a tape's figures as JSON.");
  addBrokerOptions(status).addHelpText("after", EXAMPLES).action(printStatus);
}

async function printStatus(options: BrokerOptions): Promise<void> {
  const administrator = await connected(TapeAdministrator.connect(brokerOf(options, process.env)));
  try {
    stdout.write(`${JSON.stringify(await administrator.status(), undefined, 2)}\n`);
  } finally {
    await administrator.close();
  }
}

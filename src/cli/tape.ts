// `seriatim tape`: the ordered log for publishers in bulk. Each command has a module in tape/.

import type { Command } from "commander";
import { registerGroups } from "./tape/groups.ts";
import { registerInspect } from "./tape/inspect.ts";
import { registerPublish } from "./tape/publish.ts";
import { registerRepair } from "./tape/repair.ts";
import { registerServe } from "./tape/serve.ts";
import { registerStatus } from "./tape/status.ts";
import { registerSubscribe } from "./tape/subscribe.ts";
import { registerTopics } from "./tape/topics.ts";

const EXAMPLES = `
Examples:
  seriatim tape serve
  tail -f app.log | seriatim tape publish app.log
  seriatim tape subscribe app.log`;

export function registerTape(program: Command): void {
  const tape = program
    .command("tape")
    .description("The tape: topics of records, in bulk, each in one order, kept and read from any place.")
    .addHelpText("after", EXAMPLES);
  registerServe(tape);
  registerPublish(tape);
  registerSubscribe(tape);
  registerTopics(tape);
  registerGroups(tape);
  registerStatus(tape);
  registerInspect(tape);
  registerRepair(tape);
}

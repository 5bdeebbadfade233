// `seriatim tape groups TOPIC`: how far the topic's groups are, and forgetting one.

import type { Command } from "commander";
import type { TapeGroupInfo } from "../../protocol/index.ts";
import { TapeAdministrator } from "../../tape-runtime/index.ts";
import { stdout } from "../stdout.ts";
import { addBrokerOptions, type BrokerOptions, brokerOf, connected } from "./broker-options.ts";
import { tableLines } from "./table.ts";
import { checkedName } from "./topic-argument.ts";

const EXAMPLES = `
NEXT is the first record that the group has not done, LAG how many are behind it in the topic, MEMBERS its readers: one active, the
others standing by. A topic has 64 groups at most; one that nobody is in can be forgotten, and begins anew when somebody names it again.

Examples:
  seriatim tape groups md.day
  seriatim tape groups md.day --json
  seriatim tape groups md.day --forget loader`;

interface GroupsOptions extends BrokerOptions {
  readonly json?: boolean;
  readonly forget?: string;
}

export function registerGroups(tape: Command): void {
  const groups = tape
    .command("groups")
    .summary("how far the groups of a topic are")
    .description("Lists the groups of a topic and how far they are.")
    .argument("<topic>", "its name")
    .option("--json", "print one JSON object per group")
    .option("--forget <group>", "forget what a group has done; nobody is in it");
  addBrokerOptions(groups).addHelpText("after", EXAMPLES).action(run);
}

async function run(name: string, { json, forget, ...options }: GroupsOptions): Promise<void> {
  const topic = checkedName("topic", name);
  const group = forget === undefined ? undefined : checkedName("group", forget);
  const administrator = await connected(TapeAdministrator.connect(brokerOf(options, process.env)));
  try {
    if (group !== undefined) {
      await administrator.forget(topic, group);
      stdout.write(`${group} of ${topic} is forgotten\n`);
      return;
    }
    const groups = await administrator.groups(topic);
    stdout.writeLines(json === true ? groups.map((info) => JSON.stringify(info)) : linesOf(topic, groups));
  } finally {
    await administrator.close();
  }
}

function linesOf(topic: string, groups: readonly TapeGroupInfo[]): string[] {
  if (groups.length === 0) return [`${topic} has no groups`];
  const rows = groups.map(({ group, record, lag, members }) => [
    group,
    ...[record, lag, members].map(String),
  ]);
  return tableLines([["GROUP", "NEXT", "LAG", "MEMBERS"], ...rows]);
}

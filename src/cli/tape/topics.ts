// `seriatim tape topics`: lists them; makes, deletes and bounds them.

import { type Command, Option } from "commander";
import { bytesText, counted } from "../../base/index.ts";
import type { TapeTopicInfo } from "../../protocol/index.ts";
import { TapeAdministrator } from "../../tape-runtime/index.ts";
import { wholeNumber } from "../arguments.ts";
import { stdout } from "../stdout.ts";
import { addBrokerOptions, type BrokerOptions, brokerOf, connected } from "./broker-options.ts";
import { tableLines } from "./table.ts";
import { checkedName } from "./topic-argument.ts";

const HOUR_MS = 3_600_000;
/** Ten years. */
const HOURS_MAX = 87_600;

const EXAMPLES = `
Without a command it lists the topics that there are: what orders them, their records and bytes.

Order levels: 0 = as batches come, 1 = one order that all readers see, 2 = besides, each publisher's batches one behind the other and
exactly once. A topic keeps the level it is made with. Retention removes whole files, the oldest first, and never the one that is written.
Figures of a topic that nobody has used since the tape's start are a dash where there are many.

Examples:
  seriatim tape topics
  seriatim tape topics --json
  seriatim tape topics create md.day --order 2 --retain-hours 168
  seriatim tape topics retain md.day --retain-bytes 100000000000
  seriatim tape topics delete md.day --key ann.key`;

interface ListOptions extends BrokerOptions {
  readonly json?: boolean;
}

interface RetentionOptions extends BrokerOptions {
  readonly retainBytes?: number;
  readonly retainHours?: number;
}

export function registerTopics(tape: Command): void {
  const topics = tape
    .command("topics")
    .summary("list topics; create, delete and retain them")
    .description("Lists the topics of a tape.")
    .option("--json", "print one JSON object per topic");
  addBrokerOptions(topics).addHelpText("after", EXAMPLES).action(list);
  registerCreate(topics);
  registerRetain(topics);
  registerDelete(topics);
}

function registerCreate(topics: Command): void {
  const create = topics
    .command("create")
    .summary("make a topic")
    .description("Makes a topic; one of that name that is there already is an error.")
    .argument("<topic>", "its name")
    .addOption(new Option("--order <level>", "its order level").choices(["0", "1", "2"]).default("1"));
  addRetention(create);
  addBrokerOptions(create).action((topic: string, _: unknown, command: Command) => {
    const options = command.optsWithGlobals<RetentionOptions & { readonly order: string }>();
    const retention = retentionOf(options);
    return asAdministrator(options, checkedName("topic", topic), async (administrator, name) => {
      const made = await administrator.create(name, {
        order: Number(options.order) as 0 | 1 | 2,
        ...retention,
      });
      return `${name} is made: order level ${made.order}, ${retentionText(made)}${unopenedText(made)}`;
    });
  });
}

function registerRetain(topics: Command): void {
  const retain = topics
    .command("retain")
    .summary("say how much of a topic is kept")
    .description("Says how much of a topic is kept; what is left out has no bound from now on.")
    .argument("<topic>", "its name");
  addRetention(retain);
  addBrokerOptions(retain).action((topic: string, _: unknown, command: Command) => {
    const options = command.optsWithGlobals<RetentionOptions>();
    const { retainBytes = null, retainMs = null } = retentionOf(options);
    return asAdministrator(options, checkedName("topic", topic), async (administrator, name) => {
      const kept = await administrator.retain(name, { retainBytes, retainMs });
      return `${name}: ${retentionText(kept)}${unopenedText(kept)}`;
    });
  });
}

function registerDelete(topics: Command): void {
  const remove = topics
    .command("delete")
    .summary("delete a topic with everything in it")
    .description("Deletes a topic with everything in it; who publishes to it or reads it is told so.")
    .argument("<topic>", "its name");
  addBrokerOptions(remove).action((topic: string, _: unknown, command: Command) =>
    asAdministrator(
      command.optsWithGlobals<BrokerOptions>(),
      checkedName("topic", topic),
      async (administrator, name) => {
        await administrator.delete(name);
        return `${name} is deleted`;
      },
    ),
  );
}

function addRetention(command: Command): void {
  command
    .option(
      "--retain-bytes <n>",
      "the oldest files go when it holds more; whole ones, so up to one file more stays",
      wholeNumber("--retain-bytes", 1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--retain-hours <n>",
      "files go whose newest batch is older",
      wholeNumber("--retain-hours", 1, HOURS_MAX),
    );
}

function retentionOf({ retainBytes, retainHours }: RetentionOptions) {
  return {
    ...(retainBytes !== undefined && { retainBytes }),
    ...(retainHours !== undefined && { retainMs: retainHours * HOUR_MS }),
  };
}

/** Does one thing and prints what became of it. */
async function asAdministrator(
  options: BrokerOptions,
  topic: string,
  act: (administrator: TapeAdministrator, topic: string) => Promise<string>,
): Promise<void> {
  const administrator = await connected(TapeAdministrator.connect(brokerOf(options, process.env)));
  try {
    stdout.write(`${await act(administrator, topic)}\n`);
  } finally {
    await administrator.close();
  }
}

async function list({ json, ...options }: ListOptions): Promise<void> {
  const administrator = await connected(TapeAdministrator.connect(brokerOf(options, process.env)));
  try {
    const topics = await administrator.topics();
    stdout.writeLines(json === true ? topics.map((topic) => JSON.stringify(topic)) : tableOf(topics));
  } finally {
    await administrator.close();
  }
}

function tableOf(topics: readonly TapeTopicInfo[]): string[] {
  if (topics.length === 0) return ["there are no topics"];
  const rows = topics.map((topic) => [
    topic.topic,
    String(topic.order),
    String(topic.oldestRecord ?? "-"),
    String(topic.nextRecord ?? "-"),
    topic.bytes === null ? "-" : bytesText(topic.bytes),
    retentionText(topic),
  ]);
  return tableLines([["TOPIC", "ORDER", "OLDEST", "NEXT", "SIZE", "KEPT"], ...rows]);
}

/** What keeps it from being used for now. */
function unopenedText({ unopened }: TapeTopicInfo): string {
  return unopened === undefined ? "" : `; for now it can't be published to: ${unopened}`;
}

/** `everything`, `168 hours`, `about 1.0 GiB, 168 hours`: whole files go, so there may be one more. */
function retentionText({ retainBytes, retainMs }: Pick<TapeTopicInfo, "retainBytes" | "retainMs">): string {
  const bounds = [
    ...(retainBytes === null ? [] : [`about ${bytesText(retainBytes)}`]),
    ...(retainMs === null ? [] : [counted(Math.round(retainMs / HOUR_MS), "hour")]),
  ];
  return bounds.length === 0 ? "everything" : bounds.join(", ");
}

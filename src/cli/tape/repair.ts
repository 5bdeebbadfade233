// `seriatim tape repair`: makes a topic that is refused one that can be opened again. It holds the data directory's lock meanwhile, so that no
// broker has it.

import { join, resolve, sep } from "node:path";
import type { Command } from "commander";
import { counted, SeriatimError } from "../../base/index.ts";
import { NativeChecksums, NodeStorage, refuseUnreadableDirectory } from "../../platform/index.ts";
import {
  damagedHistory,
  planRepair,
  type RepairPlan,
  readCatalog,
  repairTopic,
  type TopicPlace,
  topicDirectory,
} from "../../tape/index.ts";
import { openTapeDirectory } from "../../tape-runtime/index.ts";
import { usageError } from "../arguments.ts";
import { stdout } from "../stdout.ts";
import { checkedName } from "./topic-argument.ts";

const EXAMPLES = `
Without --set-aside it does what a start does with a topic whose last write was interrupted, and no more; of damage to what may have been
acknowledged it says what would have to go, and changes nothing. With --set-aside the damaged file is cut at the damage, the files behind
it go, and whole copies of all of them are in that directory first. Numbers of records that are gone are given again.
Damage before a topic's last file keeps nobody from publishing; it stays, and is said with the record that readers can go on with.
The tape must not run; no other topic is touched.

Examples:
  seriatim tape repair seriatim-tape --topic md.day
  seriatim tape repair seriatim-tape --topic md.day --set-aside md.day-damaged

Exit status: 0 whole now; 1 refused, and nothing was changed, or what no repair brings back is damaged.`;

interface Options {
  readonly topic: string;
  readonly setAside?: string;
}

export function registerRepair(tape: Command): void {
  tape
    .command("repair")
    .summary("make a topic that is refused one that can be opened")
    .description("Cuts the torn end of a topic, and with --set-aside also what is damaged behind it.")
    .argument("<dir>", "a tape's data directory")
    .requiredOption("--topic <name>", "the topic")
    .option("--set-aside <dir>", "cut what may have been acknowledged too; its files are copied here first")
    .addHelpText("after", EXAMPLES)
    .action((dir: string, options: Options) => repair(dir, options));
}

async function repair(dir: string, { topic, setAside }: Options): Promise<void> {
  const data = resolve(dir);
  const storage = new NodeStorage();
  const checksums = new NativeChecksums();
  const name = checkedName("topic", topic);
  const aside = setAside === undefined ? undefined : resolve(setAside);
  if (aside !== undefined && `${aside}${sep}`.startsWith(`${data}${sep}`))
    throw usageError(`--set-aside: ${aside} would lie in the tape's own directory ${data}`);
  // Before the lock, which would make the directory: a wrong name must not leave one.
  refuseUnreadableDirectory(dir);
  const lock = await openTapeDirectory(data);
  try {
    const known = readCatalog({ storage, checksums, directory: data }).topicNamed(name);
    if (known === undefined) throw new SeriatimError("TOPIC_UNKNOWN", `${data} has no topic ${name}`);
    const place = { storage, checksums, directory: topicDirectory(data, known.id) };
    stdout.writeLines(repaired(name, place, planRepair(place), aside));
    refuseDamage(place);
  } finally {
    await lock.release();
  }
}

/** What was done, in lines; throws REPAIR_REFUSED when what has to go must not. */
function repaired(topic: string, place: TopicPlace, plan: RepairPlan, aside: string | undefined): string[] {
  const { damage, torn, nextRecord } = plan;
  const end = `topic ${topic} in ${place.directory} goes on with record ${nextRecord}`;
  if (damage === undefined && torn === undefined) return [`nothing to repair: ${end}`];
  if (damage === undefined) {
    repairTopic(place, plan, "");
    return [`cut: ${torn}`, `whole: ${end}`];
  }
  if (aside === undefined) {
    const why = `not repaired: ${damage}; what would have to go: ${going(plan)}; kept would be ${kept(plan)}`;
    throw new SeriatimError(
      "REPAIR_REFUSED",
      `${why}; with --set-aside DIR that is done, whole copies of these files in DIR first`,
    );
  }
  const names = repairTopic(place, plan, aside);
  return [
    `cut: ${damage}`,
    `gone: ${going(plan)}`,
    `set aside: ${names.map((name) => join(aside, name)).join(", ")}`,
    `kept: ${kept(plan)}; what came behind may have been acknowledged`,
    `whole: ${end}`,
  ];
}

function going({ cut, going }: RepairPlan): string {
  const parts = cut === undefined || cut.isMarkOnly ? [] : [`${cut.name} from offset ${cut.offset} on`];
  return [...parts, ...going].join(", ");
}

function kept({ oldestRecord, nextRecord }: RepairPlan): string {
  const records = nextRecord - oldestRecord;
  if (records === 0) return "no record";
  return `${counted(records, "record")}, ${oldestRecord} to ${nextRecord - 1}`;
}

/** Nobody is kept from publishing by it, and no repair brings it back. */
function refuseDamage(place: TopicPlace): void {
  const history = damagedHistory(place);
  if (history === undefined) return;
  const { damage, readableFrom } = history;
  const on = readableFrom === undefined ? "" : `; readers can go on with record ${readableFrom}`;
  throw new SeriatimError("LOG_CORRUPT", `${damage}; the topic is published to all the same${on}`);
}

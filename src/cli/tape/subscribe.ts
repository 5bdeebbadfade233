// `seriatim tape subscribe`: the records of a topic on standard output.

import { type Command, Option } from "commander";
import { counted, SeriatimError } from "../../base/index.ts";
import { NativeChecksums } from "../../platform/index.ts";
import { type DamagedBatch, type TapeRecord, TapeSubscriber } from "../../tape-runtime/index.ts";
import { usageError, wholeNumber } from "../arguments.ts";
import { onStopSignals } from "../signals.ts";
import { stdout } from "../stdout.ts";
import {
  addBrokerOptions,
  addRetryOption,
  type BrokerOptions,
  brokerOf,
  connected,
  type RetryOptions,
} from "./broker-options.ts";
import { ConnectionWords } from "./connection-words.ts";
import { type From, parseFrom } from "./from-option.ts";
import { decodedLine, jsonLine, rawLine, type ShownRecord } from "./record-lines.ts";
import { checkedName } from "./topic-argument.ts";

const EXAMPLES = `
Prints the value of each record and an LF, as they come, until a signal, --count records, the end (--until-end), or nobody reads its
output. --json prints one object per record: its number, time, key, headers and value; bytes that are no text stand in base64, as
value_base64. --decode exchange says what the records of an exchange's own topics (start --tape-publish) mean.

--from: start (the oldest that is kept, by default), end (what comes from now on), a record's number, or a time such as
2026-01-31T09:30:00Z, or 2026-01-31, by when batches were ordered. With --group the place is the group's: one member gets the records, the
others stand by, and what was printed is done for the group; --from counts only for a group that is new.

A record that is not there yet is waited for, which is said once. One that is not kept any more is an error that says which is the oldest.
A lost connection is made again where it was.

A batch that its publisher sent damaged is passed over, and said on standard error.

Exit status: 0 as asked, 1 the topic, or the way to it, was lost, or a record was passed over, 2 wrong usage.

Examples:
  seriatim tape subscribe md.day
  seriatim tape subscribe md.day --until-end > day.jsonl
  seriatim tape subscribe md.day --from end --json
  seriatim tape subscribe md.day --from 2026-01-31T09:30:00Z --count 1000 > morning.jsonl
  seriatim tape subscribe orders --group loader --key ann.key`;

type LineOf = (record: ShownRecord) => Uint8Array;

interface SubscribeOptions extends BrokerOptions, RetryOptions {
  readonly from?: From;
  readonly group?: string;
  readonly count?: number;
  readonly untilEnd?: boolean;
  readonly json?: boolean;
  readonly decode?: string;
}

export function registerSubscribe(tape: Command): void {
  const command = tape
    .command("subscribe")
    .summary("print the records of a topic")
    .description("Prints the records of a topic as they come.")
    .argument("<topic>", "its name")
    .option("--from <place>", "start, end, a record's number, or a time", parseFrom)
    .option("--group <name>", "share the topic with others of this name, one at a time")
    .option("--count <n>", "end after so many records", wholeNumber("--count", 1, Number.MAX_SAFE_INTEGER))
    .option("--until-end", "end behind the last record that there is when it begins")
    .option("--json", "print one JSON object per record")
    .addOption(
      new Option("--decode <what>", "print what records of the exchange's own topics mean, as JSON").choices([
        "exchange",
      ]),
    );
  addRetryOption(addBrokerOptions(command)).addHelpText("after", EXAMPLES).action(subscribe);
}

async function subscribe(topic: string, options: SubscribeOptions): Promise<void> {
  const lineOf = lineOfOptions(options);
  const { from = "start", group, count = Number.POSITIVE_INFINITY } = options;
  let damaged = 0;
  const onDamaged = (batch: DamagedBatch): void => {
    damaged += batch.nextRecord - batch.firstRecord;
    process.stderr.write(`seriatim: topic "${topic}": ${batch.text}\n`);
  };
  const subscriber = await connected(
    TapeSubscriber.connect({
      ...brokerOf(options, process.env),
      topic: checkedName("topic", topic),
      from,
      follow: options.untilEnd !== true,
      onState: new ConnectionWords().onState,
      onDamaged,
      reconnectFor_ms: options.retry * 1_000,
      ...(group !== undefined && { group: checkedName("group", group) }),
    }),
  );
  onStopSignals(() => void subscriber.close());
  // Of a group the place is where the group is, and --from may count for nothing.
  if (group === undefined)
    sayBeyondEnd(topic, from, subscriber.accepted.nextRecord, options.untilEnd === true);
  let left = count;
  for await (const batch of subscriber.batches()) {
    const shown = firstOf(batch, left);
    left -= shown.length;
    // What was written is done for the group: never ahead of that.
    if (!stdout.writeBytes(Buffer.concat(shown.map(lineOf)))) break;
    subscriber.commit(batch.from + shown.length);
    if (left === 0) break;
  }
  if (damaged > 0) throw new SeriatimError("BATCH_DAMAGED", `${counted(damaged, "record")} passed over`);
}

/** A number or a time that is mistyped would wait for ever, in silence. */
function sayBeyondEnd(topic: string, from: From, next: number, untilEnd: boolean): void {
  if (typeof from === "string") return;
  if ("time_us" in from) return sayToCome(topic, from.time_us / 1_000, untilEnd);
  if (from.record <= next) return;
  const has = next === 1 ? "has no records yet" : `ends with record ${next - 1}`;
  const then = untilEnd ? `there is no record ${from.record}` : `waiting for record ${from.record}`;
  process.stderr.write(`seriatim: topic "${topic}" ${has}: ${then}\n`);
}

function sayToCome(topic: string, from_ms: number, untilEnd: boolean): void {
  if (from_ms <= Date.now()) return;
  const then = untilEnd ? "there is no record of then" : "waiting for records of then";
  process.stderr.write(
    `seriatim: topic "${topic}": ${new Date(from_ms).toISOString()} is to come: ${then}\n`,
  );
}

function firstOf(batch: Iterable<TapeRecord>, most: number): TapeRecord[] {
  const records: TapeRecord[] = [];
  for (const record of batch) {
    if (records.length === most) break;
    records.push(record);
  }
  return records;
}

function lineOfOptions({ json, decode }: SubscribeOptions): LineOf {
  if (json === true && decode !== undefined) throw usageError("--json and --decode: one of them");
  if (decode === undefined) return json === true ? jsonLine : rawLine;
  const checksums = new NativeChecksums();
  return (record) => decodedLine(record, checksums);
}

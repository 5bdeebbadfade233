// `seriatim tape publish`: every line of standard input, or of a file, as a record of a topic.

import { type Command, Option } from "commander";
import { SeriatimError } from "../../base/index.ts";
import { TAPE_PAYLOAD_BYTES_MAX, TapeRecord } from "../../protocol/index.ts";
import { type TapeAckLevel, type TapeOrder, TapePublisher } from "../../tape-runtime/index.ts";
import { wholeNumber } from "../arguments.ts";
import { endProcess } from "../ending.ts";
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
import { LineCopy } from "./line-copy.ts";
import { openLines } from "./line-input.ts";
import { checkedName } from "./topic-argument.ts";

/** Of a line alone in the largest batch. */
const LINE_BYTES_MAX = lineBytesOf(TAPE_PAYLOAD_BYTES_MAX);
const PUBLISHER_MAX = Number.MAX_SAFE_INTEGER;
/** Numbers that a publisher without one takes: so many that two hardly meet. */
const PUBLISHERS = 2 ** 52;

const EXAMPLES = `
Each line is a record's value, without its LF; an empty line is an empty value, and any bytes may stand in a line of at most ${LINE_BYTES_MAX}.
A topic that is not there is made. When the input ends, or a signal ends the reading of it, what was read is published, and acknowledged as
--ack says, before the command ends; a second signal ends it at once.

--order is the topic's for ever: 0 = as batches come, 1 = one order that all readers see, 2 = besides, each publisher's batches one
behind the other and exactly once, over lost connections too. A topic that has another one is an error.
--ack says when a batch counts: 0 = sent, 1 = ordered and readable, 2 = on the disk.
A publisher with a number (--publisher) takes over from one that still runs under it.

Exit status: 0 everything is acknowledged (with --ack 0: sent), 1 not everything, and the last line says how much is, 2 wrong usage.

Examples:
  tail -f app.log | seriatim tape publish app.log
  seriatim tape publish md.day --file day.jsonl --ack 2 --order 2
  printf 'one\\ntwo\\n' | seriatim tape publish notes --key ann.key --tls-ca tape.pem --host tape.example`;

interface PublishOptions extends BrokerOptions, RetryOptions {
  readonly file?: string;
  readonly order?: "0" | "1" | "2";
  readonly ack: "0" | "1" | "2";
  readonly batchBytes?: number;
  readonly linger?: number;
  readonly publisher?: number;
  readonly zstd?: boolean;
}

export function registerPublish(tape: Command): void {
  const command = tape
    .command("publish")
    .summary("publish lines to a topic")
    .description("Publishes every line of standard input, or of a file, as a record of a topic.")
    .argument("<topic>", "its name")
    .option("--file <file>", "read this instead of standard input; on a terminal with a bar of progress")
    .addOption(
      new Option(
        "--order <level>",
        "the topic's order level; by default what it has, of a new one 1",
      ).choices(["0", "1", "2"]),
    )
    .addOption(new Option("--ack <level>", "when a batch counts").choices(["0", "1", "2"]).default("1"))
    .option(
      "--batch-bytes <n>",
      "most bytes of a batch",
      wholeNumber("--batch-bytes", 64, TAPE_PAYLOAD_BYTES_MAX),
    )
    .option("--linger <ms>", "how long a batch may wait for more", wholeNumber("--linger", 0, 60_000))
    .option(
      "--publisher <id>",
      "the publisher's number; by default one that nobody has",
      wholeNumber("--publisher", 1, PUBLISHER_MAX),
    )
    .option("--zstd", "compress batches");
  addRetryOption(addBrokerOptions(command)).addHelpText("after", EXAMPLES).action(publish);
}

async function publish(topic: string, options: PublishOptions): Promise<void> {
  const terms = {
    ...brokerOf(options, process.env),
    ...termsOf(options),
    topic: checkedName("topic", topic),
  };
  const input = openLines(options.file);
  const publisher = await connected(
    TapePublisher.connect({ ...terms, onState: new ConnectionWords().onState }),
  );
  const copy = new LineCopy(publisher, input, lineBytesOf(terms.batchBytes));
  onStopSignals(
    () => copy.stop(),
    (signal) => {
      process.stderr.write(`seriatim: ended by a second ${signal}: ${copy.summary}\n`);
      void endProcess(1);
    },
  );
  try {
    await copy.run();
  } catch (error) {
    throw withSummary(error, copy.summary);
  } finally {
    input.close();
  }
  stdout.write(`published ${copy.done} to ${topic}\n`);
}

/** What is in the topic is not in doubt when the command fails. */
function withSummary(error: unknown, summary: string): unknown {
  if (!(error instanceof SeriatimError) || error.code === "INTERRUPTED") return error;
  const { code, message, exitCode } = error;
  return new SeriatimError(code, `${message}; ${summary}`, { exitCode, cause: error });
}

/** The longest line for which there is room in a batch of so many bytes. */
function lineBytesOf(batchBytes: number): number {
  return (batchBytes & ~7) - TapeRecord.bytes;
}

function termsOf({ order, ack, batchBytes, linger, publisher, zstd, retry }: PublishOptions) {
  return {
    publisher: publisher ?? 1 + Math.floor(Math.random() * PUBLISHERS),
    ack: Number(ack) as TapeAckLevel,
    batchBytes: batchBytes ?? TAPE_PAYLOAD_BYTES_MAX,
    // What was fenced for a gap of its own is published again, exactly what is missing.
    reopen: true,
    reconnectFor_ms: retry * 1_000,
    ...(order !== undefined && { order: Number(order) as TapeOrder }),
    ...(linger !== undefined && { linger_ms: linger }),
    ...(zstd === true && { compress: "zstd" as const }),
  };
}

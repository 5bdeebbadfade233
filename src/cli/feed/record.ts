// `seriatim feed record`: keeps what a feed sends, to the byte.

import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { counted, SeriatimError } from "../../base/index.ts";
import { channelGreeting, FeedRecorder } from "../../feed-runtime/index.ts";
import { CHANNEL_KINDS, type ChannelKind, type ChannelName } from "../../protocol/index.ts";
import { parseHostPort, usageError, wholeNumber } from "../arguments.ts";
import { onStopSignals } from "../signals.ts";
import { stdout } from "../stdout.ts";
import { readTlsCa } from "../tls-ca.ts";

const DURATION_MAX_S = 1_000_000;

/** Of a connection, or a whole recording, in which no whole message of the protocol came. */
function silenceOf(address: string, protocol: RecordOptions["protocol"], bytes: number): string {
  if (bytes === 0) return `nothing came from ${address}`;
  const what = protocol === "ticks" ? "message of ticks/1" : "packet of a channel";
  return `${counted(bytes, "byte")} came from ${address}, and no whole ${what}`;
}

function hintOf({ protocol, tlsCa }: RecordOptions): string {
  if (protocol === "ticks")
    return "is it a feed of ticks/1? An exchange's own (--md-port) is --protocol channel";
  const own = "is it an exchange's own feed (--md-port)?";
  return tlsCa === undefined ? `${own} It may speak TLS (--tls-ca); one of ticks/1 is --protocol ticks` : own;
}

const EXAMPLES = `
HOST:PORT is a feed of ticks/1 (an exchange's --feed-port, seriatim feed simulate) or, with --protocol channel, the TCP service of an
exchange's own feed (--md-port). Every connection is a take of its own; when one ends it connects again after a second.

DIR holds one recording and nothing else. A further run adds takes to it. What was received is on the disk within 50 ms or so; a
recorder that is killed leaves all but that. When the disk is slower than the feed, up to 16 MiB wait for it; then the feed is read
no further until there is room, and what it does with a slow reader is in the recording.

Examples:
  seriatim feed record 127.0.0.1:9876 --to monday
  seriatim feed record 127.0.0.1:9876 --to monday --duration 3600
  seriatim feed record 127.0.0.1:9011 --to monday --protocol channel --channels top,levels
  seriatim feed inspect monday

Exit status: 0 recorded until a signal or --duration; 1 also when not one whole message of the protocol came.`;

interface RecordOptions {
  readonly to: string;
  readonly protocol: "ticks" | "channel";
  readonly channels?: readonly ChannelKind[];
  readonly tlsCa?: string;
  readonly duration?: number;
}

export function registerRecord(feed: Command): void {
  feed
    .command("record")
    .summary("keep what a feed sends")
    .description("Records what a feed sends, until a signal or --duration ends it.")
    .argument("<host:port>", "where the feed is")
    .requiredOption("--to <dir>", "the recording's directory")
    .addOption(
      new Option("--protocol <name>", "what the feed speaks").choices(["ticks", "channel"]).default("ticks"),
    )
    .option(
      "--channels <names>",
      "with --protocol channel: some of top,levels,orders; by default all",
      parseChannels,
    )
    .option("--tls-ca <file>", "the feed speaks TLS, and these certificates (PEM) vouch for it")
    .option("--duration <s>", "seconds to record", wholeNumber("--duration", 1, DURATION_MAX_S))
    .addHelpText("after", EXAMPLES)
    .action(record);
}

function parseChannels(text: string): ChannelKind[] {
  const names = text.split(",");
  const isChannel = (name: string): name is ChannelName => Object.hasOwn(CHANNEL_KINDS, name);
  if (names.every(isChannel) && new Set(names).size === names.length)
    return names.map((name) => CHANNEL_KINDS[name]);
  throw usageError(`--channels: ${JSON.stringify(text)} is not some of top,levels,orders, each once`);
}

function greetingFor({ protocol, channels }: RecordOptions): { greeting?: Uint8Array } {
  if (channels === undefined) return {};
  if (protocol !== "channel") throw usageError("--channels is for --protocol channel");
  return { greeting: channelGreeting(channels) };
}

async function record(address: string, options: RecordOptions): Promise<void> {
  const { host, port } = parseHostPort(address);
  const { to, protocol, duration } = options;
  if (options.tlsCa !== undefined && protocol === "ticks") throw usageError("--tls-ca: ticks/1 has no TLS");
  const stopped = Promise.withResolvers<undefined>();
  let hint = `: ${hintOf(options)}`;
  const recorder = await FeedRecorder.start({
    ...{ host, port, protocol, directory: resolve(to), tlsCa: readTlsCa(options.tlsCa) },
    ...greetingFor(options),
    onNothing: () => {
      process.stderr.write(`seriatim: ${silenceOf(address, protocol, recorder.figures.bytes)}${hint}\n`);
      hint = "";
    },
    onTake: (event) => say(event === "begun" ? `connected to ${address}` : `${event}`),
  });
  onStopSignals(() => stopped.resolve(undefined));
  if (duration !== undefined) setTimeout(() => stopped.resolve(undefined), duration * 1_000).unref();
  say(`recording ${protocol} to ${to}`);
  const failure = await Promise.race([stopped.promise, recorder.over]);
  const unwritten = await recorder.stop();
  sayEnd(recorder);
  const why = failure ?? unwritten;
  if (why !== undefined) throw why;
  if (recorder.hasHeard) return;
  const silence = silenceOf(address, protocol, recorder.figures.bytes);
  throw new SeriatimError("FEED_SILENT", `${silence}${hint}`);
}

function sayEnd(recorder: FeedRecorder): void {
  const { bytes: received, waits } = recorder.figures;
  const { takes, bytes } = recorder.written;
  const slow = waits === 0 ? "" : `, waited for the disk ${counted(waits, "time")}`;
  const lost = bytes === received ? "" : ` written of ${received} received`;
  say(`ended: ${counted(takes, "take")}, ${counted(bytes, "byte")}${lost}${slow}`);
}

function say(line: string): void {
  stdout.write(`${line}\n`);
}

// `seriatim feed watch`: a feed on the screen, or as blocks of text for pipes.

import { setTimeout as pause } from "node:timers/promises";
import { type Command, Option } from "commander";
import { SeriatimError } from "../../base/index.ts";
import { SystemClock } from "../../platform/index.ts";
import { CHANNEL_KINDS, type ChannelName } from "../../protocol/index.ts";
import { parseHostPort, usageError, wholeNumber } from "../arguments.ts";
import { onStopSignals } from "../signals.ts";
import { stdout } from "../stdout.ts";
import { readTlsCa } from "../tls-ca.ts";
import { watchChannel } from "./watch/channel-feed.ts";
import { MarketTable } from "./watch/market-table.ts";
import { PLAIN_ROWS, plainBlock } from "./watch/plain.ts";
import { watchTicks } from "./watch/tick-feed.ts";
import type { WatchedFeed } from "./watch/watched-feed.ts";

const INTERVAL_MAX_S = 3_600;
const DURATION_MAX_S = 1_000_000;
const US_PER_MS = 1_000;
const MS_PER_S = 1_000;

const clock = new SystemClock();

const EXAMPLES = `
On a terminal: a table of all symbols, until q or Ctrl-C. Keys: b busiest, n name, c change, v volume, o oldest (again: the other way
round); / filters by name, Esc drops the filter; arrows and Page keys scroll; r begins the counts of messages, gaps, latencies and updates
anew. A price that rose is green, one that fell red; what may be old is dim, and its age is marked stale. With NO_COLOR set all is plain.

Elsewhere, or with --plain: every --interval seconds a block of text, the summary and the ${PLAIN_ROWS} busiest symbols; exit status 1
when nothing ever came.

A connection that is lost is made anew, and again and again. Of channels what was missed meanwhile is counted: a gap, where the exchange
keeps it no more. Where it has begun anew, or is a server of ticks/1, which numbers each connection from its beginning, nobody can tell.

Examples:
  seriatim feed watch 127.0.0.1:9876
  seriatim feed watch 127.0.0.1:9011 --protocol channel
  seriatim feed watch 127.0.0.1:9011 --protocol channel --channel levels
  seriatim feed watch 127.0.0.1:9876 --plain --interval 10 --duration 60 > market.txt`;

interface WatchOptions {
  readonly protocol: "ticks" | "channel";
  readonly channel?: ChannelName;
  readonly tlsCa?: string;
  readonly plain?: true;
  readonly interval: number;
  readonly duration?: number;
}

export function registerWatch(group: Command): void {
  group
    .command("watch")
    .summary("show a feed on the terminal")
    .description("Shows a feed: the symbols, how many messages come, what is missing, and how late they are.")
    .argument("<host:port>", "where the feed is served")
    .addOption(
      new Option(
        "--protocol <name>",
        "what is spoken there: ticks/1, or an exchange's own channels (its --md-port)",
      )
        .choices(["ticks", "channel"])
        .default("ticks"),
    )
    .addOption(
      new Option(
        "--channel <name>",
        "with --protocol channel: which one the best prices are taken from; by default top",
      ).choices(Object.keys(CHANNEL_KINDS)),
    )
    .option("--tls-ca <file>", "an exchange listens by TLS, and these certificates (PEM) vouch for it")
    .option("--plain", "text without colours, also on a terminal")
    .option(
      "--interval <s>",
      "seconds between two blocks of text",
      wholeNumber("--interval", 1, INTERVAL_MAX_S),
      1,
    )
    .option("--duration <s>", "seconds after which it ends", wholeNumber("--duration", 1, DURATION_MAX_S))
    .addHelpText("after", EXAMPLES)
    .action(watch);
}

async function watch(address: string, options: WatchOptions): Promise<void> {
  const { host, port } = parseHostPort(address);
  const isScreen = options.plain === undefined && process.stdout.isTTY && process.stdin.isTTY;
  if (options.plain === undefined && process.stdout.isTTY && !process.stdin.isTTY)
    throw usageError("standard input is no terminal, so there are no keys: use --plain");
  const feed = feedOf(host, port, options);
  const stopped = new Promise<void>((resolve) => onStopSignals(() => resolve()));
  const over = options.duration === undefined ? stopped : Promise.race([stopped, after(options.duration)]);
  const ended = feed.ended.then((why) => {
    if (why !== undefined) throw why;
  });
  try {
    await Promise.race([ended, isScreen ? onScreen(feed, over) : asText(feed, options.interval, over)]);
  } finally {
    await feed.stop();
  }
}

function feedOf(host: string, port: number, { protocol, channel, tlsCa }: WatchOptions): WatchedFeed {
  if (protocol === "channel") return watchChannel(host, port, channel ?? "top", clock, readTlsCa(tlsCa));
  if (channel !== undefined) throw usageError("--channel is for --protocol channel");
  if (tlsCa !== undefined) throw usageError("--tls-ca: ticks/1 has no TLS");
  return watchTicks(host, port);
}

function after(duration_s: number): Promise<void> {
  return pause(duration_s * MS_PER_S, undefined, { ref: false });
}

function nowMillis(): number {
  return clock.monotonicMicros() / US_PER_MS;
}

/** What paints is loaded only here: no other command waits for it. React watches itself unless told that this is no workshop. */
async function onScreen(feed: WatchedFeed, over: Promise<void>): Promise<void> {
  process.env.NODE_ENV ??= "production";
  // What paints knows no other way to be told.
  if (process.env.NO_COLOR) process.env.FORCE_COLOR = "0";
  const { showScreen } = await import("./watch/screen.ts");
  await showScreen(feed, nowMillis, over);
}

async function asText(feed: WatchedFeed, interval_s: number, over: Promise<void>): Promise<void> {
  const table = new MarketTable(feed);
  table.look(nowMillis());
  let isOver = false;
  const ending = over.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await Promise.race([pause(interval_s * MS_PER_S), ending]);
    table.look(nowMillis());
    if (!stdout.write(plainBlock(feed, table))) return;
  }
  if (feed.hasHeard()) return;
  const { state, why } = feed.standing();
  // A connection's own words wait for a first message, which nobody waits for any more.
  const words = feed.figures().connects > 0 ? feed.hint : state;
  throw new SeriatimError("FEED_SILENT", `nothing came from ${feed.title}: ${why ?? words}`);
}

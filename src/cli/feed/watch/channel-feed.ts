// A channel of an exchange's own feed, over TCP, as something to watch.

import type { Clock, SeriatimError } from "../../../base/index.ts";
import {
  CacheReader,
  CacheWriter,
  type ChannelFigures,
  createCache,
  FeedLatency,
  FeedState,
  LevelBooks,
  OrderBooks,
} from "../../../feed/index.ts";
import { FeedHandler } from "../../../feed-runtime/index.ts";
import { CHANNEL_KINDS, type ChannelName, formatPrice } from "../../../protocol/index.ts";
import { formatHostPort } from "../../arguments.ts";
import { BestOfBooks } from "./best-of-books.ts";
import { countedText } from "./columns.ts";
import { reasonOf } from "./summary.ts";
import type { FeedFigures, FeedStanding, WatchedFeed } from "./watched-feed.ts";

/** As many as an exchange has at most. */
const SYMBOLS_MAX = 65_536;

/** What one of them is called, and several. */
const FAULTS = [
  ["mismatches", "book that did not agree", "books that did not agree"],
  ["symbolGaps", "hole in a symbol", "holes in a symbol"],
  ["refused", "request refused", "requests refused"],
  ["old", "packet of an epoch that is over", "packets of an epoch that is over"],
  ["conflated", "message conflated", "messages conflated"],
] as const satisfies readonly (readonly [keyof ChannelFigures, string, string])[];

/** The cache is told everything, and the latency of what is new: a snapshot ends no event. */
class WatchListener extends BestOfBooks {
  readonly #latency: FeedLatency;
  readonly #clock: Clock;
  #events = 0;

  constructor(cache: CacheWriter, channel: ChannelName, latency: FeedLatency, clock: Clock) {
    super(cache, booksOf(channel));
    this.#latency = latency;
    this.#clock = clock;
  }

  override endOfEvent(symbol: number): void {
    super.endOfEvent(symbol);
    this.#latency.received(++this.#events, this.timestamp_us, this.#clock.wallMicros());
  }
}

function booksOf(channel: ChannelName): LevelBooks | OrderBooks | undefined {
  if (channel === "top") return undefined;
  return channel === "levels" ? new LevelBooks() : new OrderBooks();
}

/** Connects at once. `ca`: by TLS, whose certificate this (PEM) vouches for. */
export function watchChannel(
  host: string,
  port: number,
  channel: ChannelName,
  clock: Clock,
  ca: string | undefined,
): WatchedFeed {
  const cache = createCache(SYMBOLS_MAX);
  const latency = new FeedLatency();
  const listener = new WatchListener(new CacheWriter(cache), channel, latency, clock);
  let why: SeriatimError | undefined;
  let connects = 0;
  const handler = new FeedHandler({
    stream: { host, port, tls: ca === undefined ? undefined : { ca } },
    // Of single orders nothing can be left out.
    channels: [{ channel: CHANNEL_KINDS[channel], listener, conflate: channel !== "orders" }],
    onState: (state, cause) => {
      if (state === FeedState.Connected) connects++;
      why = cause ?? why;
    },
  });
  const { promise: ended, resolve, reject } = Promise.withResolvers<SeriatimError | undefined>();
  handler.start().catch(reject);
  const [receiver] = handler.channels;
  const hint = hintOf(ca !== undefined);
  const hasHeard = () => receiver.figures.packets.some((packets) => packets > 0);
  let before: ChannelFigures = { ...receiver.figures };
  const since = (figure: Exclude<keyof ChannelFigures, "packets">) =>
    receiver.figures[figure] - before[figure];
  return {
    title: `${formatHostPort(host, port)} channel ${channel}`,
    cache: new CacheReader(cache),
    priceText: formatPrice,
    standing: () =>
      standingOf(
        handler,
        receiver.isStale,
        connects > 0 && !hasHeard() && why?.code !== "SUBSCRIPTION_REFUSED"
          ? why && hint
          : why && reasonOf(why.message, `${host}:${port}`),
      ),
    hasHeard,
    hint,
    figures: (): FeedFigures => ({
      messages: since("messages"),
      gaps: since("gaps"),
      lost: since("lost"),
      faults: FAULTS.filter(([figure]) => since(figure) > 0).map(([figure, one, many]) =>
        countedText(since(figure), one, many),
      ),
      connects,
    }),
    latency: () => latency.byTimestamp.summary(),
    reset: () => {
      before = { ...receiver.figures };
      latency.reset();
    },
    ended,
    stop: async () => {
      await handler.stop();
      resolve(undefined);
    },
  };
}

const STATES: Record<FeedState, string> = {
  [FeedState.Disconnected]: "not connected",
  [FeedState.Connecting]: "connecting",
  [FeedState.Connected]: "connected",
  [FeedState.Reconnecting]: "reconnecting",
};

/** A peer that speaks TLS and one that speaks ticks/1 look alike from here; where TLS stands it is neither. */
function hintOf(isTls: boolean): string {
  const nothing = "no packet of a channel came";
  if (isTls) return `${nothing}: is it an exchange's --md-port?`;
  return `${nothing}: it may speak TLS (--tls-ca), or ticks/1 (--protocol ticks)`;
}

function standingOf({ state }: FeedHandler, isStale: boolean, why: string | undefined): FeedStanding {
  const isLive = state === FeedState.Connected && !isStale;
  const words = state === FeedState.Connected && isStale ? "connected, not up to date yet" : STATES[state];
  return { state: words, isLive, why };
}

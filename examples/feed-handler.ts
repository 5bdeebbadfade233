// A feed handler: it connects to a feed, keeps the newest prices and how long each message took, and says every second what came and
// what is missing; when the server goes away it reconnects by itself. It reads ticks/1 (of `seriatim feed simulate` or `npm start`) or the
// exchange's own feed with all price levels, each book checked against the publisher's sums; for so many messages, or until Ctrl-C:
//
//   npm run example examples/feed-handler.ts ticks [host] [port, 9876] [messages] [symbols, as 0,1,7]
//   npm run example examples/feed-handler.ts levels [host] [port, 9011] [messages] [symbols]

import { SeriatimError } from "seriatim";
import { FeedHandler, FeedLatency, FeedState, LevelBooks, TickClient, tickSymbolName } from "seriatim/feed";
import { ChannelKind, formatPrice } from "seriatim/protocol";

/** What both feeds can say of themselves. */
interface Feed {
  /** What is missing or was wrong. */
  troubles(): string;
  /** Name, best bid and best ask; undefined: a side is empty. */
  market(symbol: number): string | undefined;
  /** From now on nothing is told. */
  stop(): Promise<unknown>;
}

// What fails is said in one line, whenever it fails: status 2 for an argument that can't be, else 1.
process.once("uncaughtException", (error) => {
  if (!(error instanceof SeriatimError)) throw error;
  console.error(error.message);
  process.exit(error.code === "INVALID_ARGUMENT" ? 2 : 1);
});

const [wire = "ticks", host = "127.0.0.1", port, messages = "Infinity", list = "all"] = process.argv.slice(2);
const wanted = Number(messages);
if ((wire !== "ticks" && wire !== "levels") || !(wanted > 0)) {
  console.error(
    "usage: npm run example examples/feed-handler.ts ticks|levels [host] [port] [messages] [symbols]",
  );
  process.exit(2);
}
const symbols = list === "all" ? undefined : list.split(",").map(Number);
const latency = new FeedLatency();
/** Messages of each symbol since the last line. */
const counts = new Map<number, number>();
const ended = Promise.withResolvers<void>();
let received = 0;
let lastReceived = 0;

function count(symbol: number): void {
  // The rest of the last read.
  if (received === wanted) return;
  counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  received++;
  if (received === wanted) ended.resolve();
}

function ticks(): Feed {
  const client = new TickClient({
    host,
    port: Number(port ?? 9876),
    subscription: symbols ?? "all",
    latency,
    listener: {
      // The tick is lent for the call: keep its numbers, not the tick.
      onTrade: (tick) => count(tick.symbol),
      onQuote: (tick) => count(tick.symbol),
      onState: (state, why) => console.log(why === undefined ? state : `${state}: ${why.message}`),
      onQuiet: (isQuiet) => console.log(isQuiet ? "nothing comes" : "it goes on"),
    },
  });
  return {
    troubles() {
      const { gapIncidents, framesLost, checksumIncidents, typeIncidents } = client.counters;
      return `${gapIncidents} gaps, ${framesLost} lost, ${checksumIncidents + typeIncidents} damaged`;
    },
    market(symbol) {
      const quote = client.last(symbol)?.quote;
      return quote && `${tickSymbolName(symbol)} ${quote.bid.toFixed(2)} / ${quote.ask.toFixed(2)}`;
    },
    stop: () => client.stop(),
  };
}

/** The books of all symbols, built from what changes in them. */
class CountedBooks extends LevelBooks {
  readonly names: string[] = [];
  readonly decimals: number[] = [];

  override definition(symbol: number, name: string, _tick: number, _lot: number, decimals: number): void {
    this.names[symbol] = name;
    this.decimals[symbol] = decimals;
  }

  override level(symbol: number, side: number, price: number, total: number, orders: number): void {
    super.level(symbol, side, price, total, orders);
    latency.received(received, this.timestamp_us, Date.now() * 1_000);
    count(symbol);
  }
}

const STATES: Record<FeedState, string> = {
  [FeedState.Disconnected]: "stopped",
  [FeedState.Connecting]: "connecting",
  [FeedState.Connected]: "connected",
  [FeedState.Reconnecting]: "reconnecting",
};

function levels(): Feed {
  const books = new CountedBooks();
  const handler = new FeedHandler({
    stream: { host, port: Number(port ?? 9011) },
    channels: [{ channel: ChannelKind.Levels, listener: books, ...(symbols && { symbols }) }],
    onState: (state, why) => console.log(why?.message ?? STATES[state]),
  });
  handler.start();
  return {
    troubles() {
      const { gaps, lost, checksums, mismatches } = handler.channels[0].figures;
      return `${gaps} gaps, ${lost} lost, ${mismatches} of ${checksums} sums wrong`;
    },
    market(symbol) {
      const { bids, asks } = books.book(symbol);
      if (bids.count === 0 || asks.count === 0) return undefined;
      const [bid, ask] = [bids.price(0), asks.price(0)].map((price) =>
        formatPrice(price, books.decimals[symbol]),
      );
      return `${books.names[symbol]} ${bid} / ${ask}`;
    },
    stop: () => handler.stop(),
  };
}

function busiest(feed: Feed): string {
  const [symbol] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  counts.clear();
  const market = symbol === undefined ? undefined : feed.market(symbol);
  return market === undefined ? "" : `; busiest ${market}`;
}

const feed = wire === "levels" ? levels() : ticks();
const timer = setInterval(() => {
  const { p50_ns, p99_ns } = latency.byTimestamp.summary();
  const times = `p50 ${Math.round(p50_ns / 1_000)} us, p99 ${Math.round(p99_ns / 1_000)} us`;
  console.log(`${received - lastReceived}/s, ${feed.troubles()}, ${times}${busiest(feed)}`);
  lastReceived = received;
  latency.byTimestamp.reset();
}, 1_000);
// npm passes a Ctrl-C on: it comes twice.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => ended.resolve());
await ended.promise;
clearInterval(timer);
await feed.stop();
console.log(`ended after ${received} messages: ${feed.troubles()}`);

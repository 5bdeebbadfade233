// A feed handler: it connects to a tick server, keeps the last prices and how long each tick took, and says every second what came
// and what is missing; when the server goes away it comes back by itself. Against `seriatim feed simulate` or the feed port of
// `npm start`, for so many messages or until Ctrl-C:
//
//   npm run example examples/feed-handler.ts [host] [port] [messages] [symbols, as 0,1,7]

import { FeedLatency, TickClient, tickSymbolName } from "seriatim/feed";

const [host = "127.0.0.1", port = "9876", messages = "Infinity", symbols = "all"] = process.argv.slice(2);
const wanted = Number(messages);
const latency = new FeedLatency();
/** Ticks of each symbol since the last line. */
const ticks = new Map<number, number>();
let received = 0;
let lastReceived = 0;

/** Called for each tick; it may hold on to numbers of it, not to the tick. */
function count(symbol: number): void {
  ticks.set(symbol, (ticks.get(symbol) ?? 0) + 1);
  received++;
  if (received === wanted) client.stop();
}

const client = new TickClient({
  host,
  port: Number(port),
  subscription: symbols === "all" ? "all" : symbols.split(",").map(Number),
  latency,
  listener: {
    onTrade: (tick) => count(tick.symbol),
    onQuote: (tick) => count(tick.symbol),
    onState: (state, why) => console.log(why === undefined ? state : `${state}: ${why.message}`),
    onQuiet: (isQuiet) => console.log(isQuiet ? "nothing comes" : "it goes on"),
  },
});

function busiest(): string {
  const [symbol] = [...ticks].sort(([, a], [, b]) => b - a)[0] ?? [];
  ticks.clear();
  const quote = symbol === undefined ? undefined : client.last(symbol)?.quote;
  if (symbol === undefined || quote === undefined) return "";
  return `; busiest ${tickSymbolName(symbol)} ${quote.bid.toFixed(2)} / ${quote.ask.toFixed(2)}`;
}

const timer = setInterval(() => {
  const { gapIncidents, framesLost } = client.counters;
  const { p50_ns, p99_ns } = latency.byTimestamp.summary();
  const times = `p50 ${Math.round(p50_ns / 1_000)} us, p99 ${Math.round(p99_ns / 1_000)} us`;
  console.log(`${received - lastReceived}/s, ${gapIncidents} gaps, ${framesLost} lost, ${times}${busiest()}`);
  lastReceived = received;
  latency.byTimestamp.reset();
}, 1_000);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => client.stop());
await client.stopped;
clearInterval(timer);
const { framesLost, checksumIncidents, typeIncidents } = client.counters;
console.log(
  `ended after ${received} messages: ${framesLost} lost, ${checksumIncidents + typeIncidents} damaged`,
);

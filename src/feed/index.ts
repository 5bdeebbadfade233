export { CacheReader } from "./cache/reader.ts";
export { CACHE_SYMBOLS_MAX, createCache, SymbolCache } from "./cache/symbol-cache.ts";
export { CacheWriter } from "./cache/writer.ts";
export { FeedLatency } from "./latency/feed-latency.ts";
export { type LatencySummary, LatencyTracker, latencyCsv } from "./latency/latency-tracker.ts";
export type { MarketSource, RestingOrderView } from "./streams/market-source.ts";
export { ORDERS_LISTED_MAX } from "./streams/order-feed.ts";
export {
  HELD_BYTES_MAX,
  ORDER_MESSAGES_MAX,
  type SubscriberSink,
  TRADE_MESSAGES_MAX,
} from "./streams/outbox.ts";
export { Publisher } from "./streams/publisher.ts";
export { SUBSCRIPTIONS_MAX, Subscriber } from "./streams/subscriber.ts";
export { MARKET_CHANNELS, type MarketChannel } from "./streams/symbol-feed.ts";
export * from "./ticks/client/index.ts";

export { TickValues } from "../protocol/index.ts";
export { CacheReader } from "./cache/reader.ts";
export { createCache, SymbolCache } from "./cache/symbol-cache.ts";
export { CacheWriter } from "./cache/writer.ts";
export { Channel, type ChannelSink } from "./channel/channel.ts";
export type { ChannelSource } from "./channel/channel-source.ts";
export { OrderRefs } from "./channel/order-refs.ts";
export { ChannelPublisher, type ChannelPublisherOptions } from "./channel/publisher.ts";
export { LevelBooks, OrderBooks } from "./handler/book-listeners.ts";
export { ChannelCacheListener } from "./handler/cache-listener.ts";
export {
  ChannelReceiver,
  type ChannelStatus,
  type ReceiverLimits,
} from "./handler/channel-receiver.ts";
export {
  CONNECTION_LIMITS,
  ConnectionCourse,
  type ConnectionLimits,
  CourseStep,
  FeedState,
} from "./handler/connection-course.ts";
export {
  type ChannelSubscription,
  FeedIntake,
  RECEIVER_LIMITS,
  type StreamFault,
} from "./handler/feed-intake.ts";
export { ChannelFigures, PacketSource } from "./handler/figures.ts";
export { LevelBook } from "./handler/level-book.ts";
export { LevelSide } from "./handler/level-side.ts";
export { MarketDataListener } from "./handler/listener.ts";
export { OrderBook } from "./handler/order-book.ts";
export { PacketStream } from "./handler/packet-stream.ts";
export {
  RECOVERY_LIMITS,
  RecoveryAction,
  RecoveryCourse,
  RecoveryEvent,
  RecoveryState,
  recoveryStep,
} from "./handler/recovery-course.ts";
export { FeedLatency } from "./latency/feed-latency.ts";
export { type LatencySummary, LatencyTracker, latencyCsv } from "./latency/latency-tracker.ts";
export * from "./recording/index.ts";
export * from "./serving/index.ts";
export type { MarketSource } from "./streams/market-source.ts";
export { ORDERS_LISTED_MAX } from "./streams/order-feed.ts";
export {
  HELD_BYTES_MAX,
  ORDER_MESSAGES_MAX,
  StreamFigures,
  TRADE_MESSAGES_MAX,
} from "./streams/outbox.ts";
export { Publisher } from "./streams/publisher.ts";
export { SUBSCRIPTIONS_MAX, Subscriber } from "./streams/subscriber.ts";
export { MARKET_CHANNELS, type MarketChannel } from "./streams/symbol-feed.ts";
export * from "./ticks/client/index.ts";
export { TickServerCounters } from "./ticks/counters.ts";
export { EncodedTick } from "./ticks/encoded-tick.ts";
export { ExchangeTicks, type TickSink } from "./ticks/exchange-ticks.ts";
export { CORRUPT_WHERE, type CorruptWhere, type TickFaults } from "./ticks/faults.ts";
export { ChunkPool } from "./ticks/frame-queue.ts";
export { Market, TickGenerator, type TickGeneratorOptions } from "./ticks/generator.ts";
export { TickPacer } from "./ticks/pacer.ts";
export { TickSession } from "./ticks/session.ts";
export { assertStageLimits, TICK_STAGE_LIMITS, type TickStageLimits } from "./ticks/stages.ts";

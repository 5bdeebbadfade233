// The package entry `seriatim/feed` (docs/market-data.md, docs/ticks-client.md): clients of the feeds, the books, caches and figures
// that they keep, and recordings; and the types their values have. What serves a feed is the exchange's own and may change with it.

// Recordings.
export type { RecordedProtocolName } from "../feed/index.ts";
// The symbol cache, and latencies.
// Channels.
// ticks/1.
export {
  allTickListeners,
  CacheReader,
  CacheWriter,
  ChannelCacheListener,
  type ChannelFigures,
  type ChannelStatus,
  type ChannelSubscription,
  type ConnectionLimits,
  createCache,
  FeedLatency,
  FeedState,
  type LastTick,
  type LatencySummary,
  LatencyTracker,
  type LevelBook,
  LevelBooks,
  type LevelSide,
  latencyCsv,
  MarketDataListener,
  type OrderBook,
  OrderBooks,
  PacketSource,
  type ReceiverLimits,
  SymbolCache,
  type Tick,
  type TickConnectionCounters,
  type TickCounters,
  TickIntake,
  type TickIntakeOptions,
  type TickListener,
  type TickNumberingOption,
  TickState,
  type TickSubscription,
  tickSymbolName,
  tickTimestamp_us,
} from "../feed/index.ts";
export {
  type FeedAddress,
  FeedHandler,
  type FeedHandlerOptions,
  type FeedLines,
  type LineAddress,
} from "./handler/index.ts";
export {
  FeedRecorder,
  type FeedRecorderOptions,
  type RecorderFigures,
  RecordingPlayer,
  type RecordingPlayerOptions,
} from "./recording/index.ts";
export { TickClient, type TickClientListener, type TickClientOptions } from "./ticks-client/index.ts";

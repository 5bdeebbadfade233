// Sockets, datagrams, files and threads of market data, around the pure decisions of src/feed. The package's entry
// `seriatim/feed` is this file: what is pure comes along.

export * from "../feed/index.ts";
export * from "./handler/index.ts";
export * from "./recording/index.ts";
export { type DatagramAddress, DatagramSender } from "./serving/datagram-sender.ts";
export type { EndedSubscriber } from "./serving/feed-service.ts";
export {
  type FeedPorts,
  type FeedSource,
  type MarketFeedOptions,
  type MarketFeedParts,
  MarketFeeds,
  SUBSCRIBERS_SPARE,
} from "./serving/market-feeds.ts";
export * from "./ticks-client/index.ts";
export { TickSimulator, type TickSimulatorOptions } from "./ticks-server/simulator.ts";
export { type Stamp, WallStamp } from "./ticks-server/stamp.ts";
export {
  type ResettingTransport,
  TICK_CLIENTS_MAX,
  TICK_CONNECTIONS_SPARE,
  TickServer,
  type TickServerOptions,
} from "./ticks-server/tick-server.ts";

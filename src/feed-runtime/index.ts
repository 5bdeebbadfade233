// Sockets, datagrams, files and threads of market data, around the pure decisions of src/feed. The package entry `seriatim/feed` is
// less of both: public.ts.

export * from "./handler/index.ts";
export * from "./recording/index.ts";
export { DatagramSender } from "./serving/datagram-sender.ts";
export type { EndedSubscriber } from "./serving/feed-service.ts";
export {
  type FeedPorts,
  type MarketFeedOptions,
  MarketFeeds,
  SUBSCRIBERS_SPARE,
} from "./serving/market-feeds.ts";
export * from "./ticks-client/index.ts";
export { TickSimulator, type TickSimulatorOptions } from "./ticks-server/simulator.ts";
export { type Stamp, WallStamp } from "./ticks-server/stamp.ts";
export {
  TICK_CLIENTS_MAX,
  TICK_CONNECTIONS_SPARE,
  TickServer,
  type TickServerOptions,
} from "./ticks-server/tick-server.ts";

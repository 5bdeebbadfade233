export type { MarketSource, RestingOrderView } from "./market-source.ts";
export { ORDERS_LISTED_MAX } from "./order-feed.ts";
export {
  HELD_BYTES_MAX,
  ORDER_MESSAGES_MAX,
  type SubscriberSink,
  TRADE_MESSAGES_MAX,
} from "./outbox.ts";
export { Publisher } from "./publisher.ts";
export { SUBSCRIPTIONS_MAX, Subscriber } from "./subscriber.ts";
export { MARKET_CHANNELS, type MarketChannel } from "./symbol-feed.ts";

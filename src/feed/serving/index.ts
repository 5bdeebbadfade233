export { FeedDesk, type Seat } from "./feed-desk.ts";
export type { FeedCarrier, FeedSession } from "./feed-session.ts";
export type { PacketCursor, ServedChannel, ServedMarket, SnapshotPieces } from "./served-channel.ts";
export { FeedClose, SERVING_LIMITS, ServingCounters, type ServingLimits } from "./serving-limits.ts";
export type { SnapshotCarousel } from "./snapshot-carousel.ts";

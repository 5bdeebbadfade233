// What the server says (docs/api/websocket.md): the messages whose types the protocol layer doesn't have, because the
// server makes them as text at once. Only the fields that this client reads.

import type {
  CandlesMessage,
  DepthMessage,
  FeedChannelFigures,
  FeedFigures,
  FillMessage,
  InstrumentMessage,
  NodeReport,
  OrderLimits,
  OrderMessage,
  OrderStatusMessage,
  OrdersMessage,
  QueueMessage,
  QuoteMessage,
  ReportMessage,
  StatisticsMessage,
  StatusMessage,
  TapeGroupReport,
  TapeReport,
  TapeTopicReport,
  TradesMessage,
  WelcomeInstrument,
} from "../../protocol/index.ts";

export interface Welcome {
  readonly type: "welcome";
  readonly version: string;
  readonly account?: string;
  readonly accountNumber?: number;
  /** With a token: of this logon, and the numbers of the first report that follows and of the next new one. */
  readonly session?: string;
  readonly first?: string;
  readonly next?: string;
  readonly gap?: true;
  readonly readOnly?: true;
  readonly instruments: readonly WelcomeInstrument[];
  readonly limits: OrderLimits;
}

export type MarketMessage =
  | DepthMessage
  | QuoteMessage
  | TradesMessage
  | CandlesMessage
  | StatisticsMessage
  | InstrumentMessage
  | QueueMessage;

const MARKET_TYPES: ReadonlySet<string> = new Set<MarketMessage["type"]>([
  ...(["depth", "quote", "trades", "candles", "statistics", "instrument", "queue"] as const),
]);

export function isMarketMessage(message: ServerMessage): message is MarketMessage {
  return MARKET_TYPES.has(message.type);
}

/** A status on the wire has its 64-bit numbers as text. */
export interface StatusTexts
  extends Omit<StatusMessage, "position" | "durablePosition" | "time_us" | "nodes" | "feeds"> {
  readonly type: "status";
  readonly position: string;
  readonly durablePosition: string;
  readonly time: string;
  readonly nodes?: readonly NodeTexts[];
  readonly feeds?: FeedTexts;
}

interface FeedTexts extends Omit<FeedFigures, "epoch" | "channels"> {
  readonly epoch: string;
  readonly channels: readonly (Omit<FeedChannelFigures, "next"> & { readonly next: string })[];
}

/** The tape's figures on the wire, likewise. */
export interface TapeTexts extends Omit<TapeReport, "time_us" | "topics"> {
  readonly type: "tape";
  readonly time: string;
  readonly topics: readonly TapeTopicTexts[];
}

interface TapeTopicTexts extends Omit<TapeTopicReport, "nextRecord" | "oldestRecord" | "groups"> {
  readonly next: string;
  readonly oldest: string;
  readonly groups: readonly (Omit<TapeGroupReport, "committed"> & { readonly committed: string })[];
}

interface NodeTexts extends Omit<NodeReport, "since_us" | "inMemory" | "persisted" | "lag"> {
  readonly since: string;
  readonly inMemory: string;
  readonly persisted: string | null;
  readonly lag: string;
}

export interface AckMessage {
  readonly type: "ack";
  readonly request?: number;
  /** A mass cancel has none, but how many orders it took out. */
  readonly id?: string;
  readonly sequence: string;
  readonly report?: string;
  readonly cancelled?: number;
}

export interface RejectMessage {
  readonly type: "reject";
  readonly request?: number;
  readonly id?: string;
  readonly code: number;
  readonly reason: string;
  readonly text: string;
  readonly report?: string;
}

export interface ErrorMessage {
  readonly type: "error";
  readonly request?: number;
  readonly code: string;
  readonly text: string;
}

interface PlainMessage {
  readonly type: "subscribed" | "unsubscribed" | "heartbeat";
}

export type ServerMessage =
  | Welcome
  | MarketMessage
  | OrdersMessage
  | OrderMessage
  | FillMessage
  | ReportMessage
  | OrderStatusMessage
  | StatusTexts
  | TapeTexts
  | AckMessage
  | RejectMessage
  | ErrorMessage
  | PlainMessage;

export function statusOf(texts: StatusTexts): StatusMessage {
  const { type: _, position, durablePosition, time, nodes, feeds, ...rest } = texts;
  const [at, durable, time_us] = [position, durablePosition, time].map(Number);
  const all = { ...rest, position: at, durablePosition: durable, time_us, nodes: nodes?.map(nodeOf) };
  return feeds === undefined ? all : { ...all, feeds: feedsOf(feeds) };
}

export function tapeOf({ type: _, time, topics, ...rest }: TapeTexts): TapeReport {
  return { ...rest, time_us: Number(time), topics: topics.map(tapeTopicOf) };
}

function tapeTopicOf({ next, oldest, groups, ...rest }: TapeTopicTexts): TapeTopicReport {
  const all = groups.map(({ committed, ...group }) => ({ ...group, committed: Number(committed) }));
  return { ...rest, nextRecord: Number(next), oldestRecord: Number(oldest), groups: all };
}

function feedsOf({ epoch, channels, ...counts }: FeedTexts): FeedFigures {
  const counted = channels.map(({ next, ...channel }) => ({ ...channel, next: Number(next) }));
  return { ...counts, epoch: Number(epoch), channels: counted };
}

function nodeOf({ since, inMemory, persisted, lag, ...rest }: NodeTexts): NodeReport {
  const [since_us, has, lacks] = [since, inMemory, lag].map(Number);
  const onDisk = persisted === null ? null : Number(persisted);
  return { ...rest, since_us, inMemory: has, persisted: onDisk, lag: lacks };
}

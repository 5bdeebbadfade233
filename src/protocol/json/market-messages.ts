// Market data as clients see it: the messages' types, and their text for the wire (specification: docs/api/websocket.md).
// Prices arrive as ticks and leave as decimal strings; numbers of 64 bits leave as strings.

import { Side } from "../commands/index.ts";
import { formatPrice } from "./decimal.ts";

/** The most levels of a side that a depth message describes. */
export const DEPTH_LEVELS_MAX = 20;

/** Lengths of candles, in seconds. */
export const CANDLE_INTERVALS_S = [1, 10, 60, 600, 3600] as const;

/** What every message of a symbol has. Of a candle message, the interval belongs to the channel. */
export interface MarketMessage {
  readonly symbol: string;
  /** Of the symbol, over all its channels. */
  readonly sequence: string;
  /** The sequence of the message before on the same channel and symbol; a snapshot has none. */
  readonly previous?: string;
  /** The message is the whole state, not a change of it. */
  readonly snapshot?: true;
  /** How many messages of the channel were left out before this one, because the client read slowly. */
  readonly conflated?: number;
}

/** A price level; quantity 0: it has gone. */
export type LevelEntry = readonly [price: string, quantity: number, orders: number];

export interface DepthMessage extends MarketMessage {
  readonly type: "depth";
  readonly bids: readonly LevelEntry[];
  readonly asks: readonly LevelEntry[];
}

export interface QuoteMessage extends MarketMessage {
  readonly type: "quote";
  readonly bid: LevelEntry | null;
  readonly ask: LevelEntry | null;
}

export interface TradeEntry {
  /** The sequence of its event. */
  readonly id: string;
  readonly price: string;
  readonly quantity: number;
  readonly aggressor: SideName;
  /** Microseconds since 1970. */
  readonly time: string;
}

export interface TradesMessage extends MarketMessage {
  readonly type: "trades";
  /** Oldest first. */
  readonly trades: readonly TradeEntry[];
}

/** `start`: seconds since 1970. */
export type CandleEntry = readonly [
  start: number,
  open: string,
  high: string,
  low: string,
  close: string,
  quantity: number,
];

export interface CandlesMessage extends MarketMessage {
  readonly type: "candles";
  /** Seconds. */
  readonly interval: number;
  /** Oldest first. */
  readonly candles: readonly CandleEntry[];
  /** Of a snapshot: what was traded before is missing. Microseconds since 1970. */
  readonly since?: string | undefined;
}

export type SideName = "buy" | "sell";

export function sideName(side: Side): SideName {
  return side === Side.Buy ? "buy" : "sell";
}

/** How a message stands in its channel: after `previous`, or as a snapshot when that is undefined. */
export interface MarketHead {
  readonly symbol: string;
  readonly sequence: number;
  readonly previous: number | undefined;
}

export function levelEntry(price: number, decimals: number, quantity: number, orders: number): LevelEntry {
  return [formatPrice(price, decimals), quantity, orders];
}

export function depthText(
  head: MarketHead,
  bids: readonly LevelEntry[],
  asks: readonly LevelEntry[],
): string {
  return JSON.stringify({ type: "depth", ...headOf(head), bids, asks } satisfies DepthMessage);
}

export function quoteText(head: MarketHead, bid: LevelEntry | null, ask: LevelEntry | null): string {
  return JSON.stringify({ type: "quote", ...headOf(head), bid, ask } satisfies QuoteMessage);
}

export function tradesText(head: MarketHead, trades: readonly TradeEntry[]): string {
  return JSON.stringify({ type: "trades", ...headOf(head), trades } satisfies TradesMessage);
}

/** `since_us` in a snapshot alone. */
export function candlesText(
  head: MarketHead,
  interval: number,
  candles: readonly CandleEntry[],
  since_us?: number,
): string {
  const since = since_us === undefined ? undefined : String(since_us);
  return JSON.stringify({
    ...{ type: "candles", ...headOf(head), interval, since, candles },
  } satisfies CandlesMessage);
}

export function headOf({ symbol, sequence, previous }: MarketHead): MarketMessage {
  if (previous === undefined) return { symbol, sequence: String(sequence), snapshot: true };
  return { symbol, sequence: String(sequence), previous: String(previous) };
}

/** The text of a message that takes the place of `count` others. */
export function conflatedText(text: string, count: number): string {
  return `${text.slice(0, -1)},"conflated":${count}}`;
}

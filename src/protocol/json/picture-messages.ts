// Market data that is a picture of something beside the book: a symbol's day, whether it trades, the queue at one price
// (specification: docs/api/websocket.md). Every message has the whole picture, so a change and a snapshot read alike.

import { InstrumentStatus } from "../instrument-status.ts";
import { headOf, type MarketHead, type MarketMessage, type SideName } from "./market-messages.ts";

/** Orders of a queue that a message lists, the oldest first; of the asking account as many more. */
export const QUEUE_ORDERS_MAX = 100;

/** Closing prices that a snapshot of the day has, each of ten seconds in which there were trades. */
export const DAY_CLOSES_MAX = 60;

/** What was traded since `since`; prices, `since` and `time` are null before the first trade. */
export interface DayEntry {
  /** Midnight UTC, or when the server began to count if that was later: microseconds since 1970. */
  readonly since: string | null;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly last: string | null;
  /** Lots. */
  readonly volume: number;
  readonly trades: number;
  /** Of the last trade. */
  readonly time: string | null;
}

export interface StatisticsMessage extends MarketMessage, DayEntry {
  readonly type: "statistics";
  /** Of a snapshot: the latest closing prices, oldest first. */
  readonly closes?: readonly string[] | undefined;
}

const STATUS_NAMES = {
  [InstrumentStatus.Trading]: "trading",
  [InstrumentStatus.SwitchedOff]: "switchedOff",
  [InstrumentStatus.Halted]: "halted",
} as const satisfies Record<InstrumentStatus, string>;
export type InstrumentStatusName = (typeof STATUS_NAMES)[InstrumentStatus];

export interface InstrumentMessage extends MarketMessage {
  readonly type: "instrument";
  readonly status: InstrumentStatusName;
}

/** Place in the queue from 1, open lots; of one's own order its id too. */
export type QueueEntry = readonly [place: number, quantity: number, id?: string];

export interface QueueEntries {
  readonly side: SideName;
  readonly price: string;
  /** Lots and orders of the whole level. */
  readonly quantity: number;
  readonly orders: number;
  /** First to trade first. */
  readonly queue: readonly QueueEntry[];
}

export interface QueueMessage extends MarketMessage, QueueEntries {
  readonly type: "queue";
}

export function statisticsText(head: MarketHead, day: DayEntry, closes?: readonly string[]): string {
  return JSON.stringify({ type: "statistics", ...headOf(head), ...day, closes } satisfies StatisticsMessage);
}

export function instrumentText(head: MarketHead, status: InstrumentStatus): string {
  const name = STATUS_NAMES[status];
  return JSON.stringify({ type: "instrument", ...headOf(head), status: name } satisfies InstrumentMessage);
}

export function queueText(head: MarketHead, entries: QueueEntries): string {
  return JSON.stringify({ type: "queue", ...headOf(head), ...entries } satisfies QueueMessage);
}

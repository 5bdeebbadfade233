// Where every field of a report record lies. Specification: reports.md. One record = 96 bytes, little-endian, in 24 words.
// A report tells one account of one thing that happened to an order or a request of it. The reports of an account are one
// stream, numbered from 1; a record does not hold its number, because its place in the stream says it.

import { layout, wordOf } from "../../base/index.ts";

export const REPORT_BYTES = 96;
export const REPORT_WORDS = REPORT_BYTES / 4;

export const ReportKind = {
  Accepted: 1,
  Rejected: 2,
  Traded: 3,
  Cancelled: 4,
  Modified: 5,
  /** What an order that must not rest did not trade is dropped. */
  Expired: 6,
  /** The answer to a mass cancel; a Cancelled per order follows. */
  MassCancelled: 7,
} as const;
export type ReportKind = (typeof ReportKind)[keyof typeof ReportKind];

/** Bits of the flags byte. */
export const ReportFlag = {
  /** The last report of its command for this account. */
  Last: 1,
  /** Traded: the order rested. */
  Maker: 2,
  /** The answer that the same request got before; nothing happened to an order. */
  Repeated: 4,
  /** Modified: the order kept its place in the queue. */
  InPlace: 8,
} as const;

/** Byte offsets. */
export const ReportLayout = layout(REPORT_BYTES, (at) => ({
  kind: at.u8(),
  /** Rejected: a Reason. Cancelled: its cause. */
  reason: at.u8(),
  /** The CommandKind that caused it. */
  command: at.u8(),
  flags: at.u8(),
  symbol: at.u32(),
  /** Of the event. Expired: of the event before it. Rejected: 0. */
  sequence: at.u64(),
  orderId: at.u64(),
  /** The command's, if it was this account's; else 0, here and in `session`. */
  request: at.u64(),
  session: at.u64(),
  /** The order's limit, in ticks; 0 of a market order. */
  price: at.u64(),
  /** Traded: the price traded at. */
  lastPrice: at.u64(),
  /** What the event is about, in lots. */
  lastQuantity: at.u32(),
  /** What is open after it. */
  leaves: at.u32(),
  /** What this order has traded since it was accepted. */
  cumulative: at.u64(),
  timestamp_us: at.u64(),
  /** Of the command in the log. */
  position: at.u64(),
  side: at.u8(),
  orderType: at.u8(),
  timeInForce: at.u8(),
  unused: at.u8(),
  account: at.u32(),
}));

/** Word offsets of ReportLayout. The first word holds kind, reason, command, flags; `sideTypeTif` three bytes. */
export const ReportWord = {
  kindReasonCommandFlags: wordOf(ReportLayout.kind),
  symbol: wordOf(ReportLayout.symbol),
  sequenceLow: wordOf(ReportLayout.sequence),
  sequenceHigh: wordOf(ReportLayout.sequence) + 1,
  orderIdLow: wordOf(ReportLayout.orderId),
  orderIdHigh: wordOf(ReportLayout.orderId) + 1,
  requestLow: wordOf(ReportLayout.request),
  requestHigh: wordOf(ReportLayout.request) + 1,
  sessionLow: wordOf(ReportLayout.session),
  sessionHigh: wordOf(ReportLayout.session) + 1,
  priceLow: wordOf(ReportLayout.price),
  priceHigh: wordOf(ReportLayout.price) + 1,
  lastPriceLow: wordOf(ReportLayout.lastPrice),
  lastPriceHigh: wordOf(ReportLayout.lastPrice) + 1,
  lastQuantity: wordOf(ReportLayout.lastQuantity),
  leaves: wordOf(ReportLayout.leaves),
  cumulativeLow: wordOf(ReportLayout.cumulative),
  cumulativeHigh: wordOf(ReportLayout.cumulative) + 1,
  timestampLow: wordOf(ReportLayout.timestamp_us),
  timestampHigh: wordOf(ReportLayout.timestamp_us) + 1,
  positionLow: wordOf(ReportLayout.position),
  positionHigh: wordOf(ReportLayout.position) + 1,
  sideTypeTif: wordOf(ReportLayout.side),
  account: wordOf(ReportLayout.account),
} as const;

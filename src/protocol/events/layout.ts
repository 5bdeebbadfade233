// Where every field of an event record lies. Specification: events.md. One record = 80 bytes, little-endian, in
// 20 words. An event says all that a reply encoder, a book builder and an auditor need, so that nobody has to ask
// the engine afterwards.

import { layout, wordOf } from "../../base/index.ts";

export const EVENT_BYTES = 80;
export const EVENT_WORDS = EVENT_BYTES / 4;

export const EventKind = {
  Accept: 1,
  Cancel: 2,
  Modify: 3,
  Trade: 4,
  Reject: 5,
  /** A request with a number that was answered before: its first answer again. Nothing happened. */
  Repeat: 6,
  /** A mass cancel was executed; the Cancels of the orders it took out follow. */
  MassCancel: 7,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** Bits of the flags byte. */
export const EventFlag = {
  /** The last event of its command: whatever rests after it, rests now. */
  Last: 1,
  /** A modify that kept its place in the queue. */
  InPlace: 2,
} as const;

/** Why an order was cancelled: the reason byte of a Cancel. */
export const CancelCause = {
  /** Its own Cancel command. */
  Request: 0,
  MassCancel: 1,
  /** Its account's session ended without a Logout, or its node was lost: cancel on disconnect. */
  Disconnected: 2,
  /** Its account's session was silent for too long. */
  DeadMan: 3,
  KillSwitch: 4,
} as const;
export type CancelCause = (typeof CancelCause)[keyof typeof CancelCause];

/** Byte offsets. "Subject" is the order the command named; in a trade it is the taker. */
export const EventLayout = layout(EVENT_BYTES, (at) => ({
  kind: at.u8(),
  /** A Reason: of a Reject, and of a Repeat whose first answer was one. A CancelCause: of a Cancel. */
  reason: at.u8(),
  /** The CommandKind that caused it. */
  command: at.u8(),
  flags: at.u8(),
  symbol: at.u32(),
  /** The engine's event sequence from 1; 0 in a Reject, which takes none. Repeat: of the first answer. */
  sequence: at.u64(),
  /** The subject's order id. */
  orderId: at.u64(),
  /** The resting order's id, of Trade only. */
  makerId: at.u64(),
  /** Accept, Modify: the order's price. Trade: the price traded. Cancel: the price it rested at. */
  price: at.u64(),
  /** Accept: ordered. Trade: traded. Cancel: what rested. Modify: the new quantity. MassCancel: orders cancelled. */
  quantity: at.u32(),
  /** Trade: what the subject has left to trade. */
  leaves: at.u32(),
  account: at.u32(),
  makerAccount: at.u32(),
  /** Trade: what the maker has left resting; 0 = it left the book. */
  makerLeaves: at.u32(),
  /** The subject's side. */
  side: at.u8(),
  orderType: at.u8(),
  timeInForce: at.u8(),
  unused: at.u8(),
  /** Modify: the price it rested at before. */
  previousPrice: at.u64(),
  /** Modify: what rested before. */
  previousQuantity: at.u32(),
  reserved: at.u32(),
}));

/** Word offsets of EventLayout. The first word holds kind, reason, command, flags; `sideTypeTif` three bytes. */
export const EventWord = {
  kindReasonCommandFlags: wordOf(EventLayout.kind),
  symbol: wordOf(EventLayout.symbol),
  sequenceLow: wordOf(EventLayout.sequence),
  sequenceHigh: wordOf(EventLayout.sequence) + 1,
  orderIdLow: wordOf(EventLayout.orderId),
  orderIdHigh: wordOf(EventLayout.orderId) + 1,
  makerIdLow: wordOf(EventLayout.makerId),
  makerIdHigh: wordOf(EventLayout.makerId) + 1,
  priceLow: wordOf(EventLayout.price),
  priceHigh: wordOf(EventLayout.price) + 1,
  quantity: wordOf(EventLayout.quantity),
  leaves: wordOf(EventLayout.leaves),
  account: wordOf(EventLayout.account),
  makerAccount: wordOf(EventLayout.makerAccount),
  makerLeaves: wordOf(EventLayout.makerLeaves),
  sideTypeTif: wordOf(EventLayout.side),
  previousPriceLow: wordOf(EventLayout.previousPrice),
  previousPriceHigh: wordOf(EventLayout.previousPrice) + 1,
  previousQuantity: wordOf(EventLayout.previousQuantity),
} as const;

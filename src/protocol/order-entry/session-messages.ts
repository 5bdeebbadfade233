// What is said in a session with a logon, beside its orders and reports: queries and their answers, refusals, heartbeats of
// the server, and the end. Numbers in, bytes out, nothing allocated. Every `encode` writes one whole frame at `at` and returns
// where the next one starts; the caller has made room (`frameBytes(type)`). Fields are read by layout.

import { highLane, lowLane } from "../../base/index.ts";
import { writeMassCancel } from "../commands/index.ts";
import { putU64 } from "./bytes.ts";
import { putHeader } from "./header.ts";
import { FRAME_HEADER_BYTES, MessageType } from "./layout.ts";
import {
  InstrumentsEndLayout,
  LoggedOutLayout,
  LogoutLayout,
  MassCancelLayout,
  OpenOrderLayout,
  type OpenOrderState,
  OpenOrdersEndLayout,
  OpenOrdersLayout,
  OrderStatusLayout,
  RefusedLayout,
  ServerHeartbeatLayout,
} from "./session-layout.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const OPEN_AS_OF = OpenOrderLayout.asOf;
const OPEN_BYTES = OpenOrderLayout.bytes;
const OPEN_CUMULATIVE = OpenOrderLayout.cumulative;
const OPEN_LEAVES = OpenOrderLayout.leaves;
const OPEN_ORDER_ID = OpenOrderLayout.orderId;
const OPEN_PRICE = OpenOrderLayout.price;
const OPEN_SIDE = OpenOrderLayout.side;
const OPEN_STATE = OpenOrderLayout.state;
const OPEN_SYMBOL = OpenOrderLayout.symbol;
const OPEN_UNUSED = OpenOrderLayout.unused;
const REFUSED_BYTES = RefusedLayout.bytes;
const REFUSED_ORDER_ID = RefusedLayout.orderId;
const REFUSED_REASON = RefusedLayout.reason;
const REFUSED_TYPE = RefusedLayout.type;
const TYPE_OPEN_ORDER = MessageType.OpenOrder;
const TYPE_REFUSED = MessageType.Refused;

/** Writes a MassCancel; ALL_SYMBOLS and BOTH_SIDES stand for all of the account's orders. */
export function encodeMassCancel(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  symbol: number,
  side: number,
): number {
  const { MassCancel } = MessageType;
  const body = putHeader(view, at, MassCancel, MassCancelLayout.bytes, sequenceLow, sequenceHigh);
  view.setInt32(body + MassCancelLayout.symbol, symbol);
  view.setUint8(body + MassCancelLayout.side, side);
  return body + MassCancelLayout.bytes;
}

/** Puts the MassCancel at `at` into the command record at word offset `slot`. */
export function readMassCancel(
  view: DataView,
  at: number,
  words: Int32Array,
  slot: number,
  account: number,
): void {
  const body = at + FRAME_HEADER_BYTES;
  const symbol = view.getInt32(body + MassCancelLayout.symbol);
  writeMassCancel(words, slot, account, symbol, view.getUint8(body + MassCancelLayout.side));
}

/** Writes an OrderStatus: asks whether this order rests. */
export function encodeOrderStatus(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  idLow: number,
  idHigh: number,
  symbol: number,
): number {
  const { OrderStatus } = MessageType;
  const body = putHeader(view, at, OrderStatus, OrderStatusLayout.bytes, sequenceLow, sequenceHigh);
  putU64(view, body + OrderStatusLayout.orderId, idLow, idHigh);
  view.setInt32(body + OrderStatusLayout.symbol, symbol);
  return body + OrderStatusLayout.bytes;
}

/** Writes an OpenOrders: asks for the account's resting orders of a symbol, or of ALL_SYMBOLS. */
export function encodeOpenOrders(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  symbol: number,
): number {
  const { OpenOrders } = MessageType;
  const body = putHeader(view, at, OpenOrders, OpenOrdersLayout.bytes, sequenceLow, sequenceHigh);
  view.setInt32(body + OpenOrdersLayout.symbol, symbol);
  return body + OpenOrdersLayout.bytes;
}

/** Writes an OpenOrder with the number of the request it answers; of an order that does not rest: zeros but for id and symbol. */
export function encodeOpenOrder(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  state: (typeof OpenOrderState)[keyof typeof OpenOrderState],
  side: number,
  symbol: number,
  idLow: number,
  idHigh: number,
  priceLow: number,
  priceHigh: number,
  leaves: number,
  cumulativeLow: number,
  cumulativeHigh: number,
  asOf: number,
): number {
  const body = putHeader(view, at, TYPE_OPEN_ORDER, OPEN_BYTES, sequenceLow, sequenceHigh);
  view.setUint8(body + OPEN_STATE, state);
  view.setUint8(body + OPEN_SIDE, side);
  view.setUint16(body + OPEN_UNUSED, 0);
  view.setInt32(body + OPEN_SYMBOL, symbol);
  putU64(view, body + OPEN_ORDER_ID, idLow, idHigh);
  putU64(view, body + OPEN_PRICE, priceLow, priceHigh);
  view.setInt32(body + OPEN_LEAVES, leaves);
  putU64(view, body + OPEN_CUMULATIVE, cumulativeLow, cumulativeHigh);
  putU64(view, body + OPEN_AS_OF, lowLane(asOf), highLane(asOf));
  return body + OPEN_BYTES;
}

/** Writes an OpenOrdersEnd: so many OpenOrder of this request came before. */
export function encodeOpenOrdersEnd(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  count: number,
  truncated: boolean,
  asOf: number,
): number {
  const { OpenOrdersEnd } = MessageType;
  const body = putHeader(view, at, OpenOrdersEnd, OpenOrdersEndLayout.bytes, sequenceLow, sequenceHigh);
  view.setInt32(body + OpenOrdersEndLayout.count, count);
  view.setUint8(body + OpenOrdersEndLayout.truncated, truncated ? 1 : 0);
  putU64(view, body + OpenOrdersEndLayout.asOf, lowLane(asOf), highLane(asOf));
  return body + OpenOrdersEndLayout.bytes;
}

/** Writes a ServerHeartbeat: the server lives, and `next` is the number of the report it will send next. */
export function encodeServerHeartbeat(view: DataView, at: number, next: number): number {
  const body = putHeader(view, at, MessageType.ServerHeartbeat, ServerHeartbeatLayout.bytes, 0, 0);
  putU64(view, body + ServerHeartbeatLayout.next, lowLane(next), highLane(next));
  return body + ServerHeartbeatLayout.bytes;
}

/** Writes a Refused: the gateway did not take the request of `type` with this number; `reason` is a code of reasons.ts. */
export function encodeRefused(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  idLow: number,
  idHigh: number,
  reason: number,
  type: MessageType,
): number {
  const body = putHeader(view, at, TYPE_REFUSED, REFUSED_BYTES, sequenceLow, sequenceHigh);
  putU64(view, body + REFUSED_ORDER_ID, idLow, idHigh);
  view.setUint8(body + REFUSED_REASON, reason);
  view.setUint16(body + REFUSED_TYPE, type);
  return body + REFUSED_BYTES;
}

/** Writes a Logout: the session ends, and nothing is cancelled. */
export function encodeLogout(view: DataView, at: number): number {
  return putHeader(view, at, MessageType.Logout, LogoutLayout.bytes, 0, 0);
}

/** Writes an InstrumentsEnd: so many Instrument came before. */
export function encodeInstrumentsEnd(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  count: number,
): number {
  const { InstrumentsEnd } = MessageType;
  const body = putHeader(view, at, InstrumentsEnd, InstrumentsEndLayout.bytes, sequenceLow, sequenceHigh);
  view.setInt32(body + InstrumentsEndLayout.count, count);
  return body + InstrumentsEndLayout.bytes;
}

/** Writes a LoggedOut: the session has ended and nothing was cancelled; `next` is the number of the first report it was not sent. */
export function encodeLoggedOut(view: DataView, at: number, next: number): number {
  const body = putHeader(view, at, MessageType.LoggedOut, LoggedOutLayout.bytes, 0, 0);
  putU64(view, body + LoggedOutLayout.next, lowLane(next), highLane(next));
  return body + LoggedOutLayout.bytes;
}

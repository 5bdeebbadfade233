// What clients send: encoders (numbers in, bytes out), and readers that put an order straight into a command record.
// Every `encode` writes one whole frame at `at` and returns where the next one starts; the caller has made room
// (`frameBytes(type)`). Every `read` needs a frame that `decodeBody` judged Ok.

import { writeCancel, writeModify, writeNewOrder } from "../commands/index.ts";
import { putU64, readHighLane, readLowLane } from "./bytes.ts";
import { frameLength, putHeader } from "./header.ts";
import {
  CancelOrderLayout,
  FRAME_HEADER_BYTES,
  HELLO_BODY_BYTES_MIN,
  HeartbeatLayout,
  HelloLayout,
  InstrumentsLayout,
  MessageType,
  ModifyLayout,
  NewOrderLayout,
} from "./layout.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const NEW_BYTES = NewOrderLayout.bytes;
const NEW_ORDER_ID = NewOrderLayout.orderId;
const NEW_ORDER_TYPE = NewOrderLayout.orderType;
const NEW_PRICE = NewOrderLayout.price;
const NEW_QUANTITY = NewOrderLayout.quantity;
const NEW_SIDE = NewOrderLayout.side;
const NEW_SYMBOL = NewOrderLayout.symbol;
const NEW_TIME_IN_FORCE = NewOrderLayout.timeInForce;
const CANCEL_BYTES = CancelOrderLayout.bytes;
const CANCEL_ORDER_ID = CancelOrderLayout.orderId;
const CANCEL_SYMBOL = CancelOrderLayout.symbol;
const MODIFY_BYTES = ModifyLayout.bytes;
const MODIFY_ORDER_ID = ModifyLayout.orderId;
const MODIFY_PRICE = ModifyLayout.price;
const MODIFY_QUANTITY = ModifyLayout.quantity;
const MODIFY_SYMBOL = ModifyLayout.symbol;
const HEARTBEAT_BYTES = HeartbeatLayout.bytes;
const HEARTBEAT_TOKEN = HeartbeatLayout.token;
const HELLO_ACCOUNT = HelloLayout.account;
const HELLO_BYTES = HelloLayout.bytes;
const HELLO_FLAGS = HelloLayout.flags;
const HELLO_SHORT = HELLO_BODY_BYTES_MIN;
const TYPE_HEARTBEAT = MessageType.Heartbeat;
const TYPE_HELLO = MessageType.Hello;
const TYPE_MODIFY = MessageType.Modify;
const TYPE_NEW_ORDER = MessageType.NewOrder;
const HEADER_BYTES = FRAME_HEADER_BYTES;

/** Writes a NewOrder; the price as i64 lanes. */
export function encodeNewOrder(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  idLow: number,
  idHigh: number,
  symbol: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
  side: number,
  orderType: number,
  timeInForce: number,
): number {
  const body = putHeader(view, at, TYPE_NEW_ORDER, NEW_BYTES, sequenceLow, sequenceHigh);
  putU64(view, body + NEW_ORDER_ID, idLow, idHigh);
  view.setInt32(body + NEW_SYMBOL, symbol);
  putU64(view, body + NEW_PRICE, priceLow, priceHigh);
  view.setInt32(body + NEW_QUANTITY, quantity);
  view.setUint8(body + NEW_SIDE, side);
  view.setUint8(body + NEW_ORDER_TYPE, orderType);
  view.setUint8(body + NEW_TIME_IN_FORCE, timeInForce);
  return body + NEW_BYTES;
}

/** Puts the NewOrder at `at` into the command record at word offset `slot`. */
export function readNewOrder(
  view: DataView,
  at: number,
  words: Int32Array,
  slot: number,
  account: number,
): void {
  const body = at + HEADER_BYTES;
  writeNewOrder(
    words,
    slot,
    account,
    view.getInt32(body + NEW_SYMBOL),
    readLowLane(view, body + NEW_ORDER_ID),
    readHighLane(view, body + NEW_ORDER_ID),
    view.getUint8(body + NEW_SIDE),
    view.getUint8(body + NEW_ORDER_TYPE),
    view.getUint8(body + NEW_TIME_IN_FORCE),
    readLowLane(view, body + NEW_PRICE),
    readHighLane(view, body + NEW_PRICE),
    view.getInt32(body + NEW_QUANTITY),
  );
}

/** Writes a CancelOrder. */
export function encodeCancelOrder(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  idLow: number,
  idHigh: number,
  symbol: number,
): number {
  const { CancelOrder } = MessageType;
  const body = putHeader(view, at, CancelOrder, CANCEL_BYTES, sequenceLow, sequenceHigh);
  putU64(view, body + CANCEL_ORDER_ID, idLow, idHigh);
  view.setInt32(body + CANCEL_SYMBOL, symbol);
  return body + CANCEL_BYTES;
}

/** Puts the CancelOrder at `at` into the command record at word offset `slot`. */
export function readCancelOrder(
  view: DataView,
  at: number,
  words: Int32Array,
  slot: number,
  account: number,
): void {
  const body = at + HEADER_BYTES;
  writeCancel(
    words,
    slot,
    account,
    view.getInt32(body + CANCEL_SYMBOL),
    readLowLane(view, body + CANCEL_ORDER_ID),
    readHighLane(view, body + CANCEL_ORDER_ID),
  );
}

/** Writes a Modify; the price as i64 lanes. */
export function encodeModify(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  idLow: number,
  idHigh: number,
  symbol: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
): number {
  const body = putHeader(view, at, TYPE_MODIFY, MODIFY_BYTES, sequenceLow, sequenceHigh);
  putU64(view, body + MODIFY_ORDER_ID, idLow, idHigh);
  view.setInt32(body + MODIFY_SYMBOL, symbol);
  putU64(view, body + MODIFY_PRICE, priceLow, priceHigh);
  view.setInt32(body + MODIFY_QUANTITY, quantity);
  return body + MODIFY_BYTES;
}

/** Puts the Modify at `at` into the command record at word offset `slot`. */
export function readModify(
  view: DataView,
  at: number,
  words: Int32Array,
  slot: number,
  account: number,
): void {
  const body = at + HEADER_BYTES;
  writeModify(
    words,
    slot,
    account,
    view.getInt32(body + MODIFY_SYMBOL),
    readLowLane(view, body + MODIFY_ORDER_ID),
    readHighLane(view, body + MODIFY_ORDER_ID),
    readLowLane(view, body + MODIFY_PRICE),
    readHighLane(view, body + MODIFY_PRICE),
    view.getInt32(body + MODIFY_QUANTITY),
  );
}

/** Writes a Heartbeat; its token comes back in the HeartbeatAck. */
export function encodeHeartbeat(view: DataView, at: number, tokenLow: number, tokenHigh: number): number {
  const body = putHeader(view, at, TYPE_HEARTBEAT, HEARTBEAT_BYTES, 0, 0);
  putU64(view, body + HEARTBEAT_TOKEN, tokenLow, tokenHigh);
  return body + HEARTBEAT_BYTES;
}

/**
 * Writes a Hello: names the connection's account, and says by flags (HelloFlag) what its requests are. Without flags in the short
 * form, which every exchange of version 2 takes.
 */
export function encodeHello(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  account: number,
  flags = 0,
): number {
  const length = flags === 0 ? HELLO_SHORT : HELLO_BYTES;
  const body = putHeader(view, at, TYPE_HELLO, length, sequenceLow, sequenceHigh);
  view.setInt32(body + HELLO_ACCOUNT, account);
  if (flags !== 0) view.setInt32(body + HELLO_FLAGS, flags);
  return body + length;
}

/** The flags of a Hello, zero when it has none. */
export function readHelloFlags(view: DataView, at: number): number {
  const body = at + FRAME_HEADER_BYTES;
  return frameLength(view, at) < FRAME_HEADER_BYTES + HELLO_BYTES ? 0 : view.getUint32(body + HELLO_FLAGS);
}

/** Writes an Instruments request: asks for the list. */
export function encodeInstruments(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
): number {
  const { Instruments } = MessageType;
  return putHeader(view, at, Instruments, InstrumentsLayout.bytes, sequenceLow, sequenceHigh);
}

// What clients send: encoders (numbers in, bytes out), and readers that put an order straight into a command record.
// Every `encode` writes one whole frame at `at` and returns where the next one starts; the caller has made room
// (`frameBytes(type)`). Every `read` needs a frame that `decodeBody` judged Ok.

import { writeCancel, writeModify, writeNewOrder } from "../commands/index.ts";
import { putU64, readHighLane, readLowLane } from "./bytes.ts";
import { putHeader } from "./header.ts";
import {
  CancelOrderLayout,
  FRAME_HEADER_BYTES,
  HeartbeatLayout,
  HelloLayout,
  InstrumentsLayout,
  MessageType,
  ModifyLayout,
  NewOrderLayout,
} from "./layout.ts";

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
  const body = putHeader(view, at, MessageType.NewOrder, NewOrderLayout.bytes, sequenceLow, sequenceHigh);
  putU64(view, body + NewOrderLayout.orderId, idLow, idHigh);
  view.setInt32(body + NewOrderLayout.symbol, symbol);
  putU64(view, body + NewOrderLayout.price, priceLow, priceHigh);
  view.setInt32(body + NewOrderLayout.quantity, quantity);
  view.setUint8(body + NewOrderLayout.side, side);
  view.setUint8(body + NewOrderLayout.orderType, orderType);
  view.setUint8(body + NewOrderLayout.timeInForce, timeInForce);
  return body + NewOrderLayout.bytes;
}

/** Puts the NewOrder at `at` into the command record at word offset `slot`. */
export function readNewOrder(
  view: DataView,
  at: number,
  words: Int32Array,
  slot: number,
  account: number,
): void {
  const body = at + FRAME_HEADER_BYTES;
  writeNewOrder(
    words,
    slot,
    account,
    view.getInt32(body + NewOrderLayout.symbol),
    readLowLane(view, body + NewOrderLayout.orderId),
    readHighLane(view, body + NewOrderLayout.orderId),
    view.getUint8(body + NewOrderLayout.side),
    view.getUint8(body + NewOrderLayout.orderType),
    view.getUint8(body + NewOrderLayout.timeInForce),
    readLowLane(view, body + NewOrderLayout.price),
    readHighLane(view, body + NewOrderLayout.price),
    view.getInt32(body + NewOrderLayout.quantity),
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
  const body = putHeader(view, at, CancelOrder, CancelOrderLayout.bytes, sequenceLow, sequenceHigh);
  putU64(view, body + CancelOrderLayout.orderId, idLow, idHigh);
  view.setInt32(body + CancelOrderLayout.symbol, symbol);
  return body + CancelOrderLayout.bytes;
}

/** Puts the CancelOrder at `at` into the command record at word offset `slot`. */
export function readCancelOrder(
  view: DataView,
  at: number,
  words: Int32Array,
  slot: number,
  account: number,
): void {
  const body = at + FRAME_HEADER_BYTES;
  writeCancel(
    words,
    slot,
    account,
    view.getInt32(body + CancelOrderLayout.symbol),
    readLowLane(view, body + CancelOrderLayout.orderId),
    readHighLane(view, body + CancelOrderLayout.orderId),
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
  const body = putHeader(view, at, MessageType.Modify, ModifyLayout.bytes, sequenceLow, sequenceHigh);
  putU64(view, body + ModifyLayout.orderId, idLow, idHigh);
  view.setInt32(body + ModifyLayout.symbol, symbol);
  putU64(view, body + ModifyLayout.price, priceLow, priceHigh);
  view.setInt32(body + ModifyLayout.quantity, quantity);
  return body + ModifyLayout.bytes;
}

/** Puts the Modify at `at` into the command record at word offset `slot`. */
export function readModify(
  view: DataView,
  at: number,
  words: Int32Array,
  slot: number,
  account: number,
): void {
  const body = at + FRAME_HEADER_BYTES;
  writeModify(
    words,
    slot,
    account,
    view.getInt32(body + ModifyLayout.symbol),
    readLowLane(view, body + ModifyLayout.orderId),
    readHighLane(view, body + ModifyLayout.orderId),
    readLowLane(view, body + ModifyLayout.price),
    readHighLane(view, body + ModifyLayout.price),
    view.getInt32(body + ModifyLayout.quantity),
  );
}

/** Writes a Heartbeat; its token comes back in the HeartbeatAck. */
export function encodeHeartbeat(view: DataView, at: number, tokenLow: number, tokenHigh: number): number {
  const body = putHeader(view, at, MessageType.Heartbeat, HeartbeatLayout.bytes, 0, 0);
  putU64(view, body + HeartbeatLayout.token, tokenLow, tokenHigh);
  return body + HeartbeatLayout.bytes;
}

/** Writes a Hello: names the connection's account. */
export function encodeHello(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  account: number,
): number {
  const body = putHeader(view, at, MessageType.Hello, HelloLayout.bytes, sequenceLow, sequenceHigh);
  view.setInt32(body + HelloLayout.account, account);
  return body + HelloLayout.bytes;
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

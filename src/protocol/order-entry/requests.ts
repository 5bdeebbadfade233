// What clients send: encoders (numbers in, bytes out), and readers that put an order straight into a command record.
// Every `encode` writes one whole frame at `at` and returns where the next one starts; the caller has made room
// (`frameBytes(type)`). Every `read` needs a frame that `decodeBody` judged Ok.

import { writeCancel, writeModify, writeNewOrder } from "../commands/index.ts";
import { putU32, putU64, readHighLane, readI32, readLowLane } from "./bytes.ts";
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
  bytes: Uint8Array,
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
  const body = putHeader(bytes, at, MessageType.NewOrder, NewOrderLayout.bytes, sequenceLow, sequenceHigh);
  putU64(bytes, body + NewOrderLayout.orderId, idLow, idHigh);
  putU32(bytes, body + NewOrderLayout.symbol, symbol);
  putU64(bytes, body + NewOrderLayout.price, priceLow, priceHigh);
  putU32(bytes, body + NewOrderLayout.quantity, quantity);
  bytes[body + NewOrderLayout.side] = side;
  bytes[body + NewOrderLayout.orderType] = orderType;
  bytes[body + NewOrderLayout.timeInForce] = timeInForce;
  return body + NewOrderLayout.bytes;
}

/** Puts the NewOrder at `at` into the command record at word offset `slot`. */
export function readNewOrder(
  bytes: Uint8Array,
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
    readI32(bytes, body + NewOrderLayout.symbol),
    readLowLane(bytes, body + NewOrderLayout.orderId),
    readHighLane(bytes, body + NewOrderLayout.orderId),
    bytes[body + NewOrderLayout.side],
    bytes[body + NewOrderLayout.orderType],
    bytes[body + NewOrderLayout.timeInForce],
    readLowLane(bytes, body + NewOrderLayout.price),
    readHighLane(bytes, body + NewOrderLayout.price),
    readI32(bytes, body + NewOrderLayout.quantity),
  );
}

/** Writes a CancelOrder. */
export function encodeCancelOrder(
  bytes: Uint8Array,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  idLow: number,
  idHigh: number,
  symbol: number,
): number {
  const { CancelOrder } = MessageType;
  const body = putHeader(bytes, at, CancelOrder, CancelOrderLayout.bytes, sequenceLow, sequenceHigh);
  putU64(bytes, body + CancelOrderLayout.orderId, idLow, idHigh);
  putU32(bytes, body + CancelOrderLayout.symbol, symbol);
  return body + CancelOrderLayout.bytes;
}

/** Puts the CancelOrder at `at` into the command record at word offset `slot`. */
export function readCancelOrder(
  bytes: Uint8Array,
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
    readI32(bytes, body + CancelOrderLayout.symbol),
    readLowLane(bytes, body + CancelOrderLayout.orderId),
    readHighLane(bytes, body + CancelOrderLayout.orderId),
  );
}

/** Writes a Modify; the price as i64 lanes. */
export function encodeModify(
  bytes: Uint8Array,
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
  const body = putHeader(bytes, at, MessageType.Modify, ModifyLayout.bytes, sequenceLow, sequenceHigh);
  putU64(bytes, body + ModifyLayout.orderId, idLow, idHigh);
  putU32(bytes, body + ModifyLayout.symbol, symbol);
  putU64(bytes, body + ModifyLayout.price, priceLow, priceHigh);
  putU32(bytes, body + ModifyLayout.quantity, quantity);
  return body + ModifyLayout.bytes;
}

/** Puts the Modify at `at` into the command record at word offset `slot`. */
export function readModify(
  bytes: Uint8Array,
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
    readI32(bytes, body + ModifyLayout.symbol),
    readLowLane(bytes, body + ModifyLayout.orderId),
    readHighLane(bytes, body + ModifyLayout.orderId),
    readLowLane(bytes, body + ModifyLayout.price),
    readHighLane(bytes, body + ModifyLayout.price),
    readI32(bytes, body + ModifyLayout.quantity),
  );
}

/** Writes a Heartbeat; its token comes back in the HeartbeatAck. */
export function encodeHeartbeat(bytes: Uint8Array, at: number, tokenLow: number, tokenHigh: number): number {
  const body = putHeader(bytes, at, MessageType.Heartbeat, HeartbeatLayout.bytes, 0, 0);
  putU64(bytes, body + HeartbeatLayout.token, tokenLow, tokenHigh);
  return body + HeartbeatLayout.bytes;
}

/** Writes a Hello: names the connection's account. */
export function encodeHello(
  bytes: Uint8Array,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  account: number,
): number {
  const body = putHeader(bytes, at, MessageType.Hello, HelloLayout.bytes, sequenceLow, sequenceHigh);
  putU32(bytes, body + HelloLayout.account, account);
  return body + HelloLayout.bytes;
}

/** Writes an Instruments request: asks for the list. */
export function encodeInstruments(
  bytes: Uint8Array,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
): number {
  const { Instruments } = MessageType;
  return putHeader(bytes, at, Instruments, InstrumentsLayout.bytes, sequenceLow, sequenceHigh);
}

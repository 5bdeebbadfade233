// Requests on orders as whole frames, for whoever keeps them until they are answered. Values are checked as they are encoded.

import { highLane, lowLane } from "../../base/index.ts";
import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  encodeCancelOrder,
  encodeMassCancel,
  encodeModify,
  encodeNewOrder,
  encodeOpenOrders,
  encodeOrderStatus,
  frameBytes,
  MessageType,
} from "../../protocol/index.ts";
import { checkObject } from "../errors.ts";
import {
  type CancelOrder,
  checkFields,
  checkU32,
  idLanes,
  type ModifyOrder,
  type NewOrder,
  ORDER_FIELDS,
  orderPriceLanes,
  priceLanes,
  sideCode,
  timeInForceCode,
  typeCode,
} from "../order-values.ts";
import type { MassCancel, OpenOrdersOf } from "../session/session-values.ts";

const MASS_CANCEL_FIELDS: Readonly<Record<keyof MassCancel, true>> = { symbol: true, side: true };
const OPEN_ORDERS_FIELDS: Readonly<Record<keyof OpenOrdersOf, true>> = { symbol: true };

export interface EncodedRequest {
  readonly frame: Uint8Array;
  /** The order's id, as i32 lanes: as answers name it. */
  readonly idLow: number;
  readonly idHigh: number;
}

/** A NewOrder with this request number (safe integer); throws SeriatimError `INVALID_ARGUMENT`, here and below. */
export function encodeOrder(number: number, order: NewOrder): EncodedRequest {
  checkFields("an order", order, ORDER_FIELDS);
  const [idLow, idHigh] = idLanes(order.id);
  const symbol = checkU32("symbol", order.symbol);
  const [priceLow, priceHigh] = orderPriceLanes(order);
  const quantity = checkU32("quantity", order.quantity);
  const terms = [sideCode(order.side), typeCode(order.type), timeInForceCode(order)] as const;
  const { view, done } = frameOf(MessageType.NewOrder, idLow, idHigh);
  const [low, high] = [lowLane(number), highLane(number)];
  encodeNewOrder(view, 0, low, high, idLow, idHigh, symbol, priceLow, priceHigh, quantity, ...terms);
  return done;
}

/** A Modify. */
export function encodeChange(number: number, order: ModifyOrder): EncodedRequest {
  checkObject("a modify", order);
  const [idLow, idHigh] = idLanes(order.id);
  const symbol = checkU32("symbol", order.symbol);
  const [priceLow, priceHigh] = priceLanes(order.price);
  const quantity = checkU32("quantity", order.quantity);
  const { view, done } = frameOf(MessageType.Modify, idLow, idHigh);
  const [low, high] = [lowLane(number), highLane(number)];
  encodeModify(view, 0, low, high, idLow, idHigh, symbol, priceLow, priceHigh, quantity);
  return done;
}

/** A CancelOrder. */
export function encodeCancel(number: number, order: CancelOrder): EncodedRequest {
  checkObject("a cancel", order);
  const [idLow, idHigh] = idLanes(order.id);
  const symbol = checkU32("symbol", order.symbol);
  const { view, done } = frameOf(MessageType.CancelOrder, idLow, idHigh);
  encodeCancelOrder(view, 0, lowLane(number), highLane(number), idLow, idHigh, symbol);
  return done;
}

/** A MassCancel: of all that it does not restrict. */
export function encodeMass(number: number, which: MassCancel): Uint8Array {
  checkFields("a mass cancel", which, MASS_CANCEL_FIELDS);
  const symbol = which.symbol === undefined ? ALL_SYMBOLS : checkU32("symbol", which.symbol);
  const side = which.side === undefined ? BOTH_SIDES : sideCode(which.side);
  const { view, done } = frameOf(MessageType.MassCancel, 0, 0);
  encodeMassCancel(view, 0, lowLane(number), highLane(number), symbol, side);
  return done.frame;
}

/** An OrderStatus. */
export function encodeStatus(number: number, order: CancelOrder): Uint8Array {
  checkObject("an order status", order);
  const [idLow, idHigh] = idLanes(order.id);
  const symbol = checkU32("symbol", order.symbol);
  const { view, done } = frameOf(MessageType.OrderStatus, idLow, idHigh);
  encodeOrderStatus(view, 0, lowLane(number), highLane(number), idLow, idHigh, symbol);
  return done.frame;
}

/** An OpenOrders. */
export function encodeOpen(number: number, which: OpenOrdersOf): Uint8Array {
  checkFields("a query of open orders", which, OPEN_ORDERS_FIELDS);
  const symbol = which.symbol === undefined ? ALL_SYMBOLS : checkU32("symbol", which.symbol);
  const { view, done } = frameOf(MessageType.OpenOrders, 0, 0);
  encodeOpenOrders(view, 0, lowLane(number), highLane(number), symbol);
  return done.frame;
}

function frameOf(type: MessageType, idLow: number, idHigh: number) {
  const frame = new Uint8Array(frameBytes(type));
  return { view: new DataView(frame.buffer), done: { frame, idLow: idLow | 0, idHigh: idHigh | 0 } };
}

// The three requests on one order, put into an outbox by numbers: ids and prices (i64 ticks) as lanes, the rest as in
// protocol/commands. Hot: nothing is allocated.

import { highLane, lowLane } from "../../base/index.ts";
import {
  encodeCancelOrder,
  encodeModify,
  encodeNewOrder,
  frameBytes,
  MessageType,
} from "../../protocol/index.ts";
import type { Outbox } from "./outbox.ts";

const NEW_ORDER_BYTES = frameBytes(MessageType.NewOrder);
const CANCEL_BYTES = frameBytes(MessageType.CancelOrder);
const MODIFY_BYTES = frameBytes(MessageType.Modify);

export function putNewOrder(
  out: Outbox,
  request: number,
  idLow: number,
  idHigh: number,
  symbol: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
  side: number,
  orderType: number,
  timeInForce: number,
): void {
  out.reserve(NEW_ORDER_BYTES);
  out.length = encodeNewOrder(
    out.view,
    out.length,
    lowLane(request),
    highLane(request),
    idLow,
    idHigh,
    symbol,
    priceLow,
    priceHigh,
    quantity,
    side,
    orderType,
    timeInForce,
  );
}

export function putCancel(out: Outbox, request: number, idLow: number, idHigh: number, symbol: number): void {
  out.reserve(CANCEL_BYTES);
  const low = lowLane(request);
  const high = highLane(request);
  out.length = encodeCancelOrder(out.view, out.length, low, high, idLow, idHigh, symbol);
}

export function putModify(
  out: Outbox,
  request: number,
  idLow: number,
  idHigh: number,
  symbol: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
): void {
  out.reserve(MODIFY_BYTES);
  out.length = encodeModify(
    out.view,
    out.length,
    lowLane(request),
    highLane(request),
    idLow,
    idHigh,
    symbol,
    priceLow,
    priceHigh,
    quantity,
  );
}

// Queries of a logged-on session: answered from the engine's state of this moment, at once, and sent when that moment is safe.
// Each answer says as of which report it is, because reports made later may overtake it.

import { highLane, lowLane } from "../../base/index.ts";
import {
  encodeOpenOrder,
  encodeOpenOrdersEnd,
  FRAME_HEADER_BYTES,
  frameBytes,
  frameSequenceHigh,
  frameSequenceLow,
  MessageType,
  OpenOrderState,
  OpenOrdersLayout,
  OrderStatusLayout,
  readHighLane,
  readLowLane,
} from "../../protocol/index.ts";
import type { Connection } from "../connection.ts";
import type { LoggedOn } from "./logged-on.ts";
import type { OwnOrder, ReportSource } from "./report-source.ts";

/** Open orders told in one list: 0.6 MB, which fits between the soft mark and the cap. */
const OPEN_ORDERS_MAX = 10_000;
const OPEN_ORDER_BYTES = frameBytes(MessageType.OpenOrder);
const OPEN_ORDERS_END_BYTES = frameBytes(MessageType.OpenOrdersEnd);

/** The OrderStatus at `at`: one OpenOrder, which says when no such order rests. */
export function answerOrderStatus(
  connection: Connection,
  { account, stream }: LoggedOn,
  source: ReportSource,
  view: DataView,
  at: number,
): void {
  const body = at + FRAME_HEADER_BYTES;
  const symbol = view.getUint32(body + OrderStatusLayout.symbol);
  const idLow = readLowLane(view, body + OrderStatusLayout.orderId);
  const idHigh = readHighLane(view, body + OrderStatusLayout.orderId);
  const order = source.findOrder(account, symbol, idLow, idHigh);
  if (order === undefined) {
    const none = { symbol, idLow, idHigh, side: 0, price: 0, quantity: 0, filled: 0 };
    putOpenOrder(connection, view, at, OpenOrderState.NoSuchOrder, none, stream.next - 1);
  } else putOpenOrder(connection, view, at, OpenOrderState.Rests, order, stream.next - 1);
  connection.answeredQuery();
}

/** The OpenOrders at `at`: an OpenOrder for each, and the end of the list. */
export function answerOpenOrders(
  connection: Connection,
  { account, stream }: LoggedOn,
  source: ReportSource,
  view: DataView,
  at: number,
): void {
  const symbol = view.getUint32(at + FRAME_HEADER_BYTES + OpenOrdersLayout.symbol);
  const asOf = stream.next - 1;
  let count = 0;
  const areAll = source.forEachOwnOrder(account, symbol, OPEN_ORDERS_MAX, (order) => {
    putOpenOrder(connection, view, at, OpenOrderState.Rests, order, asOf);
    count++;
  });
  const to = connection.claim(OPEN_ORDERS_END_BYTES);
  if (to < 0) return;
  const [low, high] = [frameSequenceLow(view, at), frameSequenceHigh(view, at)];
  encodeOpenOrdersEnd(connection.output.gated.view, to, low, high, count, !areAll, asOf);
  connection.answeredQuery();
}

function putOpenOrder(
  connection: Connection,
  view: DataView,
  at: number,
  state: (typeof OpenOrderState)[keyof typeof OpenOrderState],
  { symbol, idLow, idHigh, side, price, quantity, filled }: OwnOrder,
  asOf: number,
): void {
  const to = connection.claim(OPEN_ORDER_BYTES);
  if (to < 0) return;
  encodeOpenOrder(
    connection.output.gated.view,
    to,
    frameSequenceLow(view, at),
    frameSequenceHigh(view, at),
    state,
    side,
    symbol,
    idLow,
    idHigh,
    lowLane(price),
    highLane(price),
    quantity,
    lowLane(filled),
    highLane(filled),
    asOf,
  );
}

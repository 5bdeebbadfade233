// Frames of a session with a logon in, plain objects out. What belongs to the logon itself is session-pipe.ts's.

import { fromSignedLanes } from "../../base/index.ts";
import {
  ExecutionReportLayout,
  FRAME_HEADER_BYTES,
  HeaderLayout,
  InstrumentsEndLayout,
  type ListedInstrument,
  MessageType,
  OpenOrderLayout,
  OpenOrderState,
  OpenOrdersEndLayout,
  RefusedLayout,
  readCount,
  readHighLane,
  readInstrumentAnswer,
  readLowLane,
  ServerHeartbeatLayout,
} from "../../protocol/index.ts";
import { strangeFrame } from "../wire/answer-reader.ts";
import type { SessionListEnd, SessionOrder, SessionRefusal, SessionReport } from "./session-values.ts";

/** What an exchange says in a session. */
export interface SessionListener {
  onReport(report: SessionReport): void;
  onRefused(refusal: SessionRefusal): void;
  onOpenOrder(order: SessionOrder): void;
  onOpenOrdersEnd(end: SessionListEnd): void;
  onInstrument?(instrument: ListedInstrument): void;
  onInstrumentsEnd?(request: number, count: number): void;
  /** The number of the report that the server sends next. */
  onServerHeartbeat?(next: number): void;
}

/** Tells `listener` of the frame at `at`; returns undefined, or what is wrong with it. */
export function tellSession(
  listener: SessionListener,
  view: DataView,
  at: number,
  type: MessageType,
): string | undefined {
  const body = at + FRAME_HEADER_BYTES;
  const request = readCount(view, at + HeaderLayout.sequence);
  switch (type) {
    case MessageType.ExecutionReport:
      listener.onReport(readReport(view, request, body));
      return undefined;
    case MessageType.Refused:
      listener.onRefused(readRefusal(view, request, body));
      return undefined;
    case MessageType.OpenOrder:
      listener.onOpenOrder(readOpenOrder(view, request, body));
      return undefined;
    case MessageType.OpenOrdersEnd:
      listener.onOpenOrdersEnd(readListEnd(view, request, body));
      return undefined;
    case MessageType.Instrument:
      listener.onInstrument?.(readInstrumentAnswer(view, at));
      return undefined;
    case MessageType.InstrumentsEnd:
      listener.onInstrumentsEnd?.(request, view.getUint32(body + InstrumentsEndLayout.count));
      return undefined;
    case MessageType.ServerHeartbeat:
      listener.onServerHeartbeat?.(readCount(view, body + ServerHeartbeatLayout.next));
      return undefined;
    case MessageType.HeartbeatAck:
      return undefined;
    default:
      return strangeFrame(type);
  }
}

function readReport(view: DataView, number: number, body: number): SessionReport {
  const u8 = (offset: number) => view.getUint8(body + offset);
  return {
    number,
    kind: u8(ExecutionReportLayout.kind),
    reason: u8(ExecutionReportLayout.reason),
    command: u8(ExecutionReportLayout.command),
    flags: u8(ExecutionReportLayout.flags),
    side: u8(ExecutionReportLayout.side),
    orderType: u8(ExecutionReportLayout.orderType),
    timeInForce: u8(ExecutionReportLayout.timeInForce),
    symbol: view.getUint32(body + ExecutionReportLayout.symbol),
    id: view.getBigUint64(body + ExecutionReportLayout.orderId),
    request: view.getBigUint64(body + ExecutionReportLayout.request),
    session: view.getBigUint64(body + ExecutionReportLayout.session),
    price: readPrice(view, body + ExecutionReportLayout.price),
    lastPrice: readPrice(view, body + ExecutionReportLayout.lastPrice),
    lastQuantity: view.getUint32(body + ExecutionReportLayout.lastQuantity),
    leaves: view.getUint32(body + ExecutionReportLayout.leaves),
    cumulative: readCount(view, body + ExecutionReportLayout.cumulative),
    sequence: readCount(view, body + ExecutionReportLayout.sequence),
    timestamp_us: readCount(view, body + ExecutionReportLayout.timestamp_us),
  };
}

function readRefusal(view: DataView, request: number, body: number): SessionRefusal {
  return {
    request,
    id: view.getBigUint64(body + RefusedLayout.orderId),
    reason: view.getUint8(body + RefusedLayout.reason),
    type: view.getUint16(body + RefusedLayout.type),
  };
}

function readOpenOrder(view: DataView, request: number, body: number): SessionOrder {
  return {
    request,
    rests: view.getUint8(body + OpenOrderLayout.state) === OpenOrderState.Rests,
    side: view.getUint8(body + OpenOrderLayout.side),
    symbol: view.getUint32(body + OpenOrderLayout.symbol),
    id: view.getBigUint64(body + OpenOrderLayout.orderId),
    price: readPrice(view, body + OpenOrderLayout.price),
    leaves: view.getUint32(body + OpenOrderLayout.leaves),
    cumulative: readCount(view, body + OpenOrderLayout.cumulative),
    asOf: readCount(view, body + OpenOrderLayout.asOf),
  };
}

function readListEnd(view: DataView, request: number, body: number): SessionListEnd {
  return {
    request,
    count: view.getUint32(body + OpenOrdersEndLayout.count),
    truncated: view.getUint8(body + OpenOrdersEndLayout.truncated) !== 0,
    asOf: readCount(view, body + OpenOrdersEndLayout.asOf),
  };
}

function readPrice(view: DataView, at: number): number {
  return fromSignedLanes(readLowLane(view, at), readHighLane(view, at));
}

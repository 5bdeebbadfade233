// A report record as a plain object, for cold paths: tools, tests, text. Specification: reports.md.

import { fromLanes, fromSignedLanes } from "../../base/index.ts";
import { REPORT_BYTES, ReportLayout } from "./layout.ts";

/** All fields of one report record; see ReportLayout for what each means per kind. */
export interface ReportFields {
  readonly kind: number;
  readonly reason: number;
  readonly command: number;
  readonly flags: number;
  readonly symbol: number;
  readonly sequence: number;
  /** u64; so are `request`, `session` and `cumulative`. */
  readonly orderId: bigint;
  readonly request: bigint;
  readonly session: bigint;
  readonly price: number;
  readonly lastPrice: number;
  readonly lastQuantity: number;
  readonly leaves: number;
  readonly cumulative: bigint;
  readonly timestamp_us: number;
  readonly position: number;
  readonly side: number;
  readonly orderType: number;
  readonly timeInForce: number;
  readonly account: number;
}

/** Reads the report record at word offset `at`. Allocates. */
export function readReport(words: Int32Array, at: number): ReportFields {
  const view = new DataView(words.buffer, words.byteOffset + at * 4, REPORT_BYTES);
  const u32 = (offset: number) => view.getUint32(offset, true);
  const u64 = (offset: number) => view.getBigUint64(offset, true);
  return {
    kind: view.getUint8(ReportLayout.kind),
    reason: view.getUint8(ReportLayout.reason),
    command: view.getUint8(ReportLayout.command),
    flags: view.getUint8(ReportLayout.flags),
    symbol: u32(ReportLayout.symbol),
    sequence: fromLanes(u32(ReportLayout.sequence), u32(ReportLayout.sequence + 4)),
    orderId: u64(ReportLayout.orderId),
    request: u64(ReportLayout.request),
    session: u64(ReportLayout.session),
    price: fromSignedLanes(u32(ReportLayout.price), u32(ReportLayout.price + 4)),
    lastPrice: fromSignedLanes(u32(ReportLayout.lastPrice), u32(ReportLayout.lastPrice + 4)),
    lastQuantity: u32(ReportLayout.lastQuantity),
    leaves: u32(ReportLayout.leaves),
    cumulative: u64(ReportLayout.cumulative),
    timestamp_us: fromLanes(u32(ReportLayout.timestamp_us), u32(ReportLayout.timestamp_us + 4)),
    position: fromLanes(u32(ReportLayout.position), u32(ReportLayout.position + 4)),
    side: view.getUint8(ReportLayout.side),
    orderType: view.getUint8(ReportLayout.orderType),
    timeInForce: view.getUint8(ReportLayout.timeInForce),
    account: u32(ReportLayout.account),
  };
}

// An ExecutionReport from the words of a report record (protocol/reports), as the engine keeps it: the same bytes for every
// reader of the account. Hot: numbers only, nothing allocated.

import { ReportWord } from "../reports/index.ts";
import { putU64 } from "./bytes.ts";
import { putHeader } from "./header.ts";
import { MessageType } from "./layout.ts";
import { ExecutionReportLayout } from "./session-layout.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const BYTES = ExecutionReportLayout.bytes;
const KIND = ExecutionReportLayout.kind;
const SIDE = ExecutionReportLayout.side;
const SYMBOL = ExecutionReportLayout.symbol;
const ORDER_ID = ExecutionReportLayout.orderId;
const REQUEST = ExecutionReportLayout.request;
const SESSION = ExecutionReportLayout.session;
const PRICE = ExecutionReportLayout.price;
const LAST_PRICE = ExecutionReportLayout.lastPrice;
const LAST_QUANTITY = ExecutionReportLayout.lastQuantity;
const LEAVES = ExecutionReportLayout.leaves;
const CUMULATIVE = ExecutionReportLayout.cumulative;
const SEQUENCE = ExecutionReportLayout.sequence;
const TIMESTAMP = ExecutionReportLayout.timestamp_us;
const WORD_HEAD = ReportWord.kindReasonCommandFlags;
const WORD_SYMBOL = ReportWord.symbol;
const WORD_SEQUENCE = ReportWord.sequenceLow;
const WORD_ORDER_ID = ReportWord.orderIdLow;
const WORD_REQUEST = ReportWord.requestLow;
const WORD_SESSION = ReportWord.sessionLow;
const WORD_PRICE = ReportWord.priceLow;
const WORD_LAST_PRICE = ReportWord.lastPriceLow;
const WORD_LAST_QUANTITY = ReportWord.lastQuantity;
const WORD_LEAVES = ReportWord.leaves;
const WORD_CUMULATIVE = ReportWord.cumulativeLow;
const WORD_TIMESTAMP = ReportWord.timestampLow;
const WORD_TERMS = ReportWord.sideTypeTif;
const TYPE = MessageType.ExecutionReport;
/** Side, order type, time in force; the fourth byte is zero on the wire. */
const TERMS_MASK = 0xffffff;

/** Writes the report record at word offset `report` as the account's report of this number. */
export function encodeExecutionReport(
  view: DataView,
  at: number,
  numberLow: number,
  numberHigh: number,
  words: Int32Array,
  report: number,
): number {
  const body = putHeader(view, at, TYPE, BYTES, numberLow, numberHigh);
  // Bytes of a record's word, in their order: a record is little-endian.
  view.setInt32(body + KIND, words[report + WORD_HEAD], true);
  view.setInt32(body + SIDE, words[report + WORD_TERMS] & TERMS_MASK, true);
  view.setInt32(body + SYMBOL, words[report + WORD_SYMBOL]);
  putLanes(view, body + ORDER_ID, words, report + WORD_ORDER_ID);
  putLanes(view, body + REQUEST, words, report + WORD_REQUEST);
  putLanes(view, body + SESSION, words, report + WORD_SESSION);
  putLanes(view, body + PRICE, words, report + WORD_PRICE);
  putLanes(view, body + LAST_PRICE, words, report + WORD_LAST_PRICE);
  view.setInt32(body + LAST_QUANTITY, words[report + WORD_LAST_QUANTITY]);
  view.setInt32(body + LEAVES, words[report + WORD_LEAVES]);
  putLanes(view, body + CUMULATIVE, words, report + WORD_CUMULATIVE);
  putLanes(view, body + SEQUENCE, words, report + WORD_SEQUENCE);
  putLanes(view, body + TIMESTAMP, words, report + WORD_TIMESTAMP);
  return body + BYTES;
}

function putLanes(view: DataView, at: number, words: Int32Array, low: number): void {
  putU64(view, at, words[low], words[low + 1]);
}

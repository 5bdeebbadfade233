// The bodies of messages, written into a packet that is being built. Every `put` begins a message, which must fit, and fills
// its body. What comes out of records of the log comes as lanes, so that no number is converted on the way.

import { encodeUtf8, setU64 } from "../../base/index.ts";
import type { Instrument } from "../commands/index.ts";
import type { InstrumentStatus } from "../instrument-status.ts";
import {
  BookChecksumBody,
  CHECKSUM_LEVELS,
  ConflatedBody,
  DefinitionBody,
  LevelBody,
  MdType,
  OrderAddBody,
  OrderDeleteBody,
  OrderExecutedBody,
  OrderReducedBody,
  SnapshotBeginBody,
  StatisticsBody,
  StatusBody,
  TopOfBookBody,
  TradeBody,
} from "./layout.ts";
import type { PacketWriter } from "./packet-writer.ts";

/** Bits of TopOfBook's `present`. */
export const BID_PRESENT = 1;
export const ASK_PRESENT = 2;

/** Prices, in ticks, and lots of a day's trades of one symbol; without a trade all prices are 0. */
export interface DayStatistics {
  /** Microseconds since 1970 from when on trades were counted. */
  since_us: number;
  open: number;
  high: number;
  low: number;
  last: number;
  volume: number;
  trades: number;
}

export function putDefinition(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  { name, tick, lot, priceDecimals }: Instrument,
  status: InstrumentStatus,
): void {
  const body = to.message(MdType.Definition, symbol, sequence);
  to.bytes.set(encodeUtf8(name), body + DefinitionBody.name);
  setU64(to.view, body + DefinitionBody.tick, tick);
  setU64(to.view, body + DefinitionBody.lot, lot);
  to.bytes[body + DefinitionBody.decimals] = priceDecimals;
  to.bytes[body + DefinitionBody.status] = status;
}

export function putStatus(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  status: InstrumentStatus,
): void {
  to.bytes[to.message(MdType.Status, symbol, sequence) + StatusBody.status] = status;
}

export function putBookClear(to: PacketWriter, symbol: number, sequence: number): void {
  to.message(MdType.BookClear, symbol, sequence);
}

/** `side`: the aggressor's, 0 buy, 1 sell; `event`: the sequence of the engine's event. */
export function putTrade(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  eventLow: number,
  eventHigh: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
  side: number,
): void {
  const { view } = to;
  const body = to.message(MdType.Trade, symbol, sequence);
  put64(view, body + TradeBody.event, eventLow, eventHigh);
  put64(view, body + TradeBody.price, priceLow, priceHigh);
  view.setUint32(body + TradeBody.quantity, quantity, true);
  view.setUint8(body + TradeBody.side, side);
}

/** `bid` and `ask` hold price, total and orders from `at` on; no orders: that side is empty. */
export function putTopOfBook(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  bid: Float64Array,
  ask: Float64Array,
  at = 0,
): void {
  const { view } = to;
  const body = to.message(MdType.TopOfBook, symbol, sequence);
  const bidPresent = bid[at + 2] > 0 ? BID_PRESENT : 0;
  const askPresent = ask[at + 2] > 0 ? ASK_PRESENT : 0;
  view.setUint8(body + TopOfBookBody.present, bidPresent | askPresent);
  if (bidPresent !== 0) {
    setU64(view, body + TopOfBookBody.bid, bid[at]);
    setU64(view, body + TopOfBookBody.bidTotal, bid[at + 1]);
    view.setUint32(body + TopOfBookBody.bidOrders, bid[at + 2], true);
  }
  if (askPresent === 0) return;
  setU64(view, body + TopOfBookBody.ask, ask[at]);
  setU64(view, body + TopOfBookBody.askTotal, ask[at + 1]);
  view.setUint32(body + TopOfBookBody.askOrders, ask[at + 2], true);
}

/** `level` holds price, total and orders from `at` on; total 0: the level is gone. */
export function putLevel(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  side: number,
  level: Float64Array,
  at = 0,
): void {
  const { view } = to;
  const body = to.message(MdType.Level, symbol, sequence);
  setU64(view, body + LevelBody.price, level[at]);
  setU64(view, body + LevelBody.total, level[at + 1]);
  view.setUint32(body + LevelBody.orders, level[at + 2], true);
  view.setUint8(body + LevelBody.side, side);
}

/** `place`: 1 for the first of its queue. */
export function putOrderAdd(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  ref: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
  place: number,
  side: number,
): void {
  const { view } = to;
  const body = to.message(MdType.OrderAdd, symbol, sequence);
  setU64(view, body + OrderAddBody.ref, ref);
  put64(view, body + OrderAddBody.price, priceLow, priceHigh);
  view.setUint32(body + OrderAddBody.quantity, quantity, true);
  view.setUint32(body + OrderAddBody.place, place, true);
  view.setUint8(body + OrderAddBody.side, side);
}

/** `leaves`: what the order has left resting; 0: it left the book. */
export function putOrderExecuted(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  ref: number,
  eventLow: number,
  eventHigh: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
  leaves: number,
): void {
  const { view } = to;
  const body = to.message(MdType.OrderExecuted, symbol, sequence);
  setU64(view, body + OrderExecutedBody.ref, ref);
  put64(view, body + OrderExecutedBody.event, eventLow, eventHigh);
  put64(view, body + OrderExecutedBody.price, priceLow, priceHigh);
  view.setUint32(body + OrderExecutedBody.quantity, quantity, true);
  view.setUint32(body + OrderExecutedBody.leaves, leaves, true);
}

/** `quantity`: what the order has open now. */
export function putOrderReduced(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  ref: number,
  quantity: number,
): void {
  const body = to.message(MdType.OrderReduced, symbol, sequence);
  setU64(to.view, body + OrderReducedBody.ref, ref);
  to.view.setUint32(body + OrderReducedBody.quantity, quantity, true);
}

export function putOrderDelete(to: PacketWriter, symbol: number, sequence: number, ref: number): void {
  setU64(to.view, to.message(MdType.OrderDelete, symbol, sequence) + OrderDeleteBody.ref, ref);
}

/** `crc`: bookChecksum() of the best levels. */
export function putBookChecksum(to: PacketWriter, symbol: number, sequence: number, crc: number): void {
  const body = to.message(MdType.BookChecksum, symbol, sequence);
  to.view.setUint32(body + BookChecksumBody.crc, crc, true);
  to.view.setUint8(body + BookChecksumBody.levels, CHECKSUM_LEVELS);
}

export function putStatistics(
  to: PacketWriter,
  symbol: number,
  sequence: number,
  day: Readonly<DayStatistics>,
): void {
  const { view } = to;
  const body = to.message(MdType.Statistics, symbol, sequence);
  setU64(view, body + StatisticsBody.since, day.since_us);
  setU64(view, body + StatisticsBody.open, day.open);
  setU64(view, body + StatisticsBody.high, day.high);
  setU64(view, body + StatisticsBody.low, day.low);
  setU64(view, body + StatisticsBody.last, day.last);
  setU64(view, body + StatisticsBody.volume, day.volume);
  setU64(view, body + StatisticsBody.trades, day.trades);
}

/** What the snapshot of a symbol leads up to: the next sequences of the symbol and of the channel. */
export function putSnapshotBegin(
  to: PacketWriter,
  symbol: number,
  nextSymbolSequence: number,
  nextSequence: number,
): void {
  const body = to.message(MdType.SnapshotBegin, symbol, 0);
  setU64(to.view, body + SnapshotBeginBody.nextSymbolSequence, nextSymbolSequence);
  setU64(to.view, body + SnapshotBeginBody.nextSequence, nextSequence);
}

export function putSnapshotEnd(to: PacketWriter, symbol: number): void {
  to.message(MdType.SnapshotEnd, symbol, 0);
}

/** `count`: messages of the symbol that this subscriber was not sent since it was told last. */
export function putConflated(to: PacketWriter, symbol: number, sequence: number, count: number): void {
  setU64(to.view, to.message(MdType.Conflated, symbol, sequence) + ConflatedBody.count, count);
}

function put64(view: DataView, at: number, low: number, high: number): void {
  view.setInt32(at, low, true);
  view.setInt32(at + 4, high, true);
}

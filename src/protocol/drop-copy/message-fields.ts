// A market-data message's own fields by name, for people and scripts. Cold path.

import { ASK_PRESENT, BID_PRESENT, type MarketDataReader, MdType } from "../market-data/index.ts";

type Fields = (reader: MarketDataReader) => object;

const side = ({ side: number }: MarketDataReader) => (number === 0 ? "buy" : "sell");

/** By type: its name, and what it says beside its symbol. */
const TYPES = new Map<number, readonly [name: string, fields: Fields]>([
  [
    MdType.Definition,
    ["definition", ({ name, tick, lot, decimals, status }) => ({ name, tick, lot, decimals, status })],
  ],
  [MdType.Status, ["status", ({ status }) => ({ status })]],
  [MdType.BookClear, ["bookClear", () => ({})]],
  [MdType.Trade, ["trade", (r) => ({ event: r.eventSequence, side: side(r), ...at(r) })]],
  [MdType.TopOfBook, ["top", topFields]],
  [MdType.Level, ["level", (r) => ({ side: side(r), price: r.price, total: r.total, orders: r.orders })]],
  [MdType.OrderAdd, ["add", (r) => ({ ref: r.ref, side: side(r), ...at(r), place: r.place })]],
  [MdType.OrderExecuted, ["executed", (r) => ({ ref: r.ref, ...at(r), leaves: r.leaves })]],
  [MdType.OrderReduced, ["reduced", ({ ref, quantity }) => ({ ref, quantity })]],
  [MdType.OrderDelete, ["delete", ({ ref }) => ({ ref })]],
  [MdType.BookChecksum, ["checksum", ({ crc, checksumLevels: levels }) => ({ crc, levels })]],
  [MdType.Statistics, ["statistics", statisticsFields]],
  [MdType.SnapshotBegin, ["snapshotBegin", ({ nextSequence: next }) => ({ next })]],
  [MdType.SnapshotEnd, ["snapshotEnd", () => ({})]],
]);

/** The message that `reader` stands at. */
export function marketDataFields(reader: MarketDataReader): object {
  const [type, fields] = TYPES.get(reader.type) ?? [reader.type, () => ({})];
  return { type, symbol: reader.symbol, ...fields(reader) };
}

function at({ price, quantity }: MarketDataReader): object {
  return { price, quantity };
}

/** Of each side that there is: price, lots, orders. */
function topFields(reader: MarketDataReader): object {
  const { present, bid, bidTotal, bidOrders, ask, askTotal, askOrders } = reader;
  return {
    ...((present & BID_PRESENT) !== 0 && { bid: [bid, bidTotal, bidOrders] }),
    ...((present & ASK_PRESENT) !== 0 && { ask: [ask, askTotal, askOrders] }),
  };
}

function statisticsFields(reader: MarketDataReader): object {
  const day = { since_us: 0, open: 0, high: 0, low: 0, last: 0, volume: 0, trades: 0 };
  reader.readStatistics(day);
  const { open, high, low, last, volume, trades } = day;
  return { open, high, low, last, volume, trades };
}

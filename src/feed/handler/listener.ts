// What a feed handler tells the listener of one channel, message by message: numbers only, so that nothing is allocated for it. Every
// method does nothing here; a user extends the class by what it wants to hear. A listener may read the handler, but must not feed it.
//
// Prices are ticks, quantities and totals lots, sides 0 buy and 1 sell, times microseconds since 1970.

import { type DayStatistics, type MarketDataReader, MdType } from "../../protocol/index.ts";

/** To be extended by what a program wants to hear. Prices are ticks, quantities lots, times microseconds since 1970. */
export class MarketDataListener {
  /** Of the message that is told: the time of its command, by the log. */
  timestamp_us = 0;
  /** Its number among its symbol's; of a snapshot, the one that it leads up to. */
  symbolSequence = 0;
  /** When its packet was sealed, by the publisher's wall clock. */
  sentAt_us = 0;

  /** All that was told is void: another epoch has begun, and snapshots follow. */
  epochBegan(_epoch: number): void {}
  /** Everything told may be old from here on, or is up to date again: silence, or messages are missing. It begins stale. */
  channelStale(_isStale: boolean): void {}
  /** One symbol's book can't be trusted from here on, or can again. */
  symbolStale(_symbol: number, _isStale: boolean): void {}

  /** An instrument, `name` a text of at most 16 bytes; prices are ticks / 10^decimals; `status` an InstrumentStatus. */
  definition(
    _symbol: number,
    _name: string,
    _tick: number,
    _lot: number,
    _decimals: number,
    _status: number,
  ): void {}
  status(_symbol: number, _status: number): void {}
  /** The symbol's book is empty now; what follows builds it. */
  bookClear(_symbol: number): void {}
  /** `aggressor`: the side that traded against what rested; `event`: the engine's number of the event. */
  trade(_symbol: number, _price: number, _quantity: number, _aggressor: number, _event: number): void {}
  /** Channel top: the best of both sides; a side without orders is empty. */
  top(
    _symbol: number,
    _bid: number,
    _bidTotal: number,
    _bidOrders: number,
    _ask: number,
    _askTotal: number,
    _askOrders: number,
  ): void {}
  /** Channel levels: what a level is now; total 0: it is gone. */
  level(_symbol: number, _side: number, _price: number, _total: number, _orders: number): void {}
  /** Channel orders: a new order; `place` 1 is the first of its queue. */
  orderAdd(
    _symbol: number,
    _ref: number,
    _side: number,
    _price: number,
    _quantity: number,
    _place: number,
  ): void {}
  /** `leaves`: what rests of it; 0: it left the book. */
  orderExecuted(_symbol: number, _ref: number, _price: number, _quantity: number, _leaves: number): void {}
  /** The order has `quantity` open now, and keeps its place. */
  orderReduced(_symbol: number, _ref: number, _quantity: number): void {}
  orderDelete(_symbol: number, _ref: number): void {}
  /** Whether the listener's book has this sum over its best levels; false: the symbol is begun anew from a snapshot. */
  agrees(_symbol: number, _crc: number): boolean {
    return true;
  }
  /** The figures of the day so far; `day` is lent for the call. */
  statistics(_symbol: number, _day: Readonly<DayStatistics>): void {}
  /** So many messages of the symbol were left out since this was said last, because this subscriber is slow. */
  conflated(_symbol: number, _count: number): void {}
  /** All that one command did to the symbol has been told. */
  endOfEvent(_symbol: number): void {}
}

/** What the fields of a day are read into, one at a time. */
const day: DayStatistics = { since_us: 0, open: 0, high: 0, low: 0, last: 0, volume: 0, trades: 0 };

/** Tells `to` the message that `from` stands at; `symbolSequence`: its own, or its snapshot's. False: its sum is not the one of the listener's book. */
export function tell(from: MarketDataReader, to: MarketDataListener, symbolSequence: number): boolean {
  to.timestamp_us = from.timestamp_us;
  to.symbolSequence = symbolSequence;
  const agrees = tellBody(from, to);
  if (from.isEndOfEvent) to.endOfEvent(from.symbol);
  return agrees;
}

function tellBody(from: MarketDataReader, to: MarketDataListener): boolean {
  const { symbol } = from;
  switch (from.type) {
    case MdType.Level:
      to.level(symbol, from.side, from.price, from.total, from.orders);
      break;
    case MdType.OrderAdd:
      to.orderAdd(symbol, from.ref, from.side, from.price, from.quantity, from.place);
      break;
    case MdType.OrderExecuted:
      to.orderExecuted(symbol, from.ref, from.price, from.quantity, from.leaves);
      break;
    case MdType.OrderReduced:
      to.orderReduced(symbol, from.ref, from.quantity);
      break;
    case MdType.OrderDelete:
      to.orderDelete(symbol, from.ref);
      break;
    case MdType.TopOfBook:
      to.top(symbol, from.bid, from.bidTotal, from.bidOrders, from.ask, from.askTotal, from.askOrders);
      break;
    case MdType.Trade:
      to.trade(symbol, from.price, from.quantity, from.side, from.eventSequence);
      break;
    case MdType.BookChecksum:
      return to.agrees(symbol, from.crc);
    default:
      tellRare(from, to);
  }
  return true;
}

function tellRare(from: MarketDataReader, to: MarketDataListener): void {
  const { symbol } = from;
  switch (from.type) {
    case MdType.Definition:
      to.definition(symbol, from.name, from.tick, from.lot, from.decimals, from.status);
      break;
    case MdType.Status:
      to.status(symbol, from.status);
      break;
    case MdType.BookClear:
      to.bookClear(symbol);
      break;
    case MdType.Statistics:
      from.readStatistics(day);
      to.statistics(symbol, day);
      break;
    case MdType.Conflated:
      to.conflated(symbol, from.conflated);
      break;
    default:
    // Begin and end of a snapshot are the receiver's; a later version's message means nothing here.
  }
}

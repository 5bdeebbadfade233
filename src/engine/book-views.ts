// A book seen from outside: as plain data, level by level or order by order. Reads alone: nothing here changes a book, or what
// its ladder remembers of its uses.

import { counted, SeriatimError } from "../base/index.ts";
import { InstrumentStatus, type Side } from "../protocol/index.ts";
import type { Administration } from "./administration.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { OrderBook } from "./order-book.ts";
import { NO_SLOT, ORDER_SHIFT, OrderWord } from "./order-pool.ts";

/** A price level as plain data: ticks, lots, orders. */
export interface LevelView {
  readonly price: number;
  readonly total: number;
  readonly orders: number;
}

/** A book as plain data; levels best first. */
export interface BookView {
  readonly bids: readonly LevelView[];
  readonly asks: readonly LevelView[];
  /** Orders resting on both sides. */
  readonly orders: number;
}

/** A resting order as plain data: what a new order must say to rest in its place. */
export interface RestingOrder {
  /** u64, as u32 lanes. */
  readonly idLow: number;
  readonly idHigh: number;
  readonly account: number;
  readonly side: Side;
  /** Ticks. */
  readonly price: number;
  /** Lots that still rest. */
  readonly quantity: number;
}

/** An order of a queue: ids as u32 lanes, open lots. False: no more of them. */
export type QueueVisitor = (account: number, idLow: number, idHigh: number, quantity: number) => boolean;

export function bookOf(state: ExchangeState, symbol: number): OrderBook {
  const book = state.books[symbol];
  if (book !== undefined) return book;
  const known = counted(state.books.length, "instrument");
  throw new SeriatimError("UNKNOWN_SYMBOL", `symbol ${symbol} is not registered: the engine has ${known}`);
}

export function restingOrder(
  { orders }: ExchangeState,
  slot: number,
  side: Side,
  price: number,
): RestingOrder {
  const { words } = orders;
  const at = slot << ORDER_SHIFT;
  return {
    idLow: words[at + OrderWord.idLow] >>> 0,
    idHigh: words[at + OrderWord.idHigh] >>> 0,
    account: words[at + OrderWord.account] >>> 0,
    side,
    price,
    quantity: words[at + OrderWord.quantity] >>> 0,
  };
}

export function levelsOf(book: OrderBook, side: Side): LevelView[] {
  const found: LevelView[] = [];
  book.forEachLevel(side, Number.POSITIVE_INFINITY, (price, total, orders) => {
    found.push({ price, total, orders });
  });
  return found;
}

/** See ExchangeEngine.forEachOrderAt. */
export function visitQueue(
  { books, levels, orders }: ExchangeState,
  symbol: number,
  side: Side,
  price: number,
  visit: QueueVisitor,
): void {
  const { words } = orders;
  const level = books[symbol].ladder.peek(price, side);
  let slot = level === NO_SLOT ? NO_SLOT : levels.head[level];
  while (slot !== NO_SLOT) {
    const at = slot << ORDER_SHIFT;
    const goesOn = visit(
      words[at + OrderWord.account] >>> 0,
      words[at + OrderWord.idLow] >>> 0,
      words[at + OrderWord.idHigh] >>> 0,
      words[at + OrderWord.quantity] >>> 0,
    );
    if (!goesOn) return;
    slot = words[at + OrderWord.next];
  }
}

/** What a halt and the kill switches leave of an instrument; those of accounts are not its own. */
export function instrumentStatus(administration: Readonly<Administration>, symbol: number): InstrumentStatus {
  const { halted, allOffBy, symbolsOff } = administration;
  if (halted) return InstrumentStatus.Halted;
  return allOffBy !== "" || symbolsOff.has(symbol) ? InstrumentStatus.SwitchedOff : InstrumentStatus.Trading;
}

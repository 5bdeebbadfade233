// The three commands of a trader: new order, cancel, modify. Each checks in the order of the specification
// (rules.md, "Checks"), then changes the book, and writes its events as it goes. A refused command changes
// nothing. The answer limit is checked after the limits and beside the room: both depend on the book.
//
// An order that meets resting ones and is not filled has emptied at least one of them, and no level of its own side
// lies at its price: so room is a question only for orders that meet nothing.

import { fromSignedLanes, type RecordBuffer } from "../base/index.ts";
import { CommandWord, OrderType, Reason, Side, TimeInForce } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { addFilled, match, takesMoreFillsThan } from "./matching.ts";
import type { OrderBook } from "./order-book.ts";
import { NO_SLOT, ORDER_SHIFT, OrderWord } from "./order-pool.ts";
import { checkLimitOrder, checkMarketOrder } from "./risk.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SHIFT = ORDER_SHIFT;
const RESTING_ID_LOW = OrderWord.idLow;
const RESTING_ID_HIGH = OrderWord.idHigh;
const RESTING_ACCOUNT = OrderWord.account;
const RESTING_HASH = OrderWord.hash;
const RESTING_SYMBOL_SIDE = OrderWord.symbolSide;
const RESTING_QUANTITY = OrderWord.quantity;
const RESTING_LEVEL = OrderWord.level;
const FILLED_LOW = OrderWord.filledLow;
const FILLED_HIGH = OrderWord.filledHigh;
const RESTING_ACCOUNT_PREVIOUS = OrderWord.accountPrevious;
const NONE = NO_SLOT;
const OK = Reason.None;
const SELL = Side.Sell;
const MARKET = OrderType.Market;
const IMMEDIATE_OR_CANCEL = TimeInForce.ImmediateOrCancel;
const ACCOUNT = CommandWord.account;
const ANSWER_LIMIT_FILLS = CommandWord.answerLimit_fills;
const KIND_SIDE_TYPE_TIF = CommandWord.kindSideTypeTif;
const ORDER_ID_HIGH = CommandWord.orderIdHigh;
const ORDER_ID_LOW = CommandWord.orderIdLow;
const PRICE_HIGH = CommandWord.priceHigh;
const PRICE_LOW = CommandWord.priceLow;
const QUANTITY = CommandWord.quantity;
const SYMBOL = CommandWord.symbol;

/** A new limit or market order. */
export function newOrder(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const { index, events } = state;
  const sideTypeTif = words[at + KIND_SIDE_TYPE_TIF] >>> 8;
  const side = (sideTypeTif & 255) as Side;
  const account = words[at + ACCOUNT];
  const symbol = words[at + SYMBOL];
  const idLow = words[at + ORDER_ID_LOW];
  const idHigh = words[at + ORDER_ID_HIGH];
  const quantity = words[at + QUANTITY] >>> 0;
  events.begin(out, words, at);
  if (state.isRestricted) {
    const refusal = state.administration.refusalOf(account >>> 0, symbol >>> 0);
    if (refusal !== OK) return events.reject(refusal);
  }
  if (symbol >>> 0 >= state.books.length) return events.reject(Reason.UnknownSymbol);
  const hash = index.hash(account, symbol, idLow, idHigh);
  if (index.find(hash, account, symbol, idLow, idHigh) !== NONE)
    return events.reject(Reason.DuplicateOrderId);
  if (side > SELL) return events.reject(Reason.InvalidSide);
  if (((sideTypeTif >>> 8) & 255) === MARKET) {
    return marketOrder(state, words, at, state.books[symbol], side, quantity);
  }
  const priceLow = words[at + PRICE_LOW];
  const priceHigh = words[at + PRICE_HIGH];
  const price = fromSignedLanes(priceLow, priceHigh);
  const risk = checkLimitOrder(state.genesis, price, quantity);
  if (risk !== OK) return events.reject(risk);
  state.limit[0] = price;
  const book = state.books[symbol];
  const rests = sideTypeTif >>> 16 !== IMMEDIATE_OR_CANCEL;
  // Also where it would trade: what it may leave is not known yet.
  if (rests && state.reports.isUsed && state.accountOrders.isFull(account >>> 0))
    return events.reject(Reason.TooManyOpenOrders);
  const meets = book.ladder.crosses(side, price);
  const level = meets || !rests ? NONE : book.ladder.find(price, side);
  const room = meets
    ? checkAnswerLimit(state, words, at, book, side, quantity)
    : checkRoom(state, book, rests, level, quantity);
  if (room !== OK) return events.reject(room);

  events.accept(priceLow, priceHigh, quantity);
  const left = meets ? match(state, book, side, quantity, sideTypeTif) : quantity;
  events.end();
  if (left === 0) return;
  if (!rests) return events.expired(left);
  rest(state, symbol * 2 + side, account, idLow, idHigh, hash, left, quantity - left, level);
}

/** Gives what is left of a new order, that has traded `filled`, a slot, and rests it at `state.limit`, on `level` if there is one. */
function rest(
  state: ExchangeState,
  symbolSide: number,
  account: number,
  idLow: number,
  idHigh: number,
  hash: number,
  left: number,
  filled: number,
  level: number,
): void {
  const slot = state.orders.take();
  const { words } = state.orders;
  const at = slot << SHIFT;
  words[at + RESTING_ID_LOW] = idLow;
  words[at + RESTING_ID_HIGH] = idHigh;
  words[at + RESTING_ACCOUNT] = account;
  words[at + RESTING_HASH] = hash;
  words[at + RESTING_SYMBOL_SIDE] = symbolSide;
  words[at + RESTING_QUANTITY] = left;
  words[at + FILLED_LOW] = filled;
  words[at + FILLED_HIGH] = 0;
  state.books[symbolSide >> 1].add(slot, level, state.limit, (symbolSide & 1) as Side);
  state.index.add(slot);
  if (state.reports.isUsed) state.accountOrders.link(slot);
}

/** A market order: it has no price and never rests. */
function marketOrder(
  state: ExchangeState,
  words: Int32Array,
  at: number,
  book: OrderBook,
  side: Side,
  quantity: number,
): void {
  const { events } = state;
  const risk = checkMarketOrder(state.genesis, quantity);
  if (risk !== OK) return events.reject(risk);
  state.limit[0] = side === Side.Buy ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const room = checkAnswerLimit(state, words, at, book, side, quantity);
  if (room !== OK) return events.reject(room);
  events.accept(0, 0, quantity);
  const left = match(state, book, side, quantity, words[at + KIND_SIDE_TYPE_TIF] >>> 8);
  events.end();
  if (left > 0) events.expired(left);
}

/** Whether the fills of a command stay within the limit written into it (0: none). */
function checkAnswerLimit(
  state: ExchangeState,
  words: Int32Array,
  at: number,
  book: OrderBook,
  side: Side,
  quantity: number,
): Reason {
  const most = words[at + ANSWER_LIMIT_FILLS] >>> 0;
  if (most === 0 || !takesMoreFillsThan(state, book, side, quantity, most)) return OK;
  return Reason.AnswerTooLarge;
}

/** Whether a new order that meets nothing finds a slot, and room on its level (NONE: a new one). */
function checkRoom(
  state: ExchangeState,
  book: OrderBook,
  rests: boolean,
  level: number,
  quantity: number,
): Reason {
  if (!rests) return OK;
  const { orders } = state;
  if (orders.used === orders.capacity || !book.hasRoomAt(level, quantity, 0)) return Reason.StorageExhausted;
  return OK;
}

/** Takes a resting order out of the book. */
export function cancelOrder(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const slot = findResting(state, words, at, out);
  if (slot === NONE) return;
  const { orders, levels } = state;
  const side = orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE] & 1;
  const level = orders.words[(slot << SHIFT) + RESTING_LEVEL];
  state.events.cancel(
    slot,
    levels.priceLow[level],
    levels.priceHigh[level],
    orders.words[(slot << SHIFT) + RESTING_QUANTITY] >>> 0,
    side,
  );
  leave(state, slot);
}

/** Changes price and open quantity of a resting order: in place, out of the book, or as if it came anew. */
export function modifyOrder(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  if (state.isRestricted) {
    const refusal = state.administration.refusalOf(words[at + ACCOUNT] >>> 0, words[at + SYMBOL] >>> 0);
    state.events.begin(out, words, at);
    if (refusal !== OK) return state.events.reject(refusal);
  }
  const slot = findResting(state, words, at, out);
  if (slot === NONE) return;
  const { orders, levels, events } = state;
  const side = orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE] & 1;
  const level = orders.words[(slot << SHIFT) + RESTING_LEVEL];
  const wasLow = levels.priceLow[level];
  const wasHigh = levels.priceHigh[level];
  const resting = orders.words[(slot << SHIFT) + RESTING_QUANTITY] >>> 0;
  const quantity = words[at + QUANTITY] >>> 0;
  if (quantity === 0) {
    // The price is not checked, so the event names the one the order leaves.
    events.modify(slot, wasLow, wasHigh, 0, side, false);
    events.modifiedFrom(wasLow, wasHigh, resting);
    events.end();
    return leave(state, slot);
  }
  const price = fromSignedLanes(words[at + PRICE_LOW], words[at + PRICE_HIGH]);
  const risk = checkLimitOrder(state.genesis, price, quantity);
  if (risk !== OK) return events.reject(risk);
  state.limit[0] = price;
  if (price !== levels.price[level] || quantity > resting) return reenter(state, words, at, slot, quantity);
  events.modify(slot, wasLow, wasHigh, quantity, side, true);
  events.modifiedFrom(wasLow, wasHigh, resting);
  events.end();
  state.books[orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE] >> 1].reduce(slot, quantity);
}

/** Takes the order out and lets it come again as good-till-cancel with the new price and quantity. */
function reenter(state: ExchangeState, words: Int32Array, at: number, slot: number, quantity: number): void {
  const { orders, levels, events } = state;
  const price = state.limit[0];
  const side = (orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE] & 1) as Side;
  const book = state.books[orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE] >> 1];
  const was = orders.words[(slot << SHIFT) + RESTING_LEVEL];
  const wasLow = levels.priceLow[was];
  const wasHigh = levels.priceHigh[was];
  const resting = orders.words[(slot << SHIFT) + RESTING_QUANTITY] >>> 0;
  if (book.ladder.crosses(side, price)) {
    const room = checkAnswerLimit(state, words, at, book, side, quantity);
    if (room !== OK) return events.reject(room);
  } else {
    const level = book.ladder.find(price, side);
    if (!book.hasRoomAt(level, quantity, level === was ? resting : 0))
      return events.reject(Reason.StorageExhausted);
  }
  book.remove(slot, side);
  events.modify(slot, words[at + PRICE_LOW], words[at + PRICE_HIGH], quantity, side, false);
  events.modifiedFrom(wasLow, wasHigh, resting);
  const left = match(state, book, side, quantity, side);
  events.end();
  if (left === 0) return forget(state, slot);
  addFilled(orders.words, slot, quantity - left);
  orders.words[(slot << SHIFT) + RESTING_QUANTITY] = left;
  // Its own level may have gone with it, so the level is looked up only now.
  book.add(slot, book.ladder.find(price, side), state.limit, side);
  if (orders.words[(slot << SHIFT) + RESTING_ACCOUNT_PREVIOUS] === 0) return;
  state.accountOrders.unlink(slot);
  state.accountOrders.link(slot);
}

/** Takes a resting order out of its book and forgets it. */
export function leave(state: ExchangeState, slot: number): void {
  const symbolSide = state.orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE];
  state.books[symbolSide >> 1].remove(slot, (symbolSide & 1) as Side);
  forget(state, slot);
}

/** Gives back the slot of an order that no longer rests. */
function forget(state: ExchangeState, slot: number): void {
  state.index.remove(slot);
  if (state.orders.words[(slot << SHIFT) + RESTING_ACCOUNT_PREVIOUS] !== 0) state.accountOrders.unlink(slot);
  state.orders.give(slot);
}

/** Finds the order a cancel or modify names and begins its events; NONE when it was refused. */
function findResting(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): number {
  const { index, events } = state;
  const account = words[at + ACCOUNT];
  const symbol = words[at + SYMBOL];
  const idLow = words[at + ORDER_ID_LOW];
  const idHigh = words[at + ORDER_ID_HIGH];
  events.begin(out, words, at);
  if (symbol >>> 0 >= state.books.length) {
    events.reject(Reason.UnknownSymbol);
    return NONE;
  }
  const slot = index.find(index.hash(account, symbol, idLow, idHigh), account, symbol, idLow, idHigh);
  if (slot === NONE) events.reject(Reason.UnknownOrder);
  return slot;
}

// The three commands of a trader: new order, cancel, modify. Each checks in the order of the specification
// (order-entry.md, "Risk"), then changes the book, and writes its events as it goes. A refused command changes
// nothing. The check of the answer limit stands between the limits and the room: it depends on the book.

import { fromSignedLanes, type RecordBuffer } from "../base/index.ts";
import { CommandKind, CommandWord, OrderType, Reason, Side, TimeInForce } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { crosses, match, takesMoreFillsThan } from "./matching.ts";
import type { OrderBook } from "./order-book.ts";
import { NONE } from "./order-pool.ts";
import { checkLimitOrder, checkMarketOrder } from "./risk.ts";

/** The limit of a market order: any price will do. */
function marketLimit(side: Side): number {
  return side === Side.Buy ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/** A new limit or market order. */
export function newOrder(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const { index, events } = state;
  const head = words[at + CommandWord.kindSideTypeTif];
  const sideTypeTif = head >>> 8;
  const side = (sideTypeTif & 255) as Side;
  const account = words[at + CommandWord.account];
  const symbol = words[at + CommandWord.symbol];
  const idLow = words[at + CommandWord.orderIdLow];
  const idHigh = words[at + CommandWord.orderIdHigh];
  const quantity = words[at + CommandWord.quantity] >>> 0;
  events.begin(out, CommandKind.NewOrder, symbol, account, idLow, idHigh, sideTypeTif);
  if (symbol >>> 0 >= state.books.length) return events.reject(Reason.UnknownSymbol);
  const hash = index.hash(account, symbol, idLow, idHigh);
  if (index.find(hash, account, symbol, idLow, idHigh) !== NONE)
    return events.reject(Reason.DuplicateOrderId);
  if (side > Side.Sell) return events.reject(Reason.InvalidSide);
  const isMarket = ((sideTypeTif >>> 8) & 255) === OrderType.Market;
  const price = isMarket
    ? 0
    : fromSignedLanes(words[at + CommandWord.priceLow], words[at + CommandWord.priceHigh]);
  const risk = isMarket
    ? checkMarketOrder(state.genesis, quantity)
    : checkLimitOrder(state.genesis, price, quantity);
  if (risk !== Reason.None) return events.reject(risk);

  const book = state.books[symbol];
  const rests = !isMarket && sideTypeTif >>> 16 !== TimeInForce.ImmediateOrCancel;
  const limit = isMarket ? marketLimit(side) : price;
  const answerLimit = words[at + CommandWord.answerLimit_fills] >>> 0;
  const room = checkRoom(state, book, side, limit, quantity, answerLimit, rests, NONE);
  if (room !== Reason.None) return events.reject(room);

  events.accept(price, quantity);
  const left = match(state, book, side, limit, quantity);
  events.end();
  if (left === 0 || !rests) return;
  const { orders } = state;
  const slot = orders.take();
  orders.idLow[slot] = idLow;
  orders.idHigh[slot] = idHigh;
  orders.account[slot] = account;
  orders.symbolSide[slot] = symbol * 2 + side;
  orders.quantity[slot] = left;
  book.add(slot, price, side);
  index.add(hash, slot);
}

/**
 * What depends on the book: how many fills the answer may hold, and room for what would rest. An order that meets
 * resting ones and is not filled has emptied at least one of them, and no level of its own side lies at its price:
 * so room is a question only for orders that meet nothing. A modified order brings its `ownSlot` (else NONE), and
 * leaves its level first.
 */
function checkRoom(
  state: ExchangeState,
  book: OrderBook,
  side: Side,
  limit: number,
  quantity: number,
  answerLimit: number,
  rests: boolean,
  ownSlot: number,
): Reason {
  if (crosses(state, book, side, limit)) {
    const tooLarge = answerLimit !== 0 && takesMoreFillsThan(state, book, side, limit, quantity, answerLimit);
    return tooLarge ? Reason.AnswerTooLarge : Reason.None;
  }
  if (!rests) return Reason.None;
  const { orders, levels } = state;
  if (ownSlot === NONE && orders.used === orders.capacity) return Reason.StorageExhausted;
  const leavesLevel = ownSlot !== NONE && levels.price[orders.level[ownSlot]] === limit;
  const freed = leavesLevel ? orders.quantity[ownSlot] : 0;
  return book.hasRoomAt(limit, side, quantity, freed) ? Reason.None : Reason.StorageExhausted;
}

/** Takes a resting order out of the book. */
export function cancelOrder(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const slot = beginOnResting(state, words, at, out, CommandKind.Cancel);
  if (slot === NONE) return;
  const { orders, events } = state;
  const side = (orders.symbolSide[slot] & 1) as Side;
  const book = state.books[orders.symbolSide[slot] >> 1];
  events.cancel(state.levels.price[orders.level[slot]], orders.quantity[slot]);
  events.end();
  book.remove(slot, side);
  state.index.remove(slot);
  orders.give(slot);
}

/** Changes price and open quantity of a resting order: in place, out of the book, or as if it came anew. */
export function modifyOrder(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const slot = beginOnResting(state, words, at, out, CommandKind.Modify);
  if (slot === NONE) return;
  const { orders, events } = state;
  const side = (orders.symbolSide[slot] & 1) as Side;
  const book = state.books[orders.symbolSide[slot] >> 1];
  const restingPrice = state.levels.price[orders.level[slot]];
  const resting = orders.quantity[slot];
  const quantity = words[at + CommandWord.quantity] >>> 0;
  if (quantity === 0) {
    events.modify(restingPrice, 0, restingPrice, resting, false);
    events.end();
    book.remove(slot, side);
    state.index.remove(slot);
    orders.give(slot);
    return;
  }
  const price = fromSignedLanes(words[at + CommandWord.priceLow], words[at + CommandWord.priceHigh]);
  const risk = checkLimitOrder(state.genesis, price, quantity);
  if (risk !== Reason.None) return events.reject(risk);
  if (price === restingPrice && quantity <= resting) {
    events.modify(price, quantity, restingPrice, resting, true);
    events.end();
    book.reduce(slot, quantity);
    return;
  }
  const answerLimit = words[at + CommandWord.answerLimit_fills] >>> 0;
  reenter(state, book, slot, side, price, quantity, answerLimit);
}

/** Takes the order out and lets it come again as good-till-cancel with the new price and quantity. */
function reenter(
  state: ExchangeState,
  book: OrderBook,
  slot: number,
  side: Side,
  price: number,
  quantity: number,
  answerLimit: number,
): void {
  const { orders, events } = state;
  const previousPrice = state.levels.price[orders.level[slot]];
  const resting = orders.quantity[slot];
  const room = checkRoom(state, book, side, price, quantity, answerLimit, true, slot);
  if (room !== Reason.None) return events.reject(room);
  book.remove(slot, side);
  events.modify(price, quantity, previousPrice, resting, false);
  const left = match(state, book, side, price, quantity);
  events.end();
  if (left === 0) {
    state.index.remove(slot);
    orders.give(slot);
    return;
  }
  orders.quantity[slot] = left;
  book.add(slot, price, side);
}

/** Finds the order a cancel or modify names and begins its events; NONE when it was refused. */
function beginOnResting(
  state: ExchangeState,
  words: Int32Array,
  at: number,
  out: RecordBuffer,
  command: CommandKind,
): number {
  const { index, events } = state;
  const account = words[at + CommandWord.account];
  const symbol = words[at + CommandWord.symbol];
  const idLow = words[at + CommandWord.orderIdLow];
  const idHigh = words[at + CommandWord.orderIdHigh];
  const isKnown = symbol >>> 0 < state.books.length;
  const slot = isKnown
    ? index.find(index.hash(account, symbol, idLow, idHigh), account, symbol, idLow, idHigh)
    : NONE;
  const side = slot === NONE ? 0 : state.orders.symbolSide[slot] & 1;
  events.begin(out, command, symbol, account, idLow, idHigh, side);
  if (slot === NONE) events.reject(isKnown ? Reason.UnknownOrder : Reason.UnknownSymbol);
  return slot;
}

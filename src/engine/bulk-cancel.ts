// Cancelling more than one order: of an account, of a symbol, of all. Always by symbol, bids before asks, best level first,
// oldest first, one Cancel event each.
//
// The orders of an account that has a stream are linked (account-orders.ts), and only they are looked at. Other accounts have no
// index, because every order would pay for one: the pool is read once from end to end, which is the order that memory is fastest
// in, and then the queues of the levels where the account has an order.

import type { RecordBuffer } from "../base/index.ts";
import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  type CancelCause,
  CancelCause as Cause,
  CommandWord,
  Reason,
  Side,
} from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { OrderBook } from "./order-book.ts";
import { leave } from "./order-commands.ts";
import { NO_SLOT, ORDER_SHIFT, OrderWord } from "./order-pool.ts";

/** Orders that one MassCancel takes out: what it is told of them is kept by the account's stream (131,072 reports) beside others. */
export const MASS_CANCEL_MAX = 100_000;

/** A trader's MassCancel: its orders of one symbol or all, of one side or both. */
export function massCancel(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const { events } = state;
  const symbol = words[at + CommandWord.symbol] >>> 0;
  const side = (words[at + CommandWord.kindSideTypeTif] >>> 8) & 255;
  events.begin(out, words, at);
  if (symbol !== ALL_SYMBOLS && symbol >= state.books.length) return events.reject(Reason.UnknownSymbol);
  if (side > BOTH_SIDES) return events.reject(Reason.InvalidSide);
  const slots = ordersOfAccount(state, words[at + CommandWord.account] >>> 0, symbol, side);
  if (slots.length > MASS_CANCEL_MAX) return events.reject(Reason.AnswerTooLarge);
  events.massCancel(slots.length);
  for (const slot of slots) cancel(state, slot, Cause.MassCancel);
  events.end();
}

/** Cancels every resting order of an account. */
export function cancelAccount(state: ExchangeState, account: number, cause: CancelCause): void {
  const slots = ordersOfAccount(state, account);
  for (const slot of slots) cancel(state, slot, cause);
  if (slots.length > 0) state.events.end();
}

/** Cancels every resting order of some books, which stand by symbol. */
export function cancelBooks(state: ExchangeState, books: readonly OrderBook[], cause: CancelCause): void {
  let cancelled = 0;
  for (const book of books) {
    for (const side of [Side.Buy, Side.Sell]) {
      for (let level = book.ladder.best(side); level !== NO_SLOT; level = book.ladder.best(side)) {
        // The level goes with its last order, so how many there are is asked before.
        for (let left = state.levels.orders[level]; left > 0; left--) {
          cancel(state, state.levels.head[level], cause);
          cancelled++;
        }
      }
    }
  }
  if (cancelled > 0) state.events.end();
}

/** The slots of an account's resting orders, of one symbol or side where it is said, in the order in which they are cancelled. */
export function ordersOfAccount(
  state: ExchangeState,
  account: number,
  symbol = ALL_SYMBOLS,
  side = BOTH_SIDES,
): number[] {
  const stream = state.reports.of(account);
  if (stream === undefined) return searchOrders(state, account, symbol, side);
  return linkedOrders(state, stream.index, symbol, side);
}

/** A list has the orders of a level as they stand in its queue, so levels alone have to be sorted. */
function linkedOrders(state: ExchangeState, list: number, symbol: number, side: number): number[] {
  const { accountOrders, orders } = state;
  const byLevel = new Map<number, number[]>();
  for (let slot = accountOrders.first(list); slot !== NO_SLOT; slot = accountOrders.next(slot)) {
    const at = slot << ORDER_SHIFT;
    if (!isOf(orders.words[at + OrderWord.symbolSide], symbol, side)) continue;
    const level = orders.words[at + OrderWord.level];
    const others = byLevel.get(level);
    if (others === undefined) byLevel.set(level, [slot]);
    else others.push(slot);
  }
  return sortedLevels(state, byLevel.keys()).flatMap((level) => byLevel.get(level)!);
}

function isOf(symbolSide: number, symbol: number, side: number): boolean {
  const isOfSymbol = symbol === ALL_SYMBOLS || symbolSide >>> 1 === symbol;
  return isOfSymbol && (side === BOTH_SIDES || (symbolSide & 1) === side);
}

function searchOrders(state: ExchangeState, account: number, symbol: number, side: number): number[] {
  const { words } = state.orders;
  const found: number[] = [];
  for (const level of sortedLevels(state, levelsWith(state, account, symbol, side))) {
    for (let slot = state.levels.head[level]; slot !== NO_SLOT; ) {
      const at = slot << ORDER_SHIFT;
      if (words[at + OrderWord.account] >>> 0 === account) found.push(slot);
      slot = words[at + OrderWord.next];
    }
  }
  return found;
}

/** The levels where orders of an account rest. */
function levelsWith(state: ExchangeState, account: number, symbol: number, side: number): Set<number> {
  const { orders, index } = state;
  const { words } = orders;
  const found = new Set<number>();
  for (let slot = 0; slot < orders.reached; slot++) {
    const at = slot << ORDER_SHIFT;
    if (words[at + OrderWord.account] >>> 0 !== account) continue;
    const symbolSide = words[at + OrderWord.symbolSide];
    if (!isOf(symbolSide, symbol, side)) continue;
    const [idLow, idHigh] = [words[at + OrderWord.idLow], words[at + OrderWord.idHigh]];
    const of = symbolSide >> 1;
    // A slot that was given back still has its last order's words; the index knows who rests.
    if (index.find(words[at + OrderWord.hash], words[at + OrderWord.account], of, idLow, idHigh) !== slot)
      continue;
    found.add(words[at + OrderWord.level]);
  }
  return found;
}

/** Levels in the order in which they are cancelled: by symbol, bids before asks, best price first. */
function sortedLevels({ orders, levels }: ExchangeState, found: Iterable<number>): number[] {
  const symbolSideOf = (level: number) =>
    orders.words[(levels.head[level] << ORDER_SHIFT) + OrderWord.symbolSide];
  const { price } = levels;
  return [...found].sort((a, b) => {
    const ofA = symbolSideOf(a);
    return ofA - symbolSideOf(b) || (ofA & 1 ? price[a] - price[b] : price[b] - price[a]);
  });
}

function cancel(state: ExchangeState, slot: number, cause: CancelCause): void {
  state.events.cancelled(slot, state.levels, cause);
  leave(state, slot);
}

// What an account asks of its resting orders: one by its id, or all of them. Reads only; what it costs is bounded.

import { fromLanes } from "../base/index.ts";
import { ALL_SYMBOLS, Side } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { NO_SLOT, ORDER_SHIFT, OrderWord } from "./order-pool.ts";

/** Orders looked at for one question, however many rest: a millisecond or two. */
const SEEN_MAX = 100_000;

/** A resting order as its owner asks for it. */
export interface OwnOrder {
  readonly symbol: number;
  /** u64, as u32 lanes. */
  readonly idLow: number;
  readonly idHigh: number;
  readonly side: Side;
  /** Ticks. */
  readonly price: number;
  /** Lots that are open. */
  readonly quantity: number;
  /** Lots it has traded since it was accepted. */
  readonly filled: number;
}

export function findOwnOrder(
  state: ExchangeState,
  account: number,
  symbol: number,
  idLow: number,
  idHigh: number,
): OwnOrder | undefined {
  const { index } = state;
  // As i32, as the records hold them.
  const key = [account | 0, symbol | 0, idLow | 0, idHigh | 0] as const;
  const slot = index.find(index.hash(...key), ...key);
  return slot === NO_SLOT ? undefined : fill(new LentOrder(), state, slot);
}

/** See ExchangeEngine.forEachOwnOrder. */
export function visitOwnOrders(
  state: ExchangeState,
  account: number,
  symbol: number,
  max: number,
  visit: (order: OwnOrder) => void,
): boolean {
  const { reports, accountOrders, orders } = state;
  const stream = reports.of(account);
  if (stream === undefined) return true;
  const lent = new LentOrder();
  let left = max;
  let slot = accountOrders.first(stream.index);
  for (let seen = 0; slot !== NO_SLOT && seen < SEEN_MAX; seen++) {
    const ofSymbol = orders.words[(slot << ORDER_SHIFT) + OrderWord.symbolSide] >>> 1;
    if (symbol === ALL_SYMBOLS || ofSymbol === symbol) {
      if (left-- === 0) return false;
      visit(fill(lent, state, slot));
    }
    slot = accountOrders.next(slot);
  }
  return slot === NO_SLOT;
}

/** One object for all orders of a visit. */
class LentOrder implements OwnOrder {
  symbol = 0;
  idLow = 0;
  idHigh = 0;
  side: Side = Side.Buy;
  price = 0;
  quantity = 0;
  filled = 0;
}

function fill(order: LentOrder, { orders, levels }: ExchangeState, slot: number): LentOrder {
  const { words } = orders;
  const at = slot << ORDER_SHIFT;
  order.symbol = words[at + OrderWord.symbolSide] >>> 1;
  order.idLow = words[at + OrderWord.idLow] >>> 0;
  order.idHigh = words[at + OrderWord.idHigh] >>> 0;
  order.side = (words[at + OrderWord.symbolSide] & 1) as Side;
  order.price = levels.price[words[at + OrderWord.level]];
  order.quantity = words[at + OrderWord.quantity] >>> 0;
  order.filled = fromLanes(words[at + OrderWord.filledLow], words[at + OrderWord.filledHigh]);
  return order;
}

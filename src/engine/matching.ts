// Price-time priority: an incoming order trades with the best level first, the oldest order of a level first, at the
// resting order's price (specification: rules.md, "Matching").

import { Side } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { OrderBook } from "./order-book.ts";
import { NO_SLOT, ORDER_SHIFT, OrderWord } from "./order-pool.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SHIFT = ORDER_SHIFT;
const RESTING_QUANTITY = OrderWord.quantity;
const RESTING_NEXT = OrderWord.next;
const RESTING_PREVIOUS = OrderWord.previous;
const FILLED_LOW = OrderWord.filledLow;
const FILLED_HIGH = OrderWord.filledHigh;
const RESTING_ACCOUNT_PREVIOUS = OrderWord.accountPrevious;
const NONE = NO_SLOT;
const BUY = Side.Buy;
const SELL = Side.Sell;

/** Trades up to `quantity` lots of an incoming order against the book, within `state.limit`; returns what is left. */
export function match(
  state: ExchangeState,
  book: OrderBook,
  side: Side,
  quantity: number,
  sideTypeTif: number,
): number {
  const limit = state.limit[0];
  const makers = side === BUY ? SELL : BUY;
  let left = quantity;
  while (left > 0 && book.ladder.crosses(side, limit)) {
    left = matchLevel(state, book, makers, book.ladder.best(makers), left, sideTypeTif);
  }
  return left;
}

/** Trades against one level, oldest first; the level goes when it is empty. Returns what is left. */
function matchLevel(
  state: ExchangeState,
  book: OrderBook,
  makers: Side,
  level: number,
  quantity: number,
  sideTypeTif: number,
): number {
  const { orders, levels, index, events } = state;
  const priceLow = levels.priceLow[level];
  const priceHigh = levels.priceHigh[level];
  let left = quantity;
  let filled = 0;
  let maker = levels.head[level];
  while (left > 0 && maker !== NONE) {
    const resting = orders.words[(maker << SHIFT) + RESTING_QUANTITY] >>> 0;
    const traded = left < resting ? left : resting;
    const makerLeaves = resting - traded;
    left -= traded;
    events.trade(maker, priceLow, priceHigh, traded, left, makerLeaves, sideTypeTif);
    orders.words[(maker << SHIFT) + RESTING_QUANTITY] = makerLeaves;
    if (makerLeaves > 0) {
      addFilled(orders.words, maker, traded);
      break;
    }
    const next = orders.words[(maker << SHIFT) + RESTING_NEXT];
    index.remove(maker);
    if (orders.words[(maker << SHIFT) + RESTING_ACCOUNT_PREVIOUS] !== 0) state.accountOrders.unlink(maker);
    orders.give(maker);
    filled++;
    maker = next;
  }
  levels.total[level] -= quantity - left;
  levels.orders[level] -= filled;
  book.count(makers, -filled);
  levels.head[level] = maker;
  if (maker === NONE) book.dropLevel(level, makers);
  else orders.words[(maker << SHIFT) + RESTING_PREVIOUS] = NONE;
  return left;
}

/** Counts `traded` more lots as what the resting order in `slot` has traded since it was accepted. */
export function addFilled(words: Int32Array, slot: number, traded: number): void {
  const at = slot << SHIFT;
  const low = (words[at + FILLED_LOW] + traded) | 0;
  words[at + FILLED_LOW] = low;
  if (low >>> 0 < traded) words[at + FILLED_HIGH]++;
}

/** Whether filling `quantity` within `state.limit` would take more than `most` trades. Looks only where that is possible at all. */
export function takesMoreFillsThan(
  state: ExchangeState,
  book: OrderBook,
  side: Side,
  quantity: number,
  most: number,
): boolean {
  const limit = state.limit[0];
  const makers = side === BUY ? SELL : BUY;
  // A fill takes a lot at least: most orders can't have too many, however deep the book, and nothing is counted.
  if (quantity <= most || book.ordersOn(makers) <= most) return false;
  const { orders, levels } = state;
  let left = quantity;
  let fills = 0;
  for (let level = book.ladder.best(makers); level !== NONE; level = book.ladder.worse(level, makers)) {
    const price = levels.price[level];
    if (side === BUY ? price > limit : price < limit) return false;
    if (left >= levels.total[level]) {
      left -= levels.total[level];
      fills += levels.orders[level];
    } else {
      for (let maker = levels.head[level]; left > 0; maker = orders.words[(maker << SHIFT) + RESTING_NEXT]) {
        left = Math.max(0, left - (orders.words[(maker << SHIFT) + RESTING_QUANTITY] >>> 0));
        if (++fills > most) return true;
      }
    }
    if (fills > most) return true;
    if (left === 0) return false;
  }
  return false;
}

// Who stands in line at one price: the orders of a level, first to trade first. A stream of one connection, because it marks
// the orders of that connection's account; a connection has one such stream at a time. Each message has the whole picture.
//
// Bounds: 1,000 orders are looked at (10 us), the first 100 listed, and of those behind as many of the account's own.

import { u64ToString } from "../../base/index.ts";
import {
  formatPrice,
  type MarketHead,
  QUEUE_ORDERS_MAX,
  type QueueEntries,
  type QueueEntry,
  queueText,
  type Side,
  sideName,
} from "../../protocol/index.ts";
import type { MarketSource } from "./market-source.ts";
import { MarketStream, type SymbolState } from "./stream.ts";

/** Orders of a level that are looked at for one message. */
const ORDERS_LOOKED_AT_MAX = 1_000;

export class QueueStream extends MarketStream {
  readonly #source: MarketSource;
  readonly #side: Side;
  readonly #price: number;
  readonly #account: number | undefined;
  /** What clients know; from begin() on. */
  #known: QueueEntries | undefined;

  /** `account`: whose orders are marked. */
  constructor(
    symbol: SymbolState,
    source: MarketSource,
    {
      side,
      price,
      account,
    }: { readonly side: Side; readonly price: number; readonly account?: number | undefined },
  ) {
    super(symbol, "conflated");
    this.#source = source;
    this.#side = side;
    this.#price = price;
    this.#account = account;
  }

  get symbolNumber(): number {
    return this.symbol.number;
  }

  flush(): void {
    const now = this.#read();
    if (this.#known !== undefined && isSame(now, this.#known)) return;
    this.#known = now;
    this.publish(queueText(this.next(), now));
  }

  protected capture(): void {
    this.#known = this.#read();
  }

  protected format(head: MarketHead): string {
    return queueText(head, this.#known ?? this.#read());
  }

  #read(): QueueEntries {
    const { number, decimals } = this.symbol;
    const level = Float64Array.of(this.#price, 0, 0);
    this.#source.readLevel(number, this.#side, level);
    const [, quantity, orders] = level;
    const price = formatPrice(this.#price, decimals);
    return { side: sideName(this.#side), price, quantity, orders, queue: this.#queue() };
  }

  #queue(): readonly QueueEntry[] {
    const queue: QueueEntry[] = [];
    let [place, ownBehind] = [0, 0];
    const visit = (account: number, idLow: number, idHigh: number, quantity: number): boolean => {
      place++;
      const isOwn = account === this.#account;
      const isBehind = place > QUEUE_ORDERS_MAX;
      if (isOwn) queue.push([place, quantity, u64ToString(idLow, idHigh)]);
      else if (!isBehind) queue.push([place, quantity]);
      if (isOwn && isBehind) ownBehind++;
      // Whoever has no orders to look for is through with the first ones.
      if (isBehind || place === QUEUE_ORDERS_MAX)
        return this.#account !== undefined && place < ORDERS_LOOKED_AT_MAX && ownBehind < QUEUE_ORDERS_MAX;
      return true;
    };
    this.#source.forEachOrderAt(this.symbol.number, this.#side, this.#price, visit);
    return queue;
  }
}

function isSame(one: QueueEntries, other: QueueEntries): boolean {
  if (one.quantity !== other.quantity || one.orders !== other.orders) return false;
  if (one.queue.length !== other.queue.length) return false;
  return one.queue.every(([place, quantity, id], i) => {
    const [otherPlace, otherQuantity, otherId] = other.queue[i];
    return place === otherPlace && quantity === otherQuantity && id === otherId;
  });
}

// An account's open orders and latest fills, kept from channel `orders`: a list first, then every change. All
// connections of the account see all its orders, so this is the truth also about orders that another program sent.

import type { FillMessage, OrderMessage, OrdersMessage, SideName } from "../../protocol/index.ts";
import { ticksOf } from "./ticks.ts";

/** Fills kept. */
const FILLS_MAX = 200;

export interface OwnOrder {
  readonly symbol: string;
  readonly id: string;
  readonly side: SideName;
  /** Ticks. */
  readonly price: number;
  /** Lots that are left. */
  readonly open: number;
}

export interface OwnFill {
  /** The sequence of its event: no other fill of the account's order has it. */
  readonly sequence: string;
  readonly symbol: string;
  readonly id: string;
  readonly side: SideName;
  /** Ticks. */
  readonly price: number;
  /** Lots. */
  readonly quantity: number;
  readonly open: number;
  readonly liquidity: "maker" | "taker";
  /** Microseconds since 1970. */
  readonly time_us: number;
}

type DecimalsOf = (symbol: string) => number;

export class OwnOrders {
  /** Counts changes of orders or fills. */
  version = 0;
  /** The list came, and what follows it comes as it happens. */
  isCurrent = false;
  /** The account has more orders than a list may have: some that were there before it are not known. */
  isTruncated = false;
  /** Oldest first. */
  readonly fills: OwnFill[] = [];
  #open = new Map<string, OwnOrder>();
  #arriving: Map<string, OwnOrder> | undefined;
  readonly #decimalsOf: DecimalsOf;

  constructor(decimalsOf: DecimalsOf) {
    this.#decimalsOf = decimalsOf;
  }

  get size(): number {
    return this.#open.size;
  }

  /** In the order in which they came to rest, as far as it is known. */
  open(): IterableIterator<OwnOrder> {
    return this.#open.values();
  }

  disconnect(): void {
    this.isCurrent = false;
    this.#arriving = undefined;
    this.version++;
  }

  /** A piece of the list; with its last one the list takes the place of what was known. */
  takeList({ orders, last, truncated }: OrdersMessage): void {
    this.#arriving ??= new Map();
    for (const { symbol, id, side, price, open } of orders) {
      this.#arriving.set(keyOf(symbol, id), { symbol, id, side, price: this.#ticks(symbol, price), open });
    }
    if (last !== true) return;
    this.#open = this.#arriving;
    this.#arriving = undefined;
    this.isCurrent = true;
    this.isTruncated = truncated === true;
    this.version++;
  }

  takeOrder({ event, symbol, id, side, price, open }: OrderMessage): void {
    const orders = this.#arriving ?? this.#open;
    const rests = (event === "accepted" || event === "modified") && open > 0 && price !== null;
    if (rests) orders.set(keyOf(symbol, id), { symbol, id, side, price: this.#ticks(symbol, price), open });
    else orders.delete(keyOf(symbol, id));
    this.version++;
  }

  takeFill(message: FillMessage): void {
    const { symbol, id, open, time, type: _, ...rest } = message;
    const orders = this.#arriving ?? this.#open;
    const order = orders.get(keyOf(symbol, id));
    if (open === 0) orders.delete(keyOf(symbol, id));
    else if (order !== undefined) orders.set(keyOf(symbol, id), { ...order, open });
    this.fills.push({
      ...rest,
      symbol,
      id,
      open,
      price: this.#ticks(symbol, rest.price),
      time_us: Number(time),
    });
    if (this.fills.length > FILLS_MAX) this.fills.shift();
    this.version++;
  }

  #ticks(symbol: string, price: string | null): number {
    return price === null ? 0 : ticksOf(price, this.#decimalsOf(symbol));
  }
}

/** Ids are unique among the resting orders of a symbol; names have no blanks. */
function keyOf(symbol: string, id: string): string {
  return `${symbol} ${id}`;
}

// An account's open orders and latest fills: a list first, then every change, as channel `orders` tells it or, with a
// token, the account's reports. All connections of the account see all its orders, so this is the truth also about orders
// that another program sent.

import type {
  FillMessage,
  OrderMessage,
  OrdersMessage,
  ReportMessage,
  SideName,
} from "../../protocol/index.ts";
import { ticksOf } from "./ticks.ts";

/** Fills kept. */
const FILLS_MAX = 200;
/** Reports kept, and how many go at once beyond that. */
const REPORTS_MAX = 500;
const REPORTS_DROPPED = 100;
/** Orders whose latest change is kept, for a list that reports overtake: more than one turn of a connection writes. */
const CHANGES_MAX = 16_384;
/** At once beyond that: each look for the oldest passes by all that have gone. */
const CHANGES_DROPPED = 1_024;

/** An open order of the account. */
export interface OwnOrder {
  readonly symbol: string;
  readonly id: string;
  readonly side: SideName;
  /** Ticks. */
  readonly price: number;
  /** Lots that are left. */
  readonly open: number;
  /** Lots traded since it was accepted; undefined where nobody says. */
  readonly cumulative?: number;
}

/** What an order of the account traded at once. */
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

/** What the latest report of an order left of it. */
interface Change {
  readonly number: number;
  /** undefined: it doesn't rest any more. */
  readonly order: OwnOrder | undefined;
}

type DecimalsOf = (symbol: string) => number;

/** The open orders and latest fills of the connection's account, whoever sent them. */
export class OwnOrders {
  /** Counts changes of orders or fills. */
  version = 0;
  /** The list came, and what follows it comes as it happens. */
  isCurrent = false;
  /** The account has more orders than a list may have: some that were there before it are not known. */
  isTruncated = false;
  /** Oldest first. */
  readonly fills: OwnFill[] = [];
  /** Oldest first. */
  readonly reports: ReportMessage[] = [];
  /** The list knows of all reports up to this one. */
  #listedTo = 0;
  /** Such a list has come, and all reports since. */
  #isListed = false;
  /** The latest of each order, oldest first. */
  readonly #changes = new Map<string, Change>();
  /** Changes up to this report may be forgotten. */
  #forgottenTo = 0;
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

  /** The list that there is knows too little: a new one is needed. */
  get needsList(): boolean {
    return !this.#isListed;
  }

  /** A piece of the list; with its last one the list takes the place of what was known. */
  takeList({ orders, last, truncated, report }: OrdersMessage): void {
    this.#arriving ??= new Map();
    for (const { price, ...order } of orders) {
      const { symbol, id } = order;
      this.#arriving.set(keyOf(symbol, id), { ...order, price: this.#ticks(symbol, price) });
    }
    if (last !== true) return;
    this.#open = this.#arriving;
    this.#arriving = undefined;
    this.isCurrent = report === undefined || this.#listed(Number(report));
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

  /** The list is of `number`, and so older than reports that came before it; false: than more than are known here. */
  #listed(number: number): boolean {
    this.#listedTo = number;
    this.#isListed = number >= this.#forgottenTo;
    for (const [key, change] of this.#changes) if (change.number > number) this.#put(key, change.order);
    return this.#isListed;
  }

  /** All that was missed while it was disconnected has come as reports; false: only a new list helps. */
  resumed(): boolean {
    this.isCurrent = this.#isListed;
    this.version++;
    return this.isCurrent;
  }

  /**
   * Reports were missed, or the exchange never made some that were seen: the next list knows of all that have come, and of
   * those that were seen before nothing may be put on top of it.
   */
  missed(): void {
    this.#isListed = false;
    this.#changes.clear();
    this.#forgottenTo = 0;
  }

  takeReport(report: ReportMessage): void {
    this.reports.push(report);
    if (this.reports.length > REPORTS_MAX) this.reports.splice(0, REPORTS_DROPPED);
    if (report.event === "traded") this.#addFill(report);
    this.#changed(report);
    this.version++;
  }

  #changed({ event, repeated, number, symbol = "", id = "", ...report }: ReportMessage): void {
    if (event === "rejected" || event === "massCancelled" || repeated === true) return;
    const { side = "buy", price = null, leaves: open = 0, cumulative = 0 } = report;
    const isOver = open === 0 || event === "cancelled" || event === "expired";
    // A market order never rests.
    if (!isOver && price === null) return;
    const key = keyOf(symbol, id);
    const order = isOver
      ? undefined
      : { symbol, id, side, price: this.#ticks(symbol, price), open, cumulative };
    this.#keepChange(key, { number: Number(number), order });
    if (Number(number) > this.#listedTo) this.#put(key, order);
  }

  #keepChange(key: string, change: Change): void {
    // Taken out first: the latest stands last.
    this.#changes.delete(key);
    this.#changes.set(key, change);
    if (this.#changes.size > CHANGES_MAX) this.#forgetChanges();
  }

  #forgetChanges(): void {
    for (const [oldest, { number }] of this.#changes) {
      if (this.#changes.size === CHANGES_MAX - CHANGES_DROPPED) return;
      this.#changes.delete(oldest);
      this.#forgottenTo = number;
    }
  }

  #put(key: string, order: OwnOrder | undefined): void {
    if (order === undefined) this.#open.delete(key);
    else this.#open.set(key, order);
  }

  #addFill(report: ReportMessage): void {
    const { sequence = "", symbol = "", id = "", side = "buy", lastPrice = null } = report;
    const { lastQuantity = 0, leaves = 0, liquidity = "taker", time } = report;
    const fill = { sequence, symbol, id, side, quantity: lastQuantity, open: leaves, liquidity };
    this.#keepFill({ ...fill, price: this.#ticks(symbol, lastPrice), time_us: Number(time) });
  }

  #keepFill(fill: OwnFill): void {
    this.fills.push(fill);
    if (this.fills.length > FILLS_MAX) this.fills.shift();
  }

  takeFill(message: FillMessage): void {
    const { symbol, id, open, time, type: _, ...rest } = message;
    const orders = this.#arriving ?? this.#open;
    const order = orders.get(keyOf(symbol, id));
    if (open === 0) orders.delete(keyOf(symbol, id));
    else if (order !== undefined) orders.set(keyOf(symbol, id), { ...order, open });
    const price = this.#ticks(symbol, rest.price);
    this.#keepFill({ ...rest, symbol, id, open, price, time_us: Number(time) });
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

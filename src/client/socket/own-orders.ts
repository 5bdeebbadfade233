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
  /** Oldest first. */
  readonly reports: ReportMessage[] = [];
  /** The list knows of all reports up to this one. */
  #listedTo = 0;
  /** Such a list has come, and all reports since. */
  #isListed = false;
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
  takeList({ orders, last, truncated, report }: OrdersMessage): void {
    this.#arriving ??= new Map();
    for (const { price, ...order } of orders) {
      const { symbol, id } = order;
      this.#arriving.set(keyOf(symbol, id), { ...order, price: this.#ticks(symbol, price) });
    }
    if (last !== true) return;
    this.#open = this.#arriving;
    this.#arriving = undefined;
    if (report !== undefined) this.#listed(Number(report));
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

  /** The list is of `number`, and so older than reports that came before it. */
  #listed(number: number): void {
    this.#listedTo = number;
    this.#isListed = true;
    for (const report of this.reports) if (Number(report.number) > number) this.#apply(report);
  }

  /** All that was missed while it was disconnected has come as reports; false: only a new list helps. */
  resumed(): boolean {
    this.isCurrent = this.#isListed;
    this.version++;
    return this.isCurrent;
  }

  /** Reports were missed. */
  missed(): void {
    this.#isListed = false;
  }

  takeReport(report: ReportMessage): void {
    this.reports.push(report);
    if (this.reports.length > REPORTS_MAX) this.reports.splice(0, REPORTS_DROPPED);
    if (report.event === "traded") this.#addFill(report);
    if (Number(report.number) > this.#listedTo) this.#apply(report);
    this.version++;
  }

  #apply({
    event,
    repeated,
    symbol = "",
    id = "",
    side = "buy",
    price = null,
    ...lots
  }: ReportMessage): void {
    if (event === "rejected" || event === "massCancelled" || repeated === true) return;
    const { leaves: open = 0, cumulative = 0 } = lots;
    const key = keyOf(symbol, id);
    if (open === 0 || event === "cancelled" || event === "expired") this.#open.delete(key);
    else if (price !== null)
      this.#open.set(key, { symbol, id, side, price: this.#ticks(symbol, price), open, cumulative });
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

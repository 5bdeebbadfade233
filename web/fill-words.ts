// One line for all the fills of an order that come together, as a large order makes them, and for what of it expired. Of an
// account that trades faster than one can read (a market maker's) nothing is said: its fills are in the table.

import type { FillMessage, OrderMessage } from "../src/protocol/index.ts";

/** What is said of a fill. */
export type FillSaid = Pick<FillMessage, "symbol" | "id" | "side" | "quantity" | "price" | "open" | "time">;
/** What is said of an order that was accepted, or whose rest expired. */
export type OrderSaid = Pick<OrderMessage, "symbol" | "id" | "side" | "open" | "time">;

export interface Said {
  readonly text: string;
  /** The lines of one order's fills are about the same. */
  readonly about: string;
  /** An order came to nothing. */
  readonly isBad: boolean;
}

/** Fills that follow within that time are told in one line. */
const TOGETHER_US = 2_000_000;
/** Lines that may begin within that time, or nothing is said for the rest of it and all of the next. */
const LINES_MAX = 5;
const WINDOW_US = 5_000_000;
/** Orders whose fills may come by turns: one that trades with others of the same account, and those. */
const BY_TURNS_MAX = 8;

interface Line {
  readonly from_us: number;
  /** It began when there were not too many. */
  readonly isSaid: boolean;
  quantity: number;
  first: string;
  latest: string;
  /** Lots that were left after the latest fill. */
  open: number;
}

export class FillWords {
  /** By order; the one that was used last stands last. */
  readonly #lines = new Map<string, Line>();
  /** The order that was accepted last: until the next one, what expires is of it. */
  #accepted = { order: "", open: 0 };
  #window = 0;
  #linesNow = 0;
  #linesBefore = 0;

  accepted({ symbol, id, open }: OrderSaid): void {
    this.#accepted = { order: `${symbol} ${id}`, open };
  }

  /** The line to say now; undefined when there are too many. */
  add(fill: FillSaid): Said | undefined {
    const { symbol, id, side, quantity, price, open, time } = fill;
    const order = `${symbol} ${id}`;
    const line = this.#lineOf(order, Number(time));
    if (line.quantity === 0) line.first = price;
    line.quantity += quantity;
    line.latest = price;
    line.open = open;
    return said(order, line, `${tradedWords(side, symbol, line)}${open === 0 ? "" : `, ${open} left`}`);
  }

  /** The line that says what was not filled. */
  expired({ symbol, id, side, time }: OrderSaid): Said | undefined {
    const order = `${symbol} ${id}`;
    const line = this.#lineOf(order, Number(time));
    if (line.quantity > 0)
      return said(order, line, `${tradedWords(side, symbol, line)}, ${line.open} not filled`);
    const ordered = this.#accepted.order === order ? `${this.#accepted.open} ` : "";
    const what = `${side === "buy" ? "Buy" : "Sell"} ${ordered}${symbol}`;
    return said(order, line, `${what}: nothing traded, ${ordered}expired`);
  }

  #lineOf(order: string, time_us: number): Line {
    let line = this.#lines.get(order);
    this.#lines.delete(order);
    if (line === undefined || time_us - line.from_us > TOGETHER_US) {
      const isSaid = this.#count(time_us) <= LINES_MAX;
      line = { from_us: time_us, isSaid, quantity: 0, first: "", latest: "", open: 0 };
    }
    this.#lines.set(order, line);
    if (this.#lines.size > BY_TURNS_MAX) this.#lines.delete(this.#lines.keys().next().value as string);
    return line;
  }

  /** Counts a line that begins; of this window or the one before, whichever had more. */
  #count(time_us: number): number {
    const window = Math.floor(time_us / WINDOW_US);
    if (window !== this.#window) {
      this.#linesBefore = window === this.#window + 1 ? this.#linesNow : 0;
      this.#linesNow = 0;
    }
    this.#window = window;
    return Math.max(++this.#linesNow, this.#linesBefore);
  }
}

function tradedWords(side: "buy" | "sell", symbol: string, { quantity, first, latest }: Line): string {
  const at = latest === first ? latest : `${first} to ${latest}`;
  return `${side === "buy" ? "Bought" : "Sold"} ${quantity} ${symbol} at ${at}`;
}

function said(order: string, { isSaid, from_us, quantity }: Line, text: string): Said | undefined {
  return isSaid ? { text, about: `fills of ${order} from ${from_us}`, isBad: quantity === 0 } : undefined;
}

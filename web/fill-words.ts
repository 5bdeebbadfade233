// One line for all the fills of an order that come together, as a large order makes them. Of an account that trades faster than
// one can read (a market maker's) nothing is said: its fills are in the table.

import type { FillMessage } from "../src/protocol/index.ts";

/** What is said of a fill. */
export type FillSaid = Pick<FillMessage, "symbol" | "id" | "side" | "quantity" | "price" | "open" | "time">;

/** Fills that follow within that time are told in one line. */
const TOGETHER_US = 2_000_000;
/** Lines that may begin within that time, or nothing is said for the rest of it and all of the next. */
const LINES_MAX = 5;
const WINDOW_US = 5_000_000;

export class FillWords {
  #order = "";
  #from_us = 0;
  #quantity = 0;
  #first = "";
  #window = 0;
  #lines = 0;
  #linesBefore = 0;

  /** The line to say now, and what it is about; undefined when there are too many. */
  add(fill: FillSaid): { readonly text: string; readonly about: string } | undefined {
    const { symbol, id, side, quantity, price, open, time } = fill;
    const order = `${symbol} ${id}`;
    const time_us = Number(time);
    if (order !== this.#order || time_us - this.#from_us > TOGETHER_US) {
      this.#order = order;
      this.#from_us = time_us;
      this.#quantity = 0;
      this.#first = price;
      this.#count(time_us);
    }
    if (Math.max(this.#lines, this.#linesBefore) > LINES_MAX) return undefined;
    this.#quantity += quantity;
    const at = price === this.#first ? price : `${this.#first} to ${price}`;
    const rest = open === 0 ? "" : `, ${open} left`;
    const text = `${side === "buy" ? "Bought" : "Sold"} ${this.#quantity} ${symbol} at ${at}${rest}`;
    return { text, about: `fills of ${order} from ${this.#from_us}` };
  }

  /** Counts a line that begins. */
  #count(time_us: number): void {
    const window = Math.floor(time_us / WINDOW_US);
    if (window !== this.#window) {
      this.#linesBefore = window === this.#window + 1 ? this.#lines : 0;
      this.#lines = 0;
    }
    this.#window = window;
    this.#lines++;
  }
}

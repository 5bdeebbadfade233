// One line for all the fills of an order that come together, as a large order makes them.

import type { FillMessage } from "../src/protocol/index.ts";

/** Fills that follow within that time are told in one line. */
const TOGETHER_US = 2_000_000;

export class FillWords {
  #order = "";
  #from_us = 0;
  #quantity = 0;
  #first = "";

  /** The line to say now, and what it is about. */
  add(fill: FillMessage): { readonly text: string; readonly about: string } {
    const { symbol, id, side, quantity, price, open, time } = fill;
    const order = `${symbol} ${id}`;
    const time_us = Number(time);
    if (order !== this.#order || time_us - this.#from_us > TOGETHER_US) {
      this.#order = order;
      this.#from_us = time_us;
      this.#quantity = 0;
      this.#first = price;
    }
    this.#quantity += quantity;
    const at = price === this.#first ? price : `${this.#first} to ${price}`;
    const rest = open === 0 ? "" : `, ${open} left`;
    const text = `${side === "buy" ? "Bought" : "Sold"} ${this.#quantity} ${symbol} at ${at}${rest}`;
    return { text, about: `fills of ${order} from ${this.#from_us}` };
  }
}

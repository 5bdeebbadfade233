// One frame as its receiver sees it: a window on the bytes, lent for the duration of a call. Fields are read where they are used,
// because a price handed over as an argument is an allocation wherever the call is not inlined.

import { TickHeader, TickQuote, TickTrade, type TickType } from "../../../protocol/index.ts";

export class Tick {
  #view: DataView = new DataView(new ArrayBuffer(TickQuote.bytes));
  #at = 0;

  /** The frame that begins at `at` is whole and checked. */
  bind(view: DataView, at: number): void {
    this.#view = view;
    this.#at = at;
  }

  get type(): TickType {
    return this.#view.getUint16(this.#at + TickHeader.type, true) as TickType;
  }

  /** Its number in the stream, u32: 0 comes after 4,294,967,295. */
  get sequence(): number {
    return this.#view.getUint32(this.#at + TickHeader.sequence, true);
  }

  /** When the tick was made, nanoseconds since 1970 by the server's wall clock: the lower 32 bits. */
  get timestampLow(): number {
    return this.#view.getUint32(this.#at + TickHeader.timestamp, true);
  }

  /** The upper 32 bits. */
  get timestampHigh(): number {
    return this.#view.getUint32(this.#at + TickHeader.timestamp + 4, true);
  }

  /** Of a heartbeat it means nothing. */
  get symbol(): number {
    return this.#view.getUint16(this.#at + TickHeader.symbol, true);
  }

  /** Of a trade: units of the currency. */
  get price(): number {
    return this.#view.getFloat64(this.#at + TickTrade.price, true);
  }

  /** Of a trade: shares, u32. */
  get quantity(): number {
    return this.#view.getUint32(this.#at + TickTrade.quantity, true);
  }

  /** Of a quote, as the other three: the best bid. May be above the ask: it is what the server said. */
  get bid(): number {
    return this.#view.getFloat64(this.#at + TickQuote.bidPrice, true);
  }

  get bidQuantity(): number {
    return this.#view.getUint32(this.#at + TickQuote.bidQuantity, true);
  }

  get ask(): number {
    return this.#view.getFloat64(this.#at + TickQuote.askPrice, true);
  }

  get askQuantity(): number {
    return this.#view.getUint32(this.#at + TickQuote.askQuantity, true);
  }
}

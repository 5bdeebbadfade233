// A frame encoded once, with sequence 0, for as many connections as want it: each copies it with a number of its own.

import {
  encodeTickHeartbeat,
  encodeTickQuote,
  encodeTickTrade,
  TICK_FRAME_BYTES_MAX,
} from "../../protocol/index.ts";

export class EncodedTick {
  readonly words = new Uint32Array(TICK_FRAME_BYTES_MAX / 4);
  /** Of `words`, those of the frame. */
  length_words = 0;
  symbol = 0;
  isQuote = false;
  readonly #view = new DataView(this.words.buffer);

  trade(symbol: number, price: number, quantity: number, timeLow: number, timeHigh: number): void {
    this.symbol = symbol;
    this.isQuote = false;
    this.length_words = encodeTickTrade(this.#view, 0, 0, timeLow, timeHigh, symbol, price, quantity) / 4;
  }

  quote(
    symbol: number,
    bid: number,
    bidQuantity: number,
    ask: number,
    askQuantity: number,
    timeLow: number,
    timeHigh: number,
  ): void {
    this.symbol = symbol;
    this.isQuote = true;
    const view = this.#view;
    this.length_words =
      encodeTickQuote(view, 0, 0, timeLow, timeHigh, symbol, bid, bidQuantity, ask, askQuantity) / 4;
  }

  heartbeat(timeLow: number, timeHigh: number): void {
    this.symbol = 0;
    this.isQuote = false;
    this.length_words = encodeTickHeartbeat(this.#view, 0, 0, timeLow, timeHigh) / 4;
  }
}

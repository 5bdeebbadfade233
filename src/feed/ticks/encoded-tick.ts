// A frame encoded once, with sequence 0, for as many connections as want it: each copies it with a number of its own.

import {
  encodeTick,
  encodeTickHeartbeat,
  TICK_FRAME_BYTES_MAX,
  type TickValues,
} from "../../protocol/index.ts";

export class EncodedTick {
  readonly words = new Uint32Array(TICK_FRAME_BYTES_MAX / 4);
  /** Of `words`, those of the frame. */
  length_words = 0;
  symbol = 0;
  isQuote = false;
  readonly #view = new DataView(this.words.buffer);

  encode(tick: TickValues): void {
    this.symbol = tick.symbol;
    this.isQuote = !tick.isTrade;
    this.length_words = encodeTick(this.#view, 0, 0, tick) / 4;
  }

  heartbeat(timeLow: number, timeHigh: number): void {
    this.symbol = 0;
    this.isQuote = false;
    this.length_words = encodeTickHeartbeat(this.#view, 0, 0, timeLow, timeHigh) / 4;
  }
}

// A trade as a message: the same on every channel.

import { EventWord, MdType, putTrade } from "../../protocol/index.ts";
import type { Channel } from "./channel.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const SYMBOL = EventWord.symbol;
const SEQUENCE_LOW = EventWord.sequenceLow;
const SEQUENCE_HIGH = EventWord.sequenceHigh;
const PRICE_LOW = EventWord.priceLow;
const PRICE_HIGH = EventWord.priceHigh;
const QUANTITY = EventWord.quantity;
const SIDE_TYPE_TIF = EventWord.sideTypeTif;
const TRADE = MdType.Trade;

/** Tells the Trade at `at` of `words`. */
export function tellTrade(channel: Channel, words: Int32Array, at: number): void {
  const symbol = words[at + SYMBOL];
  putTrade(
    channel.writer,
    symbol,
    channel.claim(TRADE, symbol),
    words[at + SEQUENCE_LOW],
    words[at + SEQUENCE_HIGH],
    words[at + PRICE_LOW],
    words[at + PRICE_HIGH],
    words[at + QUANTITY] >>> 0,
    words[at + SIDE_TYPE_TIF] & 255,
  );
}

// Writes ticks/1 frames: numbers into bytes at an offset, nothing allocated. Each function returns the bytes it wrote.
//
// A frame for many receivers, each with numbers of its own, is encoded once with sequence 0 and then copied word by word
// with the sequence and its share of the checksum put in.

import { assert } from "../../base/index.ts";
import { sequenceChecksum, tickWordsChecksum } from "./checksum.ts";
import {
  TICK_SUBSCRIBE_COMMAND,
  TICK_SUBSCRIBE_SYMBOLS_MAX,
  TickHeader,
  TickHeartbeat,
  TickQuote,
  TickSubscribe,
  TickTrade,
  TickType,
} from "./layout.ts";
import type { TickValues } from "./values.ts";

/** Writes a trade or a quote, whichever `tick` is. */
export function encodeTick(view: DataView, at: number, sequence: number, tick: TickValues): number {
  view.setUint16(at + TickHeader.type, tick.isTrade ? TickType.Trade : TickType.Quote, true);
  view.setUint32(at + TickHeader.sequence, sequence, true);
  view.setUint32(at + TickHeader.timestamp, tick.timeLow, true);
  view.setUint32(at + TickHeader.timestamp + 4, tick.timeHigh, true);
  view.setUint16(at + TickHeader.symbol, tick.symbol, true);
  return tick.isTrade ? putTrade(view, at, tick) : putQuote(view, at, tick);
}

function putTrade(view: DataView, at: number, tick: TickValues): number {
  view.setFloat64(at + TickTrade.price, tick.price, true);
  view.setUint32(at + TickTrade.quantity, tick.quantity, true);
  return seal(view, at, TickTrade.checksum);
}

function putQuote(view: DataView, at: number, tick: TickValues): number {
  view.setFloat64(at + TickQuote.bidPrice, tick.bid, true);
  view.setUint32(at + TickQuote.bidQuantity, tick.bidQuantity, true);
  view.setFloat64(at + TickQuote.askPrice, tick.ask, true);
  view.setUint32(at + TickQuote.askQuantity, tick.askQuantity, true);
  return seal(view, at, TickQuote.checksum);
}

/** A timestamp is two u32 lanes of nanoseconds, low and high. */
export function encodeTickHeartbeat(
  view: DataView,
  at: number,
  sequence: number,
  timeLow: number,
  timeHigh: number,
): number {
  view.setUint16(at + TickHeader.type, TickType.Heartbeat, true);
  view.setUint32(at + TickHeader.sequence, sequence, true);
  view.setUint32(at + TickHeader.timestamp, timeLow, true);
  view.setUint32(at + TickHeader.timestamp + 4, timeHigh, true);
  view.setUint16(at + TickHeader.symbol, 0, true);
  return seal(view, at, TickHeartbeat.checksum);
}

/** `symbols`: at most TICK_SUBSCRIBE_SYMBOLS_MAX, u16 each; none: all symbols. */
export function encodeTickSubscribe(view: DataView, at: number, symbols: readonly number[]): number {
  assert(symbols.length <= TICK_SUBSCRIBE_SYMBOLS_MAX, "a Subscribe has at most 510 symbols");
  view.setUint8(at + TickSubscribe.command, TICK_SUBSCRIBE_COMMAND);
  view.setUint16(at + TickSubscribe.count, symbols.length, true);
  for (let i = 0; i < symbols.length; i++)
    view.setUint16(at + TickSubscribe.symbols + 2 * i, symbols[i], true);
  return TickSubscribe.symbols + 2 * symbols.length;
}

/** Puts the checksum over what is before it; the frame ends with it. */
function seal(view: DataView, at: number, checksumAt: number): number {
  view.setUint32(at + checksumAt, tickWordsChecksum(view, at, checksumAt / 4), true);
  return checksumAt + 4;
}

/**
 * Copies the frame of `words` words at `from[fromWord]`, encoded with sequence 0, to `to[toWord]` and gives it
 * `sequence`. Both arrays are little-endian words.
 */
export function copyTickFrame(
  from: Uint32Array,
  fromWord: number,
  words: number,
  to: Uint32Array,
  toWord: number,
  sequence: number,
): void {
  to[toWord] = from[fromWord] | (sequence << 16);
  to[toWord + 1] = from[fromWord + 1] | (sequence >>> 16);
  const last = words - 1;
  for (let i = 2; i < last; i++) to[toWord + i] = from[fromWord + i];
  to[toWord + last] = from[fromWord + last] ^ sequenceChecksum(sequence);
}

/** The sequence of the frame at `words[at]`. */
export function tickFrameSequence(words: Uint32Array, at: number): number {
  return ((words[at] >>> 16) | (words[at + 1] << 16)) >>> 0;
}

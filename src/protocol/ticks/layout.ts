// Where every field of a ticks/1 frame lies. Specification: ticks.md. Little-endian, no padding, no length field: the type
// alone says how long a frame is. Frames are whole words of 4 bytes, their fields are not aligned: the sequence lies across
// the first two words.

import { assert, LayoutBuilder } from "../../base/index.ts";

/** Where a ticks/1 server listens when nothing else is said. */
export const TICKS_PORT = 9876;
/** Symbols are 0 to 499. */
export const TICK_SYMBOLS_MAX = 500;

export const TickType = {
  Trade: 1,
  Quote: 2,
  Heartbeat: 3,
} as const;
export type TickType = (typeof TickType)[keyof typeof TickType];

const header = new LayoutBuilder();
/** The first 16 bytes of every frame from the server. */
export const TickHeader = {
  /** u16: a TickType. */
  type: header.u16(),
  /** u32: the frame's number in its stream. */
  sequence: header.u32(),
  /** u64: nanoseconds since 1970, by the wall clock. */
  timestamp: header.u64(),
  /** u16; of a heartbeat 0. */
  symbol: header.u16(),
  bytes: header.size(16),
} as const;

const trade = new LayoutBuilder();
trade.bytes(TickHeader.bytes);
export const TickTrade = {
  /** f64, in units of the currency. */
  price: trade.u64(),
  /** u32. */
  quantity: trade.u32(),
  /** u32, over everything before it. */
  checksum: trade.u32(),
  bytes: trade.size(32),
} as const;

const quote = new LayoutBuilder();
quote.bytes(TickHeader.bytes);
export const TickQuote = {
  bidPrice: quote.u64(),
  bidQuantity: quote.u32(),
  askPrice: quote.u64(),
  askQuantity: quote.u32(),
  checksum: quote.u32(),
  bytes: quote.size(44),
} as const;

const heartbeat = new LayoutBuilder();
heartbeat.bytes(TickHeader.bytes);
export const TickHeartbeat = {
  checksum: heartbeat.u32(),
  bytes: heartbeat.size(20),
} as const;

/** The longest frame, a quote's. */
export const TICK_FRAME_BYTES_MAX = TickQuote.bytes;

/** The bytes of a frame of that type; 0: there is no such type. */
export function tickFrameBytes(type: number): number {
  if (type === TickType.Trade) return TickTrade.bytes;
  if (type === TickType.Quote) return TickQuote.bytes;
  return type === TickType.Heartbeat ? TickHeartbeat.bytes : 0;
}

const subscribe = new LayoutBuilder();
/** The only frame from a client. `symbols`: u16 each, as many as the count says; none stands for all symbols. */
export const TickSubscribe = {
  /** u8: SUBSCRIBE_COMMAND. */
  command: subscribe.u8(),
  /** u16. */
  count: subscribe.u16(),
  symbols: subscribe.size(3),
} as const;

export const SUBSCRIBE_COMMAND = 0xff;
/** Symbols of one Subscribe: a server of this family reads at most 1,024 bytes at once. */
export const SUBSCRIBE_SYMBOLS_MAX = 510;
export const SUBSCRIBE_BYTES_MAX = TickSubscribe.symbols + 2 * SUBSCRIBE_SYMBOLS_MAX;
assert(SUBSCRIBE_BYTES_MAX <= 1_024, "a Subscribe is one read of its server");

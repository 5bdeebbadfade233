// Where every field of a ticks/1 frame lies. Specification: ticks.md. Little-endian, no padding, no length field: the type
// alone says how long a frame is. Frames are whole words of 4 bytes, their fields are not aligned: the sequence lies across
// the first two words.

import { assert, layout } from "../../base/index.ts";

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

/** The first 16 bytes of every frame from the server. */
export const TickHeader = layout(16, (at) => ({
  /** u16: a TickType. */
  type: at.u16(),
  /** u32: the frame's number in its stream. */
  sequence: at.u32(),
  /** u64: nanoseconds since 1970, by the wall clock. */
  timestamp: at.u64(),
  /** u16; of a heartbeat 0. */
  symbol: at.u16(),
}));

export const TickTrade = layout(32, (at) => ({
  header: at.bytes(TickHeader.bytes),
  /** f64, in units of the currency. */
  price: at.u64(),
  /** u32. */
  quantity: at.u32(),
  /** u32, over everything before it. */
  checksum: at.u32(),
}));

export const TickQuote = layout(44, (at) => ({
  header: at.bytes(TickHeader.bytes),
  bidPrice: at.u64(),
  bidQuantity: at.u32(),
  askPrice: at.u64(),
  askQuantity: at.u32(),
  checksum: at.u32(),
}));

export const TickHeartbeat = layout(20, (at) => ({
  header: at.bytes(TickHeader.bytes),
  checksum: at.u32(),
}));

/** The longest frame, a quote's. */
export const TICK_FRAME_BYTES_MAX = TickQuote.bytes;

/** The bytes of a frame of that type; 0: there is no such type. */
export function tickFrameBytes(type: number): number {
  if (type === TickType.Trade) return TickTrade.bytes;
  if (type === TickType.Quote) return TickQuote.bytes;
  return type === TickType.Heartbeat ? TickHeartbeat.bytes : 0;
}

/** The only frame from a client. `symbols`: u16 each, as many as the count says; none stands for all symbols. */
export const TickSubscribe = layout(3, (at) => ({
  /** u8: TICK_SUBSCRIBE_COMMAND. */
  command: at.u8(),
  /** u16. */
  count: at.u16(),
  symbols: at.bytes(0),
}));

export const TICK_SUBSCRIBE_COMMAND = 0xff;
/** Symbols of one Subscribe: a server of this family reads at most 1,024 bytes at once. */
export const TICK_SUBSCRIBE_SYMBOLS_MAX = 510;
export const TICK_SUBSCRIBE_BYTES_MAX = TickSubscribe.symbols + 2 * TICK_SUBSCRIBE_SYMBOLS_MAX;
assert(TICK_SUBSCRIBE_BYTES_MAX <= 1_024, "a Subscribe is one read of its server");

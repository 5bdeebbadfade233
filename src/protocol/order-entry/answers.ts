// What servers send: encoders (numbers in, bytes out). Clients read the fields by layout and `bytes.ts`. Every
// `encode` writes one whole frame at `at` and returns where the next one starts; the caller has made room
// (`frameBytes(type)`). Answers carry header sequence 0, market data the feed's.

import { decodeUtf8, encodeUtf8, fromSignedLanes, highLane, lowLane } from "../../base/index.ts";
import { INSTRUMENT_NAME_BYTES_MAX, type Instrument } from "../commands/index.ts";
import { putU16, putU32, putU64, readHighLane, readLowLane, readU16, readU32 } from "./bytes.ts";
import { putHeader } from "./header.ts";
import {
  AckLayout,
  FillLayout,
  FRAME_HEADER_BYTES,
  HeartbeatLayout,
  HelloAckLayout,
  INSTRUMENT_OPEN,
  InstrumentAnswerLayout,
  MdTopOfBookLayout,
  MdTradeLayout,
  MessageType,
  RejectLayout,
} from "./layout.ts";

/** Writes an Ack: the request on this order was accepted and took this event sequence. */
export function encodeAck(
  bytes: Uint8Array,
  at: number,
  idLow: number,
  idHigh: number,
  sequenceLow: number,
  sequenceHigh: number,
): number {
  const body = putHeader(bytes, at, MessageType.Ack, AckLayout.bytes, 0, 0);
  putU64(bytes, body + AckLayout.orderId, idLow, idHigh);
  putU64(bytes, body + AckLayout.sequence, sequenceLow, sequenceHigh);
  return body + AckLayout.bytes;
}

/** Writes a Reject; `reason` is a code of protocol/reasons.ts. */
export function encodeReject(
  bytes: Uint8Array,
  at: number,
  idLow: number,
  idHigh: number,
  reason: number,
): number {
  const body = putHeader(bytes, at, MessageType.Reject, RejectLayout.bytes, 0, 0);
  putU64(bytes, body + RejectLayout.orderId, idLow, idHigh);
  bytes[body + RejectLayout.reason] = reason;
  return body + RejectLayout.bytes;
}

/** Writes a Fill (to the taker's connection) or a RestingFill (to the maker's account): same body. */
export function encodeFill(
  bytes: Uint8Array,
  at: number,
  type: typeof MessageType.Fill | typeof MessageType.RestingFill,
  takerLow: number,
  takerHigh: number,
  makerLow: number,
  makerHigh: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
  sequenceLow: number,
  sequenceHigh: number,
): number {
  const body = putHeader(bytes, at, type, FillLayout.bytes, 0, 0);
  putU64(bytes, body + FillLayout.takerId, takerLow, takerHigh);
  putU64(bytes, body + FillLayout.makerId, makerLow, makerHigh);
  putU64(bytes, body + FillLayout.price, priceLow, priceHigh);
  putU32(bytes, body + FillLayout.quantity, quantity);
  putU64(bytes, body + FillLayout.sequence, sequenceLow, sequenceHigh);
  return body + FillLayout.bytes;
}

/** Writes a HeartbeatAck with the Heartbeat's token. */
export function encodeHeartbeatAck(
  bytes: Uint8Array,
  at: number,
  tokenLow: number,
  tokenHigh: number,
): number {
  const body = putHeader(bytes, at, MessageType.HeartbeatAck, HeartbeatLayout.bytes, 0, 0);
  putU64(bytes, body + HeartbeatLayout.token, tokenLow, tokenHigh);
  return body + HeartbeatLayout.bytes;
}

/** Writes a HelloAck: the account the connection now acts for, and its session number. */
export function encodeHelloAck(
  bytes: Uint8Array,
  at: number,
  account: number,
  sessionLow: number,
  sessionHigh: number,
): number {
  const body = putHeader(bytes, at, MessageType.HelloAck, HelloAckLayout.bytes, 0, 0);
  putU32(bytes, body + HelloAckLayout.account, account);
  putU64(bytes, body + HelloAckLayout.session, sessionLow, sessionHigh);
  return body + HelloAckLayout.bytes;
}

/** Writes an Instrument, one entry of the list. Cold path: allocates. */
export function encodeInstrument(
  bytes: Uint8Array,
  at: number,
  symbol: number,
  instrument: Instrument,
): number {
  const name = encodeUtf8(instrument.name);
  const body = putHeader(bytes, at, MessageType.Instrument, InstrumentAnswerLayout.bytes, 0, 0);
  putU32(bytes, body + InstrumentAnswerLayout.symbol, symbol);
  bytes[body + InstrumentAnswerLayout.priceDecimals] = instrument.priceDecimals;
  bytes[body + InstrumentAnswerLayout.status] = INSTRUMENT_OPEN;
  putU16(bytes, body + InstrumentAnswerLayout.nameLength, name.length);
  putU64(bytes, body + InstrumentAnswerLayout.tick, lowLane(instrument.tick), highLane(instrument.tick));
  for (let i = 0; i < INSTRUMENT_NAME_BYTES_MAX; i++) {
    bytes[body + InstrumentAnswerLayout.name + i] = i < name.length ? name[i] : 0;
  }
  return body + InstrumentAnswerLayout.bytes;
}

/** One entry of the instrument list as a client sees it. */
export interface ListedInstrument {
  readonly symbol: number;
  readonly name: string;
  readonly priceDecimals: number;
  readonly status: number;
  /** Ticks per unit step of the displayed price. */
  readonly tick: number;
}

/** Reads the Instrument at `at`. Cold path: allocates. */
export function readInstrumentAnswer(bytes: Uint8Array, at: number): ListedInstrument {
  const body = at + FRAME_HEADER_BYTES;
  const name = body + InstrumentAnswerLayout.name;
  const tick = body + InstrumentAnswerLayout.tick;
  const length = Math.min(
    readU16(bytes, body + InstrumentAnswerLayout.nameLength),
    INSTRUMENT_NAME_BYTES_MAX,
  );
  return {
    symbol: readU32(bytes, body + InstrumentAnswerLayout.symbol),
    name: decodeUtf8(bytes.subarray(name, name + length)),
    priceDecimals: bytes[body + InstrumentAnswerLayout.priceDecimals],
    status: bytes[body + InstrumentAnswerLayout.status],
    tick: fromSignedLanes(readLowLane(bytes, tick), readHighLane(bytes, tick)),
  };
}

/** Writes an MdTrade; the header carries the feed's sequence. */
export function encodeMdTrade(
  bytes: Uint8Array,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  symbol: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
): number {
  const body = putHeader(bytes, at, MessageType.MdTrade, MdTradeLayout.bytes, sequenceLow, sequenceHigh);
  putU32(bytes, body + MdTradeLayout.symbol, symbol);
  putU64(bytes, body + MdTradeLayout.price, priceLow, priceHigh);
  putU32(bytes, body + MdTradeLayout.quantity, quantity);
  return body + MdTradeLayout.bytes;
}

/** Writes an MdTopOfBook; the price of a side that is not present is written as 0. */
export function encodeMdTopOfBook(
  bytes: Uint8Array,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  symbol: number,
  bidPresent: boolean,
  bidLow: number,
  bidHigh: number,
  askPresent: boolean,
  askLow: number,
  askHigh: number,
): number {
  const { MdTopOfBook } = MessageType;
  const body = putHeader(bytes, at, MdTopOfBook, MdTopOfBookLayout.bytes, sequenceLow, sequenceHigh);
  putU32(bytes, body + MdTopOfBookLayout.symbol, symbol);
  bytes[body + MdTopOfBookLayout.bidPresent] = bidPresent ? 1 : 0;
  putU64(bytes, body + MdTopOfBookLayout.bid, bidPresent ? bidLow : 0, bidPresent ? bidHigh : 0);
  bytes[body + MdTopOfBookLayout.askPresent] = askPresent ? 1 : 0;
  putU64(bytes, body + MdTopOfBookLayout.ask, askPresent ? askLow : 0, askPresent ? askHigh : 0);
  return body + MdTopOfBookLayout.bytes;
}

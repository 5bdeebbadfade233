// What servers send: encoders (numbers in, bytes out). Clients read the fields by layout, 64-bit ones by lanes (`bytes.ts`). Every
// `encode` writes one whole frame at `at` and returns where the next one starts; the caller has made room
// (`frameBytes(type)`). Answers carry header sequence 0, market data the feed's.

import { decodeUtf8, encodeUtf8, fromSignedLanes, highLane, lowLane } from "../../base/index.ts";
import { INSTRUMENT_NAME_BYTES_MAX, type Instrument } from "../commands/index.ts";
import { putU64, readHighLane, readLowLane } from "./bytes.ts";
import { putHeader } from "./header.ts";
import {
  AckLayout,
  CancelledLayout,
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

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const ACK_BYTES = AckLayout.bytes;
const ACK_ORDER_ID = AckLayout.orderId;
const ACK_SEQUENCE = AckLayout.sequence;
const REJECT_BYTES = RejectLayout.bytes;
const REJECT_ORDER_ID = RejectLayout.orderId;
const REJECT_REASON = RejectLayout.reason;
const FILL_BYTES = FillLayout.bytes;
const FILL_MAKER_ID = FillLayout.makerId;
const FILL_PRICE = FillLayout.price;
const FILL_QUANTITY = FillLayout.quantity;
const FILL_SEQUENCE = FillLayout.sequence;
const FILL_TAKER_ID = FillLayout.takerId;

/** Writes an Ack: the request on this order was accepted and took this event sequence. */
export function encodeAck(
  view: DataView,
  at: number,
  idLow: number,
  idHigh: number,
  sequenceLow: number,
  sequenceHigh: number,
): number {
  const body = putHeader(view, at, MessageType.Ack, ACK_BYTES, 0, 0);
  putU64(view, body + ACK_ORDER_ID, idLow, idHigh);
  putU64(view, body + ACK_SEQUENCE, sequenceLow, sequenceHigh);
  return body + ACK_BYTES;
}

/** Writes a Reject; `reason` is a code of protocol/reasons.ts. */
export function encodeReject(
  view: DataView,
  at: number,
  idLow: number,
  idHigh: number,
  reason: number,
): number {
  const body = putHeader(view, at, MessageType.Reject, REJECT_BYTES, 0, 0);
  putU64(view, body + REJECT_ORDER_ID, idLow, idHigh);
  view.setUint8(body + REJECT_REASON, reason);
  return body + REJECT_BYTES;
}

/** Writes a Fill (to the taker's connection) or a RestingFill (to the maker's account): same body. */
export function encodeFill(
  view: DataView,
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
  const body = putHeader(view, at, type, FILL_BYTES, 0, 0);
  putU64(view, body + FILL_TAKER_ID, takerLow, takerHigh);
  putU64(view, body + FILL_MAKER_ID, makerLow, makerHigh);
  putU64(view, body + FILL_PRICE, priceLow, priceHigh);
  view.setInt32(body + FILL_QUANTITY, quantity);
  putU64(view, body + FILL_SEQUENCE, sequenceLow, sequenceHigh);
  return body + FILL_BYTES;
}

/** Writes a Cancelled: an order was taken out by somebody else's command; `quantity` is what rested. */
export function encodeCancelled(
  view: DataView,
  at: number,
  idLow: number,
  idHigh: number,
  symbol: number,
  quantity: number,
  sequenceLow: number,
  sequenceHigh: number,
): number {
  const body = putHeader(view, at, MessageType.Cancelled, CancelledLayout.bytes, 0, 0);
  putU64(view, body + CancelledLayout.orderId, idLow, idHigh);
  view.setInt32(body + CancelledLayout.symbol, symbol);
  view.setInt32(body + CancelledLayout.quantity, quantity);
  putU64(view, body + CancelledLayout.sequence, sequenceLow, sequenceHigh);
  return body + CancelledLayout.bytes;
}

/** Writes a HeartbeatAck with the Heartbeat's token. */
export function encodeHeartbeatAck(view: DataView, at: number, tokenLow: number, tokenHigh: number): number {
  const body = putHeader(view, at, MessageType.HeartbeatAck, HeartbeatLayout.bytes, 0, 0);
  putU64(view, body + HeartbeatLayout.token, tokenLow, tokenHigh);
  return body + HeartbeatLayout.bytes;
}

/** Writes a HelloAck: the account the connection now acts for, and its session number. */
export function encodeHelloAck(
  view: DataView,
  at: number,
  account: number,
  sessionLow: number,
  sessionHigh: number,
): number {
  const body = putHeader(view, at, MessageType.HelloAck, HelloAckLayout.bytes, 0, 0);
  view.setInt32(body + HelloAckLayout.account, account);
  putU64(view, body + HelloAckLayout.session, sessionLow, sessionHigh);
  return body + HelloAckLayout.bytes;
}

/** Writes an Instrument, one entry of the list. Cold path: allocates. */
export function encodeInstrument(view: DataView, at: number, symbol: number, instrument: Instrument): number {
  const name = encodeUtf8(instrument.name);
  const body = putHeader(view, at, MessageType.Instrument, InstrumentAnswerLayout.bytes, 0, 0);
  view.setInt32(body + InstrumentAnswerLayout.symbol, symbol);
  view.setUint8(body + InstrumentAnswerLayout.priceDecimals, instrument.priceDecimals);
  view.setUint8(body + InstrumentAnswerLayout.status, INSTRUMENT_OPEN);
  view.setInt16(body + InstrumentAnswerLayout.nameLength, name.length);
  putU64(view, body + InstrumentAnswerLayout.tick, lowLane(instrument.tick), highLane(instrument.tick));
  for (let i = 0; i < INSTRUMENT_NAME_BYTES_MAX; i++) {
    view.setUint8(body + InstrumentAnswerLayout.name + i, i < name.length ? name[i] : 0);
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
export function readInstrumentAnswer(view: DataView, at: number): ListedInstrument {
  const body = at + FRAME_HEADER_BYTES;
  const name = body + InstrumentAnswerLayout.name;
  const tick = body + InstrumentAnswerLayout.tick;
  const length = Math.min(
    view.getUint16(body + InstrumentAnswerLayout.nameLength),
    INSTRUMENT_NAME_BYTES_MAX,
  );
  return {
    symbol: view.getUint32(body + InstrumentAnswerLayout.symbol),
    name: decodeUtf8(new Uint8Array(view.buffer, view.byteOffset + name, length)),
    priceDecimals: view.getUint8(body + InstrumentAnswerLayout.priceDecimals),
    status: view.getUint8(body + InstrumentAnswerLayout.status),
    tick: fromSignedLanes(readLowLane(view, tick), readHighLane(view, tick)),
  };
}

/** Writes an MdTrade; the header carries the feed's sequence. */
export function encodeMdTrade(
  view: DataView,
  at: number,
  sequenceLow: number,
  sequenceHigh: number,
  symbol: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
): number {
  const body = putHeader(view, at, MessageType.MdTrade, MdTradeLayout.bytes, sequenceLow, sequenceHigh);
  view.setInt32(body + MdTradeLayout.symbol, symbol);
  putU64(view, body + MdTradeLayout.price, priceLow, priceHigh);
  view.setInt32(body + MdTradeLayout.quantity, quantity);
  return body + MdTradeLayout.bytes;
}

/** Writes an MdTopOfBook; the price of a side that is not present is written as 0. */
export function encodeMdTopOfBook(
  view: DataView,
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
  const body = putHeader(view, at, MdTopOfBook, MdTopOfBookLayout.bytes, sequenceLow, sequenceHigh);
  view.setInt32(body + MdTopOfBookLayout.symbol, symbol);
  view.setUint8(body + MdTopOfBookLayout.bidPresent, bidPresent ? 1 : 0);
  putU64(view, body + MdTopOfBookLayout.bid, bidPresent ? bidLow : 0, bidPresent ? bidHigh : 0);
  view.setUint8(body + MdTopOfBookLayout.askPresent, askPresent ? 1 : 0);
  putU64(view, body + MdTopOfBookLayout.ask, askPresent ? askLow : 0, askPresent ? askHigh : 0);
  return body + MdTopOfBookLayout.bytes;
}

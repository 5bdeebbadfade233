// Reads a canonical snapshot back into a state. Specification: snapshot.md. What is accepted is canonical: writing the
// state again gives the same bytes. Nothing is trusted: each field is checked before it is used.

import { fromLanes, SAFE_MAX, SeriatimError, U32_MAX } from "../base/index.ts";
import {
  COMMAND_BYTES,
  checkGenesis,
  checkInstrument,
  type Genesis,
  type Instrument,
  readTimestamp,
  Side,
} from "../protocol/index.ts";
import { ExchangeState } from "./exchange-state.ts";
import { NO_SLOT, ORDER_SHIFT, OrderWord } from "./order-pool.ts";
import { checkLimitOrder } from "./risk.ts";
import {
  MAGIC,
  SNAPSHOT_VERSION,
  SnapshotHeader,
  SnapshotInstrument,
  SnapshotOrder,
} from "./snapshot-layout.ts";

const SHIFT = ORDER_SHIFT;
const RESTING_ID_LOW = OrderWord.idLow;
const RESTING_ID_HIGH = OrderWord.idHigh;
const RESTING_ACCOUNT = OrderWord.account;
const RESTING_HASH = OrderWord.hash;
const RESTING_SYMBOL_SIDE = OrderWord.symbolSide;
const RESTING_QUANTITY = OrderWord.quantity;

/**
 * The state a snapshot describes.
 * @throws SeriatimError SNAPSHOT_INVALID naming the offset and what is wrong there.
 */
export function readSnapshot(bytes: Uint8Array): ExchangeState {
  const reader = new SnapshotReader(bytes);
  const at = reader.take(SnapshotHeader.bytes, "header");
  if (reader.u32(at) !== MAGIC[0] || reader.u32(at + 4) !== MAGIC[1]) reader.refuse(at, "not a snapshot");
  const version = reader.u32(at + SnapshotHeader.version);
  if (version !== SNAPSHOT_VERSION) reader.refuse(at, `version ${version} is not supported`);
  const genesis = restoreGenesis(reader, at + SnapshotHeader.genesis);
  const symbols = reader.u32(at + SnapshotHeader.symbols);
  if (symbols > genesis.symbolsMax)
    reader.refuse(at, `${symbols} symbols, at most ${genesis.symbolsMax} are allowed`);
  const state = new ExchangeState(genesis);
  state.events.sequence = reader.count(at + SnapshotHeader.sequence, "sequence");
  state.events.trades = reader.count(at + SnapshotHeader.trades, "number of trades");
  state.timestamp_us = reader.count(at + SnapshotHeader.timestamp_us, "timestamp");
  for (let symbol = 0; symbol < symbols; symbol++) restoreSymbol(state, reader, symbol);
  if (!reader.isAtEnd()) reader.refuse(reader.at, "bytes after the last order");
  return state;
}

/** Its instruments and time are elsewhere in a snapshot: so equal states have equal bytes. */
function restoreGenesis(reader: SnapshotReader, at: number): Genesis {
  const words = reader.words(at);
  const genesis = checkGenesis(words, 0);
  if (genesis === undefined || genesis.instruments !== 0 || readTimestamp(words, 0) !== 0)
    reader.refuse(at, "not a genesis record of this version");
  return genesis;
}

function restoreSymbol(state: ExchangeState, reader: SnapshotReader, symbol: number): void {
  const at = reader.take(SnapshotInstrument.bytes, "instrument");
  state.addInstrument(restoreInstrument(state, reader, at + SnapshotInstrument.instrument));
  const bids = reader.u32(at + SnapshotInstrument.bids);
  const asks = reader.u32(at + SnapshotInstrument.asks);
  let worst = SAFE_MAX;
  for (let i = 0; i < bids; i++) worst = restoreOrder(state, reader, symbol, Side.Buy, worst);
  worst = 0;
  for (let i = 0; i < asks; i++) worst = restoreOrder(state, reader, symbol, Side.Sell, worst);
}

function restoreInstrument(state: ExchangeState, reader: SnapshotReader, at: number): Instrument {
  const words = reader.words(at);
  const instrument = checkInstrument(words, 0);
  if (instrument === undefined || readTimestamp(words, 0) !== 0)
    reader.refuse(at, "not an instrument record of this version");
  if (state.isRegistered(instrument.name)) reader.refuse(at, "the same instrument twice");
  return instrument;
}

/** Rests the next order behind those restored, the last of them at `worst`; returns its price. */
function restoreOrder(
  state: ExchangeState,
  reader: SnapshotReader,
  symbol: number,
  side: Side,
  worst: number,
): number {
  const at = reader.take(SnapshotOrder.bytes, "order");
  const price = reader.u64(at + SnapshotOrder.price);
  const quantity = reader.u32(at + SnapshotOrder.quantity);
  if (checkLimitOrder({ maxQuantity: U32_MAX, maxNotional: SAFE_MAX }, price, 1) !== 0 || quantity === 0)
    reader.refuse(at, "an order with an impossible price or quantity");
  const book = state.books[symbol];
  if (book.ladder.crosses(side, price)) reader.refuse(at, "an ask that crosses the best bid");
  if (side === Side.Buy ? price > worst : price < worst)
    reader.refuse(at, "an order better than the one before it");
  const { orders } = state;
  const level = book.ladder.find(price, side);
  if (orders.used === orders.capacity) reader.refuse(at, `more than ${orders.capacity} orders`);
  if (!book.hasRoomAt(level, quantity, 0)) reader.refuse(at, "a level with more lots than it can hold");
  const slot = orders.take();
  orders.words[(slot << SHIFT) + RESTING_ID_LOW] = reader.u32(at + SnapshotOrder.orderId);
  orders.words[(slot << SHIFT) + RESTING_ID_HIGH] = reader.u32(at + SnapshotOrder.orderId + 4);
  orders.words[(slot << SHIFT) + RESTING_ACCOUNT] = reader.u32(at + SnapshotOrder.account);
  orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE] = symbol * 2 + side;
  orders.words[(slot << SHIFT) + RESTING_QUANTITY] = quantity;
  if (!addToIndex(state, slot, symbol)) reader.refuse(at, "the same order twice");
  state.limit[0] = price;
  book.add(slot, level, state.limit, side);
  return price;
}

/** Makes an order findable by its key; false when another one has it. */
function addToIndex({ orders, index }: ExchangeState, slot: number, symbol: number): boolean {
  const { words } = orders;
  const at = slot << SHIFT;
  const account = words[at + RESTING_ACCOUNT];
  const idLow = words[at + RESTING_ID_LOW];
  const idHigh = words[at + RESTING_ID_HIGH];
  const hash = index.hash(account, symbol, idLow, idHigh);
  if (index.find(hash, account, symbol, idLow, idHigh) !== NO_SLOT) return false;
  words[at + RESTING_HASH] = hash;
  index.add(slot);
  return true;
}

/** Bounds-checked reading of a snapshot's bytes. */
class SnapshotReader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number, what: string): number {
    if (this.at + length > this.#bytes.length) this.refuse(this.at, `ends inside the ${what} record`);
    const at = this.at;
    this.at += length;
    return at;
  }

  isAtEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  u64(at: number): number {
    return fromLanes(this.u32(at), this.u32(at + 4));
  }

  /** A counter: a u64 that is a safe integer. */
  count(at: number, what: string): number {
    const value = this.u64(at);
    if (value > SAFE_MAX) this.refuse(at, `a ${what} above 2^53-1`);
    return value;
  }

  /** A command record as aligned words. */
  words(at: number): Int32Array {
    return new Int32Array(this.#bytes.slice(at, at + COMMAND_BYTES).buffer);
  }

  refuse(at: number, why: string): never {
    throw new SeriatimError("SNAPSHOT_INVALID", `snapshot, offset ${at}: ${why}`);
  }
}

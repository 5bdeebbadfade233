// The canonical snapshot: equal states give equal bytes, whatever slots and windows they got there by. Little-endian.
//
//   header (SnapshotHeader), then per symbol in order: instrument (SnapshotInstrument), then its bids best level
//   first, oldest first, then its asks likewise (SnapshotOrder each).
//
// Adding the orders of a snapshot to empty books in this order restores the same books, queue order included.

import { fromLanes, highLane, lowLane, SAFE_MAX, SeriatimError } from "../base/index.ts";
import {
  COMMAND_BYTES,
  type Genesis,
  LayoutBuilder,
  readGenesis,
  readInstrument,
  Side,
  writeGenesis,
  writeInstrument,
} from "../protocol/index.ts";
import { ExchangeState } from "./exchange-state.ts";
import { NO_SLOT } from "./order-pool.ts";
import { checkLimitOrder } from "./risk.ts";

/** "SERSNAP" and a zero, read as two u32. */
const MAGIC = [0x53524553, 0x0050414e] as const;
const SNAPSHOT_VERSION = 0;

const SnapshotHeader = headerLayout();

function headerLayout() {
  const at = new LayoutBuilder();
  const layout = {
    magic: at.u64(),
    version: at.u32(),
    symbols: at.u32(),
    sequence: at.u64(),
    trades: at.u64(),
    timestamp_us: at.u64(),
    /** A Genesis command record. */
    genesis: at.bytes(COMMAND_BYTES),
  };
  return { ...layout, bytes: at.size(120) };
}

const SnapshotInstrument = instrumentLayout();

function instrumentLayout() {
  const at = new LayoutBuilder();
  /** A RegisterInstrument command record without time. */
  const layout = { instrument: at.bytes(COMMAND_BYTES), bids: at.u32(), asks: at.u32() };
  return { ...layout, bytes: at.size(88) };
}

const SnapshotOrder = orderLayout();

function orderLayout() {
  const at = new LayoutBuilder();
  const layout = { orderId: at.u64(), price: at.u64(), quantity: at.u32(), account: at.u32() };
  return { ...layout, bytes: at.size(24) };
}

/** Bytes collected before a piece is handed on. */
const PIECE_BYTES = 65536;

/** Writes the canonical state in pieces of at most PIECE_BYTES; a piece is valid during the call only. */
export function writeSnapshot(state: ExchangeState, write: (piece: Uint8Array) => void): void {
  const piece = new Uint8Array(PIECE_BYTES);
  const view = new DataView(piece.buffer);
  const words = new Int32Array(piece.buffer);
  let used = 0;
  const claim = (bytes: number): number => {
    if (used + bytes > PIECE_BYTES) {
      write(piece.subarray(0, used));
      used = 0;
    }
    const at = used;
    used += bytes;
    return at;
  };
  writeHeader(state, view, words, claim(SnapshotHeader.bytes));
  for (let symbol = 0; symbol < state.books.length; symbol++) {
    const at = claim(SnapshotInstrument.bytes);
    const book = state.books[symbol];
    writeInstrument(words, (at + SnapshotInstrument.instrument) / 4, state.instruments[symbol]);
    view.setUint32(at + SnapshotInstrument.bids, book.bidOrders, true);
    view.setUint32(at + SnapshotInstrument.asks, book.askOrders, true);
    forEachOrder(state, symbol, Side.Buy, (slot, price) =>
      writeOrder(state, view, claim(SnapshotOrder.bytes), slot, price),
    );
    forEachOrder(state, symbol, Side.Sell, (slot, price) =>
      writeOrder(state, view, claim(SnapshotOrder.bytes), slot, price),
    );
  }
  write(piece.subarray(0, used));
}

/** Visits the resting orders of one side, best level first, oldest first. Cold path. */
function forEachOrder(
  state: ExchangeState,
  symbol: number,
  side: Side,
  visit: (slot: number, price: number) => void,
): void {
  const { ladder } = state.books[symbol];
  for (let level = ladder.best(side); level !== NO_SLOT; level = ladder.worse(level, side)) {
    const price = state.levels.price[level];
    for (let slot = state.levels.head[level]; slot !== NO_SLOT; slot = state.orders.next[slot])
      visit(slot, price);
  }
}

function writeHeader(state: ExchangeState, view: DataView, words: Int32Array, at: number): void {
  view.setUint32(at + SnapshotHeader.magic, MAGIC[0], true);
  view.setUint32(at + SnapshotHeader.magic + 4, MAGIC[1], true);
  view.setUint32(at + SnapshotHeader.version, SNAPSHOT_VERSION, true);
  view.setUint32(at + SnapshotHeader.symbols, state.books.length, true);
  setU64(view, at + SnapshotHeader.sequence, state.events.sequence);
  setU64(view, at + SnapshotHeader.trades, state.events.trades);
  setU64(view, at + SnapshotHeader.timestamp_us, state.timestamp_us);
  writeGenesis(words, (at + SnapshotHeader.genesis) / 4, state.genesis, 0);
}

function writeOrder(state: ExchangeState, view: DataView, at: number, slot: number, price: number): void {
  const { orders } = state;
  view.setInt32(at + SnapshotOrder.orderId, orders.idLow[slot], true);
  view.setInt32(at + SnapshotOrder.orderId + 4, orders.idHigh[slot], true);
  setU64(view, at + SnapshotOrder.price, price);
  view.setUint32(at + SnapshotOrder.quantity, orders.quantity[slot], true);
  view.setInt32(at + SnapshotOrder.account, orders.account[slot], true);
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, lowLane(value), true);
  view.setInt32(at + 4, highLane(value), true);
}

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
  const genesis: Genesis = readGenesis(reader.words(at + SnapshotHeader.genesis), 0);
  const symbols = reader.u32(at + SnapshotHeader.symbols);
  if (symbols > genesis.symbolsMax)
    reader.refuse(at, `${symbols} symbols, at most ${genesis.symbolsMax} are allowed`);
  const state = new ExchangeState(genesis);
  state.events.sequence = reader.u64(at + SnapshotHeader.sequence);
  state.events.trades = reader.u64(at + SnapshotHeader.trades);
  state.timestamp_us = reader.u64(at + SnapshotHeader.timestamp_us);
  for (let symbol = 0; symbol < symbols; symbol++) restoreSymbol(state, reader, symbol);
  if (!reader.isAtEnd()) reader.refuse(reader.at, "bytes after the last order");
  return state;
}

function restoreSymbol(state: ExchangeState, reader: SnapshotReader, symbol: number): void {
  const at = reader.take(SnapshotInstrument.bytes, "instrument");
  state.addInstrument(readInstrument(reader.words(at + SnapshotInstrument.instrument), 0));
  const bids = reader.u32(at + SnapshotInstrument.bids);
  const asks = reader.u32(at + SnapshotInstrument.asks);
  for (let i = 0; i < bids; i++) restoreOrder(state, reader, symbol, Side.Buy);
  for (let i = 0; i < asks; i++) restoreOrder(state, reader, symbol, Side.Sell);
}

function restoreOrder(state: ExchangeState, reader: SnapshotReader, symbol: number, side: Side): void {
  const { orders, index } = state;
  const book = state.books[symbol];
  const at = reader.take(SnapshotOrder.bytes, "order");
  if (orders.used === orders.capacity) reader.refuse(at, `more than ${orders.capacity} orders`);
  const price = reader.u64(at + SnapshotOrder.price);
  const quantity = reader.u32(at + SnapshotOrder.quantity);
  if (checkLimitOrder({ maxQuantity: 0xffffffff, maxNotional: SAFE_MAX }, price, 1) !== 0 || quantity === 0) {
    reader.refuse(at, "an order with an impossible price or quantity");
  }
  const idLow = reader.u32(at + SnapshotOrder.orderId) | 0;
  const idHigh = reader.u32(at + SnapshotOrder.orderId + 4) | 0;
  const account = reader.u32(at + SnapshotOrder.account) | 0;
  const hash = index.hash(account, symbol, idLow, idHigh);
  if (index.find(hash, account, symbol, idLow, idHigh) !== NO_SLOT) reader.refuse(at, "the same order twice");
  const slot = orders.take();
  orders.idLow[slot] = idLow;
  orders.idHigh[slot] = idHigh;
  orders.account[slot] = account;
  orders.symbolSide[slot] = symbol * 2 + side;
  orders.hash[slot] = hash;
  orders.quantity[slot] = quantity;
  book.add(slot, book.ladder.find(price, side), price, side);
  index.add(slot);
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
    if (this.at + length > this.#bytes.length) this.refuse(this.at, `ends inside an ${what} record`);
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

  /** A command record as aligned words. */
  words(at: number): Int32Array {
    return new Int32Array(this.#bytes.slice(at, at + COMMAND_BYTES).buffer);
  }

  refuse(at: number, why: string): never {
    throw new SeriatimError("SNAPSHOT_INVALID", `snapshot, offset ${at}: ${why}`);
  }
}

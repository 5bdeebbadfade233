// Writes the canonical snapshot: equal states give equal bytes, whatever slots and windows they got there by.
// Specification: snapshot.md.
//
//   header (SnapshotHeader), then per symbol in order: instrument (SnapshotInstrument), then its bids best level
//   first, oldest first, then its asks likewise (SnapshotOrder each).
//
// Adding the orders of a snapshot to empty books in this order restores the same books, queue order included.

import { highLane, lowLane } from "../base/index.ts";
import { Side, writeGenesis, writeInstrument } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { ORDER_SHIFT, OrderWord } from "./order-pool.ts";
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
const RESTING_QUANTITY = OrderWord.quantity;

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
    book.forEachOrder(Side.Buy, (slot, price) =>
      writeOrder(state, view, claim(SnapshotOrder.bytes), slot, price),
    );
    book.forEachOrder(Side.Sell, (slot, price) =>
      writeOrder(state, view, claim(SnapshotOrder.bytes), slot, price),
    );
  }
  write(piece.subarray(0, used));
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
  view.setInt32(at + SnapshotOrder.orderId, orders.words[(slot << SHIFT) + RESTING_ID_LOW], true);
  view.setInt32(at + SnapshotOrder.orderId + 4, orders.words[(slot << SHIFT) + RESTING_ID_HIGH], true);
  setU64(view, at + SnapshotOrder.price, price);
  view.setUint32(at + SnapshotOrder.quantity, orders.words[(slot << SHIFT) + RESTING_QUANTITY] >>> 0, true);
  view.setInt32(at + SnapshotOrder.account, orders.words[(slot << SHIFT) + RESTING_ACCOUNT], true);
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, lowLane(value), true);
  view.setInt32(at + 4, highLane(value), true);
}

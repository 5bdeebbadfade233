// Reads a canonical snapshot back into a state. Specification: snapshot.md. What is accepted is canonical: writing the
// state again gives the same bytes. Nothing is trusted: each field is checked before it is used.

import { SAFE_MAX } from "../base/index.ts";
import {
  checkGenesis,
  checkInstrument,
  type Genesis,
  type Instrument,
  readTimestamp,
  Side,
} from "../protocol/index.ts";
import { ExchangeState } from "./exchange-state.ts";
import { NO_SLOT, ORDER_SHIFT, OrderWord } from "./order-pool.ts";
import { restoreAdministration, restoreCluster } from "./snapshot-administration.ts";
import {
  MAGIC,
  SNAPSHOT_VERSION,
  SnapshotCounters,
  SnapshotGenesis,
  SnapshotHeader,
  SnapshotInstrument,
  SnapshotOrder,
  SnapshotSection,
} from "./snapshot-layout.ts";
import { SnapshotReader } from "./snapshot-reader.ts";
import { restoreReports } from "./snapshot-reports.ts";
import { restoreRequests } from "./snapshot-requests.ts";
import { joinAccounts, restoreSessions } from "./snapshot-sessions.ts";

/**
 * The state a snapshot describes, which is that behind command `position` of the log. `rest`: base/application.ts.
 * @throws SeriatimError SNAPSHOT_INVALID naming the offset and what is wrong there.
 */
export function readSnapshot(bytes: Uint8Array, position: number, rest?: () => void): ExchangeState {
  const reader = new SnapshotReader(bytes, rest);
  const at = reader.take(SnapshotHeader.bytes, "header");
  if (reader.u32(at) !== MAGIC[0] || reader.u32(at + 4) !== MAGIC[1]) reader.refuse(at, "not a snapshot");
  const version = reader.u32(at + SnapshotHeader.version);
  if (version !== SNAPSHOT_VERSION) reader.refuse(at, `version ${version} is not supported`);
  reader.refuseUnknown(at + SnapshotHeader.reserved, at + SnapshotHeader.bytes, "a header");
  const counters = reader.single(SnapshotSection.Counters, SnapshotCounters.bytes);
  const state = new ExchangeState(restoreGenesis(reader));
  state.position = position;
  restoreCounters(state, reader, counters);
  restoreInstruments(state, reader);
  restoreOrders(state, reader);
  restoreAdministration(state, reader);
  restoreRequests(state, reader);
  restoreSessions(state, reader);
  restoreReports(state, reader);
  joinAccounts(state, reader);
  restoreCluster(state, reader);
  reader.end();
  return state;
}

/** Its instruments and time are elsewhere in a snapshot: so equal states have equal bytes. */
function restoreGenesis(reader: SnapshotReader): Genesis {
  const at = reader.single(SnapshotSection.Genesis, SnapshotGenesis.bytes);
  const words = reader.words(at);
  const genesis = checkGenesis(words, 0);
  if (genesis === undefined || genesis.instruments !== 0 || readTimestamp(words, 0) !== 0)
    reader.refuse(at, "not a genesis record of this version");
  return genesis;
}

function restoreCounters(state: ExchangeState, reader: SnapshotReader, at: number): void {
  state.events.sequence = reader.count(at + SnapshotCounters.sequence, "sequence");
  state.events.trades = reader.count(at + SnapshotCounters.trades, "number of trades");
  state.timestamp_us = reader.count(at + SnapshotCounters.timestamp_us, "timestamp");
  reader.refuseUnknown(at + SnapshotCounters.reserved, at + SnapshotCounters.bytes, "counters");
}

function restoreInstruments(state: ExchangeState, reader: SnapshotReader): void {
  const { symbolsMax } = state.genesis;
  const section = reader.at;
  const symbols = reader.section(SnapshotSection.Instruments, SnapshotInstrument.bytes);
  if (symbols > symbolsMax) reader.refuse(section, `${symbols} symbols, at most ${symbolsMax} are allowed`);
  for (let symbol = 0; symbol < symbols; symbol++) {
    const at = reader.take(SnapshotInstrument.bytes, "instrument");
    const instrument = restoreInstrument(reader, at + SnapshotInstrument.instrument);
    reader.refuseUnknown(at + SnapshotInstrument.status, at + SnapshotInstrument.bytes, "an instrument");
    if (state.isRegistered(instrument.name)) reader.refuse(at, "the same instrument twice");
    state.addInstrument(instrument);
  }
}

function restoreInstrument(reader: SnapshotReader, at: number): Instrument {
  const words = reader.words(at);
  const instrument = checkInstrument(words, 0);
  if (instrument === undefined || readTimestamp(words, 0) !== 0)
    reader.refuse(at, "not an instrument record of this version");
  return instrument;
}

function restoreOrders(state: ExchangeState, reader: SnapshotReader): void {
  const { capacity } = state.orders;
  const section = reader.at;
  const count = reader.section(SnapshotSection.Orders, SnapshotOrder.bytes);
  if (count > capacity) reader.refuse(section, `${count} orders, at most ${capacity} are allowed`);
  // Sides in order, symbol * 2 + side, and in a side prices from the best: so equal states have equal bytes.
  let symbolSide = 0;
  let worst = SAFE_MAX;
  for (let i = 0; i < count; i++) {
    const at = reader.take(SnapshotOrder.bytes, "order");
    const next = restoreSide(state, reader, at);
    if (next < symbolSide) reader.refuse(at, "an order behind those of a later side or symbol");
    const side = (next & 1) as Side;
    if (next > symbolSide) worst = side === Side.Buy ? SAFE_MAX : 0;
    symbolSide = next;
    const price = restorePrice(reader, at);
    if (side === Side.Buy ? price > worst : price < worst)
      reader.refuse(at, "an order better than the one before it");
    restoreOrder(state, reader, at, symbolSide, price);
    worst = price;
  }
}

/** symbol * 2 + side of an order, both of which exist. */
function restoreSide(state: ExchangeState, reader: SnapshotReader, at: number): number {
  const symbol = reader.u32(at + SnapshotOrder.symbol);
  const side = reader.u8(at + SnapshotOrder.side);
  if (symbol >= state.books.length)
    reader.refuse(at, `an order of symbol ${symbol}, which is not registered`);
  if (side > Side.Sell) reader.refuse(at, `an order of side ${side}`);
  return symbol * 2 + side;
}

/** An order's price; refuses it, or a quantity, that no order has. */
function restorePrice(reader: SnapshotReader, at: number): number {
  const price = reader.u64(at + SnapshotOrder.price);
  const quantity = reader.u32(at + SnapshotOrder.quantity);
  if (price < 1 || price > SAFE_MAX || quantity === 0)
    reader.refuse(at, "an order with an impossible price or quantity");
  return price;
}

/** Rests an order behind those restored, if it can rest there. */
function restoreOrder(
  state: ExchangeState,
  reader: SnapshotReader,
  at: number,
  symbolSide: number,
  price: number,
): void {
  const side = (symbolSide & 1) as Side;
  const quantity = reader.u32(at + SnapshotOrder.quantity);
  const account = reader.u32(at + SnapshotOrder.account);
  const { accountsMax } = state.genesis;
  if (account >= accountsMax) reader.refuse(at, `an order of account ${account}, of ${accountsMax} accounts`);
  reader.refuseUnknown(at + SnapshotOrder.orderType, at + SnapshotOrder.filled, "an order");
  const book = state.books[symbolSide >> 1];
  if (book.ladder.crosses(side, price)) reader.refuse(at, "an ask that crosses the best bid");
  const level = book.ladder.find(price, side);
  if (!book.hasRoomAt(level, quantity, 0)) reader.refuse(at, "a level with more lots than it can hold");
  const { orders } = state;
  const slot = orders.take();
  const order = slot << ORDER_SHIFT;
  orders.words[order + OrderWord.idLow] = reader.u32(at + SnapshotOrder.orderId);
  orders.words[order + OrderWord.idHigh] = reader.u32(at + SnapshotOrder.orderId + 4);
  orders.words[order + OrderWord.account] = account;
  orders.words[order + OrderWord.symbolSide] = symbolSide;
  orders.words[order + OrderWord.quantity] = quantity;
  orders.words[order + OrderWord.filledLow] = reader.u32(at + SnapshotOrder.filled);
  orders.words[order + OrderWord.filledHigh] = reader.u32(at + SnapshotOrder.filled + 4);
  if (!addToIndex(state, slot, symbolSide >> 1)) reader.refuse(at, "the same order twice");
  state.limit[0] = price;
  book.add(slot, level, state.limit, side);
}

/** Makes an order findable by its key; false when another one has it. */
function addToIndex({ orders, index }: ExchangeState, slot: number, symbol: number): boolean {
  const { words } = orders;
  const at = slot << ORDER_SHIFT;
  const account = words[at + OrderWord.account];
  const idLow = words[at + OrderWord.idLow];
  const idHigh = words[at + OrderWord.idHigh];
  const hash = index.hash(account, symbol, idLow, idHigh);
  if (index.find(hash, account, symbol, idLow, idHigh) !== NO_SLOT) return false;
  words[at + OrderWord.hash] = hash;
  index.add(slot);
  return true;
}

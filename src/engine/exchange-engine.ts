// The exchange as an Application: one command in, its events out, nothing else. Its first command must be Genesis,
// which sizes everything; the log's other commands follow in their order.

import { type Application, assert, type RecordBuffer, SeriatimError } from "../base/index.ts";
import {
  CommandKind,
  CommandWord,
  EVENT_WORDS,
  type Genesis,
  type Instrument,
  Reason,
  readGenesis,
  readInstrument,
  readTimestamp,
  Side,
} from "../protocol/index.ts";
import { ExchangeState } from "./exchange-state.ts";
import { cancelOrder, modifyOrder, newOrder } from "./order-commands.ts";
import { writeSnapshot } from "./snapshot.ts";
import { readSnapshot } from "./snapshot-restore.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const HEAD = CommandWord.kindSideTypeTif;
const NEW_ORDER = CommandKind.NewOrder;
const CANCEL = CommandKind.Cancel;
const MODIFY = CommandKind.Modify;

/** A price level as plain data: ticks, lots, orders. */
export interface LevelView {
  readonly price: number;
  readonly total: number;
  readonly orders: number;
}

/** A book as plain data; levels best first. */
export interface BookView {
  readonly bids: readonly LevelView[];
  readonly asks: readonly LevelView[];
  /** Orders resting on both sides. */
  readonly orders: number;
}

export class ExchangeEngine implements Application {
  #state: ExchangeState | undefined;

  apply(words: Int32Array, at: number, events: RecordBuffer): void {
    const kind = words[at + HEAD] & 255;
    const state = this.#state;
    if (state === undefined) return this.#begin(kind, words, at, events);
    state.timestamp_us = readTimestamp(words, at);
    switch (kind) {
      case NEW_ORDER:
        return newOrder(state, words, at, events);
      case CANCEL:
        return cancelOrder(state, words, at, events);
      case MODIFY:
        return modifyOrder(state, words, at, events);
      case CommandKind.Tick:
        return;
      case CommandKind.RegisterInstrument:
        return registerInstrument(state, words, at, events);
      default:
        assert(false, `command kind ${kind} can't follow the genesis entry: the log is not this version's`);
    }
  }

  snapshot(write: (piece: Uint8Array) => void): void {
    writeSnapshot(this.#begun(), write);
  }

  /** @throws SeriatimError SNAPSHOT_INVALID; the state is then what it was. */
  restore(bytes: Uint8Array): void {
    this.#state = readSnapshot(bytes);
  }

  get genesis(): Genesis {
    return this.#begun().genesis;
  }

  /** By symbol number. */
  get instruments(): readonly Instrument[] {
    return this.#begun().instruments;
  }

  /** The sequence of the last event; 0 before the first. */
  get sequence(): number {
    return this.#begun().events.sequence;
  }

  /** Trades since the first command. */
  get trades(): number {
    return this.#begun().events.trades;
  }

  /** Commands refused since this process began, replayed ones included. */
  get rejects(): number {
    return this.#begun().events.rejects;
  }

  /** Orders resting over all symbols. */
  get restingOrders(): number {
    return this.#begun().orders.used;
  }

  /** A symbol's book as plain data. Cold path: allocates. */
  book(symbol: number): BookView {
    const state = this.#begun();
    const book = state.books[symbol];
    return {
      bids: levelsOf(state, symbol, Side.Buy),
      asks: levelsOf(state, symbol, Side.Sell),
      orders: book.bidOrders + book.askOrders,
    };
  }

  #begun(): ExchangeState {
    if (this.#state === undefined)
      throw new SeriatimError("NO_GENESIS", "the engine has not seen a genesis entry");
    return this.#state;
  }

  #begin(kind: number, words: Int32Array, at: number, events: RecordBuffer): void {
    assert(kind === CommandKind.Genesis, "the first command of a log is its genesis");
    assert(events.recordWords === EVENT_WORDS, "the output holds event records");
    this.#state = new ExchangeState(readGenesis(words, at));
    this.#state.timestamp_us = readTimestamp(words, at);
  }
}

/** Registers an instrument; the same name again changes nothing (its symbol number stays). */
function registerInstrument(state: ExchangeState, words: Int32Array, at: number, events: RecordBuffer): void {
  const instrument = readInstrument(words, at);
  if (state.instruments.some((known) => known.name === instrument.name)) return;
  if (state.instruments.length < state.genesis.symbolsMax) return state.addInstrument(instrument);
  state.events.begin(events, words, at);
  state.events.reject(Reason.StorageExhausted);
}

function levelsOf(state: ExchangeState, symbol: number, side: Side): LevelView[] {
  const { price, total, orders } = state.levels;
  const found: LevelView[] = [];
  state.books[symbol].forEachLevel(side, (level) => {
    found.push({ price: price[level], total: total[level], orders: orders[level] });
  });
  return found;
}

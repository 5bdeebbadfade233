// The exchange as an Application: one command in, its events out, nothing else. Its first command must be Genesis,
// which sizes everything; the log's other commands follow in their order.

import { type Application, assert, type RecordBuffer, SeriatimError } from "../base/index.ts";
import {
  CommandKind,
  CommandWord,
  checkGenesis,
  checkInstrument,
  EVENT_WORDS,
  type Genesis,
  type Instrument,
  type InstrumentStatus,
  Reason,
  readTimestamp,
  Side,
} from "../protocol/index.ts";
import { type Administration, administer } from "./administration.ts";
import {
  type BookView,
  bookOf,
  instrumentStatus,
  levelsOf,
  type QueueVisitor,
  type RestingOrder,
  restingOrder,
  visitQueue,
} from "./book-views.ts";
import { massCancel } from "./bulk-cancel.ts";
import { ExchangeState } from "./exchange-state.ts";
import { beginOnce, checkFlags, endOnce } from "./once.ts";
import { cancelOrder, modifyOrder, newOrder } from "./order-commands.ts";
import { ORDER_SHIFT, OrderWord } from "./order-pool.ts";
import { findOwnOrder, type OwnOrder, visitOwnOrders } from "./own-orders.ts";
import type { ReportListener, ReportStreams } from "./report-streams.ts";
import { applySession } from "./session-commands.ts";
import type { Session } from "./sessions.ts";
import { writeSnapshot } from "./snapshot.ts";
import { readSnapshot } from "./snapshot-restore.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const HEAD = CommandWord.kindSideTypeTif;
const FLAGS = CommandWord.flags;
const ACCOUNT = CommandWord.account;
const NEW_ORDER = CommandKind.NewOrder;
const CANCEL = CommandKind.Cancel;
const MODIFY = CommandKind.Modify;
const MASS_CANCEL = CommandKind.MassCancel;

/** What an engine may be told. */
export interface EngineOptions {
  /** Told of every report of commands that are applied; it must neither read nor call the engine. */
  readonly listener?: ReportListener;
  /**
   * False: what accounts are told is not kept, by an engine that is a copy and is not asked for it. All else of its state is as
   * the log says; its snapshot is one without reports.
   */
  readonly keepsReports?: boolean;
}

/**
 * The matching engine. `apply` takes a command record (protocol/commands) and writes event records; `snapshot` and `restore` move the whole
 * state. Prices are ticks, quantities lots, times microseconds since 1970. Expected refusals are Reject events, never exceptions.
 */
export class ExchangeEngine implements Application {
  #state: ExchangeState | undefined;
  readonly #options: EngineOptions;

  constructor(options: EngineOptions = {}) {
    this.#options = options;
  }

  /** @throws SeriatimError LOG_UNKNOWN for a record that no gateway of this version writes. */
  apply(words: Int32Array, at: number, events: RecordBuffer): void {
    const kind = words[at + HEAD] & 255;
    const state = this.#state;
    if (state === undefined) return this.#begin(kind, words, at, events);
    state.position++;
    state.timestamp_us = readTimestamp(words, at);
    const isRequest = kind >= NEW_ORDER && kind <= MASS_CANCEL;
    if (isRequest && words[at + ACCOUNT] >>> 0 >= state.genesis.accountsMax)
      return refuseStranger(state, words, at, events);
    const isOnce = isRequest && words[at + FLAGS] !== 0;
    if (isOnce && !beginOnce(state, words, at, events)) return;
    if (kind === NEW_ORDER) newOrder(state, words, at, events);
    else if (kind === CANCEL) cancelOrder(state, words, at, events);
    else if (kind === MODIFY) modifyOrder(state, words, at, events);
    else applyRarer(state, kind, words, at, events);
    if (isOnce) endOnce(state, words, at);
  }

  snapshot(write: (piece: Uint8Array) => void): void {
    writeSnapshot(this.#begun(), write, this.#keepsReports);
  }

  /** The same of everything but reports: for engines that keep none. */
  snapshotWithoutReports(write: (piece: Uint8Array) => void): void {
    writeSnapshot(this.#begun(), write, false);
  }

  /** @throws SeriatimError SNAPSHOT_INVALID; the state is then what it was. */
  restore(bytes: Uint8Array, position: number, rest?: () => void): void {
    this.#adopt(readSnapshot(bytes, position, rest));
  }

  get genesis(): Genesis {
    return this.#begun().genesis;
  }

  /** By symbol number. */
  get instruments(): readonly Instrument[] {
    return this.#begun().instruments;
  }

  /** What administrators and nodes have decided; to be read only. */
  get administration(): Readonly<Administration> {
    return this.#begun().administration;
  }

  /** The streams of execution reports; to be read only. */
  get reports(): Pick<ReportStreams, "count" | "of"> {
    return this.#begun().reports;
  }

  /** Commands applied, since and including Genesis: the last one's place in the log. 0 before Genesis. */
  get position(): number {
    return this.#state?.position ?? 0;
  }

  /** The sessions that are logged on, and those whose dead man is still to decide; in no order that means anything. */
  get sessions(): Iterable<Session> {
    return this.#begun().sessions;
  }

  /** The sequence of the last event; 0 before the first. */
  get sequence(): number {
    return this.#begun().events.sequence;
  }

  /** The time of the last command, in microseconds since 1970, by the log. */
  get timestamp_us(): number {
    return this.#begun().timestamp_us;
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

  /**
   * A symbol's book as plain data. Cold path: allocates.
   * @throws SeriatimError UNKNOWN_SYMBOL
   */
  book(symbol: number): BookView {
    const book = bookOf(this.#begun(), symbol);
    return {
      bids: levelsOf(book, Side.Buy),
      asks: levelsOf(book, Side.Sell),
      orders: book.bidOrders + book.askOrders,
    };
  }

  /**
   * Visits the best `max` levels of a side, best first: ticks, lots, orders. Allocates nothing; `visit` must not apply
   * commands.
   * @throws SeriatimError UNKNOWN_SYMBOL
   */
  forEachLevel(
    symbol: number,
    side: Side,
    max: number,
    visit: (price: number, total: number, orders: number) => void,
  ): void {
    bookOf(this.#begun(), symbol).forEachLevel(side, max, visit);
  }

  /**
   * Reads one level: `level[0]` is a price of `side` in ticks, [1] becomes the lots and [2] the orders resting there, 0 for none.
   * Allocates nothing and changes nothing.
   * @throws SeriatimError UNKNOWN_SYMBOL
   */
  readLevel(symbol: number, side: Side, level: Float64Array): void {
    bookOf(this.#begun(), symbol).readLevel(side, level);
  }

  /**
   * Reads the best `max` levels of a side into `to`, best first: ticks, lots, orders of each. Returns how many there are.
   * Allocates nothing and changes nothing.
   * @throws SeriatimError UNKNOWN_SYMBOL
   */
  readLevels(symbol: number, side: Side, max: number, to: Float64Array): number {
    return bookOf(this.#begun(), symbol).readLevels(side, max, to);
  }

  /**
   * Visits a symbol's resting orders: bids, then asks, best level first, oldest first. Added to an empty book in this
   * order, as new orders that are good till cancelled, they make the same book. Cold path: allocates; `visit` must not
   * apply commands.
   * @throws SeriatimError UNKNOWN_SYMBOL
   */
  forEachOrder(symbol: number, visit: (order: RestingOrder) => void): void {
    const state = this.#begun();
    const book = bookOf(state, symbol);
    for (const side of [Side.Buy, Side.Sell])
      book.forEachOrder(side, (slot, price) => visit(restingOrder(state, slot, side, price)));
  }

  /**
   * Visits the resting orders of some accounts, symbol by symbol in the order of forEachOrder. There is no index by account:
   * it walks every resting order, and allocates for those of the accounts alone. `visit` must not apply commands.
   */
  forEachOrderOf(
    accounts: Pick<ReadonlySet<number>, "has">,
    visit: (symbol: number, order: RestingOrder) => void,
  ): void {
    const state = this.#begun();
    const { words } = state.orders;
    for (let symbol = 0; symbol < state.books.length; symbol++) {
      for (const side of [Side.Buy, Side.Sell])
        state.books[symbol].forEachOrder(side, (slot, price) => {
          if (!accounts.has(words[(slot << ORDER_SHIFT) + OrderWord.account] >>> 0)) return;
          visit(symbol, restingOrder(state, slot, side, price));
        });
    }
  }

  /** The resting order of an account with this id (u32 lanes, or the same bits as i32). */
  findOrder(account: number, symbol: number, idLow: number, idHigh: number): OwnOrder | undefined {
    return findOwnOrder(this.#begun(), account, symbol, idLow, idHigh);
  }

  /**
   * Visits up to `max` resting orders of an account that has a stream, of one symbol or ALL_SYMBOLS; the orders of a level oldest
   * first, levels in no order that means anything. True: these were all; false: there are more than `max`, or so many of other
   * symbols that not all were looked at. The order is lent for the call; `visit` must not apply commands.
   */
  forEachOwnOrder(account: number, symbol: number, max: number, visit: (order: OwnOrder) => void): boolean {
    return visitOwnOrders(this.#begun(), account, symbol, max, visit);
  }

  /**
   * Visits the orders resting at a price, oldest first, until `visit` returns false. Allocates nothing; `visit` must not apply
   * commands. The symbol is registered.
   */
  forEachOrderAt(symbol: number, side: Side, price: number, visit: QueueVisitor): void {
    visitQueue(this.#begun(), symbol, side, price, visit);
  }

  /** Whether new orders of a symbol are taken. */
  statusOf(symbol: number): InstrumentStatus {
    return instrumentStatus(this.#begun().administration, symbol);
  }

  #begun(): ExchangeState {
    if (this.#state === undefined)
      throw new SeriatimError("NO_GENESIS", "the engine has not seen a genesis entry");
    return this.#state;
  }

  #begin(kind: number, words: Int32Array, at: number, events: RecordBuffer): void {
    assert(kind === CommandKind.Genesis, "the first command of a log is its genesis");
    assert(events.recordWords === EVENT_WORDS, "the output holds event records");
    const genesis = checkGenesis(words, at);
    if (genesis === undefined) throw unknownRecord("the genesis record is none of this version");
    const state = new ExchangeState(genesis);
    state.position = 1;
    state.timestamp_us = readTimestamp(words, at);
    this.#adopt(state);
  }

  get #keepsReports(): boolean {
    return this.#options.keepsReports ?? true;
  }

  #adopt(state: ExchangeState): void {
    const { listener } = this.#options;
    if (!this.#keepsReports) state.reports.keepNothing();
    if (listener !== undefined) state.reports.listen(listener);
    this.#state = state;
  }
}

/** What no version of this engine has written, or a later one: going on would be another history. */
function unknownRecord(what: string): SeriatimError {
  return new SeriatimError("LOG_UNKNOWN", `${what}: the log is not this version's`);
}

/** A request of an account that there is not: no gateway sends one, a caller of the library may. */
function refuseStranger(state: ExchangeState, words: Int32Array, at: number, events: RecordBuffer): void {
  checkFlags(words, at);
  state.events.begin(events, words, at);
  state.events.reject(Reason.NotAuthorised);
}

/** Commands that are no orders. Apart, so that the orders' functions fit into one function of machine code with their callers. */
function applyRarer(
  state: ExchangeState,
  kind: number,
  words: Int32Array,
  at: number,
  events: RecordBuffer,
): void {
  switch (kind) {
    case CommandKind.MassCancel:
      return massCancel(state, words, at, events);
    case CommandKind.Tick:
      return;
    case CommandKind.RegisterInstrument:
      return registerInstrument(state, words, at, events);
    case CommandKind.Tenure:
    case CommandKind.AckPolicy:
    case CommandKind.Halt:
    case CommandKind.Resume:
    case CommandKind.KillSwitch:
    case CommandKind.ForcedStart:
    case CommandKind.Promotion:
      return administer(state, words, at, events);
    case CommandKind.SessionOpen:
    case CommandKind.SessionEnd:
      return applySession(state, words, at, events);
    default:
      throw unknownRecord(`command kind ${kind} can't follow the genesis entry`);
  }
}

/** Registers an instrument; the same name again changes nothing (its symbol number stays). */
function registerInstrument(state: ExchangeState, words: Int32Array, at: number, events: RecordBuffer): void {
  const instrument = checkInstrument(words, at);
  if (instrument === undefined) throw unknownRecord("an instrument record is none of this version");
  if (state.isRegistered(instrument.name)) return;
  if (state.instruments.length < state.genesis.symbolsMax) return state.addInstrument(instrument);
  state.events.begin(events, words, at);
  state.events.reject(Reason.StorageExhausted);
}

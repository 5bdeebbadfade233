// Writes event records (protocol/events) into the engine's output. Keeps the event sequence, which only accepted
// events take, and marks the last event of each command. What an event says of its command is copied from the
// command record; prices travel as lanes, so that no number is converted or boxed on the way.

import { fromLanes, highLane, lowLane, type RecordBuffer } from "../base/index.ts";
import { type CancelCause, CommandWord, EventFlag, EventKind, EventWord } from "../protocol/index.ts";
import type { LevelPool } from "./level-pool.ts";
import { ORDER_SHIFT, type OrderPool, OrderWord } from "./order-pool.ts";
import type { ReportStreams } from "./report-streams.ts";
import type { ReportWriter } from "./report-writer.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SHIFT = ORDER_SHIFT;
const RESTING_ID_LOW = OrderWord.idLow;
const RESTING_ID_HIGH = OrderWord.idHigh;
const RESTING_ACCOUNT = OrderWord.account;
const ACCOUNT = EventWord.account;
const KIND_REASON_COMMAND_FLAGS = EventWord.kindReasonCommandFlags;
const LEAVES = EventWord.leaves;
const MAKER_ACCOUNT = EventWord.makerAccount;
const MAKER_ID_HIGH = EventWord.makerIdHigh;
const MAKER_ID_LOW = EventWord.makerIdLow;
const MAKER_LEAVES = EventWord.makerLeaves;
const ORDER_ID_HIGH = EventWord.orderIdHigh;
const ORDER_ID_LOW = EventWord.orderIdLow;
const PREVIOUS_PRICE_HIGH = EventWord.previousPriceHigh;
const PREVIOUS_PRICE_LOW = EventWord.previousPriceLow;
const PREVIOUS_QUANTITY = EventWord.previousQuantity;
const PRICE_HIGH = EventWord.priceHigh;
const PRICE_LOW = EventWord.priceLow;
const QUANTITY = EventWord.quantity;
const SEQUENCE_HIGH = EventWord.sequenceHigh;
const SEQUENCE_LOW = EventWord.sequenceLow;
const SIDE_TYPE_TIF = EventWord.sideTypeTif;
const SYMBOL = EventWord.symbol;
const COMMAND_ACCOUNT = CommandWord.account;
const COMMAND_KIND_SIDE_TYPE_TIF = CommandWord.kindSideTypeTif;
const COMMAND_ORDER_ID_HIGH = CommandWord.orderIdHigh;
const COMMAND_ORDER_ID_LOW = CommandWord.orderIdLow;
const COMMAND_SYMBOL = CommandWord.symbol;
const KIND_ACCEPT = EventKind.Accept;
const KIND_CANCEL = EventKind.Cancel;
const KIND_MODIFY = EventKind.Modify;
const KIND_REJECT = EventKind.Reject;
const KIND_REPEAT = EventKind.Repeat;
const KIND_TRADE = EventKind.Trade;

const LAST = EventFlag.Last << 24;
const IN_PLACE = EventFlag.InPlace << 24;

export class EventWriter {
  readonly #orders: OrderPool;
  readonly #streams: ReportStreams;
  /** Told of every event while reports are written. */
  readonly #reports: ReportWriter;
  #sequenceLow = 0;
  #sequenceHigh = 0;
  /** Trades since the first command: a safe integer. */
  trades = 0;
  /** Commands refused since this process began, replayed ones included: for metrics, not part of the state. */
  rejects = 0;
  #out: RecordBuffer | undefined;
  #words: Int32Array = new Int32Array(0);
  #command: Int32Array = new Int32Array(0);
  #commandAt = 0;
  #last = 0;

  constructor(orders: OrderPool, streams: ReportStreams, reports: ReportWriter) {
    this.#orders = orders;
    this.#streams = streams;
    this.#reports = reports;
  }

  /** The sequence of the last event: 0 before the first. A safe integer. */
  get sequence(): number {
    return fromLanes(this.#sequenceLow, this.#sequenceHigh);
  }

  set sequence(value: number) {
    this.#sequenceLow = lowLane(value) | 0;
    this.#sequenceHigh = highLane(value);
  }

  /** The lanes of `sequence`, as i32. */
  get sequenceLow(): number {
    return this.#sequenceLow;
  }

  get sequenceHigh(): number {
    return this.#sequenceHigh;
  }

  /** The reason of the last event, when it was a Reject: it is still in the buffer. */
  get lastReason(): number {
    return (this.#words[this.#last + KIND_REASON_COMMAND_FLAGS] >>> 8) & 255;
  }

  /** Names the command record whose events follow, and where they go. */
  begin(out: RecordBuffer, command: Int32Array, at: number): void {
    if (out !== this.#out) {
      this.#out = out;
      this.#words = out.words;
    }
    if (command !== this.#command) this.#command = command;
    this.#commandAt = at;
  }

  /** Marks the last event of the command. It is still in the buffer: a full buffer drains only at the next claim. */
  end(): void {
    this.#words[this.#last] |= LAST;
  }

  /** The new order of the command, at a price given as lanes (0 for a market order). */
  accept(priceLow: number, priceHigh: number, quantity: number): void {
    const sideTypeTif = this.#command[this.#commandAt + COMMAND_KIND_SIDE_TYPE_TIF] >>> 8;
    const at = this.#write(KIND_ACCEPT, priceLow, priceHigh, quantity, sideTypeTif);
    this.#stamp(at);
    if (this.#streams.isWritten) this.#reports.accepted(this.#command, this.#commandAt, this.#words, at);
  }

  /** What is left of the command's order, which must not rest, is dropped: no event, but its account is told. */
  expired(left: number): void {
    if (!this.#streams.isWritten) return;
    this.#reports.expired(left, this.#sequenceLow, this.#sequenceHigh, this.#command, this.#commandAt);
  }

  /** The order in `slot`; price and quantity are where and how much rested. */
  cancel(slot: number, priceLow: number, priceHigh: number, quantity: number, side: number): void {
    const at = this.#write(KIND_CANCEL | LAST, priceLow, priceHigh, quantity, side);
    this.#stamp(at);
    if (this.#streams.isWritten)
      this.#reports.cancelled(slot, this.#command, this.#commandAt, this.#words, at);
  }

  /** A resting order that the command took out without naming it. Cold path. */
  cancelled(slot: number, levels: LevelPool, cause: CancelCause): void {
    const { words: orders } = this.#orders;
    const order = slot << SHIFT;
    const level = orders[order + OrderWord.level];
    const quantity = orders[order + OrderWord.quantity] >>> 0;
    const symbolSide = orders[order + OrderWord.symbolSide];
    const head = KIND_CANCEL | (cause << 8);
    const at = this.#write(head, levels.priceLow[level], levels.priceHigh[level], quantity, symbolSide & 1);
    this.#stamp(at);
    const words = this.#words;
    words[at + SYMBOL] = symbolSide >>> 1;
    words[at + ORDER_ID_LOW] = orders[order + RESTING_ID_LOW];
    words[at + ORDER_ID_HIGH] = orders[order + RESTING_ID_HIGH];
    words[at + ACCOUNT] = orders[order + RESTING_ACCOUNT];
    if (this.#streams.isWritten) this.#reports.cancelled(slot, this.#command, this.#commandAt, words, at);
  }

  /** A mass cancel, before the Cancels of its orders: how many there are. */
  massCancel(orders: number): void {
    const head = this.#command[this.#commandAt + COMMAND_KIND_SIDE_TYPE_TIF];
    const at = this.#write(EventKind.MassCancel, 0, 0, orders, head >>> 8);
    this.#stamp(at);
    if (!this.#streams.isWritten) return;
    this.#reports.massCancelled(orders, this.#command, this.#commandAt, this.#words, at);
  }

  /** The order in `slot`, with its new price and quantity. */
  modify(
    slot: number,
    priceLow: number,
    priceHigh: number,
    quantity: number,
    side: number,
    inPlace: boolean,
  ): void {
    const at = this.#write(
      inPlace ? KIND_MODIFY | IN_PLACE : KIND_MODIFY,
      priceLow,
      priceHigh,
      quantity,
      side,
    );
    this.#stamp(at);
    if (!this.#streams.isWritten) return;
    this.#reports.modified(slot, inPlace, this.#command, this.#commandAt, this.#words, at);
  }

  /** Completes a modify: where and how much rested before. */
  modifiedFrom(priceLow: number, priceHigh: number, quantity: number): void {
    const words = this.#words;
    const at = this.#last;
    words[at + PREVIOUS_PRICE_LOW] = priceLow;
    words[at + PREVIOUS_PRICE_HIGH] = priceHigh;
    words[at + PREVIOUS_QUANTITY] = quantity;
  }

  /** A trade of the command's order with the resting `maker`, at the maker's price. */
  trade(
    maker: number,
    priceLow: number,
    priceHigh: number,
    quantity: number,
    leaves: number,
    makerLeaves: number,
    sideTypeTif: number,
  ): void {
    const at = this.#write(KIND_TRADE, priceLow, priceHigh, quantity, sideTypeTif);
    this.#stamp(at);
    this.trades++;
    const words = this.#words;
    const orders = this.#orders;
    words[at + MAKER_ID_LOW] = orders.words[(maker << SHIFT) + RESTING_ID_LOW];
    words[at + MAKER_ID_HIGH] = orders.words[(maker << SHIFT) + RESTING_ID_HIGH];
    words[at + MAKER_ACCOUNT] = orders.words[(maker << SHIFT) + RESTING_ACCOUNT];
    words[at + LEAVES] = leaves;
    words[at + MAKER_LEAVES] = makerLeaves;
    if (this.#streams.isWritten) this.#reports.traded(maker, this.#command, this.#commandAt, words, at);
  }

  /** A refusal is an event without a sequence; it is always the only one of its command. */
  reject(reason: number): void {
    this.rejects++;
    const head = this.#command[this.#commandAt + COMMAND_KIND_SIDE_TYPE_TIF];
    this.#write(KIND_REJECT | (reason << 8) | LAST, 0, 0, 0, head >>> 8);
    if (this.#streams.isWritten) this.#reports.rejected(reason, this.#command, this.#commandAt);
  }

  /** The answer that an earlier command got: the sequence of its first event, or 0 and why it was refused. */
  repeat(sequenceLow: number, sequenceHigh: number, reason: number): void {
    const head = this.#command[this.#commandAt + COMMAND_KIND_SIDE_TYPE_TIF];
    const at = this.#write(KIND_REPEAT | (reason << 8) | LAST, 0, 0, 0, head >>> 8);
    this.#words[at + SEQUENCE_LOW] = sequenceLow;
    this.#words[at + SEQUENCE_HIGH] = sequenceHigh;
    if (!this.#streams.isWritten) return;
    this.#reports.repeated(reason, sequenceLow, sequenceHigh, this.#command, this.#commandAt);
  }

  /** Writes what all kinds share; what a kind does not use stays zero, as a claimed record is. */
  #write(kind: number, priceLow: number, priceHigh: number, quantity: number, sideTypeTif: number): number {
    const at = (this.#out as RecordBuffer).claim();
    const words = this.#words;
    const command = this.#command;
    const from = this.#commandAt;
    words[at + KIND_REASON_COMMAND_FLAGS] = kind | ((command[from + COMMAND_KIND_SIDE_TYPE_TIF] & 255) << 16);
    words[at + SYMBOL] = command[from + COMMAND_SYMBOL];
    words[at + ORDER_ID_LOW] = command[from + COMMAND_ORDER_ID_LOW];
    words[at + ORDER_ID_HIGH] = command[from + COMMAND_ORDER_ID_HIGH];
    words[at + PRICE_LOW] = priceLow;
    words[at + PRICE_HIGH] = priceHigh;
    words[at + QUANTITY] = quantity;
    words[at + ACCOUNT] = command[from + COMMAND_ACCOUNT];
    words[at + SIDE_TYPE_TIF] = sideTypeTif;
    this.#last = at;
    return at;
  }

  /** Gives the event at `at` the next sequence. */
  #stamp(at: number): void {
    const low = (this.#sequenceLow + 1) | 0;
    this.#sequenceLow = low;
    if (low === 0) this.#sequenceHigh++;
    this.#words[at + SEQUENCE_LOW] = low;
    this.#words[at + SEQUENCE_HIGH] = this.#sequenceHigh;
  }
}

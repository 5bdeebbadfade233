// Writes report records (protocol/reports) into the streams of the accounts that an event is about. The event writer calls it
// with each event it has written, once any account has a stream; an account without one costs the look that finds it has none.
//
// What has traded of the command's own order is kept here from its Accept or Modify to its last trade: it rests only then. The
// Last flag is set on every report, and taken back when its command has another one for the same account.

import {
  CommandKind,
  CommandWord,
  EventWord,
  ReportFlag,
  ReportKind,
  ReportWord,
} from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { ORDER_SHIFT, OrderWord } from "./order-pool.ts";
import type { ReportStream } from "./report-streams.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SHIFT = ORDER_SHIFT;
const FILLED_LOW = OrderWord.filledLow;
const FILLED_HIGH = OrderWord.filledHigh;
const COMMAND_HEAD = CommandWord.kindSideTypeTif;
const COMMAND_ACCOUNT = CommandWord.account;
const COMMAND_SYMBOL = CommandWord.symbol;
const COMMAND_ORDER_ID_LOW = CommandWord.orderIdLow;
const COMMAND_ORDER_ID_HIGH = CommandWord.orderIdHigh;
const COMMAND_REQUEST_LOW = CommandWord.requestLow;
const COMMAND_REQUEST_HIGH = CommandWord.requestHigh;
const COMMAND_SESSION_LOW = CommandWord.sessionLow;
const COMMAND_SESSION_HIGH = CommandWord.sessionHigh;
const COMMAND_TIMESTAMP_LOW = CommandWord.timestampLow;
const COMMAND_TIMESTAMP_HIGH = CommandWord.timestampHigh;
const EVENT_HEAD = EventWord.kindReasonCommandFlags;
const EVENT_SYMBOL = EventWord.symbol;
const EVENT_SEQUENCE_LOW = EventWord.sequenceLow;
const EVENT_SEQUENCE_HIGH = EventWord.sequenceHigh;
const EVENT_ORDER_ID_LOW = EventWord.orderIdLow;
const EVENT_ORDER_ID_HIGH = EventWord.orderIdHigh;
const EVENT_MAKER_ID_LOW = EventWord.makerIdLow;
const EVENT_MAKER_ID_HIGH = EventWord.makerIdHigh;
const EVENT_PRICE_LOW = EventWord.priceLow;
const EVENT_PRICE_HIGH = EventWord.priceHigh;
const EVENT_QUANTITY = EventWord.quantity;
const EVENT_LEAVES = EventWord.leaves;
const EVENT_ACCOUNT = EventWord.account;
const EVENT_MAKER_ACCOUNT = EventWord.makerAccount;
const EVENT_MAKER_LEAVES = EventWord.makerLeaves;
const EVENT_SIDE_TYPE_TIF = EventWord.sideTypeTif;
const HEAD = ReportWord.kindReasonCommandFlags;
const SYMBOL = ReportWord.symbol;
const SEQUENCE_LOW = ReportWord.sequenceLow;
const SEQUENCE_HIGH = ReportWord.sequenceHigh;
const ORDER_ID_LOW = ReportWord.orderIdLow;
const ORDER_ID_HIGH = ReportWord.orderIdHigh;
const REQUEST_LOW = ReportWord.requestLow;
const REQUEST_HIGH = ReportWord.requestHigh;
const SESSION_LOW = ReportWord.sessionLow;
const SESSION_HIGH = ReportWord.sessionHigh;
const PRICE_LOW = ReportWord.priceLow;
const PRICE_HIGH = ReportWord.priceHigh;
const LAST_PRICE_LOW = ReportWord.lastPriceLow;
const LAST_PRICE_HIGH = ReportWord.lastPriceHigh;
const LAST_QUANTITY = ReportWord.lastQuantity;
const LEAVES = ReportWord.leaves;
const CUMULATIVE_LOW = ReportWord.cumulativeLow;
const CUMULATIVE_HIGH = ReportWord.cumulativeHigh;
const TIMESTAMP_LOW = ReportWord.timestampLow;
const TIMESTAMP_HIGH = ReportWord.timestampHigh;
const POSITION_LOW = ReportWord.positionLow;
const POSITION_HIGH = ReportWord.positionHigh;
const SIDE_TYPE_TIF = ReportWord.sideTypeTif;
const ACCOUNT = ReportWord.account;
const LANE = 2 ** 32;
const NEW_ORDER = CommandKind.NewOrder;
const ACCEPTED = ReportKind.Accepted;
const TRADED = ReportKind.Traded;
const MODIFIED = ReportKind.Modified;
const LAST = ReportFlag.Last << 24;
const MAKER = ReportFlag.Maker << 24;
const REPEATED = ReportFlag.Repeated << 24;
const IN_PLACE = ReportFlag.InPlace << 24;
/** The bits of an event's head that a report has too: the reason. */
const REASON = 0xff00;

export class ReportWriter {
  readonly #state: Pick<ExchangeState, "orders" | "reports" | "position">;
  /** The record at work. */
  #words: Int32Array = new Int32Array(0);
  #at = 0;
  /** The command's own order: its limit, how much it came with, and what it had traded before. */
  #limitLow = 0;
  #limitHigh = 0;
  #quantity = 0;
  #filledLow = 0;
  #filledHigh = 0;

  constructor(state: Pick<ExchangeState, "orders" | "reports" | "position">) {
    this.#state = state;
  }

  /** A new order, by its Accept. */
  accepted(command: Int32Array, from: number, event: Int32Array, at: number): void {
    this.#filledLow = 0;
    this.#filledHigh = 0;
    this.#subject(event, at);
    this.#ofSubject(ACCEPTED, command, from, event, at);
  }

  /** The order in `slot`, by its Modify: before it leaves its place. */
  modified(
    slot: number,
    inPlace: boolean,
    command: Int32Array,
    from: number,
    event: Int32Array,
    at: number,
  ): void {
    this.#takeFilled(slot);
    this.#subject(event, at);
    this.#ofSubject(inPlace ? MODIFIED | IN_PLACE : MODIFIED, command, from, event, at);
  }

  /** The order in `slot`, by its Cancel, which names it: before it leaves. */
  cancelled(slot: number, command: Int32Array, from: number, event: Int32Array, at: number): void {
    this.#takeFilled(slot);
    const kind = ReportKind.Cancelled | (event[at + EVENT_HEAD] & REASON);
    if (!this.#begin(kind, event[at + EVENT_ACCOUNT], command, from)) return;
    this.#orderOf(event, at);
    this.#price(event[at + EVENT_PRICE_LOW], event[at + EVENT_PRICE_HIGH]);
    this.#amounts(event[at + EVENT_QUANTITY], 0, 0);
  }

  /** A mass cancel, before the Cancels of its `orders`. */
  massCancelled(orders: number, command: Int32Array, from: number, event: Int32Array, at: number): void {
    if (!this.#begin(ReportKind.MassCancelled, event[at + EVENT_ACCOUNT], command, from)) return;
    this.#filledLow = 0;
    this.#filledHigh = 0;
    this.#orderOf(event, at);
    this.#price(0, 0);
    this.#amounts(orders, 0, 0);
  }

  /** Both sides of a Trade of the command's order with the one in `slot`, which has not yet given its lots. */
  traded(slot: number, command: Int32Array, from: number, event: Int32Array, at: number): void {
    const quantity = event[at + EVENT_QUANTITY];
    const leaves = event[at + EVENT_LEAVES] >>> 0;
    if (this.#begin(TRADED, event[at + EVENT_ACCOUNT], command, from)) {
      this.#orderOf(event, at);
      this.#price(this.#limitLow, this.#limitHigh);
      this.#tradedAt(event, at);
      this.#amounts(quantity, leaves, this.#quantity - leaves);
    }
    if (!this.#begin(TRADED | MAKER, event[at + EVENT_MAKER_ACCOUNT], command, from)) return;
    this.#orderOf(event, at);
    const words = this.#words;
    const to = this.#at;
    words[to + ORDER_ID_LOW] = event[at + EVENT_MAKER_ID_LOW];
    words[to + ORDER_ID_HIGH] = event[at + EVENT_MAKER_ID_HIGH];
    words[to + SIDE_TYPE_TIF] = (event[at + EVENT_SIDE_TYPE_TIF] & 1) ^ 1;
    this.#price(event[at + EVENT_PRICE_LOW], event[at + EVENT_PRICE_HIGH]);
    this.#tradedAt(event, at);
    this.#amountsOf(slot, quantity, event[at + EVENT_MAKER_LEAVES]);
  }

  /** What the command's order did not trade and must not rest; the sequence is that of the event before it. */
  expired(left: number, sequenceLow: number, sequenceHigh: number, command: Int32Array, from: number): void {
    if (!this.#begin(ReportKind.Expired, command[from + COMMAND_ACCOUNT], command, from)) return;
    this.#orderOfCommand(command, from, sequenceLow, sequenceHigh);
    this.#price(this.#limitLow, this.#limitHigh);
    this.#amounts(left, 0, this.#quantity - left);
  }

  /** A refusal; of what is no trader's command nobody is told. */
  rejected(reason: number, command: Int32Array, from: number): void {
    if ((command[from + COMMAND_HEAD] & 255) < NEW_ORDER) return;
    this.#answered(ReportKind.Rejected | (reason << 8), 0, 0, command, from);
  }

  /** An earlier answer: the sequence of its first event, or why it was refused. */
  repeated(
    reason: number,
    sequenceLow: number,
    sequenceHigh: number,
    command: Int32Array,
    from: number,
  ): void {
    const kind = reason === 0 ? ACCEPTED : ReportKind.Rejected | (reason << 8);
    this.#answered(kind | REPEATED, sequenceLow, sequenceHigh, command, from);
  }

  /** An answer that says nothing of an order's quantities. */
  #answered(
    kind: number,
    sequenceLow: number,
    sequenceHigh: number,
    command: Int32Array,
    from: number,
  ): void {
    if (!this.#begin(kind, command[from + COMMAND_ACCOUNT], command, from)) return;
    this.#orderOfCommand(command, from, sequenceLow, sequenceHigh);
    this.#filledLow = 0;
    this.#filledHigh = 0;
    this.#price(0, 0);
    this.#amounts(0, 0, 0);
  }

  #subject(event: Int32Array, at: number): void {
    this.#limitLow = event[at + EVENT_PRICE_LOW];
    this.#limitHigh = event[at + EVENT_PRICE_HIGH];
    this.#quantity = event[at + EVENT_QUANTITY] >>> 0;
  }

  #takeFilled(slot: number): void {
    const { words } = this.#state.orders;
    this.#filledLow = words[(slot << SHIFT) + FILLED_LOW];
    this.#filledHigh = words[(slot << SHIFT) + FILLED_HIGH];
  }

  /** What an Accept or a Modify says: all that it came with is open. */
  #ofSubject(kind: number, command: Int32Array, from: number, event: Int32Array, at: number): void {
    if (!this.#begin(kind, event[at + EVENT_ACCOUNT], command, from)) return;
    this.#orderOf(event, at);
    this.#price(this.#limitLow, this.#limitHigh);
    this.#amounts(this.#quantity, this.#quantity, 0);
  }

  /** Begins a report for `account`; false when it has no stream. */
  #begin(kind: number, account: number, command: Int32Array, from: number): boolean {
    const { reports, position } = this.#state;
    const stream = reports.of(account >>> 0);
    if (stream === undefined) return false;
    const number = reports.claim(stream);
    const words = stream.words(number);
    const to = stream.at(number);
    this.#words = words;
    this.#at = to;
    words[to + HEAD] = kind | ((command[from + COMMAND_HEAD] & 255) << 16) | LAST;
    words[to + ACCOUNT] = account;
    words[to + TIMESTAMP_LOW] = command[from + COMMAND_TIMESTAMP_LOW];
    words[to + TIMESTAMP_HIGH] = command[from + COMMAND_TIMESTAMP_HIGH];
    words[to + POSITION_LOW] = position | 0;
    words[to + POSITION_HIGH] = Math.floor(position / LANE);
    const isOwn = command[from + COMMAND_ACCOUNT] === account;
    words[to + REQUEST_LOW] = isOwn ? command[from + COMMAND_REQUEST_LOW] : 0;
    words[to + REQUEST_HIGH] = isOwn ? command[from + COMMAND_REQUEST_HIGH] : 0;
    words[to + SESSION_LOW] = isOwn ? command[from + COMMAND_SESSION_LOW] : 0;
    words[to + SESSION_HIGH] = isOwn ? command[from + COMMAND_SESSION_HIGH] : 0;
    this.#takeBackLast(stream, number - 1);
    return true;
  }

  /** The report before is not its command's last any more, if it is of the command at work. */
  #takeBackLast(stream: ReportStream, number: number): void {
    if (number < stream.first) return;
    const words = stream.words(number);
    const before = stream.at(number);
    if (words[before + POSITION_LOW] !== this.#words[this.#at + POSITION_LOW]) return;
    if (words[before + POSITION_HIGH] !== this.#words[this.#at + POSITION_HIGH]) return;
    words[before + HEAD] &= ~LAST;
  }

  #orderOf(event: Int32Array, at: number): void {
    const words = this.#words;
    const to = this.#at;
    words[to + SYMBOL] = event[at + EVENT_SYMBOL];
    words[to + SEQUENCE_LOW] = event[at + EVENT_SEQUENCE_LOW];
    words[to + SEQUENCE_HIGH] = event[at + EVENT_SEQUENCE_HIGH];
    words[to + ORDER_ID_LOW] = event[at + EVENT_ORDER_ID_LOW];
    words[to + ORDER_ID_HIGH] = event[at + EVENT_ORDER_ID_HIGH];
    words[to + SIDE_TYPE_TIF] = event[at + EVENT_SIDE_TYPE_TIF];
  }

  #orderOfCommand(command: Int32Array, from: number, sequenceLow: number, sequenceHigh: number): void {
    const words = this.#words;
    const to = this.#at;
    words[to + SYMBOL] = command[from + COMMAND_SYMBOL];
    words[to + SEQUENCE_LOW] = sequenceLow;
    words[to + SEQUENCE_HIGH] = sequenceHigh;
    words[to + ORDER_ID_LOW] = command[from + COMMAND_ORDER_ID_LOW];
    words[to + ORDER_ID_HIGH] = command[from + COMMAND_ORDER_ID_HIGH];
    words[to + SIDE_TYPE_TIF] = command[from + COMMAND_HEAD] >>> 8;
  }

  /** The order's limit, and no price that it traded at. */
  #price(low: number, high: number): void {
    const words = this.#words;
    const to = this.#at;
    words[to + PRICE_LOW] = low;
    words[to + PRICE_HIGH] = high;
    words[to + LAST_PRICE_LOW] = 0;
    words[to + LAST_PRICE_HIGH] = 0;
  }

  #tradedAt(event: Int32Array, at: number): void {
    this.#words[this.#at + LAST_PRICE_LOW] = event[at + EVENT_PRICE_LOW];
    this.#words[this.#at + LAST_PRICE_HIGH] = event[at + EVENT_PRICE_HIGH];
  }

  /** Of the command's own order, which has traded `traded` lots by this command. */
  #amounts(lastQuantity: number, leaves: number, traded: number): void {
    this.#quantities(lastQuantity, leaves, this.#filledLow, this.#filledHigh, traded);
  }

  /** Of the resting order in `slot`, which trades `quantity` lots now. */
  #amountsOf(slot: number, quantity: number, leaves: number): void {
    const { words } = this.#state.orders;
    const at = slot << SHIFT;
    this.#quantities(quantity, leaves, words[at + FILLED_LOW], words[at + FILLED_HIGH], quantity >>> 0);
  }

  #quantities(
    lastQuantity: number,
    leaves: number,
    filledLow: number,
    filledHigh: number,
    more: number,
  ): void {
    const words = this.#words;
    const to = this.#at;
    const low = (filledLow >>> 0) + more;
    words[to + LAST_QUANTITY] = lastQuantity;
    words[to + LEAVES] = leaves;
    words[to + CUMULATIVE_LOW] = low | 0;
    words[to + CUMULATIVE_HIGH] = filledHigh + (low >= LANE ? 1 : 0);
  }
}

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
const CANCELLED = ReportKind.Cancelled;
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
    const { words } = this.#state.orders;
    this.#filledLow = words[(slot << SHIFT) + FILLED_LOW];
    this.#filledHigh = words[(slot << SHIFT) + FILLED_HIGH];
    this.#ofSubject(inPlace ? MODIFIED | IN_PLACE : MODIFIED, command, from, event, at);
  }

  /** The order in `slot`, by its Cancel, which names it: before it leaves. */
  cancelled(slot: number, command: Int32Array, from: number, event: Int32Array, at: number): void {
    const stream = this.#begin(
      CANCELLED | (event[at + EVENT_HEAD] & REASON),
      event[at + EVENT_ACCOUNT],
      command,
      from,
    );
    if (stream === undefined) return;
    const words = stream.lastWords;
    const to = stream.lastAt;
    const orders = this.#state.orders.words;
    writeOrder(words, to, event, at);
    writePrices(words, to, event[at + EVENT_PRICE_LOW], event[at + EVENT_PRICE_HIGH], 0, 0);
    words[to + LAST_QUANTITY] = event[at + EVENT_QUANTITY];
    words[to + LEAVES] = 0;
    words[to + CUMULATIVE_LOW] = orders[(slot << SHIFT) + FILLED_LOW];
    words[to + CUMULATIVE_HIGH] = orders[(slot << SHIFT) + FILLED_HIGH];
  }

  /** A mass cancel, before the Cancels of its `orders`. */
  massCancelled(orders: number, command: Int32Array, from: number, event: Int32Array, at: number): void {
    const stream = this.#begin(ReportKind.MassCancelled, event[at + EVENT_ACCOUNT], command, from);
    if (stream === undefined) return;
    writeOrder(stream.lastWords, stream.lastAt, event, at);
    writePrices(stream.lastWords, stream.lastAt, 0, 0, 0, 0);
    writeAmounts(stream.lastWords, stream.lastAt, orders, 0, 0, 0, 0);
  }

  /** Both sides of a Trade of the command's order with the one in `slot`, which has not yet given its lots. */
  traded(slot: number, command: Int32Array, from: number, event: Int32Array, at: number): void {
    const priceLow = event[at + EVENT_PRICE_LOW];
    const priceHigh = event[at + EVENT_PRICE_HIGH];
    const quantity = event[at + EVENT_QUANTITY];
    const taker = this.#begin(TRADED, event[at + EVENT_ACCOUNT], command, from);
    if (taker !== undefined) {
      const words = taker.lastWords;
      const to = taker.lastAt;
      const leaves = event[at + EVENT_LEAVES] >>> 0;
      writeOrder(words, to, event, at);
      writePrices(words, to, this.#limitLow, this.#limitHigh, priceLow, priceHigh);
      this.#writeOwnAmounts(words, to, quantity, leaves, this.#quantity - leaves);
    }
    const maker = this.#begin(TRADED | MAKER, event[at + EVENT_MAKER_ACCOUNT], command, from);
    if (maker === undefined) return;
    const words = maker.lastWords;
    const to = maker.lastAt;
    const orders = this.#state.orders.words;
    const filledLow = orders[(slot << SHIFT) + FILLED_LOW];
    const filledHigh = orders[(slot << SHIFT) + FILLED_HIGH];
    writeMaker(words, to, event, at);
    writePrices(words, to, priceLow, priceHigh, priceLow, priceHigh);
    writeAmounts(words, to, quantity, event[at + EVENT_MAKER_LEAVES], filledLow, filledHigh, quantity >>> 0);
  }

  /** What the command's order did not trade and must not rest; the sequence is that of the event before it. */
  expired(left: number, sequenceLow: number, sequenceHigh: number, command: Int32Array, from: number): void {
    const stream = this.#begin(ReportKind.Expired, command[from + COMMAND_ACCOUNT], command, from);
    if (stream === undefined) return;
    const words = stream.lastWords;
    const to = stream.lastAt;
    writeCommandsOrder(words, to, command, from, sequenceLow, sequenceHigh);
    writePrices(words, to, this.#limitLow, this.#limitHigh, 0, 0);
    this.#writeOwnAmounts(words, to, left, 0, this.#quantity - left);
  }

  /** A refusal. Of a command that is no trader's, nobody is told. */
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
    const stream = this.#begin(kind, command[from + COMMAND_ACCOUNT], command, from);
    if (stream === undefined) return;
    writeCommandsOrder(stream.lastWords, stream.lastAt, command, from, sequenceLow, sequenceHigh);
    writePrices(stream.lastWords, stream.lastAt, 0, 0, 0, 0);
    writeAmounts(stream.lastWords, stream.lastAt, 0, 0, 0, 0, 0);
  }

  /** What an Accept or a Modify says: all that it came with is open. */
  #ofSubject(kind: number, command: Int32Array, from: number, event: Int32Array, at: number): void {
    const limitLow = event[at + EVENT_PRICE_LOW];
    const limitHigh = event[at + EVENT_PRICE_HIGH];
    const quantity = event[at + EVENT_QUANTITY];
    this.#limitLow = limitLow;
    this.#limitHigh = limitHigh;
    this.#quantity = quantity >>> 0;
    const stream = this.#begin(kind, event[at + EVENT_ACCOUNT], command, from);
    if (stream === undefined) return;
    const words = stream.lastWords;
    const to = stream.lastAt;
    writeOrder(words, to, event, at);
    writePrices(words, to, limitLow, limitHigh, 0, 0);
    words[to + LAST_QUANTITY] = quantity;
    words[to + LEAVES] = quantity;
    words[to + CUMULATIVE_LOW] = this.#filledLow;
    words[to + CUMULATIVE_HIGH] = this.#filledHigh;
  }

  /** Claims a report for `account` and writes what its command says; undefined when it has no stream, and nobody listens. */
  #begin(kind: number, account: number, command: Int32Array, from: number): ReportStream | undefined {
    const { reports, position } = this.#state;
    const stream = reports.of(account >>> 0) ?? reports.unkept;
    if (stream === undefined) return undefined;
    if (stream.lastPosition === position) takeBackLast(stream);
    stream.lastPosition = position;
    reports.claim(stream);
    const words = stream.lastWords;
    const to = stream.lastAt;
    words[to + HEAD] = kind | ((command[from + COMMAND_HEAD] & 255) << 16) | LAST;
    words[to + ACCOUNT] = account;
    words[to + TIMESTAMP_LOW] = command[from + COMMAND_TIMESTAMP_LOW];
    words[to + TIMESTAMP_HIGH] = command[from + COMMAND_TIMESTAMP_HIGH];
    words[to + POSITION_LOW] = position | 0;
    words[to + POSITION_HIGH] = position < LANE ? 0 : Math.floor(position / LANE);
    // An end of a session is nobody's request, though its record names one.
    const isOwn =
      command[from + COMMAND_ACCOUNT] === account && (command[from + COMMAND_HEAD] & 255) >= NEW_ORDER;
    words[to + REQUEST_LOW] = isOwn ? command[from + COMMAND_REQUEST_LOW] : 0;
    words[to + REQUEST_HIGH] = isOwn ? command[from + COMMAND_REQUEST_HIGH] : 0;
    words[to + SESSION_LOW] = isOwn ? command[from + COMMAND_SESSION_LOW] : 0;
    words[to + SESSION_HIGH] = isOwn ? command[from + COMMAND_SESSION_HIGH] : 0;
    return stream;
  }

  /** Of the command's own order, which has traded `traded` lots by this command. */
  #writeOwnAmounts(
    words: Int32Array,
    to: number,
    lastQuantity: number,
    leaves: number,
    traded: number,
  ): void {
    writeAmounts(words, to, lastQuantity, leaves, this.#filledLow, this.#filledHigh, traded);
  }
}

/** The last report of the stream, if it is still kept, is not its command's last any more. */
function takeBackLast(stream: ReportStream): void {
  if (stream.first < stream.next) stream.lastWords[stream.lastAt + HEAD] &= ~LAST;
}

/** The command's order, by an event. */
function writeOrder(words: Int32Array, to: number, event: Int32Array, at: number): void {
  words[to + SYMBOL] = event[at + EVENT_SYMBOL];
  words[to + SEQUENCE_LOW] = event[at + EVENT_SEQUENCE_LOW];
  words[to + SEQUENCE_HIGH] = event[at + EVENT_SEQUENCE_HIGH];
  words[to + ORDER_ID_LOW] = event[at + EVENT_ORDER_ID_LOW];
  words[to + ORDER_ID_HIGH] = event[at + EVENT_ORDER_ID_HIGH];
  words[to + SIDE_TYPE_TIF] = event[at + EVENT_SIDE_TYPE_TIF];
}

/** The resting order of a Trade. */
function writeMaker(words: Int32Array, to: number, event: Int32Array, at: number): void {
  words[to + SYMBOL] = event[at + EVENT_SYMBOL];
  words[to + SEQUENCE_LOW] = event[at + EVENT_SEQUENCE_LOW];
  words[to + SEQUENCE_HIGH] = event[at + EVENT_SEQUENCE_HIGH];
  words[to + ORDER_ID_LOW] = event[at + EVENT_MAKER_ID_LOW];
  words[to + ORDER_ID_HIGH] = event[at + EVENT_MAKER_ID_HIGH];
  words[to + SIDE_TYPE_TIF] = (event[at + EVENT_SIDE_TYPE_TIF] & 1) ^ 1;
}

/** The command's order where no event tells of it. */
function writeCommandsOrder(
  words: Int32Array,
  to: number,
  command: Int32Array,
  from: number,
  sequenceLow: number,
  sequenceHigh: number,
): void {
  words[to + SYMBOL] = command[from + COMMAND_SYMBOL];
  words[to + SEQUENCE_LOW] = sequenceLow;
  words[to + SEQUENCE_HIGH] = sequenceHigh;
  words[to + ORDER_ID_LOW] = command[from + COMMAND_ORDER_ID_LOW];
  words[to + ORDER_ID_HIGH] = command[from + COMMAND_ORDER_ID_HIGH];
  words[to + SIDE_TYPE_TIF] = command[from + COMMAND_HEAD] >>> 8;
}

/** The order's limit, and what it traded at: 0 when it did not. */
function writePrices(
  words: Int32Array,
  to: number,
  limitLow: number,
  limitHigh: number,
  lastLow: number,
  lastHigh: number,
): void {
  words[to + PRICE_LOW] = limitLow;
  words[to + PRICE_HIGH] = limitHigh;
  words[to + LAST_PRICE_LOW] = lastLow;
  words[to + LAST_PRICE_HIGH] = lastHigh;
}

/** Of an order that had traded `filled` before, and trades `more` lots now. */
function writeAmounts(
  words: Int32Array,
  to: number,
  lastQuantity: number,
  leaves: number,
  filledLow: number,
  filledHigh: number,
  more: number,
): void {
  const low = (filledLow >>> 0) + more;
  words[to + LAST_QUANTITY] = lastQuantity;
  words[to + LEAVES] = leaves;
  words[to + CUMULATIVE_LOW] = low | 0;
  words[to + CUMULATIVE_HIGH] = filledHigh + (low >= LANE ? 1 : 0);
}

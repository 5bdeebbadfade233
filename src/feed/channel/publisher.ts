// The publisher of the exchange's own feed: events of applied commands in, packets of up to three channels out (market-data.md). It
// reads the engine's copy between two commands and never changes it, and it knows no subscriber: packets go to sinks once, and into each
// channel's history, where whoever is slower reads them.
//
// What a command traded is said as its events come; what has become of levels, of the top and of the order itself when the command
// is over, because only then may books be read. Everything that one command did to a symbol is one event: its last message is
// marked. Checksums and statistics come once in a while, for symbols that have changed, as events of their own.

import {
  assert,
  type Checksums,
  type Clock,
  fromSignedLanes,
  highLane,
  lowLane,
  type RecordBuffer,
} from "../../base/index.ts";
import {
  ChannelKind,
  CommandKind,
  CommandWord,
  EventFlag,
  EventKind,
  EventWord,
  OrderType,
  PacketWriter,
  readTimestamp,
  Side,
  TimeInForce,
} from "../../protocol/index.ts";
import { DayBook } from "../day-book.ts";
import type { ServedMarket } from "../serving/served-channel.ts";
import { BookSummer } from "./book-summer.ts";
import { LevelTeller, OrderTeller, TopTeller } from "./book-tellers.ts";
import { Channel, type ChannelSink } from "./channel.ts";
import type { ChannelSource } from "./channel-source.ts";
import { InstrumentTeller } from "./instrument-teller.ts";
import { RestingOrder } from "./resting-order.ts";
import { Summaries } from "./summaries.ts";
import { type SnapshotParts, SymbolSnapshot } from "./symbol-snapshot.ts";
import { Touched } from "./touched.ts";
import { tellTrade } from "./trade-teller.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const HEAD = EventWord.kindReasonCommandFlags;
const SYMBOL = EventWord.symbol;
const PRICE_LOW = EventWord.priceLow;
const PRICE_HIGH = EventWord.priceHigh;
const QUANTITY = EventWord.quantity;
const LEAVES = EventWord.leaves;
const SIDE_TYPE_TIF = EventWord.sideTypeTif;
const PREVIOUS_PRICE_LOW = EventWord.previousPriceLow;
const PREVIOUS_PRICE_HIGH = EventWord.previousPriceHigh;
const PREVIOUS_QUANTITY = EventWord.previousQuantity;
const ACCEPT = EventKind.Accept;
const CANCEL = EventKind.Cancel;
const TRADE = EventKind.Trade;
const IN_PLACE = EventFlag.InPlace << 24;
const LIMIT_GTC = (OrderType.Limit << 8) | (TimeInForce.GoodTillCancel << 16);
const COMMAND_HEAD = CommandWord.kindSideTypeTif;
const NEW_ORDER = CommandKind.NewOrder;
const CANCEL_ORDER = CommandKind.Cancel;
const MODIFY_ORDER = CommandKind.Modify;

/** Packets kept of each channel, in bytes: some 130,000 messages. */
const HISTORY_BYTES = 8 * 1024 * 1024;
/** How often a symbol that has changed gets its checksum and its statistics. */
const SUMMARY_INTERVAL_US = 1_000_000;

export interface ChannelPublisherOptions {
  readonly source: ChannelSource;
  readonly clock: Clock;
  readonly checksums: Checksums;
  /** Which channels there are: all by default. */
  readonly kinds?: readonly ChannelKind[];
  /** Of each channel. */
  readonly historyBytes?: number;
  readonly summaryInterval_us?: number;
}

export class ChannelPublisher implements ServedMarket {
  readonly #source: ChannelSource;
  readonly #clock: Clock;
  readonly #channels: readonly Channel[];
  readonly #top: TopTeller | undefined;
  readonly #levels: LevelTeller | undefined;
  readonly #orders: OrderTeller | undefined;
  readonly #snapshots: SnapshotParts;
  readonly #instruments: InstrumentTeller;
  readonly #summaries: Summaries;
  readonly #days = new DayBook();
  readonly #level = new Float64Array(3);
  // Of the command at work.
  #hasEvents = false;
  readonly #touched = new Touched();
  readonly #resting = new RestingOrder();

  /** Nothing is published before the first onReset(). Throws nothing; `source` is read between commands only. */
  constructor({ source, clock, checksums, ...options }: ChannelPublisherOptions) {
    const { kinds = Object.values(ChannelKind), historyBytes = HISTORY_BYTES } = options;
    this.#source = source;
    this.#clock = clock;
    const channels = [...kinds].sort().map((kind) => new Channel(kind, historyBytes, clock, checksums));
    const of = (kind: ChannelKind) => channels.find((channel) => channel.kind === kind);
    const [top, levels, orders] = [of(ChannelKind.Top), of(ChannelKind.Levels), of(ChannelKind.Orders)];
    this.#channels = channels;
    this.#top = top && new TopTeller(top, source);
    this.#levels = levels && new LevelTeller(levels, source);
    this.#orders = orders && new OrderTeller(orders, source);
    this.#instruments = new InstrumentTeller(channels, source);
    const interval_us = options.summaryInterval_us ?? SUMMARY_INTERVAL_US;
    this.#summaries = new Summaries(channels, source, this.#days, clock, interval_us);
    const [sums, writer] = [new BookSummer(source), new PacketWriter(checksums)];
    this.#snapshots = { source, days: this.#days, refs: this.#orders?.refs, sums, clock, writer };
  }

  /** Those that are on, by kind. */
  get channels(): readonly Channel[] {
    return this.#channels;
  }

  /** The channel of a kind, if it is on. */
  channel(kind: number): Channel | undefined {
    return this.#channels.find((channel) => channel.kind === kind);
  }

  /** From now on `sink` gets the packets of every channel. */
  addSink(sink: ChannelSink): void {
    for (const channel of this.#channels) channel.addSink(sink);
  }

  /** The source's state is another one, or the first: a new epoch begins, whose sequences count from 1. */
  onReset(): void {
    const epoch = Math.max(this.#clock.wallMicros(), (this.#channels[0]?.epoch ?? 0) + 1);
    for (const channel of this.#channels) channel.restart(epoch);
    this.#instruments.begin();
    this.#days.begin(this.#source.timestamp_us);
    this.#summaries.clear();
    this.#top?.begin();
    this.#orders?.begin();
  }

  /** Events of one command, or a piece of them; `timestamp_us`: the command's. Reads no book. */
  onEvents(events: RecordBuffer, timestamp_us: number): void {
    const { words, recordWords, used_words } = events;
    for (let at = 0; at < used_words; at += recordWords) {
      const kind = words[at + HEAD] & 255;
      // Of a Reject and a Repeat nothing follows, and a MassCancel has its Cancels.
      if (kind < ACCEPT || kind > TRADE) continue;
      if (!this.#hasEvents) this.#begin(timestamp_us);
      if (kind === TRADE) this.#onTrade(words, at, timestamp_us);
      else if (kind === ACCEPT) this.#onAccept(words, at);
      else if (kind === CANCEL) this.#onCancel(words, at);
      else this.#onModify(words, at);
    }
  }

  /** The command at `at` of `words` is applied and its events were given: says what has become of the books. */
  endCommand(words: Int32Array, at: number): void {
    const kind = words[at + COMMAND_HEAD] & 255;
    if (this.#hasEvents) {
      this.#hasEvents = false;
      if (this.#resting.left > 0) this.#onRest();
      if (this.#touched.count > 0) this.#tell(kind === CommandKind.KillSwitch);
    } else this.#reach(readTimestamp(words, at));
    if (kind === NEW_ORDER || kind === CANCEL_ORDER || kind === MODIFY_ORDER) return;
    this.#setTime(readTimestamp(words, at));
    if (concernsInstruments(kind)) this.#instruments.tell();
  }

  /** The end of a turn: seals what was said. To be called when nothing happens too, at least once a second. */
  endTurn(): void {
    this.#summaries.tellDue();
    for (const channel of this.#channels) channel.seal();
  }

  /** Symbols are numbered from 0 to this less 1. */
  get symbols(): number {
    return this.#source.instruments.length;
  }

  /** The state of a symbol on a channel that is on, which is sealed first; between two commands only. */
  snapshot(kind: ChannelKind, symbol: number): SymbolSnapshot {
    const channel = this.channel(kind);
    assert(channel !== undefined, "snapshots are of channels that are on");
    channel.seal();
    return new SymbolSnapshot(this.#snapshots, channel, symbol);
  }

  #begin(timestamp_us: number): void {
    this.#hasEvents = true;
    this.#setTime(timestamp_us);
  }

  #setTime(timestamp_us: number): void {
    this.#stamp(timestamp_us);
    this.#reach(timestamp_us);
  }

  #stamp(timestamp_us: number): void {
    const [low, high] = [lowLane(timestamp_us) | 0, highLane(timestamp_us)];
    for (let i = 0; i < this.#channels.length; i++) this.#channels[i].setTime(low, high);
  }

  #reach(timestamp_us: number): void {
    if (!this.#days.reach(timestamp_us)) return;
    // What is said of the new day is not of the command before, also when nothing else comes of this one.
    this.#stamp(timestamp_us);
    this.#summaries.onDay();
  }

  #onAccept(words: Int32Array, at: number): void {
    const rests = (words[at + SIDE_TYPE_TIF] & 0xffff00) === LIMIT_GTC;
    this.#resting.take(words, at, rests ? words[at + QUANTITY] >>> 0 : 0);
  }

  #onTrade(words: Int32Array, at: number, timestamp_us: number): void {
    const symbol = words[at + SYMBOL];
    const side = words[at + SIDE_TYPE_TIF] & 255;
    const quantity = words[at + QUANTITY] >>> 0;
    const price = fromSignedLanes(words[at + PRICE_LOW], words[at + PRICE_HIGH]);
    if (this.#resting.left > 0) this.#resting.left = words[at + LEAVES] >>> 0;
    this.#days.add(symbol, timestamp_us, price, quantity);
    this.#summaries.traded.mark(symbol);
    this.#touched.level(symbol, Side.Sell - side, price);
    this.#orders?.executed(words, at);
    const channels = this.#channels;
    for (let i = 0; i < channels.length; i++) tellTrade(channels[i], words, at);
  }

  #onCancel(words: Int32Array, at: number): void {
    const symbol = words[at + SYMBOL];
    const price = fromSignedLanes(words[at + PRICE_LOW], words[at + PRICE_HIGH]);
    const ref = this.#orders === undefined ? 0 : this.#orders.removed(words, at);
    this.#touched.cancelled(symbol, words[at + SIDE_TYPE_TIF] & 255, price, ref);
  }

  #onModify(words: Int32Array, at: number): void {
    const symbol = words[at + SYMBOL];
    const quantity = words[at + QUANTITY] >>> 0;
    const isInPlace = (words[at + HEAD] & IN_PLACE) !== 0;
    if (isInPlace && quantity === words[at + PREVIOUS_QUANTITY] >>> 0) return;
    const price = fromSignedLanes(words[at + PREVIOUS_PRICE_LOW], words[at + PREVIOUS_PRICE_HIGH]);
    this.#touched.level(symbol, words[at + SIDE_TYPE_TIF] & 255, price);
    const orders = this.#orders;
    if (isInPlace) return orders?.reduced(words, at);
    orders?.deleted(symbol, orders.removed(words, at));
    this.#resting.take(words, at, quantity);
  }

  #onRest(): void {
    const order = this.#resting;
    this.#touched.level(order.symbol, order.side, order.price[0]);
    this.#orders?.rests(order);
    order.left = 0;
  }

  /** Says what has become of everything that was touched, symbol by symbol. */
  #tell(isSwitch: boolean): void {
    const touched = this.#touched;
    for (let from = 0; from < touched.count; ) {
      const to = touched.endOfSymbol(from);
      const symbol = touched.symbols[from];
      const isCleared = isSwitch && this.#isEmpty(symbol);
      this.#levels?.tell(touched, from, to, isCleared);
      this.#orders?.tell(touched, from, to, isCleared);
      this.#top?.tell(touched, from, to);
      if (isSwitch) this.#instruments.tellStatus(symbol);
      this.#endEvent();
      this.#summaries.changed.mark(symbol);
      from = to;
    }
    touched.clear();
  }

  #isEmpty(symbol: number): boolean {
    const level = this.#level;
    const bids = this.#source.readLevels(symbol, Side.Buy, 1, level);
    return bids === 0 && this.#source.readLevels(symbol, Side.Sell, 1, level) === 0;
  }

  #endEvent(): void {
    const channels = this.#channels;
    for (let i = 0; i < channels.length; i++) channels[i].endEvent();
  }
}

/** Whether a command of this kind may register an instrument or change what may be done with one. */
function concernsInstruments(kind: number): boolean {
  return (
    kind === CommandKind.RegisterInstrument ||
    kind === CommandKind.KillSwitch ||
    kind === CommandKind.Halt ||
    kind === CommandKind.Resume
  );
}

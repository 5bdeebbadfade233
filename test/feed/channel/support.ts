// An exchange with a publisher of channels, driven by the commands of generated flows; and a subscriber that builds books from packets by
// obvious code: maps and arrays, every message believed, every rule of market-data.md asserted on the way.

import { expect } from "vitest";
import { type Clock, RecordBuffer } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import { type Channel, ChannelPublisher, type ChannelPublisherOptions } from "../../../src/feed/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  BookChecksum,
  ChannelKind,
  COMMAND_WORDS,
  type DayStatistics,
  EVENT_WORDS,
  type EventFields,
  type FlowCommand,
  type Genesis,
  MarketDataReader,
  MdType,
  PacketProblem,
  packetProblem,
  readEvent,
  Side,
  writeFlowCommand,
  writeGenesis,
  writeTimestamp,
} from "../../../src/protocol/index.ts";

const checksums = new NativeChecksums();
/** 2026-01-01, 00:00 UTC. */
export const NEW_YEAR_US = 1_767_225_600_000_000;

/** As expect(found).toBe(expected), for what is asked of every message: that costs some 10 us. */
function same(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, found ${found}`);
}

/** A clock that stands still until it is moved. */
export class HandClock implements Clock {
  now_us = NEW_YEAR_US;

  wallMicros(): number {
    return this.now_us;
  }

  monotonicMicros(): number {
    return this.now_us;
  }
}

/** An engine that is fed flow commands, and its publisher. */
export class PublishedExchange {
  readonly clock = new HandClock();
  readonly engine = new ExchangeEngine();
  readonly publisher: ChannelPublisher;
  /** Events of the last command. */
  events: EventFields[] = [];
  /** Packets sealed since they were taken, all channels in one order. */
  #packets: Uint8Array[] = [];
  readonly #words = new Int32Array(COMMAND_WORDS);
  readonly #records: RecordBuffer;

  constructor(genesis: Genesis, options: Partial<ChannelPublisherOptions> = {}, began_us = NEW_YEAR_US) {
    this.clock.now_us = began_us;
    this.#records = new RecordBuffer(EVENT_WORDS, 4, (records) => {
      for (let i = 0; i < records.count; i++) this.events.push(readEvent(records.words, i * EVENT_WORDS));
      this.publisher.onEvents(records, this.clock.now_us);
    });
    const { engine, clock } = this;
    writeGenesis(this.#words, 0, genesis, 0);
    writeTimestamp(this.#words, 0, clock.now_us);
    engine.apply(this.#words, 0, this.#records);
    this.publisher = new ChannelPublisher({ source: engine, clock, checksums, ...options });
    this.publisher.onReset();
    this.publisher.addSink({
      onPacket: (_, bytes, from, to) => void this.#packets.push(bytes.slice(from, to)),
    });
  }

  apply(command: FlowCommand): void {
    this.events = [];
    writeFlowCommand(this.#words, 0, command);
    writeTimestamp(this.#words, 0, this.clock.now_us);
    this.engine.apply(this.#words, 0, this.#records);
    this.#records.drain();
    this.publisher.endCommand(this.#words, 0);
  }

  /** Ends the turn and takes what was sealed. */
  turn(): Uint8Array[] {
    this.publisher.endTurn();
    return this.#packets.splice(0);
  }

  channel(kind: ChannelKind): Channel {
    return this.publisher.channel(kind) as Channel;
  }

  /** The copy begins anew from a snapshot, as a follower that fell behind does. */
  restart(): void {
    const pieces: Uint8Array[] = [];
    this.engine.snapshot((piece) => void pieces.push(piece.slice()));
    this.engine.restore(Buffer.concat(pieces), this.engine.position);
    this.publisher.onReset();
  }

  /** The packets of a symbol's snapshot. */
  snapshot(kind: ChannelKind, symbol: number): Uint8Array[] {
    const packets: Uint8Array[] = [];
    const pieces = this.publisher.snapshot(kind, symbol);
    while (!pieces.write(1, (bytes, from, to) => packets.push(bytes.slice(from, to))));
    return packets;
  }
}

interface NaiveOrder {
  readonly ref: number;
  quantity: number;
}

interface NaiveLevel {
  total: number;
  orders: number;
  queue: NaiveOrder[];
}

/** One symbol as a subscriber of one channel knows it. */
export class NaiveSymbol {
  name = "";
  status = 0;
  /** By side: price to level. */
  readonly sides: readonly [Map<number, NaiveLevel>, Map<number, NaiveLevel>] = [new Map(), new Map()];
  /** By ref: where the order rests. */
  readonly places = new Map<number, { side: number; price: number }>();
  top: readonly number[] = [0, 0, 0, 0, 0, 0, 0];
  statistics: DayStatistics | undefined;
  /** Trades as [event, price, quantity, aggressor]. */
  trades: number[][] = [];
  sequence = 0;
  events = 0;
  checksums = 0;
  /** Whether the last message ended an event. */
  isWhole = true;

  clear(): void {
    for (const side of this.sides) side.clear();
    this.places.clear();
  }

  /** Levels of a side, best first. */
  levels(side: number): [price: number, level: NaiveLevel][] {
    return [...this.sides[side]].sort(([a], [b]) => (side === Side.Buy ? b - a : a - b));
  }

  checksum(): number {
    const sum = new BookChecksum();
    sum.begin();
    for (const side of [Side.Buy, Side.Sell])
      for (const [price, { total, orders }] of this.levels(side).slice(0, 10))
        sum.add(side, price, total, orders);
    return sum.value();
  }
}

/** A subscriber of one channel. */
export class NaiveSubscriber {
  readonly kind: ChannelKind;
  readonly symbols: NaiveSymbol[] = [];
  epoch = 0;
  /** The next sequence it waits for. */
  next = 1;
  readonly #reader = new MarketDataReader();

  constructor(kind: ChannelKind) {
    this.kind = kind;
  }

  symbol(number: number): NaiveSymbol {
    this.symbols[number] ??= new NaiveSymbol();
    return this.symbols[number];
  }

  /** Takes a live packet of any channel, or one of a snapshot of its own. */
  take(packet: Uint8Array): void {
    same(packetProblem(packet, 0, packet.length, checksums), PacketProblem.None, "the packet's problem");
    const reader = this.#reader;
    reader.bind(packet, 0, packet.length);
    if (reader.channel !== this.kind) return;
    if (this.epoch === 0) this.epoch = reader.epoch;
    same(reader.epoch, this.epoch, "epoch");
    if (!reader.isSnapshot) same(reader.first, this.next, "first sequence");
    while (reader.next()) {
      if (!reader.isSnapshot) this.#count(reader);
      this.#apply(this.symbol(reader.symbol), reader);
    }
  }

  #count(reader: MarketDataReader): void {
    const symbol = this.symbol(reader.symbol);
    same(reader.sequence, this.next++, "sequence");
    same(reader.symbolSequence, ++symbol.sequence, "symbol sequence");
    symbol.isWhole = reader.isEndOfEvent;
    if (reader.isEndOfEvent) symbol.events++;
  }

  #apply(symbol: NaiveSymbol, reader: MarketDataReader): void {
    switch (reader.type) {
      case MdType.Definition:
        symbol.name = reader.name;
        symbol.status = reader.status;
        break;
      case MdType.Status:
        symbol.status = reader.status;
        break;
      case MdType.BookClear:
        symbol.clear();
        break;
      case MdType.Trade:
        symbol.trades.push([reader.eventSequence, reader.price, reader.quantity, reader.side]);
        break;
      case MdType.TopOfBook:
        symbol.top = [reader.present, reader.bid, reader.bidTotal, reader.bidOrders].concat(
          ...[reader.ask, reader.askTotal, reader.askOrders],
        );
        break;
      case MdType.Level:
        this.#level(symbol, reader);
        break;
      case MdType.BookChecksum:
        same(reader.crc, symbol.checksum(), "checksum of the book");
        symbol.checksums++;
        break;
      case MdType.Statistics: {
        const day = { since_us: 0, open: 0, high: 0, low: 0, last: 0, volume: 0, trades: 0 };
        reader.readStatistics(day);
        symbol.statistics = day;
        break;
      }
      case MdType.SnapshotBegin:
        symbol.sequence = reader.nextSymbolSequence - 1;
        this.next = reader.nextSequence;
        break;
      case MdType.SnapshotEnd:
        break;
      default:
        this.#order(symbol, reader);
    }
  }

  #level(symbol: NaiveSymbol, { side, price, total, orders }: MarketDataReader): void {
    if (total === 0) same(symbol.sides[side].delete(price), true, "a level that goes was there");
    else symbol.sides[side].set(price, { total, orders, queue: [] });
  }

  #order(symbol: NaiveSymbol, reader: MarketDataReader): void {
    const { ref } = reader;
    if (reader.type === MdType.OrderAdd) return this.#add(symbol, reader);
    const place = symbol.places.get(ref);
    if (place === undefined) throw new Error(`order ${ref} does not rest`);
    const levels = symbol.sides[place.side];
    const level = levels.get(place.price) as NaiveLevel;
    const order = level.queue.find((one) => one.ref === ref) as NaiveOrder;
    let left = 0;
    if (reader.type === MdType.OrderExecuted) {
      same(order, level.queue[0], "the oldest order trades first");
      same(reader.price, place.price, "price traded");
      left = reader.leaves;
      same(order.quantity - reader.quantity, left, "what is left");
    } else if (reader.type === MdType.OrderReduced) {
      left = reader.quantity;
      same(left < order.quantity, true, "a reduced order has less");
    } else same(reader.type, MdType.OrderDelete, "type");
    level.total -= order.quantity - left;
    order.quantity = left;
    if (left > 0) return;
    level.queue.splice(level.queue.indexOf(order), 1);
    level.orders--;
    symbol.places.delete(ref);
    if (level.queue.length === 0) levels.delete(place.price);
  }

  #add(symbol: NaiveSymbol, { ref, side, price, quantity, place }: MarketDataReader): void {
    same(symbol.places.has(ref), false, "an order that is added rests");
    symbol.places.set(ref, { side, price });
    let level = symbol.sides[side].get(price);
    if (level === undefined) {
      level = { total: 0, orders: 0, queue: [] };
      symbol.sides[side].set(price, level);
    }
    level.queue.push({ ref, quantity });
    level.total += quantity;
    level.orders++;
    same(place, level.queue.length, "place in the queue");
  }
}

/** Holds what a subscriber knows of a symbol to the engine's book: levels, orders in their queues, or the top. */
export function expectBook(engine: ExchangeEngine, subscriber: NaiveSubscriber, number: number): void {
  const symbol = subscriber.symbol(number);
  const book = engine.book(number);
  const sides = [book.bids, book.asks];
  expect(symbol.isWhole).toBe(true);
  if (subscriber.kind === ChannelKind.Top) {
    const [bid, ask] = [book.bids[0], book.asks[0]];
    expect(symbol.top).toEqual([
      (bid ? 1 : 0) | (ask ? 2 : 0),
      ...[bid?.price ?? 0, bid?.total ?? 0, bid?.orders ?? 0],
      ...[ask?.price ?? 0, ask?.total ?? 0, ask?.orders ?? 0],
    ]);
    return;
  }
  for (const side of [Side.Buy, Side.Sell])
    expect(symbol.levels(side).map(([price, { total, orders }]) => ({ price, total, orders }))).toEqual(
      sides[side],
    );
  if (subscriber.kind === ChannelKind.Levels) return;
  const expected: number[][] = [];
  engine.forEachOrder(number, ({ side, price, quantity }) => expected.push([side, price, quantity]));
  const found = [Side.Buy, Side.Sell].flatMap((side) =>
    symbol.levels(side).flatMap(([price, { queue }]) => queue.map(({ quantity }) => [side, price, quantity])),
  );
  expect(found).toEqual(expected);
}

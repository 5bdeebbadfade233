// An exchange with a publisher, and subscribers whose pace the test decides.

import { RecordBuffer } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import { Publisher, Subscriber } from "../../../src/feed/index.ts";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  type EventFields,
  EventKind,
  type Genesis,
  type Instrument,
  readEvent,
  writeGenesis,
  writeInstrument,
  writeTimestamp,
} from "../../../src/protocol/index.ts";
import type { Write } from "../../engine/support.ts";

/** 2026-09-21T14:13:20Z: the start of a second, a minute and an hour's third. */
export const START_US = 1_790_000_000_000_000;

export const BTC: Instrument = { name: "BTC-USD", priceDecimals: 2, tick: 50, lot: 1 };
const ETH: Instrument = { name: "ETH-USD", priceDecimals: 1, tick: 1, lot: 1 };

const GENESIS: Genesis = {
  maxQuantity: 1_000_000,
  maxNotional: 2 ** 50,
  ordersMax: 100_000,
  symbolsMax: 8,
  accountsMax: 8,
  indexSeed: [1, 2],
};

export class MarketDesk {
  engine = new ExchangeEngine();
  readonly publisher: Publisher;
  readonly words = new Int32Array(COMMAND_WORDS);
  /** All there were. */
  readonly trades: (EventFields & { readonly timestamp_us: number })[] = [];
  readonly #events: RecordBuffer;
  #time_us = START_US;

  /** `eventsHeld`: events of one command that the publisher gets at once. */
  constructor(
    instruments: readonly Instrument[] = [BTC, ETH],
    eventsHeld = 64,
    genesis: Partial<Genesis> = {},
  ) {
    this.publisher = new Publisher(sourceOf(this));
    this.#events = new RecordBuffer(EVENT_WORDS, eventsHeld, (events) => {
      for (let i = 0; i < events.count; i++) {
        const event = readEvent(events.words, i * EVENT_WORDS);
        if (event.kind === EventKind.Trade) this.trades.push({ ...event, timestamp_us: this.#time_us });
      }
      this.publisher.onEvents(events, this.#time_us);
    });
    this.apply((words) => writeGenesis(words, 0, { ...GENESIS, ...genesis }, instruments.length));
    for (const instrument of instruments) this.register(instrument);
    this.publisher.onReset();
  }

  register(instrument: Instrument): void {
    this.apply((words) => writeInstrument(words, 0, instrument));
  }

  /** One batch, at the time that the desk's clock stands at. */
  do(...writes: Write[]): void {
    for (const write of writes) this.apply(write);
    this.flush();
  }

  flush(): void {
    this.publisher.flush();
    this.publisher.flushSlow();
  }

  /** Applies a command; its batch is still open. */
  apply(write: Write): void {
    write(this.words);
    writeTimestamp(this.words, 0, this.#time_us);
    this.engine.apply(this.words, 0, this.#events);
    this.#events.drain();
    this.publisher.endCommand(this.words, 0);
  }

  wait(seconds: number): void {
    this.#time_us += Math.round(seconds * 1_000_000);
  }
}

/** A source that follows the desk to another engine, as a restored one is. */
function sourceOf(desk: MarketDesk) {
  return {
    get instruments() {
      return desk.engine.instruments;
    },
    get sequence() {
      return desk.engine.sequence;
    },
    get timestamp_us() {
      return desk.engine.timestamp_us;
    },
    forEachLevel: ((...of) => desk.engine.forEachLevel(...of)) as ExchangeEngine["forEachLevel"],
    forEachOrderOf: ((...of) => desk.engine.forEachOrderOf(...of)) as ExchangeEngine["forEachOrderOf"],
    forEachOrderAt: ((...of) => desk.engine.forEachOrderAt(...of)) as ExchangeEngine["forEachOrderAt"],
    readLevel: ((...of) => desk.engine.readLevel(...of)) as ExchangeEngine["readLevel"],
    statusOf: (symbol: number) => desk.engine.statusOf(symbol),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: tests compare whole messages
export type Message = any;

/** A connection that takes `room` messages, and then no more until it is given room again. */
export class Peer {
  readonly subscriber: Subscriber;
  room: number;
  hasOverflowed = false;
  readonly texts: string[] = [];
  /** What else happens when a message is taken. */
  onSend = (): void => {};

  constructor(
    desk: MarketDesk,
    { room = Number.POSITIVE_INFINITY, account }: { room?: number; account?: number } = {},
  ) {
    this.room = room;
    const sink = {
      send: (message: string) => {
        this.texts.push(message);
        this.onSend();
        return --this.room > 0;
      },
      overflowed: () => {
        this.hasOverflowed = true;
      },
    };
    this.subscriber = new Subscriber(desk.publisher, sink, account);
  }

  /** The messages since the last call. */
  take(): Message[] {
    return this.texts.splice(0).map((text) => JSON.parse(text));
  }

  /** Reads again: takes `room` messages more. */
  drain(room = Number.POSITIVE_INFINITY): Message[] {
    this.room = room;
    this.subscriber.drained();
    return this.take();
  }
}

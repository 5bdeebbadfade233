// An exchange that is fed a generated flow, with its publisher of channels and the service of subscribers, in simulated time.

import { RecordBuffer } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import {
  ChannelPublisher,
  type FeedCarrier,
  FeedDesk,
  type FeedSession,
  SERVING_LIMITS,
  ServingCounters,
} from "../../../src/feed/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  announcedBytes,
  type ChannelKind,
  COMMAND_WORDS,
  EVENT_WORDS,
  EventKind,
  type Flow,
  type FlowCommand,
  flowGenesis,
  PacketWriter,
  readEvent,
  writeFlowCommand,
  writeGenesis,
  writeTimestamp,
} from "../../../src/protocol/index.ts";
import type { SimulatedTime } from "./simulated-time.ts";

const checksums = new NativeChecksums();
/** How often sums and figures of the day are said: often, because a run is short. */
const SUMMARY_US = 20_000;
/** How often idle channels say that they are there. */
const IDLE_US = 50_000;
const TICK_US = 250_000;
/** A subscriber is slow soon: runs are short. */
const CONFLATE_ABOVE_BYTES = 1_000;

/** A trade as [event, symbol, price, quantity]. */
export type TradeTold = readonly number[];

export class SimulatedExchange {
  readonly engine = new ExchangeEngine();
  readonly publisher: ChannelPublisher;
  readonly trades: TradeTold[] = [];
  readonly #time: SimulatedTime;
  readonly #desk: FeedDesk;
  readonly #words = new Int32Array(COMMAND_WORDS);
  readonly #records: RecordBuffer;
  readonly #idle = new PacketWriter(checksums);
  #isTurning = false;

  /** `onDatagram`: takes what goes to the lines; `onSnapshot`: to the snapshot line. */
  constructor(
    time: SimulatedTime,
    flow: Flow,
    historyBytes: number,
    onDatagram: (bytes: Uint8Array) => void,
    onSnapshot: (bytes: Uint8Array) => void,
  ) {
    this.#time = time;
    this.#records = new RecordBuffer(EVENT_WORDS, 16, (records) => this.#onEvents(records));
    writeGenesis(this.#words, 0, flowGenesis(flow), 0);
    writeTimestamp(this.#words, 0, time.wallMicros());
    this.engine.apply(this.#words, 0, this.#records);
    const options = { historyBytes, summaryInterval_us: SUMMARY_US };
    this.publisher = new ChannelPublisher({ source: this.engine, clock: time, checksums, ...options });
    this.publisher.onReset();
    this.publisher.addSink({ onPacket: (_, bytes, from, to) => onDatagram(bytes.slice(from, to)) });
    this.#desk = new FeedDesk({
      market: this.publisher,
      checksums,
      clock: time,
      limits: { ...SERVING_LIMITS, conflateAbove_bytes: CONFLATE_ABOVE_BYTES },
      counters: new ServingCounters(),
    });
    this.#repeat(TICK_US, () => this.#desk.tick());
    const carousel = this.#desk.carousel(this.publisher.channels);
    this.#repeat(IDLE_US, () => {
      this.turn();
      const bytes = carousel.take(time.now_us);
      for (let at = 0; bytes !== undefined && at < bytes.length; at += announcedBytes(bytes, at))
        onSnapshot(bytes.slice(at, at + announcedBytes(bytes, at)));
      for (const channel of this.publisher.channels) onDatagram(this.#idlePacket(channel));
    });
  }

  apply(command: FlowCommand): void {
    writeFlowCommand(this.#words, 0, command);
    writeTimestamp(this.#words, 0, this.#time.wallMicros());
    this.engine.apply(this.#words, 0, this.#records);
    this.#records.drain();
    this.publisher.endCommand(this.#words, 0);
  }

  /** The end of a turn: packets are sealed, and everybody is sent what there is. */
  turn(): void {
    this.publisher.endTurn();
    this.serve();
  }

  /** A peer over TCP. Give it what it sends, and say when it is gone. */
  enter(carrier: FeedCarrier): { readonly session: FeedSession; leave(): void } {
    const seat = this.#desk.enter(carrier, "127.0.0.1");
    if (typeof seat === "string") throw new Error(`no seat: ${seat}`);
    return { session: seat.session, leave: () => seat.leave("Broken") };
  }

  /** Soon, whatever asked for it. */
  serve(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#time.after(10, () => {
      this.#isTurning = false;
      if (this.#desk.turn()) this.serve();
    });
  }

  #onEvents(records: RecordBuffer): void {
    for (let i = 0; i < records.count; i++) {
      const { kind, sequence, symbol, price, quantity } = readEvent(records.words, i * EVENT_WORDS);
      if (kind === EventKind.Trade) this.trades.push([sequence, symbol, price, quantity]);
    }
    this.publisher.onEvents(records, this.#time.wallMicros());
  }

  #idlePacket({ kind, epoch, next }: { kind: ChannelKind; epoch: number; next: number }): Uint8Array {
    this.#idle.begin(kind, 0, epoch, next);
    const { bytes } = this.#idle;
    return bytes.slice(0, this.#idle.seal(this.#time.wallMicros()));
  }

  #repeat(every_us: number, act: () => void): void {
    act();
    this.#time.after(every_us, () => this.#repeat(every_us, act));
  }
}

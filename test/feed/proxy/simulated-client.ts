// A feed handler without its sockets: the same decisions, in simulated time, with a listener per channel that keeps books and trades.

import type { Prng } from "../../../src/base/index.ts";
import {
  CONNECTION_LIMITS,
  ConnectionCourse,
  CourseStep,
  FeedIntake,
  LevelBooks,
  MarketDataListener,
  OrderBooks,
  type PacketSource,
} from "../../../src/feed/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { ChannelKind } from "../../../src/protocol/index.ts";
import { type Faults, FaultyStream } from "./faulty-lines.ts";
import type { SimulatedExchange, TradeTold } from "./simulated-exchange.ts";
import type { SimulatedTime } from "./simulated-time.ts";

const checksums = new NativeChecksums();

class Tops extends MarketDataListener {
  readonly trades: TradeTold[] = [];
  readonly tops: (readonly number[])[] = [];
  override trade(symbol: number, price: number, quantity: number, _: number, event: number): void {
    this.trades.push([event, symbol, price, quantity]);
  }
  override top(symbol: number, ...figures: number[]): void {
    this.tops[symbol] = figures;
  }
}

class Levels extends LevelBooks {
  readonly trades: TradeTold[] = [];
  override trade(symbol: number, price: number, quantity: number, _: number, event: number): void {
    this.trades.push([event, symbol, price, quantity]);
  }
}

class Orders extends OrderBooks {
  readonly trades: TradeTold[] = [];
  override trade(symbol: number, price: number, quantity: number, _: number, event: number): void {
    this.trades.push([event, symbol, price, quantity]);
  }
}

export interface ClientPlan {
  readonly carrier: "stream" | "lines";
  /** None: all. */
  readonly symbols: readonly number[];
  readonly conflate: boolean;
  /** Of lines: whether there is somebody to ask. */
  readonly hasRecovery: boolean;
  readonly faults: Faults;
}

export class SimulatedClient {
  isFaulty = true;
  readonly tops = new Tops();
  readonly levels = new Levels();
  readonly orders = new Orders();
  readonly intake: FeedIntake;
  readonly #time: SimulatedTime;
  readonly #random: Prng;
  readonly #plan: ClientPlan;
  readonly #exchange: SimulatedExchange;
  readonly #course: ConnectionCourse;
  #send: ((bytes: Uint8Array, isAnswered: boolean) => void) | undefined;
  #breakOff: () => void = () => {};
  #wakes_us = Number.POSITIVE_INFINITY;

  constructor(time: SimulatedTime, random: Prng, plan: ClientPlan, exchange: SimulatedExchange) {
    this.#time = time;
    this.#random = random;
    this.#plan = plan;
    this.#exchange = exchange;
    const { carrier, symbols, conflate, hasRecovery } = plan;
    const isStream = carrier === "stream";
    const channels = [
      { channel: ChannelKind.Top, listener: this.tops, symbols, conflate },
      { channel: ChannelKind.Levels, listener: this.levels, symbols, conflate },
      { channel: ChannelKind.Orders, listener: this.orders, symbols },
    ];
    const options = { carrier, channels, hasRecovery, checksums };
    this.intake = new FeedIntake(
      { ...options, send: (bytes, isAnswered) => this.#send?.(bytes, isAnswered) },
      time.now_us,
    );
    this.#course = new ConnectionCourse(isStream, () => random.unit(), {
      ...CONNECTION_LIMITS,
      backoffMin_us: 2_000,
      backoffMax_us: 20_000,
    });
    if (hasRecovery && this.#course.start(time.now_us) === CourseStep.Open) this.#open();
  }

  /** In the order of the channels. */
  get listeners(): readonly [Tops, Levels, Orders] {
    return [this.tops, this.levels, this.orders];
  }

  datagram(source: PacketSource, bytes: Uint8Array): void {
    this.intake.datagram(source, bytes, 0, bytes.length, this.#time.now_us);
    this.#arm();
  }

  /** Nothing is missing, as far as it knows. */
  get isFresh(): boolean {
    return this.intake.receivers.every(({ isStale, gate }) => !isStale && gate.stale === 0);
  }

  /** Connections that stood, in all. */
  get connections(): number {
    return this.#course.connections;
  }

  #open(): void {
    const { faults } = this.#plan;
    const now_us = this.#time.now_us;
    let isOver = false;
    const lose = (): void => {
      if (isOver) return;
      isOver = true;
      seat.leave();
      this.#send = undefined;
      this.intake.streamClosed(this.#time.now_us);
      this.#course.lost(this.#time.now_us);
      this.#arm();
    };
    const down = new FaultyStream(
      this.#time,
      this.#random,
      faults,
      () => this.isFaulty,
      (bytes) => {
        if (!isOver && !this.#received(bytes)) lose();
      },
      lose,
    );
    const noFaults = { ...faults, damage: 0, reset: 0 };
    const up = new FaultyStream(
      this.#time,
      this.#random,
      noFaults,
      () => false,
      (bytes) => {
        if (isOver) return;
        seat.session.received(bytes);
        this.#exchange.serve();
      },
      lose,
    );
    const seat = this.#exchange.enter({
      send: (bytes) => {
        down.send(bytes);
        // A slow peer: what it was given goes out in its own time.
        if (!this.isFaulty || !this.#random.chance(0.2)) return true;
        this.#time.after(this.#random.between(200, 5_000), () => {
          if (isOver) return;
          seat.session.drained();
          this.#exchange.serve();
        });
        return false;
      },
      close: () => this.#time.after(300, lose),
    });
    this.#send = (bytes, isAnswered) => {
      if (isAnswered) this.#course.asked(this.#time.now_us);
      up.send(bytes);
    };
    this.#breakOff = lose;
    this.#course.opened(now_us);
    this.intake.streamOpened(now_us);
    this.#arm();
  }

  #received(bytes: Uint8Array): boolean {
    const now_us = this.#time.now_us;
    this.#course.heard(now_us);
    const why = this.intake.streamBytes(bytes, 0, bytes.length, now_us);
    this.#arm();
    return why === undefined;
  }

  #arm(): void {
    const due_us = Math.min(this.intake.deadline_us, this.#course.deadline_us);
    if (due_us >= this.#wakes_us) return;
    this.#wakes_us = due_us;
    this.#time.at(due_us, () => {
      if (this.#wakes_us !== due_us) return;
      this.#wakes_us = Number.POSITIVE_INFINITY;
      const now_us = this.#time.now_us;
      const step = this.#course.due(now_us);
      if (step === CourseStep.Open) this.#open();
      else if (step === CourseStep.GiveUp) this.#breakOff();
      this.intake.tick(now_us);
      this.#arm();
    });
  }
}

// A client in a simulation: it sends orders and cancels over order entry, each with a number that is used once, keeps what it
// was told, and goes on at the next address when it is cut off, asking again whatever was not answered. What it decides is
// decided by the resuming client's own part (client/resumption.ts). Its book of requests is what a run is judged by.

import type { Prng, TransportHandler } from "../base/index.ts";
import { type Resumable, Resumption } from "../client/index.ts";
import {
  AckLayout,
  CommandKind,
  encodeCancelOrder,
  encodeHello,
  encodeNewOrder,
  FRAME_HEADER_BYTES,
  frameType,
  HelloFlag,
  isGatewayRefusal,
  MessageType,
  RejectLayout,
  readHighLane,
  readLowLane,
} from "../protocol/index.ts";
import { FrameInput } from "./frame-input.ts";
import type { SimulatedHost } from "./simulated-network.ts";

/** Requests on their way at once. */
const WINDOW = 8;
/** Between an answer and the next request, at most: a thousand requests take as long as faults last. */
const THINK_US = 80_000;
/** The same when it was the gateway's refusal: nothing is taken for a while. */
const SULK_US = 500_000;
/** How soon at most it begins, and how far apart clients are in what they do at once. */
const BEGIN_US = 50_000;
/** Without an answer for so long the client gives its connection up. */
const SILENCE_US = 3_000_000;
/** Between two looks whether that is so. */
const LOOK_US = 500_000;
/** It never gives up: a run has an end of its own. */
const PATIENCE_US = 3_600_000_000;
/** Cancels among requests, when there is something to cancel. */
const CANCEL_CHANCE = 0.25;
const SYMBOLS = 2;
const PRICE = 1_000;
const PRICE_SPAN = 5;
const QUANTITY_MAX = 9;

export interface ClientRequest extends Resumable {
  readonly kind: typeof CommandKind.NewOrder | typeof CommandKind.Cancel;
  readonly frame: Uint8Array;
  /** unknown: it was asked, and its answer has not come. */
  outcome: "unknown" | "accepted" | "rejected";
  /** Of the event that accepted it, or the reason of the refusal. */
  value: number;
  readonly symbol: number;
  /** When it was made, and when it was answered. */
  readonly asked_us: number;
  answered_us: number;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

export class SimulatedClient implements TransportHandler {
  readonly account: number;
  readonly requests: ClientRequest[] = [];
  readonly #host: SimulatedHost;
  readonly #prng: Prng;
  readonly #exchange: readonly Address[];
  readonly #wanted: number;
  readonly #view = new DataView(new ArrayBuffer(256));
  readonly #resumption: Resumption<ClientRequest>;
  /** Symbols of accepted orders that may be cancelled. */
  readonly #cancellable = new Map<number, number>();
  #connection = -1;
  #isWelcome = false;
  /** Requests that it will make when it has thought about them. */
  #thinking = 0;
  readonly #input = new FrameInput();
  #isStopped = false;
  readonly #hangsUp: boolean;

  constructor(
    host: SimulatedHost,
    prng: Prng,
    account: number,
    wanted: number,
    exchange: readonly Address[],
    hangsUp = false,
  ) {
    this.#host = host;
    this.#hangsUp = hangsUp;
    this.#prng = prng;
    this.account = account;
    this.#wanted = wanted;
    this.#exchange = exchange;
    const limits = { addresses: exchange.length, patience_us: PATIENCE_US, silence_us: SILENCE_US };
    this.#resumption = new Resumption(limits, this.#now);
    this.#plan(prng.between(0, BEGIN_US), () => this.#connect());
    this.#plan(LOOK_US, () => this.#look());
  }

  get name(): string {
    return this.#host.name;
  }

  get isDone(): boolean {
    return this.requests.length >= this.#wanted && this.#resumption.unanswered === 0;
  }

  /** Sends and connects no more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Its place is another's: it has been told everything. */
  #leave(): void {
    this.#isStopped = true;
    this.#host.close(this.#connection);
  }

  opened(): void {
    this.#send(this.#view, encodeHello(this.#view, 0, 0, 0, this.account, HelloFlag.Once));
  }

  received(connection: number, bytes: Uint8Array): void {
    this.#input.take(
      bytes,
      () => this.#connection === connection,
      (view, at) => {
        this.#hear(view, at);
      },
    );
  }

  drained(): void {}

  ended(connection: number): void {
    this.#host.close(connection);
  }

  closed(connection: number): void {
    if (connection === this.#connection) this.#lost();
  }

  get #now(): number {
    return this.#host.network.queue.now_us;
  }

  #plan(delay_us: number, act: () => void): void {
    this.#host.network.queue.plan(delay_us, () => {
      if (!this.#isStopped) act();
    });
  }

  #connect(): void {
    const { host, port } = this.#exchange[this.#resumption.address];
    this.#input.begin();
    const connection = this.#host.connect(host, port, this);
    this.#connection = connection;
    this.#plan(SILENCE_US, () => {
      if (connection === this.#connection && !this.#isWelcome) this.#giveUp();
    });
  }

  /** A half-open connection answers nothing: it is given up. */
  #look(): void {
    if (this.#isWelcome && this.#resumption.isSilent(this.#now)) this.#giveUp();
    this.#plan(LOOK_US, () => this.#look());
  }

  #giveUp(): void {
    const connection = this.#connection;
    this.#lost();
    this.#host.destroy(connection);
  }

  #lost(): void {
    this.#connection = -1;
    this.#isWelcome = false;
    const wait_us = this.#resumption.lost(this.#now) ?? SILENCE_US;
    this.#plan(wait_us + this.#prng.between(0, BEGIN_US), () => this.#connect());
  }

  #hear(view: DataView, at: number): void {
    const body = at + FRAME_HEADER_BYTES;
    switch (frameType(view, at)) {
      case MessageType.HelloAck:
        this.#isWelcome = true;
        this.#resumption.welcomed(this.#now);
        return this.#next();
      case MessageType.Ack: {
        const id = body + AckLayout.orderId;
        const request = this.#resumption.answered(readLowLane(view, id), readHighLane(view, id), this.#now);
        return this.#settle(request, "accepted", sequenceOf(view, body));
      }
      case MessageType.Reject:
        return this.#rejected(view, body);
    }
  }

  #rejected(view: DataView, body: number): void {
    const id = body + RejectLayout.orderId;
    const [low, high] = [readLowLane(view, id), readHighLane(view, id)];
    const reason = view.getUint8(body + RejectLayout.reason);
    const isGateways = isGatewayRefusal(reason);
    const request = isGateways
      ? this.#resumption.refused(low, high, reason, this.#now)
      : this.#resumption.answered(low, high, this.#now);
    this.#settle(request, "rejected", reason, isGateways ? SULK_US : THINK_US);
  }

  #settle(
    request: ClientRequest | undefined,
    outcome: "accepted" | "rejected",
    value: number,
    think_us = THINK_US,
  ): void {
    if (request === undefined) return this.#giveUp();
    request.outcome = outcome;
    request.value = value;
    request.answered_us = this.#now;
    if (outcome === "accepted" && request.kind === CommandKind.NewOrder)
      this.#cancellable.set(request.idLow, request.idLow % SYMBOLS);
    this.#thinking++;
    this.#plan(this.#prng.between(0, think_us), () => {
      this.#thinking--;
      if (this.isDone && this.#hangsUp) this.#leave();
      else this.#next();
    });
  }

  /** Fills the window. */
  #next(): void {
    const isReady = () => this.#resumption.unanswered + this.#thinking < WINDOW;
    while (this.#isWelcome && isReady() && this.requests.length < this.#wanted) {
      const cancel = this.#cancellable.size > 0 && this.#prng.chance(CANCEL_CHANCE);
      const request = cancel ? this.#cancel() : this.#order();
      this.requests.push(request);
      this.#resumption.add(request, this.#now);
    }
    if (!this.#isWelcome) return;
    for (const { frame } of this.#resumption.takeToSend())
      this.#send(new DataView(frame.buffer), frame.length);
  }

  #order(): ClientRequest {
    const prng = this.#prng;
    const id = this.requests.length + 1;
    const price = PRICE + prng.between(-PRICE_SPAN, PRICE_SPAN);
    const [quantity, side, timeInForce] = [
      prng.between(1, QUANTITY_MAX),
      prng.between(0, 1),
      prng.chance(0.1) ? 1 : 0,
    ];
    const terms = [price, 0, quantity, side, 0, timeInForce] as const;
    const bytes = encodeNewOrder(this.#view, 0, id, 0, id, this.account, id % SYMBOLS, ...terms);
    return this.#request(CommandKind.NewOrder, id, id % SYMBOLS, bytes);
  }

  #cancel(): ClientRequest {
    const [[id, symbol]] = this.#cancellable;
    this.#cancellable.delete(id);
    const number = this.requests.length + 1;
    const bytes = encodeCancelOrder(this.#view, 0, number, 0, id, this.account, symbol);
    return this.#request(CommandKind.Cancel, id, symbol, bytes);
  }

  #request(kind: ClientRequest["kind"], idLow: number, symbol: number, bytes: number): ClientRequest {
    const frame = new Uint8Array(this.#view.buffer.slice(0, bytes));
    const number = this.requests.length + 1;
    const asked_us = this.#now;
    const unknown = { outcome: "unknown", value: 0, answered_us: 0 } as const;
    return { kind, number, idLow, idHigh: this.account, frame, symbol, asked_us, ...unknown };
  }

  #send(view: DataView, bytes: number): void {
    this.#host.send(this.#connection, new Uint8Array(view.buffer), 0, bytes);
  }
}

function sequenceOf(view: DataView, body: number): number {
  const low = readLowLane(view, body + AckLayout.sequence) >>> 0;
  return readHighLane(view, body + AckLayout.sequence) * 4_294_967_296 + low;
}

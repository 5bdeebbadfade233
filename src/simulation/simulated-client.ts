// A client in a simulation: it sends orders and cancels over order entry, keeps what it was told, and connects again when it
// is cut off. Its book of requests is what a run is judged by: what it knows, and nothing else.
//
// Each request has an order id of its own or cancels one that nothing else is asked about, so an answer's order id says what
// it answers.

import { assert, type Prng, type TransportHandler } from "../base/index.ts";
import {
  AckLayout,
  CommandKind,
  DecodeOutcome,
  decodeFrame,
  encodeCancelOrder,
  encodeHello,
  encodeNewOrder,
  FRAME_HEADER_BYTES,
  frameLength,
  frameType,
  MessageType,
  RejectLayout,
  readHighLane,
  readLowLane,
} from "../protocol/index.ts";
import type { SimulatedHost } from "./simulated-network.ts";

/** Requests on their way at once. */
const WINDOW = 8;
/** Between an answer and the next request, at most: a thousand requests take as long as faults last. */
const THINK_US = 30_000;
/** Between losing a connection and trying again. */
const RECONNECT_US = 50_000;
/** Without an answer for so long the client gives its connection up. */
const PATIENCE_US = 3_000_000;
/** Cancels among requests, when there is something to cancel. */
const CANCEL_CHANCE = 0.25;
const SYMBOLS = 2;
const PRICE = 1_000;
const PRICE_SPAN = 5;
const QUANTITY_MAX = 9;

export interface ClientRequest {
  readonly kind: typeof CommandKind.NewOrder | typeof CommandKind.Cancel;
  /** The two lanes are the client's number and this. */
  readonly id: number;
  /** unknown: it was sent, and its answer never came. */
  outcome: "unknown" | "accepted" | "rejected";
  /** Of the event that accepted it, or the reason of the refusal. */
  value: number;
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
  /** By order id: what awaits its answer. */
  readonly #open = new Map<number, ClientRequest>();
  /** Symbols of accepted orders that may be cancelled. */
  readonly #cancellable = new Map<number, number>();
  #connection = -1;
  #hasSaidHello = false;
  #input: Uint8Array = new Uint8Array(0);
  #attempts = 0;
  #heard_us = 0;
  #isStopped = false;

  constructor(
    host: SimulatedHost,
    prng: Prng,
    account: number,
    wanted: number,
    exchange: readonly Address[],
  ) {
    this.#host = host;
    this.#prng = prng;
    this.account = account;
    this.#wanted = wanted;
    this.#exchange = exchange;
    this.#plan(prng.between(0, RECONNECT_US), () => this.#connect());
  }

  get name(): string {
    return this.#host.name;
  }

  get isDone(): boolean {
    return this.requests.length >= this.#wanted && this.#open.size === 0;
  }

  /** Sends and connects no more. */
  stop(): void {
    this.#isStopped = true;
  }

  opened(): void {
    this.#send(encodeHello(this.#view, 0, 0, 0, this.account));
  }

  received(_connection: number, bytes: Uint8Array): void {
    this.#heard_us = this.#now;
    const input = new Uint8Array(this.#input.length + bytes.length);
    input.set(this.#input);
    input.set(bytes, this.#input.length);
    const view = new DataView(input.buffer);
    let at = 0;
    while (decodeFrame(view, at, input.length) === DecodeOutcome.Ok) {
      this.#hear(view, at);
      at += frameLength(view, at);
    }
    this.#input = input.slice(at);
  }

  drained(): void {}

  ended(connection: number): void {
    this.#host.close(connection);
  }

  closed(): void {
    this.#connection = -1;
    this.#hasSaidHello = false;
    this.#input = new Uint8Array(0);
    this.#open.clear();
    this.#plan(RECONNECT_US + this.#prng.between(0, RECONNECT_US), () => this.#connect());
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
    const { host, port } = this.#exchange[this.#attempts++ % this.#exchange.length];
    this.#heard_us = this.#now;
    const connection = this.#host.connect(host, port, this);
    this.#connection = connection;
    this.#plan(PATIENCE_US, () => this.#look(connection));
  }

  /** A half-open connection answers nothing: it is given up. */
  #look(connection: number): void {
    if (connection !== this.#connection) return;
    const waits = this.#open.size > 0 || !this.#hasSaidHello;
    if (waits && this.#now - this.#heard_us >= PATIENCE_US) this.#host.destroy(connection);
    else this.#plan(PATIENCE_US, () => this.#look(connection));
  }

  #hear(view: DataView, at: number): void {
    const body = at + FRAME_HEADER_BYTES;
    switch (frameType(view, at)) {
      case MessageType.HelloAck:
        this.#hasSaidHello = true;
        return this.#next();
      case MessageType.Ack:
        return this.#answered(
          readLowLane(view, body + AckLayout.orderId),
          "accepted",
          sequenceOf(view, body),
        );
      case MessageType.Reject:
        return this.#answered(
          readLowLane(view, body + RejectLayout.orderId),
          "rejected",
          view.getUint8(body + RejectLayout.reason),
        );
    }
  }

  #answered(id: number, outcome: "accepted" | "rejected", value: number): void {
    const request = this.#open.get(id);
    assert(request !== undefined, `client ${this.account}: an answer about ${id}, which nothing waits for`);
    this.#open.delete(id);
    request.outcome = outcome;
    request.value = value;
    if (outcome === "accepted" && request.kind === CommandKind.NewOrder)
      this.#cancellable.set(id, id % SYMBOLS);
    this.#plan(this.#prng.between(0, THINK_US), () => this.#next());
  }

  /** Fills the window. */
  #next(): void {
    while (this.#hasSaidHello && this.#open.size < WINDOW && this.requests.length < this.#wanted) {
      const cancel = this.#cancellable.size > 0 && this.#prng.chance(CANCEL_CHANCE);
      if (cancel) this.#sendCancel();
      else this.#sendOrder();
    }
  }

  #sendOrder(): void {
    const prng = this.#prng;
    const id = this.requests.length + 1;
    const symbol = id % SYMBOLS;
    const price = PRICE + prng.between(-PRICE_SPAN, PRICE_SPAN);
    const [quantity, side, timeInForce] = [
      prng.between(1, QUANTITY_MAX),
      prng.between(0, 1),
      prng.chance(0.1) ? 1 : 0,
    ];
    this.#ask(CommandKind.NewOrder, id);
    const { account } = this;
    this.#send(
      encodeNewOrder(this.#view, 0, id, 0, id, account, symbol, price, 0, quantity, side, 0, timeInForce),
    );
  }

  #sendCancel(): void {
    const [[id, symbol]] = this.#cancellable;
    this.#cancellable.delete(id);
    this.#ask(CommandKind.Cancel, id);
    this.#send(encodeCancelOrder(this.#view, 0, this.requests.length, 0, id, this.account, symbol));
  }

  #ask(kind: ClientRequest["kind"], id: number): void {
    const request: ClientRequest = { kind, id, outcome: "unknown", value: 0 };
    this.requests.push(request);
    this.#open.set(id, request);
  }

  #send(bytes: number): void {
    this.#host.send(this.#connection, new Uint8Array(this.#view.buffer), 0, bytes);
  }
}

function sequenceOf(view: DataView, body: number): number {
  const low = readLowLane(view, body + AckLayout.sequence) >>> 0;
  return readHighLane(view, body + AckLayout.sequence) * 4_294_967_296 + low;
}

// The order-entry client for programs: a promise per request, events by callback or by `for await`.
//
// Outcomes are never guessed: a request whose connection is lost is rejected with `OUTCOME_UNKNOWN`, and nothing is sent
// twice. Bounds: `window` requests and HEARTBEATS_MAX heartbeats unanswered; beyond that a request is
// rejected with `WINDOW_FULL` (see `writable`, `ready()`), and a slow reader of `events()` with `EVENTS_OVERFLOW`.

import { EventEmitter } from "node:events";
import { SeriatimError } from "../base/index.ts";
import { type ListedInstrument, readInstrumentAnswer, reasonName } from "../protocol/index.ts";
import type { AnswerListener } from "./answer-reader.ts";
import { connectionLost, outcomeUnknown } from "./errors.ts";
import { EventQueue } from "./event-queue.ts";
import { OrderPipe } from "./order-pipe.ts";
import {
  type CancelOrder,
  checkU32,
  idLanes,
  idOf,
  type ModifyOrder,
  type NewOrder,
  priceLanes,
  sideCode,
  timeInForceCode,
  typeCode,
} from "./order-values.ts";
import { Outstanding } from "./outstanding.ts";

const WINDOW_DEFAULT = 1_024;
const EVENTS_MAX_DEFAULT = 65_536;
/** A heartbeat is a question whether the other side lives: more than a few unanswered ones say no. */
const HEARTBEATS_MAX = 16;

/** No exchange of ours has more symbols. */
const INSTRUMENTS_MAX = 65_536;

/** A request on an order was executed, or refused for a reason. */
export type OrderAnswer =
  | { readonly accepted: true; readonly id: bigint; readonly sequence: number }
  | { readonly accepted: false; readonly id: bigint; readonly reason: string; readonly code: number };

/** `fill`: an order of ours took liquidity; `restingFill`: one that rested was hit. */
export interface FillEvent {
  readonly kind: "fill" | "restingFill";
  readonly takerId: bigint;
  readonly makerId: bigint;
  /** Ticks. */
  readonly price: number;
  /** Lots. */
  readonly quantity: number;
  /** The exchange's event sequence of the trade. */
  readonly sequence: number;
}

export interface ClientEvents {
  fill: [FillEvent];
  restingFill: [FillEvent];
  /** The connection is gone; without an error after `close()`. */
  closed: [SeriatimError | undefined];
}

export interface OrderEntryOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  readonly port: number;
  /** 0 by default. */
  readonly account?: number;
  /** The most requests unanswered at once: 1,024 by default, 65,536 at most. */
  readonly window?: number;
}

interface Request {
  readonly kind: "order" | "hello" | "instruments";
  /** For the error when the outcome stays unknown. */
  readonly what: string;
  resolve(value: unknown): void;
  reject(error: SeriatimError): void;
}

/** Connects and says Hello. Throws SeriatimError when nobody is there or the exchange lacks the account. */
export async function connectOrderEntry(options: OrderEntryOptions): Promise<OrderEntryClient> {
  const client = new OrderEntryClient(options);
  const { account = 0 } = options;
  await client.connected();
  await client.hello(account).catch((error: SeriatimError) => {
    if (error.code !== "OUTCOME_UNKNOWN") throw error;
    // The protocol has no refusal for Hello: an exchange without the account just closes.
    throw new SeriatimError("HELLO_REFUSED", `no Hello as account ${account}: ${error.message}`, {
      cause: error,
    });
  });
  return client;
}

export class OrderEntryClient extends EventEmitter<ClientEvents> {
  /** What the exchange calls this connection. */
  session = 0n;
  /** The account this connection acts for. */
  account = 0;
  readonly #pipe: OrderPipe;
  readonly #outstanding: Outstanding<Request>;
  readonly #heartbeats: Request[] = [];
  readonly #queues = new Set<EventQueue<FillEvent>>();
  #listed: ListedInstrument[] = [];
  #heartbeatToken = 0;
  #flushIsDue = false;
  #isClosed = false;

  /** Not yet connected: see connectOrderEntry. */
  constructor(options: OrderEntryOptions) {
    super();
    const { host = "127.0.0.1", port, window = WINDOW_DEFAULT } = options;
    this.#outstanding = new Outstanding(window);
    this.#pipe = new OrderPipe({ host, port, window, listener: this.#listener() });
    this.#pipe.closed.then((failure) => this.#gone(failure));
  }

  async connected(): Promise<void> {
    await this.#pipe.connected();
  }

  /** Whether a request may be made now; else await `ready()`. */
  get writable(): boolean {
    return this.#pipe.writable;
  }

  /** Resolves when `writable` is true; rejects when the connection is gone. */
  ready(): Promise<void> {
    return this.#pipe.ready();
  }

  /** Requests without an answer. */
  get inFlight(): number {
    return this.#pipe.inFlight;
  }

  /** Names the account this connection acts for; only before its first order. */
  async hello(account: number): Promise<void> {
    checkU32("account", account);
    await this.#request<void>("hello", `Hello as account ${account}`, 0, 0, () => this.#pipe.hello(account));
  }

  /** Enters an order. Its Fills come as events, after the answer. */
  async submit(order: NewOrder): Promise<OrderAnswer> {
    const [idLow, idHigh] = idLanes(order.id);
    const symbol = checkU32("symbol", order.symbol);
    const [priceLow, priceHigh] = priceLanes(order.price ?? 0);
    const quantity = checkU32("quantity", order.quantity);
    const side = sideCode(order.side);
    const timeInForce = timeInForceCode(order);
    return this.#request("order", `order ${order.id}`, idLow, idHigh, () => {
      const type = typeCode(order.type);
      this.#pipe.newOrder(idLow, idHigh, symbol, priceLow, priceHigh, quantity, side, type, timeInForce);
    });
  }

  /** Changes a resting order's price and open quantity; quantity 0 takes it out of the book. */
  async modify(order: ModifyOrder): Promise<OrderAnswer> {
    const [idLow, idHigh] = idLanes(order.id);
    const symbol = checkU32("symbol", order.symbol);
    const [priceLow, priceHigh] = priceLanes(order.price);
    const quantity = checkU32("quantity", order.quantity);
    return this.#request("order", `the modify of order ${order.id}`, idLow, idHigh, () => {
      this.#pipe.modify(idLow, idHigh, symbol, priceLow, priceHigh, quantity);
    });
  }

  /** Takes a resting order out of the book. */
  async cancel(order: CancelOrder): Promise<OrderAnswer> {
    const [idLow, idHigh] = idLanes(order.id);
    const symbol = checkU32("symbol", order.symbol);
    return this.#request("order", `the cancel of order ${order.id}`, idLow, idHigh, () => {
      this.#pipe.cancel(idLow, idHigh, symbol);
    });
  }

  /** The instruments, by symbol number. */
  async instruments(): Promise<readonly ListedInstrument[]> {
    return this.#request("instruments", "the instrument list", 0, 0, () => {
      this.#pipe.instruments(this.account);
    });
  }

  /** Resolves when the exchange answers: it lives, and reads. */
  async heartbeat(): Promise<void> {
    if (this.#heartbeats.length >= HEARTBEATS_MAX || !this.writable) throw this.#windowFull();
    const token = ++this.#heartbeatToken;
    return new Promise<void>((resolve, reject) => {
      this.#heartbeats.push({ kind: "hello", what: "a heartbeat", resolve: () => resolve(), reject });
      this.#pipe.heartbeat(token, 0);
      this.#flushSoon();
    });
  }

  /** Fills from now on, in order. A reader that falls `max` events behind gets `EVENTS_OVERFLOW`. */
  events(max = EVENTS_MAX_DEFAULT): AsyncIterableIterator<FillEvent> {
    const queue = new EventQueue<FillEvent>(max, () => this.#queues.delete(queue));
    this.#queues.add(queue);
    if (this.#isClosed) queue.finish();
    return queue;
  }

  /** Ends the connection when everything sent is answered; whatever stays unanswered is rejected. */
  async close(): Promise<void> {
    await this.#pipe.end();
  }

  /** Cuts the connection at once. */
  destroy(): void {
    this.#pipe.destroy();
  }

  #request<T>(
    kind: Request["kind"],
    what: string,
    idLow: number,
    idHigh: number,
    put: () => void,
  ): Promise<T> {
    if (!this.#pipe.writable) return Promise.reject(this.#windowFull());
    return new Promise<T>((resolve, reject) => {
      put();
      this.#outstanding.push(
        { kind, what, resolve: resolve as (value: unknown) => void, reject },
        idLow,
        idHigh,
      );
      this.#flushSoon();
    });
  }

  /** One write for all the requests of a turn. */
  #flushSoon(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    queueMicrotask(() => {
      this.#flushIsDue = false;
      this.#pipe.flush();
    });
  }

  #windowFull(): SeriatimError {
    if (this.#isClosed) return connectionLost(this.#pipe.peer, "it is closed");
    const { inFlight, window } = this.#pipe;
    return new SeriatimError(
      "WINDOW_FULL",
      `${inFlight} of ${window} requests are unanswered: await ready()`,
    );
  }

  #listener(): AnswerListener {
    return {
      onAck: (idLow, idHigh, sequence) => {
        const request = this.#outstanding.takeOldest(idLow, idHigh);
        this.#settle(request, "order", { accepted: true, id: idOf(idLow, idHigh), sequence });
      },
      onReject: (idLow, idHigh, code) => {
        const request = this.#outstanding.takeRefused(idLow, idHigh, code);
        const id = idOf(idLow, idHigh);
        this.#settle(request, "order", { accepted: false, id, reason: reasonName(code), code });
      },
      onFill: (resting, takerLow, takerHigh, makerLow, makerHigh, price, quantity, sequence) => {
        const kind = resting ? "restingFill" : "fill";
        const takerId = idOf(takerLow, takerHigh);
        this.#publish({ kind, takerId, makerId: idOf(makerLow, makerHigh), price, quantity, sequence });
      },
      onHelloAck: (account, sessionLow, sessionHigh) =>
        this.#welcomed(account, idOf(sessionLow, sessionHigh)),
      onInstrument: (view, at) => this.#list(readInstrumentAnswer(view, at)),
      onHeartbeatAck: () => this.#heartbeats.shift()?.resolve(undefined),
    };
  }

  #list(instrument: ListedInstrument): void {
    // Dense from 0, and only when asked for: so the list is as long as the exchange has symbols and no longer.
    const isNext = instrument.symbol === this.#listed.length && instrument.symbol < INSTRUMENTS_MAX;
    if (isNext && this.#outstanding.oldest?.kind === "instruments") this.#listed.push(instrument);
    else this.#disagree();
  }

  #welcomed(account: number, session: bigint): void {
    this.account = account;
    this.session = session;
    const request = this.#outstanding.takeOldest(0, 0);
    const listed = this.#listed;
    this.#listed = [];
    this.#settle(request, request?.kind === "instruments" ? "instruments" : "hello", listed);
  }

  /** Answers `request`; one that is not there or of another kind means that the two sides disagree. */
  #settle(request: Request | undefined, kind: Request["kind"], value: unknown): void {
    if (request?.kind === kind) request.resolve(value);
    else this.#disagree();
  }

  #disagree(): void {
    this.#pipe.destroy(connectionLost(this.#pipe.peer, "it answered a request that was not made"));
  }

  #publish(event: FillEvent): void {
    this.emit(event.kind, event);
    for (const queue of this.#queues) queue.push(event);
  }

  #gone(failure: SeriatimError | undefined): void {
    this.#isClosed = true;
    const lost = [...this.#outstanding.takeAll(), ...this.#heartbeats.splice(0)];
    for (const request of lost) request.reject(outcomeUnknown(request.what, failure));
    for (const queue of [...this.#queues]) queue.finish(failure);
    this.emit("closed", failure);
  }
}

// The order-entry client for programs: a promise per request, events by callback or by `for await`.
//
// Outcomes are never guessed: a request whose connection is lost is rejected with `OUTCOME_UNKNOWN`, and so are all on an id of
// which the gateway refused one that its answer does not name; nothing is sent twice. Bounds: `window` requests and HEARTBEATS_MAX heartbeats unanswered; beyond that a request is
// rejected with `WINDOW_FULL` (see `writable`, `ready()`), and a slow reader of `events()` with `EVENTS_OVERFLOW`.

/// <reference types="node" preserve="true" />

import { EventEmitter } from "node:events";
import { SeriatimError } from "../../base/index.ts";
import { type ListedInstrument, reasonName } from "../../protocol/index.ts";
import type { EndingOptions } from "../ending-signal.ts";
import {
  checkObject,
  connectionLost,
  heartbeatsUnanswered,
  outcomeUnknown,
  refusalOfAny,
} from "../errors.ts";
import { EventQueue } from "../event-queue.ts";
import {
  type CancelledEvent,
  type CancelOrder,
  checkFields,
  checkU32,
  type FillEvent,
  idLanes,
  idOf,
  type ModifyOrder,
  type NewOrder,
  ORDER_FIELDS,
  type OrderAnswer,
  orderPriceLanes,
  priceLanes,
  sideCode,
  timeInForceCode,
  typeCode,
} from "../order-values.ts";
import type { AnswerListener } from "../wire/answer-reader.ts";
import { OrderPipe } from "./order-pipe.ts";
import { Outstanding } from "./outstanding.ts";

const WINDOW_DEFAULT = 1_024;
const EVENTS_MAX_DEFAULT = 65_536;
/** A heartbeat is a question whether the other side lives: more than a few unanswered ones say no. */
const HEARTBEATS_MAX = 16;

/** No exchange of ours has more symbols. */
const INSTRUMENTS_MAX = 65_536;

export interface ClientEvents {
  fill: [FillEvent];
  restingFill: [FillEvent];
  /** By an administrator's kill switch, not by a request of this account. */
  cancelled: [CancelledEvent];
  /** The connection is gone; without an error after `close()`. */
  closed: [SeriatimError | undefined];
}

/** What `connectOrderEntry` is told. */
export interface OrderEntryOptions extends EndingOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  readonly port: number;
  /** 0 by default. */
  readonly account?: number;
  /** The most requests unanswered at once: 1,024 by default, 65,536 at most. */
  readonly window?: number;
  /** How long the connection may take to stand, and then the first Hello's answer to come: 5,000 by default. */
  readonly connectTimeout_ms?: number;
}

/** Somebody waits for an answer. */
interface Request {
  /** For the error when the outcome stays unknown. */
  readonly what: string;
  resolve(value: unknown): void;
  reject(error: SeriatimError): void;
}

/**
 * An open-mode connection to an exchange, made by `connectOrderEntry`. Prices are ticks, quantities lots, ids any 64-bit number.
 * `submit`, `modify` and `cancel` resolve with the exchange's answer, a refusal included; they reject with a SeriatimError: `WINDOW_FULL`
 * (nothing was sent), `OUTCOME_UNKNOWN` (the connection is lost, or a refusal names no one request) or `INVALID_ARGUMENT`.
 */
export class OrderEntryClient extends EventEmitter<ClientEvents> {
  /** What the exchange calls this connection. */
  session = 0n;
  /** The account this connection acts for. */
  account = 0;
  /** The account of the newest Hello, answered or not. */
  #saidAccount = 0;
  readonly #pipe: OrderPipe;
  readonly #outstanding: Outstanding<Request>;
  readonly #heartbeats: Request[] = [];
  readonly #queues = new Set<EventQueue<FillEvent>>();
  #listing: Promise<readonly ListedInstrument[]> | undefined;
  /** The instruments that came since the list was asked for; undefined when none is on its way. */
  #listed: ListedInstrument[] | undefined;
  #heartbeatToken = 0;
  #flushIsDue = false;
  /** It was asked to end: it takes nothing more. */
  #isClosing = false;
  #isClosed = false;
  /** Why it is closed; undefined when that was asked for. */
  #failure: SeriatimError | undefined;

  /** Not yet connected: see connectOrderEntry. */
  constructor(options: OrderEntryOptions) {
    super();
    const { host = "127.0.0.1", port, window = WINDOW_DEFAULT, connectTimeout_ms, signal } = options;
    this.#pipe = new OrderPipe({ host, port, window, connectTimeout_ms, signal, listener: this.#listener() });
    this.#outstanding = new Outstanding(window);
    this.#pipe.closed.then((failure) => this.#gone(failure));
  }

  /** Resolves when the connection stands, however often it is asked; rejects when it never came about. */
  connected(): Promise<void> {
    return this.#pipe.connected();
  }

  /** Whether a request may be made now; else await `ready()`. */
  get writable(): boolean {
    return !this.#isClosing && this.#pipe.writable;
  }

  /** Resolves when `writable` is true; rejects when the connection is gone. */
  ready(): Promise<void> {
    if (this.#isClosing) return Promise.reject(this.#notWritable());
    return this.#pipe.ready();
  }

  /** Requests without an answer. */
  get inFlight(): number {
    return this.#pipe.inFlight;
  }

  /** Names the account this connection acts for; only before its first order. */
  async hello(account: number): Promise<void> {
    checkU32("account", account);
    const isFirst = this.session === 0n;
    const answer = this.#request<void>(`Hello as account ${account}`, (request) => {
      this.#pipe.hello(account);
      this.#saidAccount = account;
      this.#outstanding.pushUnnamed(request);
    });
    await (isFirst ? this.#pipe.welcome(answer) : answer);
  }

  /** Enters an order. Its Fills come as events, after the answer. */
  async submit(order: NewOrder): Promise<OrderAnswer> {
    checkFields("an order", order, ORDER_FIELDS);
    const [idLow, idHigh] = idLanes(order.id);
    const symbol = checkU32("symbol", order.symbol);
    const [priceLow, priceHigh] = orderPriceLanes(order);
    const quantity = checkU32("quantity", order.quantity);
    const side = sideCode(order.side);
    const type = typeCode(order.type);
    const timeInForce = timeInForceCode(order);
    return this.#request(`order ${order.id}`, (request) => {
      this.#pipe.newOrder(idLow, idHigh, symbol, priceLow, priceHigh, quantity, side, type, timeInForce);
      this.#outstanding.push(request, idLow, idHigh);
    });
  }

  /** Changes a resting order's price and open quantity; quantity 0 takes it out of the book. */
  async modify(order: ModifyOrder): Promise<OrderAnswer> {
    checkObject("a modify", order);
    const [idLow, idHigh] = idLanes(order.id);
    const symbol = checkU32("symbol", order.symbol);
    const [priceLow, priceHigh] = priceLanes(order.price);
    const quantity = checkU32("quantity", order.quantity);
    return this.#request(`the modify of order ${order.id}`, (request) => {
      this.#pipe.modify(idLow, idHigh, symbol, priceLow, priceHigh, quantity);
      this.#outstanding.push(request, idLow, idHigh);
    });
  }

  /** Takes a resting order out of the book. */
  async cancel(order: CancelOrder): Promise<OrderAnswer> {
    checkObject("a cancel", order);
    const [idLow, idHigh] = idLanes(order.id);
    const symbol = checkU32("symbol", order.symbol);
    return this.#request(`the cancel of order ${order.id}`, (request) => {
      this.#pipe.cancel(idLow, idHigh, symbol);
      this.#outstanding.push(request, idLow, idHigh);
    });
  }

  /** The instruments, by symbol number. */
  instruments(): Promise<readonly ListedInstrument[]> {
    // Who asks while a list is on its way gets that one.
    this.#listing ??= this.#request<readonly ListedInstrument[]>("the instrument list", (request) => {
      const listed: ListedInstrument[] = [];
      this.#listed = listed;
      // It says Hello as well, behind one that may be unanswered.
      this.#pipe.instruments(this.#saidAccount);
      this.#outstanding.pushUnnamed({ ...request, resolve: () => request.resolve(listed) });
    }).finally(() => {
      this.#listing = undefined;
      this.#listed = undefined;
    });
    return this.#listing;
  }

  /** Resolves when the exchange answers: it lives, and reads. */
  async heartbeat(): Promise<void> {
    if (!this.writable) throw this.#notWritable();
    if (this.#heartbeats.length >= HEARTBEATS_MAX) throw heartbeatsUnanswered(HEARTBEATS_MAX);
    const token = ++this.#heartbeatToken;
    return new Promise<void>((resolve, reject) => {
      this.#pipe.heartbeat(token, 0);
      this.#heartbeats.push({ what: "a heartbeat", resolve: () => resolve(), reject });
      this.#flushSoon();
    });
  }

  /** Fills from now on, in order. A reader that falls `max` events behind gets `EVENTS_OVERFLOW`. */
  events(max = EVENTS_MAX_DEFAULT): AsyncIterableIterator<FillEvent> {
    const queue = new EventQueue<FillEvent>(max, () => this.#queues.delete(queue));
    this.#queues.add(queue);
    if (this.#isClosed) queue.finish(this.#failure);
    return queue;
  }

  /** Ends the connection when everything sent is answered; whatever stays unanswered is rejected. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#pipe.end();
  }

  /** Cuts the connection at once. */
  destroy(): void {
    this.#isClosing = true;
    this.#pipe.destroy();
  }

  /** Makes a request by `put`, which writes it and notes who waits; resolves with its answer. */
  #request<T>(what: string, put: (request: Request) => void): Promise<T> {
    if (!this.writable) return Promise.reject(this.#notWritable());
    return new Promise<T>((resolve, reject) => {
      put({ what, resolve: resolve as (value: unknown) => void, reject });
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

  #notWritable(): SeriatimError {
    if (this.#isClosed || this.#isClosing) return connectionLost(this.#pipe.peer, "it is closed");
    const { inFlight, window, peer } = this.#pipe;
    const why =
      inFlight < window
        ? `${peer} has not taken what was sent`
        : `${inFlight} of ${window} requests are unanswered`;
    return new SeriatimError("WINDOW_FULL", `${why}: await ready()`);
  }

  #listener(): AnswerListener {
    return {
      onAck: (idLow, idHigh, sequence) => {
        const request = this.#outstanding.takeOldest(idLow, idHigh);
        this.#settle(request, { accepted: true, id: idOf(idLow, idHigh), sequence });
      },
      onReject: (idLow, idHigh, code) => {
        const requests = this.#outstanding.takeRefused(idLow, idHigh, code);
        const id = idOf(idLow, idHigh);
        if (requests.length > 1)
          for (const { what, reject } of requests) reject(refusalOfAny(what, id, code));
        else this.#settle(requests[0], { accepted: false, id, reason: reasonName(code), code });
      },
      onFill: (resting, takerLow, takerHigh, makerLow, makerHigh, price, quantity, sequence) => {
        const kind = resting ? "restingFill" : "fill";
        const takerId = idOf(takerLow, takerHigh);
        this.#publish({ kind, takerId, makerId: idOf(makerLow, makerHigh), price, quantity, sequence });
      },
      onCancelled: (idLow, idHigh, symbol, quantity, sequence) => {
        this.emit("cancelled", { id: idOf(idLow, idHigh), symbol, quantity, sequence });
      },
      onHelloAck: (account, sessionLow, sessionHigh) =>
        this.#welcomed(account, idOf(sessionLow, sessionHigh)),
      onInstrument: (instrument) => this.#list(instrument),
      onHeartbeatAck: () => this.#settle(this.#heartbeats.shift(), undefined),
    };
  }

  #list(instrument: ListedInstrument): void {
    // Dense from 0 and only when asked for: the list is as long as the exchange has symbols, and no longer.
    const isNext = instrument.symbol === this.#listed?.length && instrument.symbol < INSTRUMENTS_MAX;
    if (isNext) this.#listed?.push(instrument);
    else this.#disagree();
  }

  #welcomed(account: number, session: bigint): void {
    this.account = account;
    this.session = session;
    this.#settle(this.#outstanding.takeUnnamed(), undefined);
  }

  /** Answers `request`; one that is not there means that the two sides disagree. */
  #settle(request: Request | undefined, value: unknown): void {
    if (request === undefined) this.#disagree();
    else request.resolve(value);
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
    this.#failure = failure;
    const lost = [...this.#outstanding.takeAll(), ...this.#heartbeats.splice(0)];
    const cause = failure ?? connectionLost(this.#pipe.peer, "it was closed");
    for (const request of lost) request.reject(outcomeUnknown(request.what, cause));
    for (const queue of [...this.#queues]) queue.finish(failure);
    this.emit("closed", failure);
  }
}

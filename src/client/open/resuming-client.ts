// The order-entry client that goes on over lost connections: it tries its addresses in turn, and asks again whatever was not
// answered, with the numbers it had. The exchange executes each number once (order-entry.md, "Requests that are used
// once"), so every promise resolves with the first answer, however often it was asked. What is decided stands in
// resumption.ts; here are connections, timers and promises.
//
// Bounds: 256 requests unanswered, then WINDOW_FULL (see `writable`, `ready()`); one connection at a time; `patience_ms` without
// getting on, then the client ends: PATIENCE_OVER, and OUTCOME_UNKNOWN for what was sent.

/// <reference types="node" preserve="true" />

import { EventEmitter } from "node:events";
import type { SeriatimError } from "../../base/index.ts";
import { HelloFlag, isGatewayRefusal, Reason, reasonName } from "../../protocol/index.ts";
import { endsBy } from "../ending-signal.ts";
import {
  connectionGivenUp,
  connectionLost,
  outcomeUnknown,
  patienceOver,
  requestForgotten,
  windowFull,
} from "../errors.ts";
import {
  type CancelOrder,
  idOf,
  type ModifyOrder,
  type NewOrder,
  type OrderAnswer,
} from "../order-values.ts";
import type { AnswerListener } from "../wire/answer-reader.ts";
import { type EncodedRequest, encodeCancel, encodeChange, encodeOrder } from "../wire/request-frames.ts";
import type { ClientEvents } from "./order-entry-client.ts";
import { OrderPipe } from "./order-pipe.ts";
import {
  type CheckedOptions,
  checkResumingOptions,
  type ResumingOrderEntryOptions,
} from "./resuming-options.ts";
import { REQUESTS_MAX, type Resumable, Resumption } from "./resumption.ts";

export interface ResumingClientEvents extends ClientEvents {
  /** A connection stands: to this `host:port`. */
  connected: [peer: string];
  /** A connection is lost, or did not come about, for this reason; the next address is tried. */
  disconnected: [SeriatimError];
}

interface Waiting extends Resumable {
  readonly what: string;
  readonly frame: Uint8Array;
  resolve(answer: OrderAnswer): void;
  reject(error: SeriatimError): void;
}

/**
 * An open-mode client that reconnects and asks again, made by `connectResumingOrderEntry`. A promise resolves with the exchange's first
 * answer; it rejects with `WINDOW_FULL` (nothing was sent), or with `OUTCOME_UNKNOWN` or `PATIENCE_OVER` when the client ends.
 */
export class ResumingOrderEntryClient extends EventEmitter<ResumingClientEvents> {
  readonly account: number;
  readonly #options: CheckedOptions;
  readonly #resumption: Resumption<Waiting>;
  readonly #firstWelcome = Promise.withResolvers<void>();
  /** Of this connection: its Hello is answered, or never will be. */
  #welcome = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  /** The number of the newest request. Rises by one: slower than a microsecond, so a later program begins above it. */
  #number: number;
  /** Addresses where it was connected. */
  readonly #known = new Set<number>();
  #pipe: OrderPipe | undefined;
  #retry: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  /** The connection was given up: what it still says is not to be matched with anything. */
  #isDeaf = false;
  #flushIsDue = false;
  #isClosing = false;
  #isOver = false;
  #failure: SeriatimError | undefined;

  /** Not yet connected: see connectResumingOrderEntry. */
  constructor(options: ResumingOrderEntryOptions) {
    super();
    this.#options = checkResumingOptions(options);
    const { account, addresses, patience_ms, silence_ms, clock } = this.#options;
    this.account = account;
    this.#number = clock.wallMicros();
    const bounds = { patience_us: patience_ms * 1_000, silence_us: silence_ms * 1_000 };
    this.#resumption = new Resumption({ addresses: addresses.length, ...bounds }, this.#now());
    this.#firstWelcome.promise.catch(() => {});
    this.#connect();
    endsBy(options.signal, this.#over.promise, (failure) => this.destroy(failure));
  }

  /** Resolves when it was connected for the first time; rejects with `PATIENCE_OVER` when it never was. */
  connected(): Promise<void> {
    return this.#firstWelcome.promise;
  }

  /** Whether a request may be made now, connected or not; else await `ready()`. */
  get writable(): boolean {
    return !this.#isOver && !this.#isClosing && this.#resumption.mayAdd(this.#number + 1);
  }

  /** Resolves when `writable` is true; rejects when it never will be again. */
  ready(): Promise<void> {
    if (this.writable) return Promise.resolve();
    if (this.#isOver || this.#isClosing) return Promise.reject(this.#closedError());
    this.#ready ??= Promise.withResolvers<void>();
    return this.#ready.promise;
  }

  /** Requests without an answer. */
  get inFlight(): number {
    return this.#resumption.unanswered;
  }

  /** Enters an order. Its Fills come as events, after the answer; those that a lost connection took along don't come again. */
  async submit(order: NewOrder): Promise<OrderAnswer> {
    return this.#request(`order ${order?.id}`, (number) => encodeOrder(number, order));
  }

  /** Changes a resting order's price and open quantity; quantity 0 takes it out of the book. */
  async modify(order: ModifyOrder): Promise<OrderAnswer> {
    return this.#request(`the modify of order ${order?.id}`, (number) => encodeChange(number, order));
  }

  /** Takes a resting order out of the book. */
  async cancel(order: CancelOrder): Promise<OrderAnswer> {
    return this.#request(`the cancel of order ${order?.id}`, (number) => encodeCancel(number, order));
  }

  /** Takes no more requests, and ends when all are answered or its patience is over. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#ready?.reject(this.#closedError());
    this.#ready = undefined;
    if (this.inFlight === 0) this.#end(undefined);
    await this.#over.promise;
  }

  /** Ends at once: what was sent and is unanswered stays unknown. */
  destroy(failure = connectionLost("the exchange", "it was cut")): void {
    this.#end(failure);
    // A close() that is under way waits for the exchange's.
    this.#pipe?.destroy(failure);
  }

  #request(what: string, encode: (number: number) => EncodedRequest): Promise<OrderAnswer> {
    if (this.#isOver || this.#isClosing) return Promise.reject(this.#closedError());
    if (!this.writable) return Promise.reject(windowFull(this.inFlight, REQUESTS_MAX));
    const number = this.#number + 1;
    const encoded = encode(number);
    this.#number = number;
    return new Promise((resolve, reject) => {
      this.#resumption.add({ number, what, ...encoded, resolve, reject }, this.#now());
      this.#watchSilence();
      this.#sendSoon();
    });
  }

  /** One write for all the requests of a turn. */
  #sendSoon(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    queueMicrotask(() => {
      this.#flushIsDue = false;
      this.#send();
    });
  }

  #send(): void {
    const pipe = this.#pipe;
    if (pipe === undefined || this.#isDeaf) return;
    for (const { frame } of this.#resumption.takeToSend()) pipe.encoded(frame);
    pipe.flush();
  }

  #connect(): void {
    const { addresses, connectTimeout_ms } = this.#options;
    const { address } = this.#resumption;
    const { host, port } = addresses[address];
    const listener = this.#listener();
    this.#isDeaf = false;
    // One more than may be unanswered: the Hello.
    const options = { host, port, window: REQUESTS_MAX + 1, connectTimeout_ms, listener };
    const pipe = new OrderPipe(options, this.#known.has(address));
    this.#pipe = pipe;
    pipe.closed.then((failure) => this.#lost(failure ?? connectionLost(pipe.peer, "it was closed")));
    const welcome = pipe.connected().then(() => {
      pipe.hello(this.account, HelloFlag.Once);
      pipe.flush();
      return pipe.welcome(this.#welcome.promise);
    });
    // What is wrong is told by `closed`.
    welcome.catch(() => {});
  }

  #welcomed(): void {
    if (this.#isDeaf) return;
    this.#welcome.resolve();
    this.#resumption.welcomed(this.#now());
    this.#firstWelcome.resolve();
    this.#known.add(this.#resumption.address);
    this.#send();
    this.emit("connected", this.#pipe?.peer ?? "");
  }

  #lost(cause: SeriatimError): void {
    this.#pipe = undefined;
    this.#welcome.resolve();
    this.#welcome = Promise.withResolvers();
    if (this.#isOver) return;
    const wait_us = this.#resumption.lost(this.#now());
    if (wait_us === undefined) return this.#end(this.#patienceOver(cause));
    // First: who listens may end it, or throw.
    this.#retry = setTimeout(() => this.#connect(), Math.ceil(wait_us / 1_000));
    this.emit("disconnected", cause);
  }

  #patienceOver(cause: SeriatimError): SeriatimError {
    const { addresses, patience_ms } = this.#options;
    return patienceOver(addresses.map(({ host, port }) => `${host}:${port}`).join(", "), patience_ms, cause);
  }

  #listener(): AnswerListener {
    return {
      onAck: (idLow, idHigh, sequence) => {
        if (this.#isDeaf) return;
        const request = this.#resumption.answered(idLow, idHigh, this.#now());
        this.#settle(request, { accepted: true, id: idOf(idLow, idHigh), sequence });
      },
      onReject: (idLow, idHigh, code) => {
        if (!this.#isDeaf) this.#rejected(idLow, idHigh, code);
      },
      onFill: (resting, takerLow, takerHigh, makerLow, makerHigh, price, quantity, sequence) => {
        const kind = resting ? "restingFill" : "fill";
        const ids = { takerId: idOf(takerLow, takerHigh), makerId: idOf(makerLow, makerHigh) };
        this.emit(kind, { kind, ...ids, price, quantity, sequence });
      },
      onCancelled: (idLow, idHigh, symbol, quantity, sequence) => {
        this.emit("cancelled", { id: idOf(idLow, idHigh), symbol, quantity, sequence });
      },
      onHelloAck: () => this.#welcomed(),
      onInstrument: () => this.#giveUp("it listed instruments that nobody asked for"),
      onHeartbeatAck: () => this.#giveUp("it answered a heartbeat that nobody sent"),
    };
  }

  #rejected(idLow: number, idHigh: number, code: number): void {
    const now_us = this.#now();
    const request = isGatewayRefusal(code)
      ? this.#resumption.refused(idLow, idHigh, code, now_us)
      : this.#resumption.answered(idLow, idHigh, now_us);
    const id = idOf(idLow, idHigh);
    if (request !== undefined && code === Reason.RequestForgotten) {
      const failure = requestForgotten(request.what);
      request.reject(failure);
      return this.#end(failure);
    }
    if (request === undefined)
      this.#giveUp(`it refused order ${id} (${reasonName(code)}), which is asked again`);
    else this.#settle(request, { accepted: false, id, reason: reasonName(code), code });
  }

  #settle(request: Waiting | undefined, answer: OrderAnswer): void {
    if (request === undefined) return this.#giveUp("it answered a request that was not made");
    request.resolve(answer);
    if (this.#isClosing && this.inFlight === 0) return this.#end(undefined);
    if (this.#ready === undefined || !this.writable) return;
    this.#ready.resolve();
    this.#ready = undefined;
  }

  #giveUp(why: string): void {
    const pipe = this.#pipe;
    this.#isDeaf = true;
    pipe?.destroy(connectionGivenUp(pipe.peer, why));
  }

  #watchSilence(): void {
    this.#silence ??= setTimeout(() => {
      this.#silence = undefined;
      if (this.#isOver || this.inFlight === 0) return;
      if (this.#resumption.isSilent(this.#now()))
        this.#giveUp(`it answered nothing for ${this.#options.silence_ms} ms`);
      this.#watchSilence();
    }, this.#options.silence_ms);
  }

  #end(failure: SeriatimError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    const cause = failure ?? connectionLost("the exchange", "it was closed");
    const { sent, unsent } = this.#resumption.takeAll();
    for (const { what, reject } of sent) reject(outcomeUnknown(what, cause));
    for (const { reject } of unsent) reject(cause);
    this.#firstWelcome.reject(cause);
    this.#ready?.reject(cause);
    // Answered does not mean that all Fills are here: an orderly end waits for them.
    if (failure === undefined && this.#pipe !== undefined) void this.#pipe.end().then(() => this.#ended());
    else {
      this.#pipe?.destroy(cause);
      this.#ended();
    }
  }

  #ended(): void {
    this.#over.resolve();
    this.emit("closed", this.#failure);
  }

  #closedError(): SeriatimError {
    return this.#failure ?? connectionLost("the exchange", "this client is closed");
  }

  #now(): number {
    return this.#options.clock.monotonicMicros();
  }
}

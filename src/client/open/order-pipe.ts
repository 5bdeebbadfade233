// One order-entry connection at full speed: requests are encoded into a reused buffer and leave in one write per
// flush; answers go to a listener as numbers. No promise and no object per message: load tools use it directly, and
// OrderEntryClient is built on it.
//
// Bounds: at most `window` requests are unanswered, and at most UNSENT_BYTES_MAX wait for the kernel (outbox.ts). At either
// bound `writable` is false and a request is a bug of the caller's; `ready()` tells when it is true again.

import { assert, highLane, lowLane, type SeriatimError } from "../../base/index.ts";
import {
  encodeHeartbeat,
  encodeHello,
  encodeInstruments,
  frameBytes,
  MessageType,
} from "../../protocol/index.ts";
import type { EndingOptions } from "../ending-signal.ts";
import { checkInteger, connectionLost } from "../errors.ts";
import type { TlsOptions } from "../tls-options.ts";
import { type AnswerListener, AnswerReader } from "../wire/answer-reader.ts";
import { FrameConnection } from "../wire/frame-connection.ts";
import type { Outbox } from "../wire/outbox.ts";
import { putCancel, putModify, putNewOrder } from "../wire/request-writer.ts";

/** The most requests one connection can have unanswered. */
export const WINDOW_MAX = 65_536;

const HELLO_BYTES = frameBytes(MessageType.Hello);
const INSTRUMENTS_BYTES = frameBytes(MessageType.Instruments);
const HEARTBEAT_BYTES = frameBytes(MessageType.Heartbeat);

export interface OrderPipeOptions extends EndingOptions {
  readonly host: string;
  readonly port: number;
  /** The most requests unanswered at once, 1 to WINDOW_MAX. */
  readonly window: number;
  /** How long the connection may take to stand, and then its first answer to come: 5,000 by default, 600,000 at most. */
  readonly connectTimeout_ms?: number | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly listener: AnswerListener;
}

export class OrderPipe {
  /** `host:port`, for messages. */
  readonly peer: string;
  readonly window: number;
  /** Orders, cancels, modifies and hellos put in so far: each has one answer. */
  requests = 0;
  /**
   * Resolves when the connection is gone: undefined when it was ended by us with everything answered, else why.
   * Never rejects.
   */
  readonly closed: Promise<SeriatimError | undefined>;

  readonly #connection: FrameConnection;
  readonly #reader: AnswerReader;
  readonly #out: Outbox;
  #ready: PromiseWithResolvers<void> | undefined;

  /** `isKnown`: this client was connected there before. */
  constructor(options: OrderPipeOptions, isKnown = false) {
    const { host, port, window, connectTimeout_ms, tls, signal, listener } = options;
    checkInteger("window", window, 1, WINDOW_MAX);
    this.window = window;
    this.#reader = new AnswerReader(listener);
    this.#connection = new FrameConnection({
      host,
      port,
      connectTimeout_ms,
      tls,
      signal,
      isKnown,
      // Given up in the middle of what was read: the rest of it counts no more.
      take: (view, at, type) =>
        this.#connection.failure === undefined ? this.#reader.take(view, at, type) : undefined,
      hasAllAnswers: () => this.inFlight === 0,
      onTurn: () => this.#resolveReady(),
    });
    this.peer = this.#connection.peer;
    this.#out = this.#connection.out;
    this.closed = this.#connection.closed;
    this.closed.then((failure) => this.#ready?.reject(failure ?? connectionLost(this.peer, "it is closed")));
  }

  /** Resolves when the connection stands, now or before; rejects with SeriatimError (`ECONNREFUSED`, `ETIMEDOUT`, ...). */
  connected(): Promise<void> {
    return this.#connection.connected();
  }

  /** `answer`, which the first Hello leads to: a peer that connects and then says nothing is cut and `closed` says so. */
  welcome<T>(answer: Promise<T>): Promise<T> {
    return this.#connection.welcome("Hello", answer);
  }

  /** Requests answered so far. */
  get answers(): number {
    return this.#reader.answers;
  }

  get inFlight(): number {
    return this.requests - this.#reader.answers;
  }

  /** Whether another request may be put in now. */
  get writable(): boolean {
    return this.#connection.isOpen && this.inFlight < this.window && this.#out.hasRoom;
  }

  /** Resolves when `writable` is true; rejects when it never will be again. */
  ready(): Promise<void> {
    if (this.writable) return Promise.resolve();
    if (!this.#connection.isOpen)
      return Promise.reject(this.#connection.failure ?? connectionLost(this.peer, "it is closed"));
    this.#ready ??= Promise.withResolvers<void>();
    return this.#ready.promise;
  }

  /** Puts in a NewOrder; ids and the price (i64 ticks) as lanes, the rest as in protocol/commands. */
  newOrder(
    idLow: number,
    idHigh: number,
    symbol: number,
    priceLow: number,
    priceHigh: number,
    quantity: number,
    side: number,
    orderType: number,
    timeInForce: number,
  ): void {
    putNewOrder(
      this.#out,
      this.#claim(),
      idLow,
      idHigh,
      symbol,
      priceLow,
      priceHigh,
      quantity,
      side,
      orderType,
      timeInForce,
    );
  }

  /** Puts in a CancelOrder. */
  cancel(idLow: number, idHigh: number, symbol: number): void {
    putCancel(this.#out, this.#claim(), idLow, idHigh, symbol);
  }

  /** Puts in a Modify: the new price (i64 ticks as lanes) and the new open quantity. */
  modify(
    idLow: number,
    idHigh: number,
    symbol: number,
    priceLow: number,
    priceHigh: number,
    quantity: number,
  ): void {
    putModify(this.#out, this.#claim(), idLow, idHigh, symbol, priceLow, priceHigh, quantity);
  }

  /** Puts in a whole request on an order, encoded by its caller: it has a number of its own. */
  encoded(frame: Uint8Array): void {
    this.#claim();
    this.#out.put(frame);
  }

  /** Puts in a Hello with flags (HelloFlag); its answer is a HelloAck. */
  hello(account: number, flags = 0): void {
    const n = this.#claim();
    this.#out.reserve(HELLO_BYTES);
    const { view, length } = this.#out;
    this.#out.length = encodeHello(view, length, lowLane(n), highLane(n), account, flags);
  }

  /** Asks for the instruments, and says Hello behind it: the list has no end mark, so the HelloAck is it. */
  instruments(account: number): void {
    this.#makeRoom(INSTRUMENTS_BYTES);
    this.#out.length = encodeInstruments(this.#out.view, this.#out.length, 0, 0);
    this.hello(account);
  }

  /** Puts in a Heartbeat; it does not count against the window. */
  heartbeat(tokenLow: number, tokenHigh: number): void {
    this.#makeRoom(HEARTBEAT_BYTES);
    this.#out.length = encodeHeartbeat(this.#out.view, this.#out.length, tokenLow, tokenHigh);
  }

  /** Sends what was put in, now or when the kernel has taken what was sent before. */
  flush(): void {
    this.#out.flush();
  }

  /** Sends what was put in and no more; the exchange answers it all and closes. Resolves like `closed`. */
  end(): Promise<SeriatimError | undefined> {
    return this.#connection.end();
  }

  /** Cuts the connection at once. */
  destroy(failure?: SeriatimError): void {
    this.#connection.destroy(failure);
  }

  #claim(): number {
    assert(this.writable, "a request needs a pipe that is writable");
    return ++this.requests;
  }

  #makeRoom(bytes: number): void {
    assert(this.writable, "a request needs a pipe that is writable");
    this.#out.reserve(bytes);
  }

  #resolveReady(): void {
    if (this.#ready === undefined || !this.writable) return;
    this.#ready.resolve();
    this.#ready = undefined;
  }
}

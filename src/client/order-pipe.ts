// One order-entry connection at full speed: requests are encoded into a reused buffer and leave in one write per
// flush; answers go to a listener as numbers. No promise and no object per message: load tools use it directly, and
// OrderEntryClient is built on it.
//
// Bounds: at most `window` requests are unanswered, and at most UNSENT_BYTES_MAX wait for the kernel. At either bound
// `writable` is false and a request is a bug of the caller's; `ready()` tells when it is true again.

import { connect, type Socket } from "node:net";
import { assert, highLane, lowLane, type SeriatimError } from "../base/index.ts";
import {
  encodeCancelOrder,
  encodeHeartbeat,
  encodeHello,
  encodeInstruments,
  encodeModify,
  encodeNewOrder,
  frameBytes,
  MessageType,
} from "../protocol/index.ts";
import { type AnswerListener, AnswerReader } from "./answer-reader.ts";
import { connectError, connectionLost, invalidArgument } from "./errors.ts";

/** One write's worth of requests: about 1,500 new orders. */
const CHUNK_BYTES = 65_536;
/** Bytes handed to the socket that the kernel has not taken: a peer that reads nothing stops the caller here. */
const UNSENT_BYTES_MAX = 1_048_576;
const CONNECT_TIMEOUT_MS = 5_000;
/** How long the exchange may take to answer everything after `end()`; then the connection is cut. */
const END_TIMEOUT_MS = 10_000;

/** The most requests one connection can have unanswered. */
export const WINDOW_MAX = 65_536;

const NEW_ORDER_BYTES = frameBytes(MessageType.NewOrder);
const CANCEL_BYTES = frameBytes(MessageType.CancelOrder);
const MODIFY_BYTES = frameBytes(MessageType.Modify);
const HELLO_BYTES = frameBytes(MessageType.Hello);
const INSTRUMENTS_BYTES = frameBytes(MessageType.Instruments);
const HEARTBEAT_BYTES = frameBytes(MessageType.Heartbeat);

export interface OrderPipeOptions {
  readonly host: string;
  readonly port: number;
  /** The most requests unanswered at once, 1 to WINDOW_MAX. */
  readonly window: number;
  readonly listener: AnswerListener;
}

/** Connects; throws SeriatimError (`ECONNREFUSED`, `ETIMEDOUT`, ...) when nobody is there. */
export async function connectOrderPipe(options: OrderPipeOptions): Promise<OrderPipe> {
  const pipe = new OrderPipe(options);
  await pipe.connected();
  return pipe;
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

  readonly #socket: Socket;
  readonly #reader: AnswerReader;
  #chunk = new DataView(new ArrayBuffer(CHUNK_BYTES));
  /** Bytes of #chunk in use. */
  #length = 0;
  readonly #spareChunks: DataView<ArrayBuffer>[] = [];
  #isOpen = true;
  #isEnding = false;
  #failure: SeriatimError | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  constructor(options: OrderPipeOptions) {
    const { host, port, window } = options;
    if (!Number.isInteger(window) || window < 1 || window > WINDOW_MAX) {
      throw invalidArgument(`window ${window} is not an integer from 1 to ${WINDOW_MAX}`);
    }
    this.peer = `${host}:${port}`;
    this.window = window;
    this.#reader = new AnswerReader(options.listener);
    const { buffer } = this.#reader;
    const callback = (length: number): boolean => this.#received(length);
    this.#socket = connect({ host, port, noDelay: true, onread: { buffer, callback } });
    const { promise, resolve } = Promise.withResolvers<SeriatimError | undefined>();
    this.closed = promise;
    this.#socket.on("error", (error) => {
      this.#failure ??= connectionLost(this.peer, error.message);
    });
    this.#socket.once("close", () => resolve(this.#gone()));
  }

  /** Resolves when the connection stands; see connectOrderPipe. */
  async connected(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(connectError(this.peer, "ETIMEDOUT", `no answer within ${CONNECT_TIMEOUT_MS} ms`));
      this.#socket.destroy();
    }, CONNECT_TIMEOUT_MS);
    this.#socket.once("connect", resolve);
    this.#socket.once("error", (error: NodeJS.ErrnoException) => {
      reject(connectError(this.peer, error.code ?? "CONNECT_FAILED", error.message));
    });
    await promise.finally(() => clearTimeout(timer));
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
    if (!this.#isOpen || this.#isEnding || this.inFlight >= this.window) return false;
    return this.#socket.writableLength + this.#length <= UNSENT_BYTES_MAX;
  }

  /** Resolves when `writable` is true; rejects when it never will be again. */
  ready(): Promise<void> {
    if (this.writable) return Promise.resolve();
    if (!this.#isOpen || this.#isEnding)
      return Promise.reject(this.#failure ?? connectionLost(this.peer, "it is closed"));
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
    const n = this.#claim(NEW_ORDER_BYTES);
    this.#length = encodeNewOrder(
      this.#chunk,
      this.#length,
      lowLane(n),
      highLane(n),
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
    const n = this.#claim(CANCEL_BYTES);
    this.#length = encodeCancelOrder(
      this.#chunk,
      this.#length,
      lowLane(n),
      highLane(n),
      idLow,
      idHigh,
      symbol,
    );
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
    const n = this.#claim(MODIFY_BYTES);
    this.#length = encodeModify(
      this.#chunk,
      this.#length,
      lowLane(n),
      highLane(n),
      idLow,
      idHigh,
      symbol,
      priceLow,
      priceHigh,
      quantity,
    );
  }

  /** Puts in a Hello; its answer is a HelloAck. */
  hello(account: number): void {
    const n = this.#claim(HELLO_BYTES);
    this.#length = encodeHello(this.#chunk, this.#length, lowLane(n), highLane(n), account);
  }

  /** Asks for the instruments, and says Hello behind it: the list has no end mark, so the HelloAck is it. */
  instruments(account: number): void {
    this.#makeRoom(INSTRUMENTS_BYTES);
    this.#length = encodeInstruments(this.#chunk, this.#length, 0, 0);
    this.hello(account);
  }

  /** Puts in a Heartbeat; it does not count against the window. */
  heartbeat(tokenLow: number, tokenHigh: number): void {
    this.#makeRoom(HEARTBEAT_BYTES);
    this.#length = encodeHeartbeat(this.#chunk, this.#length, tokenLow, tokenHigh);
  }

  /** Sends what was put in. */
  flush(): void {
    if (this.#length === 0 || !this.#isOpen) return;
    const chunk = this.#chunk;
    let taken = false;
    this.#socket.write(new Uint8Array(chunk.buffer, 0, this.#length), () => {
      if (!taken) this.#spareChunks.push(chunk);
      this.#resolveReady();
    });
    this.#length = 0;
    // Nothing waits in the socket: the kernel has copied it all, and the chunk is ours again.
    taken = this.#socket.writableLength === 0;
    if (!taken) this.#chunk = this.#spareChunks.pop() ?? new DataView(new ArrayBuffer(CHUNK_BYTES));
  }

  /** Sends what was put in and no more; the exchange answers it all and closes. Resolves like `closed`. */
  end(): Promise<SeriatimError | undefined> {
    if (this.#isOpen && !this.#isEnding) {
      this.flush();
      this.#isEnding = true;
      this.#socket.end();
      this.#endTimer = setTimeout(() => {
        this.destroy(connectionLost(this.peer, `it was not done within ${END_TIMEOUT_MS} ms of the end`));
      }, END_TIMEOUT_MS);
    }
    return this.closed;
  }

  /** Cuts the connection at once. */
  destroy(failure = connectionLost(this.peer, "it was cut")): void {
    this.#failure ??= failure;
    this.#socket.destroy();
  }

  #claim(bytes: number): number {
    this.#makeRoom(bytes);
    return ++this.requests;
  }

  #makeRoom(bytes: number): void {
    assert(this.writable, "a request needs a pipe that is writable");
    if (this.#length + bytes > CHUNK_BYTES) this.flush();
  }

  #received(length: number): boolean {
    let problem: string | undefined = "an answer that its listener failed on";
    try {
      problem = this.#reader.push(length);
    } finally {
      // Also when the listener throws: the rest of the chunk is lost, so nothing after it can be trusted.
      if (problem !== undefined) this.destroy(connectionLost(this.peer, `it sent ${problem}`));
    }
    this.#resolveReady();
    return true;
  }

  #resolveReady(): void {
    if (this.#ready === undefined || !this.writable) return;
    this.#ready.resolve();
    this.#ready = undefined;
  }

  #gone(): SeriatimError | undefined {
    this.#isOpen = false;
    clearTimeout(this.#endTimer);
    if (this.#failure === undefined && (!this.#isEnding || this.inFlight > 0)) {
      this.#failure = connectionLost(this.peer, "the exchange closed it");
    }
    this.#ready?.reject(this.#failure ?? connectionLost(this.peer, "it is closed"));
    return this.#failure;
  }
}

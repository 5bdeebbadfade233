// One connection to an order port, whatever is spoken on it: the socket, plain or TLS, frames in and out, how it came about
// and why it is gone. No promise and no object per message.
//
// Bounds: what waits for the kernel (outbox.ts); a connection stands, and its first answer comes, within `connectTimeout_ms`; after
// `end()` something comes every END_TIMEOUT_MS until all is answered, END_TIMES_MAX of them at most.

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { networkWords, SeriatimError } from "../../base/index.ts";
import { checkSignal, type EndingOptions, endsBy } from "../ending-signal.ts";
import {
  checkInteger,
  checkText,
  closedUnheard,
  connectError,
  connectionLost,
  noOrderPort,
  withTlsHint,
} from "../errors.ts";
import { checkTls, type TlsOptions } from "../tls-options.ts";
import { FrameReader, type FrameTaker } from "./frame-reader.ts";
import { Outbox } from "./outbox.ts";

const CONNECT_TIMEOUT_DEFAULT_MS = 5_000;
/** Nobody waits longer for a connection, and a timer can. */
const CONNECT_TIMEOUT_MAX_MS = 600_000;
/** How long the exchange may say nothing after `end()` while answers are due; then the connection is cut. */
const END_TIMEOUT_MS = 10_000;
/** And how often it may go on with something else: heartbeats come, too, from one that never gets to our end. Five minutes. */
const END_TIMES_MAX = 30;
const NOTHING_CAME = `nothing came for ${END_TIMEOUT_MS} ms after the end`;
const NOT_DONE = `it was not done within ${END_TIMES_MAX * END_TIMEOUT_MS} ms of the end`;

export interface FrameConnectionOptions extends EndingOptions {
  readonly host: string;
  readonly port: number;
  /** How long the connection may take to stand, and then its first answer to come: 5,000 by default, 600,000 at most. */
  readonly connectTimeout_ms?: number | undefined;
  /** TLS; plain TCP when left out. */
  readonly tls?: TlsOptions | undefined;
  /** Who is there has been spoken to before: whether it speaks TLS is no question. */
  readonly isKnown?: boolean | undefined;
  readonly take: FrameTaker;
  /** Whether the peer may close now, after `end()`. */
  hasAllAnswers(): boolean;
  /** Something was read, or the kernel has taken something: `out` may have room again. */
  onTurn(): void;
}

export class FrameConnection {
  /** `host:port`, for messages. */
  readonly peer: string;
  /** Frames to send; `flush()` sends them. */
  readonly out: Outbox;
  /**
   * Resolves when the connection is gone: undefined when it was ended by us with everything answered, else why.
   * Never rejects.
   */
  readonly closed: Promise<SeriatimError | undefined>;
  failure: SeriatimError | undefined;
  /** How often anything was read. */
  reads = 0;
  readonly #options: FrameConnectionOptions;
  readonly #connectTimeout_ms: number;
  readonly #connected: Promise<void>;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #stands = false;
  #isOver = false;
  #isEnding = false;
  #endTimer: NodeJS.Timeout | undefined;

  constructor(options: FrameConnectionOptions) {
    const { host, port, connectTimeout_ms = CONNECT_TIMEOUT_DEFAULT_MS } = options;
    checkText("host", host);
    checkInteger("port", port, 1, 65_535);
    checkInteger("connectTimeout_ms", connectTimeout_ms, 1, CONNECT_TIMEOUT_MAX_MS);
    checkTls(options.tls);
    checkSignal(options.signal);
    this.#options = options;
    this.peer = `${host}:${port}`;
    this.#connectTimeout_ms = connectTimeout_ms;
    this.#reader = new FrameReader(options.take);
    this.#socket = this.#open();
    this.out = new Outbox(this.#socket, () => options.onTurn());
    const { promise, resolve } = Promise.withResolvers<SeriatimError | undefined>();
    this.closed = promise;
    this.#connected = this.#whenConnected();
    // Who doesn't ask for it learns of a failure by `closed`.
    this.#connected.catch(() => {});
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.failure ??= this.#failed(error);
    });
    this.#socket.once("close", () => resolve(this.#gone()));
    endsBy(options.signal, promise, (failure) => this.destroy(failure));
  }

  /** Whether requests may be put in: it is not gone, and nobody has asked for its end. */
  get isOpen(): boolean {
    return !this.#isOver && !this.#isEnding;
  }

  /** Resolves when the connection stands, now or before; rejects with SeriatimError (`ECONNREFUSED`, `ETIMEDOUT`, ...). */
  connected(): Promise<void> {
    return this.#connected;
  }

  /** `answer`, which the first request leads to: a peer that connects and then says nothing is cut and `closed` says so. */
  async welcome<T>(toWhat: string, answer: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.destroy(this.#timedOut(` to ${toWhat}`)), this.#connectTimeout_ms);
    return answer.finally(() => clearTimeout(timer));
  }

  /** Reads nothing more until `resume()`: the peer is told so by TCP. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends what was put in and no more; the exchange answers it all and closes. Resolves like `closed`. */
  end(): Promise<SeriatimError | undefined> {
    if (!this.isOpen) return this.closed;
    this.closesSoon();
    this.#socket.end();
    return this.closed;
  }

  /** Sends what was put in; the exchange was asked to close when it has answered everything. Resolves like `closed`. */
  closesSoon(): Promise<SeriatimError | undefined> {
    this.out.write();
    this.#isEnding = true;
    if (this.#endTimer === undefined) this.#watchEnd(END_TIMES_MAX);
    return this.closed;
  }

  /** What is still to come may be long: a session's Logout is not even read while many reports wait for us. */
  #watchEnd(times: number): void {
    const { reads } = this;
    this.#endTimer = setTimeout(() => {
      // Of a connection that is not read here nothing comes, whatever the exchange does.
      const mayCome = this.reads > reads || this.#socket.isPaused();
      if (mayCome && times > 1) this.#watchEnd(times - 1);
      else this.destroy(connectionLost(this.peer, mayCome ? NOT_DONE : NOTHING_CAME));
    }, END_TIMEOUT_MS);
  }

  /** Cuts the connection at once. */
  destroy(failure = connectionLost(this.peer, "it was cut")): void {
    this.failure ??= failure;
    this.#socket.destroy();
  }

  #open(): Socket {
    const { host, port, tls } = this.#options;
    if (tls === undefined) {
      const { buffer } = this.#reader;
      const callback = (length: number): boolean => this.#received(length);
      return connect({ host, port, noDelay: true, onread: { buffer, callback } });
    }
    const socket = connectTls({ host, port, ...tls });
    socket.setNoDelay(true);
    // TLS knows no buffer of ours: what it read is copied.
    socket.on("data", (chunk: Buffer) => this.#receivedChunk(chunk));
    return socket;
  }

  #whenConnected(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.destroy(this.#timedOut("")), this.#connectTimeout_ms);
    this.#socket.once(this.#options.tls === undefined ? "connect" : "secureConnect", () => {
      this.#stands = true;
      resolve();
    });
    this.#socket.once("close", () => reject(this.failure ?? connectionLost(this.peer, "it was closed")));
    return promise.finally(() => clearTimeout(timer));
  }

  #failed({ code = "CONNECT_FAILED", message }: NodeJS.ErrnoException): SeriatimError {
    const { isKnown = false, tls } = this.#options;
    const isTls = tls !== undefined;
    if (!this.#stands) return connectError(this.peer, code, message, isTls && !isKnown);
    const why = networkWords(code, message);
    return connectionLost(this.peer, this.#reader.hasHeard || isKnown ? why : withTlsHint(why, isTls));
  }

  #timedOut(toWhat: string): SeriatimError {
    const why = `no answer${toWhat} within ${this.#connectTimeout_ms} ms`;
    return new SeriatimError("ETIMEDOUT", `can't connect to ${this.peer}: ${why}`);
  }

  #receivedChunk(chunk: Buffer): void {
    const { buffer } = this.#reader;
    for (let at = 0; at < chunk.length && !this.#socket.destroyed; at += buffer.length) {
      const part = chunk.subarray(at, at + buffer.length);
      buffer.set(part);
      this.#received(part.length);
    }
  }

  #received(length: number): boolean {
    this.reads++;
    let problem: string | undefined = "an answer that its listener failed on";
    try {
      problem = this.#reader.push(length);
    } finally {
      // Also when the listener throws: the rest of the chunk is lost, so nothing after it can be trusted.
      if (problem !== undefined)
        this.destroy(
          this.#reader.hasHeard
            ? connectionLost(this.peer, `it sent ${problem}`)
            : noOrderPort(this.peer, problem),
        );
    }
    this.#options.onTurn();
    return true;
  }

  #gone(): SeriatimError | undefined {
    this.#isOver = true;
    clearTimeout(this.#endTimer);
    if (this.failure === undefined && (!this.#isEnding || !this.#options.hasAllAnswers())) {
      const { isKnown = false, tls } = this.#options;
      this.failure = this.#reader.hasHeard
        ? connectionLost(this.peer, "the exchange closed it")
        : closedUnheard(this.peer, isKnown || tls !== undefined);
    }
    return this.failure;
  }
}

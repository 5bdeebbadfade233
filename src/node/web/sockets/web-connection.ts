// One WebSocket: a thin shell between the library's socket and a session. It knows bytes and timers, the session knows
// messages.
//
// Output: what is sent until the connection's turn to be written (write-turns.ts) leaves in one write. Above `outputSlow_bytes` of waiting output the peer
// counts as slow, and the session is told when it is not any more; above `output_bytes` it is disconnected.

import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { addressKey } from "../../../base/index.ts";
import { CloseCode } from "../../../protocol/index.ts";
import type { ConnectionLog } from "../../connection-log.ts";
import { type RefusedHello, type SessionPeer, WebSession } from "../session/session.ts";
import type { WebExchange } from "../session/web-exchange.ts";
import { WebClose, type WebCounters } from "../web-limits.ts";
import { MessageClock } from "./message-clock.ts";

const CLOSE_OF_CODE: ReadonlyMap<CloseCode, WebClose> = new Map([
  [CloseCode.LoggedOut, WebClose.LoggedOut],
  [CloseCode.GoingAway, WebClose.GoingAway],
  [CloseCode.BinaryFrame, WebClose.BinaryFrame],
  [CloseCode.NoHello, WebClose.NoHello],
  [CloseCode.TooSlow, WebClose.TooSlow],
  [CloseCode.Replaced, WebClose.Replaced],
  [CloseCode.DeadMan, WebClose.DeadMan],
  [CloseCode.MessageTimeout, WebClose.MessageTimeout],
  [CloseCode.TooManyMessages, WebClose.TooManyMessages],
]);

/** What the library found wrong with a peer's frames; it then closes with the code that RFC 6455 has for it. */
const CLOSE_OF_ERROR: ReadonlyMap<unknown, WebClose> = new Map([
  ["WS_ERR_INVALID_UTF8", WebClose.NoText],
  ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", WebClose.TooLong],
]);

/** The connection was broken off without a closing handshake. */
const ABNORMAL_CLOSE = 1006;

/** What the connections of a web share. */
export interface WebParts {
  readonly exchange: WebExchange;
  readonly counters: WebCounters;
  readonly closings: ConnectionLog;
}

export class WebConnection implements SessionPeer {
  readonly #socket: WebSocket;
  /** What the WebSocket writes to. */
  readonly #stream: Duplex;
  readonly #exchange: WebExchange;
  readonly #counters: WebCounters;
  readonly #closings: ConnectionLog;
  readonly #session: WebSession;
  /** What the peer's address counts as. */
  readonly #address: string;
  readonly #helloTimer: NodeJS.Timeout;
  readonly #pingTimer: NodeJS.Timeout;
  readonly #messageClock: MessageClock;
  readonly #onWritten = (): void => this.#written();
  readonly #write = (): void => this.#writeFrames();
  /** Until its turn to be written (write-turns.ts): they leave in one write. */
  #unwritten: Buffer[] = [];
  #unwritten_bytes = 0;
  #isSlow = false;
  #isAnswering = true;
  #isHeld = false;
  #why: WebClose | undefined;
  #refused: RefusedHello | undefined;

  constructor(
    socket: WebSocket,
    stream: Duplex,
    address: string,
    { exchange, counters, closings }: WebParts,
  ) {
    this.#address = addressKey(address);
    this.#closings = closings;
    this.#socket = socket;
    this.#stream = stream;
    this.#exchange = exchange;
    this.#counters = counters;
    this.#session = new WebSession(this, exchange);
    const { hello_ms, ping_ms, message_ms } = exchange.limits;
    this.#messageClock = new MessageClock(message_ms * 1_000);
    // Before the library, which tells of messages while it takes what was read.
    stream.prependListener("data", (chunk: Buffer) => this.#messageClock.read(chunk.length));
    this.#helloTimer = setTimeout(() => this.#missHello(), hello_ms);
    this.#pingTimer = setInterval(() => this.#ping(), ping_ms);
    socket.on("message", (data: Buffer, isBinary) => this.#take(data, isBinary));
    socket.on("ping", (data: Buffer) => {
      this.#messageClock.control(data.length);
      this.#session.count();
    });
    socket.on("pong", (data: Buffer) => {
      this.#isAnswering = true;
      this.#messageClock.control(data.length);
      this.#session.count();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#why ??= CLOSE_OF_ERROR.get(error.code) ?? WebClose.Malformed;
    });
    socket.once("close", (code) => this.#closed(code));
  }

  get hasPlace(): boolean {
    return this.#session.hasPlace;
  }

  /** Ends it at once, without a closing handshake. */
  breakOff(why: WebClose): void {
    this.#why ??= why;
    this.#session.end();
    this.#socket.terminate();
  }

  get wantsStatus(): boolean {
    return this.#session.wantsStatus;
  }

  sendStatus(text: string): void {
    this.#session.sendStatus(text);
  }

  get wantsTape(): boolean {
    return this.#session.wantsTape;
  }

  sendTape(text: string): void {
    this.#session.sendTape(text);
  }

  send(text: string): boolean {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return false;
    const frame = this.#exchange.frames.of(text);
    if (this.#unwritten.push(frame) === 1) this.#exchange.writes.ask(this.#write);
    this.#unwritten_bytes += frame.length;
    this.#counters.messagesSent++;
    const waiting = socket.bufferedAmount + this.#unwritten_bytes;
    const { output_bytes, outputSlow_bytes } = this.#exchange.limits;
    if (waiting > output_bytes) this.close(CloseCode.TooSlow, `too slow: ${output_bytes} bytes wait for you`);
    else if (waiting > outputSlow_bytes) this.#isSlow = true;
    return !this.#isSlow;
  }

  /** To be called once a second or so, with a monotonic clock: ends it when a message that it began has had its time. */
  tick(now_us: number): void {
    const isOpen = this.#socket.readyState === this.#socket.OPEN;
    if (!this.#messageClock.isOver(now_us, isOpen && !this.#isHeld)) return;
    const { message_ms } = this.#exchange.limits;
    this.close(CloseCode.MessageTimeout, `a message that was begun was not finished within ${message_ms} ms`);
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) this.#socket.pause();
    else this.#socket.resume();
  }

  admitsLogon(): boolean {
    const { attempts, clock } = this.#exchange;
    const admits = attempts.admits(this.#address, clock.monotonicMicros());
    if (!admits) this.#counters.throttledLogons++;
    return admits;
  }

  close(code: CloseCode, why: string, refused?: RefusedHello): void {
    this.#why ??= refused === undefined ? CLOSE_OF_CODE.get(code) : WebClose.LogonRefused;
    this.#refused = refused;
    this.#session.end();
    this.#writeFrames();
    // A paused socket would not read the peer's half of the closing handshake.
    this.#socket.resume();
    this.#socket.close(code, why);
  }

  #take(data: Buffer, isBinary: boolean): void {
    this.#counters.messagesReceived++;
    this.#messageClock.message();
    if (isBinary) this.close(CloseCode.BinaryFrame, "messages are text frames");
    else this.#session.take(data.toString());
    if (this.#session.isGreeted) clearTimeout(this.#helloTimer);
  }

  #missHello(): void {
    this.close(CloseCode.NoHello, `no hello within ${this.#exchange.limits.hello_ms} ms`);
  }

  #ping(): void {
    if (!this.#isAnswering) {
      this.#why ??= WebClose.Silent;
      this.#socket.terminate();
    } else {
      this.#isAnswering = false;
      this.#socket.ping();
    }
  }

  /** Whole frames, and nothing of the library's lies between them: it writes at once, and nobody sends a message in pieces. */
  #writeFrames(): void {
    const frames = this.#unwritten;
    if (frames.length === 0) return;
    this.#unwritten = [];
    this.#unwritten_bytes = 0;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#stream.write(frames.length === 1 ? frames[0] : Buffer.concat(frames), this.#onWritten);
  }

  #written(): void {
    if (!this.#isSlow || this.#socket.bufferedAmount > this.#exchange.limits.outputSlow_bytes / 4) return;
    this.#isSlow = false;
    this.#session.drained();
  }

  #closed(code: number): void {
    clearTimeout(this.#helloTimer);
    clearInterval(this.#pingTimer);
    this.#session.end();
    const reason = this.#why ?? (code === ABNORMAL_CLOSE ? WebClose.Broken : WebClose.PeerEnded);
    this.#counters.closes[reason]++;
    this.#closings.closing({ reason, address: this.#address, ...this.#refused });
  }
}

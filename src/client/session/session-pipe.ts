// One connection that is logged on to order entry: the proof of who it is, then requests by numbers of the caller's choice, and
// reports, refusals and lists as they come. It keeps no request and decides nothing: TradingSession is built on it.
//
// Bounds: what waits for the kernel; at that bound `writable` is false, and a request is a bug of the caller's.

/// <reference types="node" preserve="true" />

import { assert, highLane, lowLane, type SeriatimError } from "../../base/index.ts";
import {
  encodeHeartbeat,
  encodeInstruments,
  encodeLogonRequest,
  encodeLogout,
  encodeSessionLogon,
  frameBytes,
  LogonAckFlag,
  type LogonAnswer,
  MessageType,
  putSessionProof,
  readLogonAck,
  readLogonRefused,
  readSessionChallenge,
  SessionFlag,
  sessionStatement,
} from "../../protocol/index.ts";
import type { EndingOptions } from "../ending-signal.ts";
import { checkInteger, connectionLost, LogonRefusedError, sessionOver, signerFailed } from "../errors.ts";
import { type CancelOrder, checkU32, idOf, type ModifyOrder, type NewOrder } from "../order-values.ts";
import type { TlsOptions } from "../tls-options.ts";
import { strangeFrame } from "../wire/answer-reader.ts";
import { FrameConnection } from "../wire/frame-connection.ts";
import type { Outbox } from "../wire/outbox.ts";
import {
  encodeCancel,
  encodeChange,
  encodeMass,
  encodeOpen,
  encodeOrder,
  encodeStatus,
} from "../wire/request-frames.ts";
import { provenBy, type SessionKey, type Signer, signerOf } from "./session-key.ts";
import { type SessionListener, tellSession } from "./session-reader.ts";
import type { MassCancel, OpenOrdersOf, OrderOf } from "./session-values.ts";

const LOGON_BYTES = frameBytes(MessageType.Logon);
const HEARTBEAT_BYTES = frameBytes(MessageType.Heartbeat);

/** What a session is, over all its connections. */
export interface SessionTerms {
  /** The file of a key, the key, or what signs with it. */
  readonly key: SessionKey;
  readonly account: number;
  /** Tells several sessions of one key and account apart: 0 by default. A later logon of the same takes the place of this one. */
  readonly instance?: number;
  /** When the connection is lost all orders of the account are cancelled: false by default. */
  readonly cancelOnDisconnect?: boolean;
  /** All orders of the account are cancelled when nothing was heard of the session for so long: 0, never, by default. */
  readonly deadMan_ms?: number;
  /** Drop copy: reports and queries, no requests on orders: false by default. */
  readonly readOnly?: boolean;
  /** The numbers of its requests are used once, and are the account's: one such session at a time. False by default. */
  readonly once?: boolean;
  /** How often each side says something at least: 0, which is the exchange's choice, by default. */
  readonly heartbeat_ms?: number;
}

export interface SessionPipeOptions extends SessionTerms, EndingOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  readonly port: number;
  /** The number of the first report wanted; 0, from now on, by default. */
  readonly next?: number;
  /** How long the connection may take to stand, and then to be logged on: 5,000 by default. */
  readonly connectTimeout_ms?: number | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly listener: SessionListener;
  /** Logged on: before any report. */
  readonly onLogon?: (answer: LogonAnswer) => void;
  /** Something was read, or the kernel has taken something. */
  readonly onTurn?: () => void;
}

export class SessionPipe {
  readonly account: number;
  /** `host:port`, for messages. */
  readonly peer: string;
  /** What the exchange calls this connection: reports that answer it carry that. */
  session = 0n;
  /** The number of the first report that follows. */
  first = 0;
  /** The number of the first report that was not made when this logon took effect. */
  next = 0;
  /** `first` is not what was asked for. */
  hasGap = false;
  /** What holds on this connection. */
  heartbeat_ms = 0;
  /** The exchange has said that our logout is safe; a close after `logout()` without that may be a node's that stops just then. */
  isLoggedOut = false;
  /** Resolves when the connection is gone: undefined after `logout()`, else why. Never rejects. */
  readonly closed: Promise<SeriatimError | undefined>;
  readonly #options: SessionPipeOptions;
  readonly #signer: Signer;
  readonly #connection: FrameConnection;
  readonly #loggedOn: Promise<void>;
  readonly #answer = Promise.withResolvers<void>();
  #isLoggedOn = false;

  /** Not yet logged on: see connectSession. `isKnown`: a session was there before. */
  constructor(options: SessionPipeOptions, isKnown = false) {
    const { host = "127.0.0.1", port, connectTimeout_ms, tls, signal, onTurn = () => {} } = options;
    this.account = checkU32("account", options.account);
    checkU32("instance", options.instance ?? 0);
    checkU32("deadMan_ms", options.deadMan_ms ?? 0);
    checkU32("heartbeat_ms", options.heartbeat_ms ?? 0);
    checkInteger("next", options.next ?? 0, 0, Number.MAX_SAFE_INTEGER);
    this.#signer = signerOf(options.key);
    this.#options = options;
    this.#connection = new FrameConnection({
      host,
      port,
      connectTimeout_ms,
      tls,
      signal,
      isKnown,
      take: (view, at, type) => this.#take(view, at, type),
      // The exchange answers everything before it closes, and a list or a report is missed by its number.
      hasAllAnswers: () => true,
      onTurn,
    });
    this.peer = this.#connection.peer;
    this.closed = this.#connection.closed;
    this.#loggedOn = this.#logOn();
    // Who doesn't ask for it learns of a failure by `closed`.
    this.#loggedOn.catch(() => {});
  }

  /** Resolves when it is logged on; rejects with SeriatimError: `LOGON_REFUSED`, or why no connection came about. */
  loggedOn(): Promise<void> {
    return this.#loggedOn;
  }

  /** `answer`, which a request leads to: a peer that says nothing is cut and `closed` says so. */
  welcome<T>(toWhat: string, answer: Promise<T>): Promise<T> {
    return this.#connection.welcome(toWhat, answer);
  }

  /** Whether it is not gone, and nobody has asked for its end. */
  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** For whoever encodes requests of its own; only when `writable`. */
  get out(): Outbox {
    return this.#connection.out;
  }

  /** Whether a request may be put in now. */
  get writable(): boolean {
    return this.#isLoggedOn && this.#connection.isOpen && this.#connection.out.hasRoom;
  }

  /** How often anything was read, and written: who counts them knows of silence. */
  get reads(): number {
    return this.#connection.reads;
  }

  get writes(): number {
    return this.#connection.out.writes;
  }

  /** Requests with numbers of the caller's; throw SeriatimError `INVALID_ARGUMENT`. They leave with `flush()`. */
  submit(request: number, order: NewOrder): void {
    this.#put(encodeOrder(request, order).frame);
  }

  modify(request: number, order: ModifyOrder): void {
    this.#put(encodeChange(request, order).frame);
  }

  cancel(request: number, order: CancelOrder): void {
    this.#put(encodeCancel(request, order).frame);
  }

  massCancel(request: number, which: MassCancel): void {
    this.#put(encodeMass(request, which));
  }

  orderStatus(request: number, order: OrderOf): void {
    this.#put(encodeStatus(request, order));
  }

  openOrders(request: number, which: OpenOrdersOf): void {
    this.#put(encodeOpen(request, which));
  }

  /** Asks for the instruments. */
  instruments(request: number): void {
    const frame = new DataView(new ArrayBuffer(frameBytes(MessageType.Instruments)));
    encodeInstruments(frame, 0, lowLane(request), highLane(request));
    this.#put(new Uint8Array(frame.buffer));
  }

  /** Says that this session lives: sent at once, unless more waits than may. */
  heartbeat(): void {
    const { out } = this.#connection;
    if (!this.writable) return;
    out.reserve(HEARTBEAT_BYTES);
    out.length = encodeHeartbeat(out.view, out.length, 0, 0);
    out.flush();
  }

  /** Sends what was put in, now or when the kernel has taken what was sent before. */
  flush(): void {
    this.#connection.out.flush();
  }

  /** Reads nothing more until `resume()`: the exchange keeps the reports meanwhile. */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Ends the session, without cancel on disconnect, when everything sent is answered. Resolves like `closed`. */
  logout(): Promise<SeriatimError | undefined> {
    const { out, isOpen } = this.#connection;
    if (!isOpen) return this.closed;
    if (!this.#isLoggedOn) this.destroy();
    out.reserve(frameBytes(MessageType.Logout));
    out.length = encodeLogout(out.view, out.length);
    return this.#connection.closesSoon();
  }

  /** Cuts the connection at once. */
  destroy(failure?: SeriatimError): void {
    this.#connection.destroy(failure);
  }

  #put(frame: Uint8Array): void {
    assert(this.writable, "a request needs a pipe that is writable");
    this.#connection.out.put(frame);
  }

  async #logOn(): Promise<void> {
    await this.#connection.connected();
    const { out } = this.#connection;
    out.length = encodeLogonRequest(out.view, out.length);
    out.flush();
    const gone = this.closed.then((failure) => {
      throw failure ?? connectionLost(this.peer, "it was closed");
    });
    await this.#connection.welcome("the logon", Promise.race([this.#answer.promise, gone]));
  }

  #take(view: DataView, at: number, type: MessageType): string | undefined {
    // Given up in the middle of what was read: the rest of it counts no more.
    if (this.#connection.failure !== undefined) return undefined;
    if (type === MessageType.LogonRefused) {
      this.#refused(readLogonRefused(view, at));
      return undefined;
    }
    if (type === MessageType.LoggedOut) {
      // What was asked for; the close follows.
      this.isLoggedOut = this.#isLoggedOn && !this.isOpen;
      return this.isLoggedOut ? undefined : strangeFrame(type);
    }
    if (this.#isLoggedOn) return tellSession(this.#options.listener, view, at, type);
    if (type === MessageType.Challenge) return this.#prove(view, at);
    if (type === MessageType.LogonAck) return this.#welcomed(readLogonAck(view, at));
    return strangeFrame(type);
  }

  #prove(view: DataView, at: number): undefined {
    const { account, instance = 0, next = 0, deadMan_ms = 0, heartbeat_ms = 0 } = this.#options;
    const { name } = this.#signer;
    const terms = { name, account, instance, flags: this.#flags(), next, deadMan_ms, heartbeat_ms };
    const { out } = this.#connection;
    out.reserve(LOGON_BYTES);
    const logon = out.length;
    out.length = encodeSessionLogon(out.view, logon, terms);
    const statement = sessionStatement(out.view, logon, readSessionChallenge(view, at));
    try {
      putSessionProof(out.view, logon, provenBy(this.#signer, statement));
    } catch (error) {
      // It is the program's own, and nobody could catch what it throws in here.
      this.destroy(signerFailed(name, error));
    }
    out.flush();
  }

  #flags(): number {
    const { cancelOnDisconnect = false, readOnly = false, once = false } = this.#options;
    return (
      (cancelOnDisconnect ? SessionFlag.CancelOnDisconnect : 0) |
      (readOnly ? SessionFlag.ReadOnly : 0) |
      (once ? SessionFlag.Once : 0)
    );
  }

  #welcomed(answer: LogonAnswer): string | undefined {
    if (answer.account !== this.account) return `a logon as account ${answer.account}`;
    this.session = idOf(answer.sessionLow, answer.sessionHigh);
    this.first = answer.first;
    this.next = answer.next;
    this.hasGap = (answer.flags & LogonAckFlag.Gap) !== 0;
    this.heartbeat_ms = answer.heartbeat_ms;
    this.#isLoggedOn = true;
    this.#options.onLogon?.(answer);
    this.#answer.resolve();
    return undefined;
  }

  #refused(reason: number): void {
    const { peer, account } = this;
    const { name, says } = this.#signer;
    this.destroy(
      this.#isLoggedOn
        ? sessionOver(peer, reason)
        : new LogonRefusedError(peer, reason, { name, account, says }),
    );
  }
}

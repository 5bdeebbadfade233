// One connection of the gateway: its session, its output, and what the gateway must remember of it. It answers the
// session directly where no engine is asked.

import {
  encodeHeartbeatAck,
  encodeHelloAck,
  encodeInstrument,
  encodeInstrumentsEnd,
  encodeLoggedOut,
  encodeLogonRefused,
  encodeRefused,
  encodeReject,
  encodeServerHeartbeat,
  encodeSessionChallenge,
  frameBytes,
  frameSequenceHigh,
  frameSequenceLow,
  type Instrument,
  MessageType,
  Reason,
} from "../protocol/index.ts";
import type { CloseDetails } from "./closing.ts";
import type { Conversation, LogonDoor, SessionHost } from "./conversation.ts";
import type { Seen } from "./guard/deadlines.ts";
import type { Guard } from "./guard/guard.ts";
import { CloseReason, type GatewayCounters, type GatewayLimits, OUTPUT_RESERVE_bytes } from "./limits.ts";
import type { Grant } from "./logged-on/access.ts";
import type { LoggedOn } from "./logged-on/logged-on.ts";
import type { LogonDesk } from "./logged-on/logon-desk.ts";
import { type CommandSink, OrderSession, type SessionInput } from "./order-session.ts";
import { ConnectionOutput } from "./output/connection-output.ts";
import type { ChunkPool } from "./output/output-buffer.ts";

/** The instruments a client may ask for. */
export interface InstrumentDirectory {
  /** Symbols are numbered 0 .. count - 1. */
  readonly count: number;
  instrument(symbol: number): Instrument;
}

/** What all connections of one gateway share. */
export interface ConnectionContext {
  readonly limits: GatewayLimits;
  readonly counters: GatewayCounters;
  readonly pool: ChunkPool;
  readonly guard: Guard;
  readonly input: SessionInput;
  readonly sink: CommandSink;
  readonly directory: InstrumentDirectory;
  /** Why requests on orders are refused now, or None. */
  readonly refusal: Reason;
  /** Where connections log on; undefined: nowhere. */
  readonly desk: LogonDesk | undefined;
  /** The connection has answers that must be sealed. */
  appended(connection: Connection): void;
  /** The connection is sent the RestingFills of `account` from now on. */
  route(connection: Connection, account: number): void;
  /** The answers of a query are appended: they wait for the last position there is. */
  answeredQuery(connection: Connection): void;
  /** The cap of waiting answers was reached: the connection is ended, and sent what waits if its peer reads. */
  full(connection: Connection): void;
  /** There is no memory for its answers: the connection is ended and they are dropped. */
  giveUp(connection: Connection, reason: CloseReason): void;
}

/** Of the soft mark, what reports take: 1 / this, and a run of them. Reading goes on at half of it. */
const REPORTS_SHARE = 4;
const ACK_BYTES = frameBytes(MessageType.Ack);
const FILL_BYTES = frameBytes(MessageType.Fill);
const REJECT_BYTES = frameBytes(MessageType.Reject);
const HEARTBEAT_ACK_BYTES = frameBytes(MessageType.HeartbeatAck);
const HELLO_ACK_BYTES = frameBytes(MessageType.HelloAck);
const INSTRUMENT_BYTES = frameBytes(MessageType.Instrument);
const INSTRUMENTS_END_BYTES = frameBytes(MessageType.InstrumentsEnd);
const CHALLENGE_BYTES = frameBytes(MessageType.Challenge);
const LOGON_REFUSED_BYTES = frameBytes(MessageType.LogonRefused);
const LOGGED_OUT_BYTES = frameBytes(MessageType.LoggedOut);
const REFUSED_BYTES = frameBytes(MessageType.Refused);
const SERVER_HEARTBEAT_BYTES = frameBytes(MessageType.ServerHeartbeat);

export class Connection implements SessionHost, LogonDoor, Seen {
  readonly number: number;
  readonly slot: number;
  readonly session: OrderSession;
  readonly output: ConnectionOutput;
  /** The account whose RestingFills are sent to it since its Hello, or -1; changed together with the account index. */
  routedAccount = -1;
  /** Reading is paused. */
  paused = false;
  /** What it was challenged with, once it has asked. */
  nonce: Uint8Array | undefined = undefined;
  /** What its proof grants; undefined: it has shown none that was looked at. */
  granted: Grant | "nothing" | "awaited" | undefined = undefined;
  /** Who it is, once that is proved; it stays when the session has ended. */
  loggedOn: LoggedOn | undefined = undefined;
  /** In the gateway's lists of the same name. */
  isUnsealed = false;
  isWaiting = false;
  isStalled = false;
  /** Its input waits for the next turn. */
  isInTurn = false;
  /** The turn of which it has had its share, or some of it. */
  turn = -1;
  /** In the pump's lists of readers that wait for a release, and for room. */
  isDue = false;
  isBehind = false;
  /** No request is taken any more; closed once its answers are out. */
  ending = false;
  /** Its waiting answers have reached the cap: nothing is appended any more, what waits is still sent. */
  isFull = false;
  /** When its time for the last that waits for it began, in microseconds; -1: not yet. */
  lastSince_us = -1;
  /** Its answers were dropped; nothing is appended any more. */
  abandoned = false;
  /** The transport was told to close or destroy it. */
  finished = false;
  /** When it was first seen with a held send of which nothing was taken since, in microseconds; -1: none held. */
  heldSince_us = -1;
  /** What its peer had not acknowledged then. */
  heldUnacknowledged_bytes = -1;
  readonly #context: ConnectionContext;
  /** Why requests on orders are refused while nothing is proved, or None. */
  #openRefusal: Reason;

  constructor(
    number: number,
    slot: number,
    session: { readonly low: number; readonly high: number },
    context: ConnectionContext,
  ) {
    this.number = number;
    this.slot = slot;
    this.#context = context;
    this.output = new ConnectionOutput(context.limits, context.pool, context.counters);
    const door = context.desk === undefined ? undefined : this;
    this.session = new OrderSession(session, context.sink, this, context.input, context.counters, door);
    this.session.isCounted = context.guard.counts(slot);
    this.#openRefusal = this.#refusalOf(0);
  }

  get counters(): GatewayCounters {
    return this.#context.counters;
  }

  /** Of requests on orders before a logon. */
  get refusal(): Reason {
    return this.#openRefusal === Reason.None ? this.#context.refusal : this.#openRefusal;
  }

  /** Of a logged-on session's requests on orders: what the gateway refuses everybody. */
  get gatewayRefusal(): Reason {
    return this.#context.refusal;
  }

  admits(type: MessageType): boolean {
    return this.#context.guard.admits(this.slot, this.session.account, type);
  }

  haveTokens(requests: number): boolean {
    return this.#context.guard.haveTokens(this.slot, this.session.account, requests);
  }

  spend(orders: number, cancels: number): void {
    this.#context.guard.spend(this.slot, this.session.account, orders, cancels);
  }

  // What the deadlines are reckoned from (Seen). A connection that is not read can't finish its frame.

  get received_bytes(): number {
    return this.session.received_bytes;
  }

  get frames(): number {
    return this.session.frames;
  }

  get isMidFrame(): boolean {
    return !this.paused && this.session.isMidFrame;
  }

  /** Why who has not logged on may not trade for `account`, or None. */
  #refusalOf(account: number): Reason {
    const access = this.#context.desk?.access;
    if (access === undefined) return Reason.None;
    if (!access.openOrderEntry) return Reason.NotLoggedOn;
    return access.reservedAccounts.has(account) ? Reason.NotAuthorised : Reason.None;
  }

  hasRoom(): boolean {
    return this.output.pending_bytes <= this.#context.limits.outputSoft_bytes;
  }

  /** For reports: so much less than for requests that reports alone never keep its requests from being read. */
  hasRoomForReports(): boolean {
    return this.output.pending_bytes <= this.#context.limits.outputSoft_bytes / REPORTS_SHARE;
  }

  answerLimit_fills(): number {
    const { limits, pool } = this.#context;
    // Requests are taken at or below the soft mark only, so this much is always free. What waits at this moment
    // depends on timing; a figure that doesn't lets the same requests make the same log.
    const free_bytes = limits.outputMax_bytes - limits.outputSoft_bytes;
    const room_bytes = Math.min(free_bytes, pool.left_bytes) - OUTPUT_RESERVE_bytes - ACK_BYTES;
    // One account may trade with itself: then this connection is sent the resting side of each fill as well.
    const fill_bytes = this.routedAccount >= 0 ? 2 * FILL_BYTES : FILL_BYTES;
    return Math.max(1, Math.floor(room_bytes / fill_bytes));
  }

  /** Room for an engine answer: its offset in `output.gated.view`, or -1 when the connection is given up. */
  claim(bytes: number): number {
    if (this.abandoned || this.isFull) return -1;
    const at = this.output.claim(bytes);
    if (at < 0) this.#giveUp();
    else if (!this.isUnsealed) this.#context.appended(this);
    return at;
  }

  heartbeat(tokenLow: number, tokenHigh: number): void {
    const at = this.#checked(this.output.claimDirect(HEARTBEAT_ACK_BYTES));
    if (at >= 0) encodeHeartbeatAck(this.output.direct.view, at, tokenLow, tokenHigh);
  }

  refuse(idLow: number, idHigh: number, reason: Reason): void {
    const at = this.#checked(this.output.claimDirect(REJECT_BYTES));
    if (at >= 0) encodeReject(this.output.direct.view, at, idLow, idHigh, reason);
  }

  listInstruments(): void {
    const { directory } = this.#context;
    for (let symbol = 0; symbol < directory.count; symbol++) {
      const at = this.#checked(this.output.claimOrdered(INSTRUMENT_BYTES));
      if (at < 0) return;
      encodeInstrument(this.output.orderedView, at, symbol, directory.instrument(symbol));
    }
  }

  hello(account: number): boolean {
    if (account >= this.#context.limits.accountsMax || this.#refusalOf(account) !== Reason.None) return false;
    this.#openRefusal = Reason.None;
    // The answer first: without room for it the connection is given up, and one that is ending must not be routed.
    const at = this.#checked(this.output.claimOrdered(HELLO_ACK_BYTES));
    if (at < 0) return true;
    const { sessionLow, sessionHigh } = this.session;
    encodeHelloAck(this.output.orderedView, at, account, sessionLow, sessionHigh);
    this.#context.route(this, account);
    return true;
  }

  // ---- logged-on sessions

  logonRequested(): boolean {
    return this.#context.desk?.requested(this) ?? false;
  }

  logon(view: DataView, at: number): boolean {
    return this.#context.desk?.logon(this, view, at) ?? false;
  }

  challenge(nonce: Uint8Array): void {
    const at = this.claimDirect(CHALLENGE_BYTES);
    if (at < 0) return;
    const { sessionLow, sessionHigh } = this.session;
    encodeSessionChallenge(this.output.direct.view, at, nonce, sessionLow, sessionHigh);
  }

  refuseLogon(reason: Reason, details?: CloseDetails): void {
    const at = this.claimDirect(LOGON_REFUSED_BYTES);
    if (at >= 0) encodeLogonRefused(this.output.direct.view, at, reason);
    this.session.end(CloseReason.LogonRefused, details);
  }

  /** From here on it acts as `session`, and its frames mean what `conversation` says. */
  converse(session: LoggedOn, conversation: Conversation): void {
    this.session.account = session.account;
    this.session.isCounted = this.#context.guard.counts(this.slot);
    this.session.conversation = conversation;
  }

  /** Room for a frame that waits for nothing: its offset in `output.direct.view`, or -1 when the connection is given up. */
  claimDirect(bytes: number): number {
    if (this.abandoned || this.isFull) return -1;
    if (this.loggedOn !== undefined) this.loggedOn.hasSpoken = true;
    return this.#checked(this.output.claimDirect(bytes));
  }

  /** The request of `type` at `at` was not taken. */
  refuseRequest(
    view: DataView,
    at: number,
    type: MessageType,
    idLow: number,
    idHigh: number,
    reason: Reason,
  ): void {
    const to = this.claimDirect(REFUSED_BYTES);
    if (to < 0) return;
    const [low, high] = [frameSequenceLow(view, at), frameSequenceHigh(view, at)];
    encodeRefused(this.output.direct.view, to, low, high, idLow, idHigh, reason, type);
  }

  /** `next`: the number of the next report it will be sent. */
  serverHeartbeat(next: number): void {
    const at = this.claimDirect(SERVER_HEARTBEAT_BYTES);
    if (at >= 0) encodeServerHeartbeat(this.output.direct.view, at, next);
  }

  /** The last it is told, behind everything else: its Logout is safe. `next`: the number of the first report it was not sent. */
  loggedOut(next: number): void {
    const at = this.#checked(this.output.claimOrdered(LOGGED_OUT_BYTES));
    if (at >= 0) encodeLoggedOut(this.output.orderedView, at, next);
  }

  /** The list with its end, for the request at `at`. */
  listInstrumentsTo(view: DataView, at: number): void {
    this.listInstruments();
    const to = this.#checked(this.output.claimOrdered(INSTRUMENTS_END_BYTES));
    if (to < 0) return;
    const { count } = this.#context.directory;
    const [low, high] = [frameSequenceLow(view, at), frameSequenceHigh(view, at)];
    encodeInstrumentsEnd(this.output.orderedView, to, low, high, count);
  }

  /** The answers of a query are all claimed. */
  answeredQuery(): void {
    if (!this.abandoned) this.#context.answeredQuery(this);
  }

  /** Passes an offset on; -1 means a bound was reached and the connection is given up. */
  #checked(at: number): number {
    if (at < 0 && !this.abandoned && !this.isFull) this.#giveUp();
    return at;
  }

  #giveUp(): void {
    const { pool, limits } = this.#context;
    if (pool.left_bytes < limits.chunk_bytes) this.#context.giveUp(this, CloseReason.OutputMemory);
    else this.#context.full(this);
  }
}

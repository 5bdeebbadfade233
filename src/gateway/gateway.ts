// The gateway: connections of a transport on one side, the sequencer on the other. One turn of the node:
//
//   received -> session -> sink.claim, commit -> (the node applies the command) onApplied -> the connection's output
//   end of the turn: seal(last position of the batch) -> ... the log is safe up to p ... -> release(p) -> transport
//
// `commit` may call `onApplied` for that command before it returns; the gateway must not be called otherwise from
// inside `commit`. Commands come from within every call but `seal` and `onApplied`.
// Whoever stops reading for a full ring goes on at `resumeStalled`, for too many waiting answers by itself. In one turn of the
// event loop a connection has so many requests taken and no more (turn-share.ts): the rest of its input waits, in the order in
// which they stopped, for the next one.

import {
  CloseCause,
  connectionSlot,
  type Position,
  type RecordBuffer,
  type Transport,
  type TransportHandler,
} from "../base/index.ts";
import { CommandWord, Reason } from "../protocol/index.ts";
import type { Closing } from "./closing.ts";
import { Connection, type ConnectionContext, type InstrumentDirectory } from "./connection.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { Guard } from "./guard/guard.ts";
import { Patience } from "./guard/patience.ts";
import { Reading } from "./guard/reading.ts";
import { mostPendingOf, Rounds } from "./guard/rounds.ts";
import { TurnShare } from "./guard/turn-share.ts";
import {
  assertLimits,
  CLOSE_REASON_NAMES,
  CloseReason,
  firstChunks,
  GatewayCounters,
  type GatewayLimits,
  SESSION_MAX,
} from "./limits.ts";
import type { LogonDesk } from "./logged-on/logon-desk.ts";
import { Logons, type LogonsOptions } from "./logged-on/logons.ts";
import { type CommandSink, SessionInput, SessionState } from "./order-session.ts";
import { AccountIndex } from "./output/account-index.ts";
import { encodeAnswers } from "./output/answer-encoder.ts";
import { ChunkPool } from "./output/output-buffer.ts";
import { Sealing } from "./output/sealing.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SESSION_HIGH = CommandWord.sessionHigh;
const SESSION_LOW = CommandWord.sessionLow;

export class Gateway implements TransportHandler, ConnectionContext {
  readonly limits: GatewayLimits;
  readonly counters = new GatewayCounters();
  readonly pool: ChunkPool;
  readonly guard: Guard;
  readonly input = new SessionInput();
  readonly sink: CommandSink;
  readonly directory: InstrumentDirectory;
  refusal: Reason = Reason.None;
  readonly #transport: Transport;
  readonly #accounts: AccountIndex;
  /** By slot. */
  readonly #connections: (Connection | undefined)[];
  #nextSession: number;
  readonly #sealing = new Sealing((connection) => this.#settle(connection));
  readonly #reading: Reading;
  readonly #patience: Patience;
  readonly #rounds: Rounds;
  readonly #share: TurnShare;
  #isTurnAsked = false;
  readonly #onClosing: (closing: Closing) => void;
  readonly #logons: Logons | undefined;
  #stopped: (() => void) | undefined = undefined;
  #stopping = false;

  constructor(options: GatewayOptions) {
    assertLimits(options.limits);
    this.limits = options.limits;
    this.sink = options.sink;
    this.directory = options.directory;
    this.#transport = options.transport;
    this.#onClosing = options.onClosing ?? (() => {});
    this.guard = new Guard(this.limits, this.counters);
    this.#share = new TurnShare(this.limits, this.counters);
    const { connectionsMax, accountsMax, firstChunk_bytes, chunk_bytes, outputTotal_bytes } = this.limits;
    const queues = firstChunks(connectionsMax);
    this.pool = new ChunkPool({ firstChunk_bytes, chunk_bytes, total_bytes: outputTotal_bytes, queues });
    this.#accounts = new AccountIndex(accountsMax, connectionsMax);
    this.#connections = new Array(connectionsMax).fill(undefined);
    this.#rounds = new Rounds(this.#connections, (connection) => this.#look(connection));
    this.#reading = new Reading(options.transport, this.limits.outputSoft_bytes);
    this.#nextSession = options.firstSession ?? 1;
    this.#patience = new Patience(options.transport, this.limits);
    this.#logons = options.logons && this.#makeLogons(options.logons);
  }

  #makeLogons(options: LogonsOptions): Logons {
    const settle = (connection: Connection) => this.#settle(connection);
    const giveUp = (connection: Connection, reason: CloseReason) => this.giveUp(connection, reason);
    const goOn = (connection: Connection) => {
      this.#resume(connection);
      this.#resumeRelieved();
    };
    return new Logons(options, this, this.#connections, { giveUp, settle }, goOn);
  }

  // ---- the transport's side

  opened(number: number, address: string): void {
    if (this.#stopping) return this.#transport.destroy(number);
    const slot = connectionSlot(number);
    if (this.#nextSession > SESSION_MAX) return this.#turnAway(number, address, "SessionsUsedUp");
    if (!this.guard.enter(slot, address)) return this.#turnAway(number, address, "AddressFull");
    // The slot in the low lane finds the connection again when its answers come.
    const session = { low: slot, high: this.#nextSession++ | 0 };
    const connection = new Connection(number, slot, session, this);
    this.#connections[slot] = connection;
    this.counters.connections++;
    this.counters.opened++;
    const outdone = this.#logons?.arrived(connection);
    if (outdone !== undefined) this.#breakOff(outdone, CloseReason.GaveWay);
  }

  received(number: number, bytes: Uint8Array): void {
    const connection = this.#find(number);
    if (connection === undefined) return;
    this.#enterTurn(connection);
    if (connection.loggedOn !== undefined) connection.loggedOn.hasHeard = true;
    this.sink.arrived();
    if (this.#logons?.sessions.sequenceEnds() === false) connection.session.stall(bytes);
    else connection.session.received(bytes);
    this.sink.taken();
    this.#settle(connection);
    this.#resumeRelieved();
  }

  drained(number: number): void {
    const connection = this.#find(number);
    if (connection === undefined) return;
    connection.heldSince_us = -1;
    connection.output.drained();
    this.#logons?.pump.write(connection);
    this.#settle(connection);
    this.#resumeRelieved();
  }

  readonly #turned = (): void => {
    this.#isTurnAsked = false;
    this.#share.begin();
    this.#logons?.pump.goOn();
    // Each of them once: who has not had enough then is behind all others.
    for (let left = this.#reading.inTurn; left > 0; left--) {
      const connection = this.#reading.takeInTurn();
      if (connection === undefined) break;
      this.#resume(connection);
    }
    this.#resumeRelieved();
  };

  ended(number: number): void {
    const connection = this.#find(number);
    if (connection === undefined) return;
    connection.session.end(CloseReason.PeerEnded);
    this.#settle(connection);
    this.#logons?.sessions.sequenceEnds();
  }

  closed(number: number, cause: CloseCause): void {
    const connection = this.#find(number);
    if (connection === undefined) return;
    if (this.#logons?.sessions.sequenceEnds() !== false) connection.session.takeLast();
    connection.session.end(cause === CloseCause.Broken ? CloseReason.Broken : CloseReason.PeerEnded);
    this.#finish(connection);
    connection.finished = true;
    connection.abandoned = true;
    connection.output.free();
    this.#reading.forget(connection);
    this.#connections[connection.slot] = undefined;
    this.guard.leave(connection.slot);
    this.#logons?.strangers?.leave(connection);
    this.counters.connections--;
    this.#logons?.sessions.sequenceEnds();
    if (this.#stopping && this.counters.connections === 0) this.#stopped?.();
  }

  // ---- the node's side

  /** Appends the answers of the command record at `words[at]`; may be called several times for one command. */
  onApplied(events: RecordBuffer, words: Int32Array, at: number): void {
    const commander = this.#commander(words, at);
    const loggedOn = commander?.loggedOn;
    encodeAnswers(events, loggedOn === undefined ? commander : undefined, this.#accounts, this.#connections);
    this.#logons?.applied(events, words, at, loggedOn);
  }

  /** The node begins to serve: sessions that the log left connected are ended, before anybody's first command. */
  begin(): void {
    this.#logons?.sessions.begin();
  }

  /** All answers appended since the last seal wait for `position`: the last one of the batch they belong to. */
  seal(position: Position): void {
    this.#sealing.seal(position);
  }

  /** The log is safe up to `position`: sends what waited for it, one write per connection and chunk. */
  release(position: Position): void {
    // First: what a query is answered with says as of which report it is.
    this.#logons?.pump.release(position);
    this.#sealing.release(position);
    this.#resumeRelieved();
  }

  /** The sequencer's ring has room again: sessions go on in the order in which they stopped. */
  resumeStalled(): void {
    this.#logons?.sessions.sequenceEnds();
    for (let left = this.#reading.stalled; left > 0 && this.sink.claim() >= 0; left--) {
      const connection = this.#reading.takeStalled();
      if (connection === undefined) break;
      this.#resume(connection);
    }
    this.#resumeRelieved();
  }

  /** Connections that wait for the sequencer's ring. */
  get stalled(): number {
    return this.#reading.stalled;
  }

  /** What waits to be sent on the connection that has most of it: for a simulation, which judges it. Looks at all of them. */
  mostPending_bytes(): number {
    return mostPendingOf(this.#connections);
  }

  /** Refuses every request on an order from now on, unsequenced, for `reason`; `Reason.None` takes them again. */
  refuseOrders(reason: Reason): void {
    this.refusal = reason;
  }

  /** Breaks off peers that take nothing, ends those whose time is over. To be called some times a second, with a monotonic clock. */
  tick(now_us: number): void {
    this.guard.tick(now_us);
    this.#patience.tick(now_us, this.#rounds.begins);
    this.#logons?.sessions.tick(this.guard.now_us);
    // Room that nothing released came with: an end that waited may have got it here, and all input waited for that end.
    if (this.#reading.stalled > 0) this.resumeStalled();
    this.#rounds.turn();
  }

  #look(connection: Connection): void {
    const reason = connection.ending ? undefined : this.guard.look(connection.slot, connection);
    if (reason !== undefined) {
      connection.session.end(reason);
      this.#settle(connection);
    }
    if (this.#patience.isOver(connection)) this.#breakOff(connection, CloseReason.Blocked);
  }

  /** Takes no more requests, sends what is still to be sent (`release` goes on meanwhile), and closes. */
  stop(): Promise<void> {
    this.#stopping = true;
    for (const connection of this.#connections) {
      if (connection === undefined) continue;
      connection.session.end(CloseReason.Stopped);
      this.#settle(connection);
    }
    this.#logons?.sessions.sequenceEnds();
    return new Promise((resolve) => {
      if (this.counters.connections === 0) resolve();
      else this.#stopped = resolve;
    });
  }

  // ---- the connections' side (ConnectionContext)

  get desk(): LogonDesk | undefined {
    return this.#logons?.desk;
  }

  appended(connection: Connection): void {
    this.#sealing.appended(connection);
  }

  route(connection: Connection, account: number): void {
    this.#unroute(connection);
    this.#accounts.add(account, connection.slot);
    connection.routedAccount = account;
  }

  full(connection: Connection): void {
    connection.session.end(CloseReason.OutputFull);
    connection.isFull = true;
    if (this.#patience.hasStopped(connection)) this.#breakOff(connection, CloseReason.Blocked);
    else this.#settle(connection);
  }

  answeredQuery(connection: Connection): void {
    if (this.#logons === undefined) return;
    this.#sealing.sealNow(connection, this.#logons.source.position, this.#logons.pump.released);
  }

  giveUp(connection: Connection, reason: CloseReason): void {
    connection.session.end(reason);
    connection.abandoned = true;
    connection.output.abandon();
    this.#settle(connection);
  }

  // ---- inside

  #find(number: number): Connection | undefined {
    const connection = this.#connections[connectionSlot(number)];
    return connection?.number === number ? connection : undefined;
  }

  /** The connection whose command this is, if it is still there. */
  #commander(words: Int32Array, at: number): Connection | undefined {
    const low = words[at + SESSION_LOW];
    const connection = low >= 0 ? this.#connections[low] : undefined;
    return connection?.session.sessionHigh === words[at + SESSION_HIGH] ? connection : undefined;
  }

  /** After anything that may change what a connection can send or take. */
  #settle(connection: Connection): void {
    if (connection.finished) return;
    const { session, output } = connection;
    output.flush(this.#transport, connection.number);
    if (session.state === SessionState.Ended) {
      this.#finish(connection);
      if (output.pending_bytes > 0 || this.#logons?.pump.owes(connection)) return;
      connection.finished = true;
      return this.#transport.close(connection.number);
    }
    this.#reading.settle(connection);
  }

  // Not from inside #settle: sessions that go on append, and #settle may run in the middle of an encoding.
  #resumeRelieved(): void {
    this.#logons?.sessions.sequenceEnds();
    if (this.#logons?.pump.needsTurn) this.#askTurn();
    for (let next = this.#reading.takeRelieved(); next !== undefined; next = this.#reading.takeRelieved())
      this.#resume(next);
  }

  #resume(connection: Connection): void {
    this.#enterTurn(connection);
    this.sink.arrived();
    if (this.#logons?.sessions.sequenceEnds() === false) connection.session.stall();
    else connection.session.resume();
    this.sink.taken();
    this.#settle(connection);
  }

  #enterTurn(connection: Connection): void {
    this.#share.enter(connection);
    this.#askTurn();
  }

  #askTurn(): void {
    if (this.#isTurnAsked) return;
    this.#isTurnAsked = true;
    this.#transport.nextTurn(this.#turned);
  }

  #unroute(connection: Connection): void {
    if (connection.routedAccount < 0) return;
    this.#accounts.remove(connection.routedAccount, connection.slot);
    connection.routedAccount = -1;
  }

  /** No request is taken any more: counts why, once, and takes the connection off every route. */
  #finish(connection: Connection): void {
    if (connection.ending) return;
    connection.ending = true;
    const { closeReason, closeDetails, account, sessionHigh } = connection.session;
    const reason = CLOSE_REASON_NAMES[closeReason];
    this.counters.closes[reason]++;
    const address = this.guard.addressOf(connection.slot);
    this.#onClosing({ reason, address, account, session: sessionHigh >>> 0, ...closeDetails });
    this.#unroute(connection);
    this.#logons?.desk.forget(connection);
    if (connection.loggedOn !== undefined) this.#logons?.sessions.ended(connection, connection.loggedOn);
    this.#reading.stop(connection);
  }

  /** A connection that is closed before anything is made for it. */
  #turnAway(number: number, address: string, reason: "AddressFull" | "SessionsUsedUp"): void {
    this.counters.closes[reason]++;
    this.#onClosing({ reason, address });
    this.#transport.destroy(number);
  }

  #breakOff(connection: Connection, reason: CloseReason): void {
    connection.session.end(reason);
    this.#finish(connection);
    connection.abandoned = true;
    connection.finished = true;
    this.#transport.destroy(connection.number);
    connection.output.free();
  }
}

// A session with an exchange for programs, over as many connections as it takes: promises for requests, reports as events and as
// a stream, numbered and without a gap unless it is told. What is decided stands in session-ledger.ts (what became of requests) and
// session-course.ts (connections, silence, heartbeats), the connections are session-link.ts's; here are promises and events.
//
// Nothing is ever sent twice. A request whose connection is lost stays open until the session is back and its reports prove what
// became of it: answered, or NOT_EXECUTED. OUTCOME_UNKNOWN is left to a session that ends before, and to reports that the
// exchange does not have. Bounds: `window` requests and 64 queries unanswered (WINDOW_FULL); `patience_ms`
// without a connection; a slow reader of `reports()` makes the session read more slowly, not hold more; one that takes nothing while
// something is awaited ends after READER_STILL_MS, or a loop that awaits an answer would wait for itself.

/// <reference types="node" preserve="true" />

import { EventEmitter } from "node:events";
import type { SeriatimError } from "../../base/index.ts";
import { type ListedInstrument, type LogonAnswer, reasonName } from "../../protocol/index.ts";
import { endsBy } from "../ending-signal.ts";
import {
  checkInteger,
  connectionLost,
  invalidArgument,
  notConnected,
  notExecuted,
  outcomeUnknown,
  readerStandsStill,
  strangeReport,
  windowFull,
} from "../errors.ts";
import { type CancelOrder, idOf, type ModifyOrder, type NewOrder } from "../order-values.ts";
import { HeldEvents } from "./held-events.ts";
import { ReportReaders } from "./report-readers.ts";
import { type ReportGap, SessionLedger } from "./session-ledger.ts";
import { type LinkHost, SessionLink } from "./session-link.ts";
import type { SessionPipe } from "./session-pipe.ts";
import { isQueryType, SessionQueries } from "./session-queries.ts";
import type { SessionListener } from "./session-reader.ts";
import type { MassCancel, OpenOrdersOf, OrderOf, SessionRefusal, SessionReport } from "./session-values.ts";
import {
  type CheckedTradingOptions,
  checkTradingOptions,
  REQUEST_GIVEN_MAX,
  type TradingOptions,
} from "./trading-options.ts";
import {
  answerOf,
  type ExecutionReport,
  inWords,
  type OpenOrders,
  type OrderStatus,
  type RequestAnswer,
  tells,
} from "./trading-values.ts";

/** Twice what the exchange grants a peer that takes nothing. */
const READER_STILL_MS = 10_000;
const READER_LOOK_MS = 1_000;

export interface TradingEvents {
  report: [ExecutionReport];
  /** Reports are missing between what was seen and what comes: the exchange does not keep them any more. */
  gap: [ReportGap];
  /** Logged on: to this `host:port`. */
  connected: [peer: string];
  /** A connection is lost, or did not come about, for this reason; the next address is tried. */
  disconnected: [SeriatimError];
  /** The session has ended; without an error after `logout()`. */
  closed: [SeriatimError | undefined];
}

/** Puts a request with this number into the connection. */
type Put = (pipe: SessionPipe, number: number) => void;

interface Waiting {
  readonly what: string;
  resolve(answer: RequestAnswer): void;
  reject(error: SeriatimError): void;
}

/** A logged-on session, made by `connectTrading`: docs/client.md. Prices are ticks, quantities lots. */
export class TradingSession extends EventEmitter<TradingEvents> {
  readonly account: number;
  readonly #options: CheckedTradingOptions;
  readonly #ledger: SessionLedger<Waiting>;
  readonly #link: SessionLink;
  readonly #queries = new SessionQueries();
  readonly #readers = new ReportReaders<ExecutionReport>();
  readonly #firstLogon = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  readonly #events = new HeldEvents();
  /** The number of the newest request. */
  #number = 0;
  #ready: PromiseWithResolvers<void> | undefined;
  /** Runs while nothing is read for the readers' sake. */
  #stillTimer: NodeJS.Timeout | undefined;
  #flushIsDue = false;
  #isEnding = false;
  #isOver = false;
  #failure: SeriatimError | undefined;

  /** Not yet logged on: see connectTrading. */
  constructor(options: TradingOptions) {
    super();
    this.#options = checkTradingOptions(options);
    this.account = this.#options.account;
    this.#ledger = new SessionLedger(this.#options.next);
    this.#firstLogon.promise.catch(() => {});
    this.#link = new SessionLink(this.#options, this.#host());
    this.#link.connect();
    endsBy(options.signal, this.#over.promise, (failure) => this.destroy(failure));
  }

  /** Resolves when it is logged on for the first time; rejects when no address lets it. */
  connected(): Promise<void> {
    return this.#firstLogon.promise;
  }

  /** Whether a request on an order may be made now; else await `ready()`. */
  get writable(): boolean {
    return !this.#isEnding && (this.#pipe?.writable ?? false) && this.inFlight < this.#options.window;
  }

  /** Resolves when `writable` is true, also over a lost connection; rejects when it never will be again. */
  ready(): Promise<void> {
    if (this.writable) return Promise.resolve();
    if (this.#isEnding) return Promise.reject(this.#closedError());
    this.#ready ??= Promise.withResolvers<void>();
    return this.#ready.promise;
  }

  /** Requests on orders without an answer. */
  get inFlight(): number {
    return this.#ledger.unanswered;
  }

  /** The number of the report that is due: tomorrow's `next` of who listens to `report`. Who reads `reports()` may be behind it. */
  get nextReport(): number {
    return this.#ledger.next;
  }

  /**
   * Enters an order; resolves with what the exchange said of it first. Its trades come as reports. `request` is for sessions with
   * `once`: the number of this request, here and below; asked again with it, also by a later program, nothing is executed twice.
   */
  async submit(order: NewOrder, request?: number | bigint): Promise<RequestAnswer> {
    // With `once` a trade may be of the order that had the number before.
    const isProven = !this.#options.once;
    return this.#request(`order ${order?.id}`, request, (pipe, n) => pipe.submit(n, order), isProven);
  }

  /** Changes a resting order's price and open quantity; quantity 0 takes it out of the book. */
  async modify(order: ModifyOrder, request?: number | bigint): Promise<RequestAnswer> {
    return this.#request(`the modify of order ${order?.id}`, request, (pipe, n) => pipe.modify(n, order));
  }

  /** Takes a resting order out of the book. */
  async cancel(order: CancelOrder, request?: number | bigint): Promise<RequestAnswer> {
    return this.#request(`the cancel of order ${order?.id}`, request, (pipe, n) => pipe.cancel(n, order));
  }

  /** Takes all of the account's orders out, or those of a symbol or side; the answer's `lastQuantity` says how many. */
  async massCancel(which: MassCancel = {}, request?: number | bigint): Promise<RequestAnswer> {
    return this.#request("the mass cancel", request, (pipe, n) => pipe.massCancel(n, which));
  }

  /** Whether an order rests. */
  async orderStatus(order: OrderOf): Promise<OrderStatus> {
    const number = this.#ask((pipe, n) => pipe.orderStatus(n, order));
    return this.#queries.status(number, `the status of order ${order.id}`);
  }

  /** The account's resting orders. */
  async openOrders(which: OpenOrdersOf = {}): Promise<OpenOrders> {
    const number = this.#ask((pipe, n) => pipe.openOrders(n, which));
    return this.#queries.orders(number, "the list of open orders");
  }

  /** The instruments, by symbol number. */
  async instruments(): Promise<readonly ListedInstrument[]> {
    const number = this.#ask((pipe, n) => pipe.instruments(n));
    return this.#queries.instruments(number, "the instrument list");
  }

  /**
   * Reports from now on, in order of their numbers. Who reads slowly slows the session down: it stops reading, its answers wait too, and
   * the exchange keeps what comes meanwhile. So read to the end, or leave the loop.
   */
  reports(): AsyncIterableIterator<ExecutionReport> {
    const reader = this.#readers.add();
    if (this.#isOver) reader.finish(this.#failure);
    return reader;
  }

  /**
   * Takes no more requests, and ends the session when all are answered; nothing is cancelled. Without a connection it waits for one, a
   * minute at most: an exchange that was not told would let the dead man cancel. `destroy()` does not wait.
   */
  async logout(): Promise<void> {
    this.#isEnding = true;
    this.#link.leaves();
    this.#ready?.reject(this.#closedError());
    this.#ready = undefined;
    if (this.#pipe?.session) void this.#pipe.logout();
    await this.#over.promise;
  }

  /** Ends at once, with whatever the logon said of that: cancel on disconnect, dead man. */
  destroy(failure = connectionLost("the exchange", "it was cut")): void {
    this.#end(failure);
  }

  async #request(
    what: string,
    asked: number | bigint | undefined,
    put: Put,
    isProvenByTrade = false,
  ): Promise<RequestAnswer> {
    if (this.inFlight >= this.#options.window) throw windowFull(this.inFlight, this.#options.window);
    const request = asked === undefined ? undefined : this.#checkedNumber(asked);
    const number = this.#put(put, request);
    return new Promise((resolve, reject) => {
      this.#ledger.add(BigInt(number), { what, resolve, reject }, isProvenByTrade);
    });
  }

  #checkedNumber(asked: number | bigint): number {
    const request = typeof asked === "bigint" ? Number(asked) : asked;
    checkInteger("request", request, 1, REQUEST_GIVEN_MAX);
    if (!this.#options.once) throw invalidArgument("request numbers are given to sessions with once alone");
    if (this.#ledger.has(BigInt(request))) throw invalidArgument(`request ${request} waits for its answer`);
    return request;
  }

  #ask(put: Put): number {
    if (!this.#queries.hasRoom) throw windowFull(this.#queries.max, this.#queries.max);
    return this.#put(put);
  }

  /** Puts a request on the wire; throws when it can't be now. */
  #put(put: Put, request?: number): number {
    if (this.#isEnding) throw this.#closedError();
    const pipe = this.#pipe;
    if (!pipe?.writable) throw notConnected();
    // With the time, so that a later program begins above it, and another one of the account is not far below.
    const number = request ?? Math.max(this.#number + 1, this.#options.clock.wallMicros());
    put(pipe, number);
    this.#number = Math.max(this.#number, number);
    this.#flushSoon(pipe);
    return number;
  }

  /** One write for all the requests of a turn. */
  #flushSoon(pipe: SessionPipe): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    queueMicrotask(() => {
      this.#flushIsDue = false;
      pipe.flush();
    });
  }

  #host(): LinkHost {
    return {
      listener: this.#listener(),
      nextReport: () => this.#ledger.next,
      isPaused: () => this.#readers.isFull,
      began: (pipe) => this.#readers.from({ pause: () => this.#pause(pipe), resume: () => this.#resume() }),
      loggedOn: (answer) => this.#loggedOn(answer),
      turned: () => this.#resolveReady(),
      lost: (cause) => {
        this.#ledger.lost();
        this.#queries.lost(cause);
      },
      willRetry: (cause) => this.emit("disconnected", cause),
      ended: (failure) => this.#end(failure),
    };
  }

  #pause(pipe: SessionPipe): void {
    pipe.pause();
    this.#watchReaders();
  }

  #resume(): void {
    clearTimeout(this.#stillTimer);
    this.#link.resume();
  }

  /** `still_ms`: for so long something was awaited at each look, and all that time no reader took more than these. */
  #watchReaders(before = this.#takenIfAwaited, still_ms = 0): void {
    this.#stillTimer = setTimeout(() => {
      const taken = this.#takenIfAwaited;
      const now_ms = taken !== undefined && taken === before ? still_ms + READER_LOOK_MS : 0;
      if (now_ms >= READER_STILL_MS) this.#readers.endFull(readerStandsStill(READER_STILL_MS));
      else this.#watchReaders(taken, now_ms);
    }, READER_LOOK_MS);
  }

  get #takenIfAwaited(): number | undefined {
    const isAnswerDue = this.inFlight + this.#queries.unanswered > 0;
    return isAnswerDue || this.#ready !== undefined || this.#isEnding ? this.#readers.taken : undefined;
  }

  #loggedOn({ first, next, position, sessionLow, sessionHigh }: LogonAnswer): void {
    const gap = this.#ledger.loggedOn({ session: idOf(sessionLow, sessionHigh), first, next, position });
    this.#events.letGoSoon();
    if (gap !== undefined) this.#events.tell(() => this.emit("gap", gap));
    this.#settleDoubts();
    this.#firstLogon.resolve();
    this.emit("connected", this.#pipe?.peer ?? "");
    if (this.#isEnding && !this.#isOver) void this.#pipe?.logout();
    // Reports of this very read come first.
    else queueMicrotask(() => this.#resolveReady());
  }

  #listener(): SessionListener {
    return {
      onReport: (report) => this.#reported(report),
      onRefused: (refusal) => this.#refused(refusal),
      onOpenOrder: (order) => this.#expect(this.#queries.openOrder(order)),
      onOpenOrdersEnd: (end) => this.#expect(this.#queries.openOrdersEnd(end)),
      onInstrument: (instrument) => this.#expect(this.#queries.instrument(instrument)),
      onInstrumentsEnd: (request, count) => this.#expect(this.#queries.instrumentsEnd(request, count)),
      onServerHeartbeat: (next) => {
        if (next !== this.#ledger.next) this.#link.giveUp(`report ${this.#ledger.next} is missing`);
      },
    };
  }

  #reported(report: SessionReport): void {
    const due = this.#ledger.next;
    if (!this.#ledger.isDue(report.number)) {
      this.#link.giveUp(`report ${report.number} came where ${due} was due`);
      return;
    }
    const words = inWords(report);
    const request = this.#ledger.answered(report.session, report.request, tells(report));
    if (words === undefined) {
      request?.reject(outcomeUnknown(request.what, strangeReport(report.number)));
    } else {
      request?.resolve(answerOf(words));
      this.#events.tell(() => {
        // Readers first: a listener may throw.
        this.#readers.push(words);
        this.emit("report", words);
      });
    }
    this.#settleDoubts();
  }

  #refused({ request, id, reason: code, type }: SessionRefusal): void {
    // A number that the program gives may be that of a query, too.
    const isQuery = isQueryType(type);
    const waiting = isQuery ? undefined : this.#ledger.refused(BigInt(request));
    waiting?.resolve({ accepted: false, id, reason: reasonName(code), code });
    const isKnown = isQuery ? this.#queries.refused(request, code) : waiting !== undefined;
    if (!isKnown) this.#link.giveUp("it refused what nobody asked");
  }

  #settleDoubts(): void {
    const { notExecuted: never, unknown } = this.#ledger.takeSettled();
    for (const { what, reject } of never) reject(notExecuted(what));
    if (unknown.length === 0) return;
    const cause = connectionLost("the exchange", "it does not have the reports that would tell");
    for (const { what, reject } of unknown) reject(outcomeUnknown(what, cause));
  }

  #resolveReady(): void {
    if (this.#ready === undefined || !this.writable) return;
    this.#ready.resolve();
    this.#ready = undefined;
  }

  #expect(isKnown: boolean): void {
    if (!isKnown) this.#link.giveUp("it answered what nobody asked");
  }

  #end(failure: SeriatimError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isEnding = true;
    this.#failure = failure;
    const cause = failure ?? connectionLost("the exchange", "it was closed");
    clearTimeout(this.#stillTimer);
    this.#link.stop(cause);
    for (const { what, reject } of this.#ledger.takeAll()) reject(outcomeUnknown(what, cause));
    this.#queries.lost(cause);
    this.#firstLogon.reject(cause);
    this.#ready?.reject(cause);
    this.#readers.finish(failure);
    this.#over.resolve();
    this.emit("closed", failure);
  }

  #closedError(): SeriatimError {
    return this.#failure ?? connectionLost("the exchange", "this session is closed");
  }

  get #pipe(): SessionPipe | undefined {
    return this.#link.pipe;
  }
}

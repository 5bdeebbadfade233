// A logged-on client in a simulation: it trades, or only listens, in a session of order entry 2, and comes back at the next
// address when it is cut off, with the number of the report that is due. It sends nothing twice: what a connection left unanswered
// is settled by its reports, as the real client's is (client/session-ledger.ts, session-course.ts). A report that is not due
// is a problem at once; what it was told, a gap at a logon included, is what a run is judged by (session-judge.ts).

import type { Prng, TransportHandler } from "../base/index.ts";
import { SessionCourse, SessionDuty, SessionLedger } from "../client/index.ts";
import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  ExecutionReportLayout,
  encodeCancelOrder,
  encodeHeartbeat,
  encodeLogonRequest,
  encodeMassCancel,
  encodeModify,
  encodeNewOrder,
  encodeSessionLogon,
  FRAME_HEADER_BYTES,
  frameLength,
  frameSequenceHigh,
  frameSequenceLow,
  frameType,
  MessageType,
  putSessionProof,
  readCount,
  readLogonAck,
  readSessionChallenge,
  ServerHeartbeatLayout,
  SessionFlag,
  sessionStatement,
} from "../protocol/index.ts";
import { FrameInput } from "./frame-input.ts";
import { signAs } from "./simulated-keys.ts";
import type { SimulatedHost } from "./simulated-network.ts";

/** Requests on their way at once. */
const WINDOW = 8;
/** Between an answer and the next request, at most; after a refusal of the gateway nothing is taken for a while. */
const THINK_US = 80_000;
const SULK_US = 500_000;
const BEGIN_US = 50_000;
/** For connecting and logging on. */
const LOGON_US = 3_000_000;
const HEARTBEAT_MS = 500;
/** It never gives up: a run has an end of its own. */
const PATIENCE_US = 3_600_000_000;
const SYMBOLS = 2;
const PRICE = 1_000;
const PRICE_SPAN = 5;
const QUANTITY_MAX = 9;

export interface SessionTerms {
  /** Of its key. */
  readonly who: string;
  readonly account: number;
  /** SessionFlag. */
  readonly flags: number;
  readonly deadMan_ms: number;
  /** Requests that it makes; 0: it listens. */
  readonly wanted: number;
}

/** Who is told what a session finds. */
export interface SessionWatch {
  say(problem: string): void;
  /** Report `number` of `account` came from `host`. */
  told(host: string, account: number, number: number): void;
  /** A logon at `position` was answered by `host`. */
  loggedOn(host: string, position: number): void;
}

/** A report that it was told. */
export interface ToldReport {
  readonly number: number;
  readonly frame: Uint8Array;
}

/** What the answer to a logon said. */
export interface ToldLogon {
  /** Of the connection. */
  readonly session: bigint;
  /** Of the logon, in the log. */
  readonly position: number;
  /** The numbers of the first report that comes, and of the first that is made behind the logon. */
  readonly first: number;
  readonly next: number;
  /** The number of the report that it asked for. */
  readonly wanted: number;
  /** How many reports it had been told by then. */
  readonly told: number;
}

export interface SessionRequest {
  readonly number: number;
  /** unknown: it was asked, and nothing has told what became of it. */
  outcome: "unknown" | "answered" | "refused" | "not executed";
  /** Behind the logon that proved it, when it was not executed. */
  provenBy?: ToldLogon | undefined;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

export class SimulatedSession implements TransportHandler {
  readonly terms: SessionTerms;
  readonly requests: SessionRequest[] = [];
  /** From number 1 on; a number comes again where it was given up. */
  readonly told: ToldReport[] = [];
  readonly logons: ToldLogon[] = [];
  readonly #host: SimulatedHost;
  readonly #prng: Prng;
  readonly #exchange: readonly Address[];
  readonly #watch: SessionWatch;
  readonly #ledger = new SessionLedger<SessionRequest>(1);
  readonly #course: SessionCourse;
  readonly #view = new DataView(new ArrayBuffer(256));
  /** Orders that may rest, with their symbols: those that were asked for. */
  readonly #orders: number[] = [];
  #connection = -1;
  #isWelcome = false;
  #hadGap = false;
  #thinking = 0;
  #reads = 0;
  #writes = 0;
  readonly #input = new FrameInput();
  #isStopped = false;

  constructor(
    host: SimulatedHost,
    prng: Prng,
    terms: SessionTerms,
    exchange: readonly Address[],
    watch: SessionWatch,
  ) {
    this.#host = host;
    this.#prng = prng;
    this.terms = terms;
    this.#exchange = exchange;
    this.#watch = watch;
    const limits = { addresses: exchange.length, patience_us: PATIENCE_US };
    this.#course = new SessionCourse(limits, () => prng.between(0, 999) / 1_000, this.#now);
    this.#plan(prng.between(0, BEGIN_US), () => this.#connect());
  }

  get name(): string {
    return this.#host.name;
  }

  /** The number of the report that is due. */
  get next(): number {
    return this.#ledger.next;
  }

  get isDone(): boolean {
    return this.requests.length >= this.terms.wanted && this.#ledger.unanswered === 0;
  }

  /** Once it hangs up its orders go: at once, or when its dead man's time is over. */
  get takesOrdersAlong(): boolean {
    return (this.terms.flags & SessionFlag.CancelOnDisconnect) !== 0 || this.terms.deadMan_ms > 0;
  }

  /** Sends and connects no more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Is gone, without a word. */
  hangUp(): void {
    this.#isStopped = true;
    this.#host.destroy(this.#connection);
  }

  opened(): void {
    this.#send(encodeLogonRequest(this.#view, 0));
  }

  received(connection: number, bytes: Uint8Array): void {
    if (this.#isStopped) return;
    this.#input.take(
      bytes,
      () => this.#connection === connection,
      (view, at) => {
        this.#reads++;
        this.#hear(view, at);
      },
    );
  }

  drained(): void {}

  ended(connection: number): void {
    this.#host.close(connection);
  }

  closed(connection: number): void {
    if (connection === this.#connection) this.#lost();
  }

  get #now(): number {
    return this.#host.network.queue.now_us;
  }

  #plan(delay_us: number, act: () => void): void {
    this.#host.network.queue.plan(delay_us, () => {
      if (!this.#isStopped) act();
    });
  }

  #connect(): void {
    const { host, port } = this.#exchange[this.#course.address];
    this.#input.begin();
    const connection = this.#host.connect(host, port, this);
    this.#connection = connection;
    this.#plan(LOGON_US, () => {
      if (connection === this.#connection && !this.#isWelcome) this.#giveUp();
    });
  }

  #giveUp(): void {
    const connection = this.#connection;
    this.#lost();
    this.#host.destroy(connection);
  }

  #lost(): void {
    this.#connection = -1;
    this.#isWelcome = false;
    this.#reads = 0;
    this.#writes = 0;
    this.#ledger.lost();
    const wait_us = (this.#course.lost(this.#now) ?? 0) * 1_000;
    this.#plan(wait_us + this.#prng.between(0, BEGIN_US), () => this.#connect());
  }

  #hear(view: DataView, at: number): void {
    const body = at + FRAME_HEADER_BYTES;
    switch (frameType(view, at)) {
      case MessageType.Challenge:
        return this.#logOn(view, at);
      case MessageType.LogonAck:
        return this.#loggedOn(view, at);
      case MessageType.ExecutionReport:
        return this.#report(view, at);
      case MessageType.Refused: {
        const request = this.#ledger.refused(BigInt(frameSequenceLow(view, at) >>> 0));
        return this.#settle(request, "refused", SULK_US);
      }
      case MessageType.ServerHeartbeat: {
        const next = readCount(view, body + ServerHeartbeatLayout.next);
        if (next !== this.next) this.#problem(`a heartbeat says ${next} where ${this.next} is due`);
      }
    }
  }

  #problem(what: string): void {
    this.#watch.say(`session of account ${this.terms.account} (${this.terms.who}): ${what}`);
  }

  #logOn(challenge: DataView, at: number): void {
    const { who, account, flags, deadMan_ms } = this.terms;
    const view = this.#view;
    const { next } = this.#ledger;
    const bytes = encodeSessionLogon(view, 0, {
      ...{ name: who, account, instance: 0, flags, next, deadMan_ms, heartbeat_ms: HEARTBEAT_MS },
    });
    const statement = sessionStatement(view, 0, readSessionChallenge(challenge, at));
    putSessionProof(view, 0, signAs(who, statement));
    this.#send(bytes);
  }

  #loggedOn(view: DataView, at: number): void {
    const { sessionLow, sessionHigh, heartbeat_ms, first, next, position } = readLogonAck(view, at);
    const session = (BigInt(sessionHigh >>> 0) << 32n) | BigInt(sessionLow >>> 0);
    const place = { session, position, first, next };
    this.logons.push({ ...place, wanted: this.next, told: this.told.length });
    this.#watch.loggedOn(this.#exchange[this.#course.address].host, position);
    if (this.#ledger.loggedOn(place) !== undefined) this.#hadGap = true;
    this.#course.loggedOn(heartbeat_ms, this.#now);
    this.#isWelcome = true;
    this.#settleDoubts();
    this.#attend(this.#connection);
    this.#next();
  }

  /** Says that it lives, and gives up a connection that says nothing. */
  #attend(connection: number): void {
    if (connection !== this.#connection || !this.#isWelcome) return;
    const duty = this.#course.duty(this.#now, this.#reads, this.#writes, false);
    if (duty === SessionDuty.GiveUp) return this.#giveUp();
    if (duty === SessionDuty.Heartbeat) this.#send(encodeHeartbeat(this.#view, 0, 0, 0));
    this.#plan(this.#course.dutyInterval_ms * 1_000, () => this.#attend(connection));
  }

  #report(view: DataView, at: number): void {
    const body = at + FRAME_HEADER_BYTES;
    const number = frameSequenceHigh(view, at) * 2 ** 32 + (frameSequenceLow(view, at) >>> 0);
    const due = this.next;
    if (!this.#ledger.isDue(number)) return this.#problem(`report ${number} came where ${due} was due`);
    this.#watch.told(this.#exchange[this.#course.address].host, this.terms.account, number);
    this.told.push({ number, frame: new Uint8Array(view.buffer.slice(at, at + frameLength(view, at))) });
    const session = view.getBigUint64(body + ExecutionReportLayout.session);
    const request = this.#ledger.answered(session, view.getBigUint64(body + ExecutionReportLayout.request));
    if (request !== undefined) this.#settle(request, "answered", THINK_US);
    this.#settleDoubts();
  }

  #settleDoubts(): void {
    const { notExecuted, unknown } = this.#ledger.takeSettled();
    if (unknown.length > 0 && !this.#hadGap)
      this.#problem(`${unknown.length} requests that nothing can settle`);
    for (const request of unknown) this.#settle(request, "unknown", THINK_US);
    for (const request of notExecuted) {
      request.provenBy = this.logons.at(-1);
      this.#settle(request, "not executed", THINK_US);
    }
  }

  #settle(request: SessionRequest | undefined, outcome: SessionRequest["outcome"], think_us: number): void {
    if (request === undefined) return this.#problem("an answer to what was not asked");
    request.outcome = outcome;
    this.#thinking++;
    this.#plan(this.#prng.between(0, think_us), () => {
      this.#thinking--;
      this.#next();
    });
  }

  /** Fills the window. */
  #next(): void {
    const isReady = () => this.#ledger.unanswered + this.#thinking < WINDOW;
    while (this.#isWelcome && isReady() && this.requests.length < this.terms.wanted) {
      const request: SessionRequest = { number: this.requests.length + 1, outcome: "unknown" };
      this.requests.push(request);
      this.#ledger.add(BigInt(request.number), request);
      this.#send(this.#encode(request.number));
    }
  }

  #encode(number: number): number {
    const prng = this.#prng;
    const view = this.#view;
    const { account } = this.terms;
    const known = this.#orders.length > 0 ? prng.pick(this.#orders.slice(-20)) : 0;
    const price = PRICE + prng.between(-PRICE_SPAN, PRICE_SPAN);
    const quantity = prng.between(1, QUANTITY_MAX);
    const draw = known === 0 ? 99 : prng.between(0, 99);
    if (draw < 15) return encodeCancelOrder(view, 0, number, 0, known, account, known % SYMBOLS);
    if (draw < 30)
      return encodeModify(view, 0, number, 0, known, account, known % SYMBOLS, price, 0, quantity);
    if (draw < 32) return encodeMassCancel(view, 0, number, 0, ALL_SYMBOLS, BOTH_SIDES);
    this.#orders.push(number);
    const [side, timeInForce] = [prng.between(0, 1), prng.chance(0.1) ? 1 : 0];
    const terms = [price, 0, quantity, side, 0, timeInForce] as const;
    return encodeNewOrder(view, 0, number, 0, number, account, number % SYMBOLS, ...terms);
  }

  #send(bytes: number): void {
    this.#writes++;
    this.#host.send(this.#connection, new Uint8Array(this.#view.buffer), 0, bytes);
  }
}

/** Two accounts whose orders end with their sessions, each in its way, and who listens to the first. */
export function sessionTerms(wanted: number): SessionTerms[] {
  const { CancelOnDisconnect, Once, ReadOnly } = SessionFlag;
  return [
    { who: "desk", account: 4, flags: CancelOnDisconnect, deadMan_ms: 0, wanted },
    { who: "desk", account: 5, flags: Once, deadMan_ms: 1_500, wanted },
    { who: "auditor", account: 4, flags: ReadOnly, deadMan_ms: 0, wanted: 0 },
  ];
}

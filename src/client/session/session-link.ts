// The connections of a session, one after the other: made, watched, given up, made again until that is of no use. What is decided
// stands in session-course.ts; here are sockets and timers.

/// <reference types="node" preserve="true" />

import type { SeriatimError } from "../../base/index.ts";
import { type LogonAnswer, Reason } from "../../protocol/index.ts";
import { connectionLost, LogonRefusedError, patienceOver } from "../errors.ts";
import { SessionCourse, SessionDuty } from "./session-course.ts";
import { SessionPipe } from "./session-pipe.ts";
import type { SessionListener } from "./session-reader.ts";
import type { CheckedTradingOptions } from "./trading-options.ts";

/** Whose connections they are. */
export interface LinkHost {
  readonly listener: SessionListener;
  /** The number of the report that is due. */
  nextReport(): number;
  /** Nothing is read at the moment, on purpose; `resume()` is called when that is over. */
  isPaused(): boolean;
  /** This connection is there; it is not logged on yet. */
  began(pipe: SessionPipe): void;
  loggedOn(answer: LogonAnswer): void;
  /** Something was read, or the kernel has taken something. */
  turned(): void;
  /** The connection is gone, and what waits on it. */
  lost(cause: SeriatimError): void;
  /** Another one will be tried. */
  willRetry(cause: SeriatimError): void;
  /** None will be: undefined after a logout. */
  ended(failure: SeriatimError | undefined): void;
}

export class SessionLink {
  /** The connection that there is; logged on or not. */
  pipe: SessionPipe | undefined;
  readonly #options: CheckedTradingOptions;
  readonly #host: LinkHost;
  readonly #course: SessionCourse;
  /** Addresses that may still fail before the first logon. */
  #firstRound: number;
  /** Addresses where it was logged on. */
  readonly #known = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  /** A connection is to be made once what comes is read. */
  #isDue = false;
  #isOver = false;

  constructor(options: CheckedTradingOptions, host: LinkHost) {
    const { addresses, patience_ms, chance } = options;
    this.#options = options;
    this.#host = host;
    this.#firstRound = addresses.length;
    const limits = { addresses: addresses.length, patience_us: patience_ms * 1_000 };
    this.#course = new SessionCourse(limits, chance, this.#now());
  }

  /** Makes a connection; where nothing is to be read, not before `resume()`. */
  connect(): void {
    this.#isDue = this.#host.isPaused();
    if (this.#isDue) return;
    const { addresses, ...terms } = this.#options;
    const { address } = this.#course;
    const pipe: SessionPipe = new SessionPipe(
      {
        ...terms,
        ...addresses[address],
        next: this.#host.nextReport(),
        listener: this.#host.listener,
        onLogon: (answer) => this.#loggedOn(answer),
        onTurn: () => this.#host.turned(),
      },
      this.#known.has(address),
    );
    this.pipe = pipe;
    this.#host.began(pipe);
    pipe.closed.then((failure) => this.#lost(pipe, failure));
  }

  /** What comes is read again: of the connection, or of the one that is due. */
  resume(): void {
    this.pipe?.resume();
    if (this.#isDue && !this.#isOver) this.connect();
  }

  /** Only a logout is waited for: not for as long as the session's patience lasts. */
  leaves(): void {
    this.#course.leaves(this.#now());
  }

  /** The connection is of no more use; another one is made. */
  giveUp(why: string): void {
    this.pipe?.destroy(connectionLost(this.pipe.peer, why));
  }

  /** No more connections. */
  stop(cause: SeriatimError): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.pipe?.destroy(cause);
  }

  #loggedOn(answer: LogonAnswer): void {
    this.#course.loggedOn(answer.heartbeat_ms, this.#now());
    this.#known.add(this.#course.address);
    this.#watch();
    this.#host.loggedOn(answer);
  }

  #lost({ peer, isLoggedOut }: SessionPipe, failure: SeriatimError | undefined): void {
    // Without a failure it closed after our logout; whether it took that, and didn't stop just then, LoggedOut alone tells.
    const cause =
      failure ?? connectionLost(peer, "the exchange closed it and did not say that the logout is safe");
    this.pipe = undefined;
    clearTimeout(this.#timer);
    this.#host.lost(cause);
    if (this.#isOver) return;
    if (isLoggedOut || isFinal(cause)) return this.#host.ended(isLoggedOut ? undefined : cause);
    const wait_ms = this.#course.lost(this.#now());
    if (wait_ms === undefined) return this.#host.ended(this.#patienceOver(cause));
    if (this.#known.size === 0 && --this.#firstRound === 0) return this.#host.ended(cause);
    // First: who is told may end it, or throw.
    this.#timer = setTimeout(() => this.connect(), wait_ms);
    this.#host.willRetry(cause);
  }

  #watch(): void {
    this.#timer = setTimeout(() => {
      const { pipe } = this;
      // One that was asked to close is watched until it has: the exchange says nothing before the logout is safe.
      if (pipe === undefined || !pipe.isOpen || this.#isOver) return;
      const duty = this.#course.duty(this.#now(), pipe.reads, pipe.writes, this.#host.isPaused());
      if (duty === SessionDuty.GiveUp) return this.giveUp("it said nothing for three heartbeats");
      if (duty === SessionDuty.Heartbeat) pipe.heartbeat();
      this.#watch();
    }, this.#course.dutyInterval_ms);
  }

  #patienceOver(cause: SeriatimError): SeriatimError {
    const peers = this.#options.addresses.map(({ host, port }) => `${host}:${port}`).join(", ");
    return patienceOver(peers, this.#course.patience_ms, cause);
  }

  #now(): number {
    return this.#options.clock.monotonicMicros();
  }
}

/** Whether trying again would be of no use, or do harm. */
function isFinal(failure: SeriatimError): boolean {
  if (failure.code === "SESSION_REPLACED" || failure.code === "NOT_ORDER_ENTRY") return true;
  if (!(failure instanceof LogonRefusedError)) return false;
  return failure.reason === Reason.NotAuthorised;
}

// What is known of the requests of a session, over all its connections: which are unanswered, which report settles which, and
// what a logon proves. Pure. An exchange ends a session's older connection before a new one counts (order-entry.md), so whatever
// was sent over a lost connection is in the stream below LogonAck.next, or was not executed and never will be:
//
//   a request                                  when                              becomes
//   of this connection or a lost one           its report comes                  answered
//   a new order with a number of its own       a trade comes, behind a gap       answered: it was accepted
//   of this connection                         the gateway refuses it            answered
//   of a lost connection, no report            the stream has reached `next`     not executed
//   of a lost connection, no report            the same, with a gap before it    unknown: its report may have been in the gap, or be
//                                                                                in the history that this exchange lacks
//   of a lost connection                       a logon into another history      unknown at once: a number of that one's sessions is
//                                                                                somebody else's, and so is what answers it
//
// In one history each logon has a higher session number and log position than those before: one that has not is of another, as is one
// whose stream is shorter than what was seen. One that has outgrown all three by then is taken for the same, and what it says of
// requests that another one executed is wrong. The wire does not name the history.
//
// Reports come one after the other: a number that is not due means that the connection is of no more use.

import { assert } from "../../base/index.ts";

/** What a report says of the request that it names: what became of it, that it traded, or nothing. */
export type ReportTells = "answer" | "trade" | "nothing";

interface Entry<T> {
  readonly request: T;
  /** A new order, and nothing else ever had its number: a trade says that it was accepted. */
  readonly isProvenByTrade: boolean;
  /** The connection it was sent over, as the exchange calls it. */
  readonly session: bigint;
  /** That connection is lost. */
  isInDoubt: boolean;
  /** Reports that are not kept any more, or that this exchange never made, may have answered it. */
  isBlind: boolean;
}

/** Requests that no report will answer any more. */
export interface Settled<T> {
  readonly notExecuted: readonly T[];
  readonly unknown: readonly T[];
}

/** Where a connection stands in the exchange's history, as its LogonAck says. */
export interface LogonPlace {
  /** The connection, as the exchange calls it. */
  readonly session: bigint;
  /** The number of the first report that comes. */
  readonly first: number;
  /** The number of the first report made after the logon. */
  readonly next: number;
  /** Of the logon in the log. */
  readonly position: number;
}

/** Reports between those wanted and those that there are. */
export interface ReportGap {
  /** The number of the first report wanted. */
  readonly wanted: number;
  /** The number of the first one that comes; no higher when the exchange's history is not that of what was seen. */
  readonly first: number;
}

export class SessionLedger<T> {
  /** The number of the report that is due; 0 before the first logon: whatever comes. */
  next: number;
  readonly #entries = new Map<bigint, Entry<T>>();
  /** This connection, as the exchange calls it, and where its logon lies in the log. */
  #session = 0n;
  #position = -1;
  /** When this report is due everything sent over lost connections is in the stream or never will be. */
  #provenAt = 0;

  constructor(next: number) {
    this.next = next;
  }

  get unanswered(): number {
    return this.#entries.size;
  }

  /** Whether a request with this number waits. */
  has(number: bigint): boolean {
    return this.#entries.has(number);
  }

  /** A connection is logged on. Returns the gap, if there is one. */
  loggedOn({ session, first, next, position }: LogonPlace): ReportGap | undefined {
    const wanted = this.next;
    const isSame = isLaterConnection(session, this.#session) && position > this.#position;
    this.#session = session;
    this.#position = position;
    // What another history's stream says proves nothing: it is not waited for.
    this.#provenAt = isSame ? next : first;
    this.next = first;
    if (isSame && (wanted === 0 || wanted === first)) return undefined;
    for (const entry of this.#entries.values()) entry.isBlind = true;
    return { wanted, first };
  }

  /** Takes out what lost connections left unanswered, once the stream proves what became of it. */
  takeSettled(): Settled<T> {
    const notExecuted: T[] = [];
    const unknown: T[] = [];
    if (this.next < this.#provenAt) return { notExecuted, unknown };
    for (const [number, { request, isInDoubt, isBlind }] of this.#entries) {
      if (!isInDoubt) continue;
      this.#entries.delete(number);
      (isBlind ? unknown : notExecuted).push(request);
    }
    return { notExecuted, unknown };
  }

  /** A request was sent over this connection. */
  add(number: bigint, request: T, isProvenByTrade = false): void {
    assert(!this.#entries.has(number), "a request number is used once");
    const entry = { request, isProvenByTrade, session: this.#session, isInDoubt: false, isBlind: false };
    this.#entries.set(number, entry);
  }

  /** Whether the report of this number is due; then it counts as seen. */
  isDue(number: number): boolean {
    if (number !== this.next) return false;
    this.next++;
    return true;
  }

  /**
   * Takes out the request of `session` that a report answers. One that only follows from a request answers nothing; but behind a gap,
   * where the answer may have been, a trade tells that there was one.
   */
  answered(session: bigint, number: bigint, tells: ReportTells = "answer"): T | undefined {
    const entry = this.#entries.get(number);
    if (entry === undefined || entry.session !== session) return undefined;
    const isProof = tells === "trade" && entry.isBlind && entry.isProvenByTrade;
    if (tells !== "answer" && !isProof) return undefined;
    this.#entries.delete(number);
    return entry.request;
  }

  /** Takes out the request of this connection that the gateway refuses. */
  refused(number: bigint): T | undefined {
    return this.answered(this.#session, number);
  }

  /** The connection is lost: what it left unanswered is in doubt. */
  lost(): void {
    for (const entry of this.#entries.values()) entry.isInDoubt = true;
    this.#provenAt = Number.POSITIVE_INFINITY;
  }

  /** Takes everything out: the session has ended for good. */
  takeAll(): T[] {
    const all = [...this.#entries.values()].map(({ request }) => request);
    this.#entries.clear();
    return all;
  }
}

/** Whether connection `session` came behind `before` in one history: the upper half of their numbers counts connections. */
export function isLaterConnection(session: bigint, before: bigint): boolean {
  return session >> 32n > before >> 32n;
}

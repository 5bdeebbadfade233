// What logged-on sessions read of the engine: numbered streams of execution reports, one per account, the orders that rest, and
// the sessions that its state says are there. All of it as of the last command applied.

import type { Position } from "../../base/index.ts";

/** An account's reports (protocol/reports), numbered from 1. */
export interface ReportStream {
  /** The oldest number that is kept. */
  readonly first: number;
  /** The number that the next report gets. */
  readonly next: number;
  /** The memory that holds report `number`, until the next command is applied. */
  words(number: number): Int32Array;
  /** Its word offset there. */
  at(number: number): number;
  /** The number behind the last of those that lie behind report `number` in its memory without a gap. */
  runEnd(number: number): number;
}

/** A resting order, as its owner is told of it. */
export interface OwnOrder {
  readonly symbol: number;
  readonly idLow: number;
  readonly idHigh: number;
  readonly side: number;
  /** Ticks. */
  readonly price: number;
  /** Open lots. */
  readonly quantity: number;
  /** Lots traded since it was accepted. */
  readonly filled: number;
}

/** A session of the state: connected, or gone and waited for by its dead man. */
export interface KnownSession {
  readonly sessionLow: number;
  readonly sessionHigh: number;
  readonly account: number;
  readonly who: string;
  readonly instance: number;
  /** 0: none. */
  readonly deadMan_ms: number;
  readonly isSilent: boolean;
}

export interface ReportSource {
  /** Of the last command applied. */
  readonly position: Position;
  readonly reports: { of(account: number): ReportStream | undefined };
  readonly sessions: Iterable<KnownSession>;
  findOrder(account: number, symbol: number, idLow: number, idHigh: number): OwnOrder | undefined;
  /**
   * Visits the account's resting orders of a symbol, or of ALL_SYMBOLS, at most `max`; the order is lent for the call. Tells
   * whether those were all.
   */
  forEachOwnOrder(account: number, symbol: number, max: number, visit: (order: OwnOrder) => void): boolean;
}

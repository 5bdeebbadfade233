// What is said in a session with a logon, as its lower half sees it: numbers as the wire has them (order-entry.md), 64-bit
// ids as bigints, counters and prices as numbers.

import type { OrderId } from "../order-values.ts";

/** An execution report. Kinds, flags: ReportKind, ReportFlag. */
export interface SessionReport {
  /** Its place in the account's stream, from 1 on. */
  readonly number: number;
  readonly kind: number;
  /** Rejected: a Reason. Cancelled: a CancelCause. */
  readonly reason: number;
  /** The CommandKind that caused it. */
  readonly command: number;
  readonly flags: number;
  readonly side: number;
  readonly orderType: number;
  readonly timeInForce: number;
  readonly symbol: number;
  readonly id: bigint;
  /** The request it answers, and the session of that; 0 when another account caused it. */
  readonly request: bigint;
  readonly session: bigint;
  /** Ticks. */
  readonly price: number;
  readonly lastPrice: number;
  /** Lots. */
  readonly lastQuantity: number;
  readonly leaves: number;
  readonly cumulative: number;
  /** The exchange's event sequence. */
  readonly sequence: number;
  readonly timestamp_us: number;
}

/** The gateway did not take a request. */
export interface SessionRefusal {
  readonly request: number;
  readonly id: bigint;
  readonly reason: number;
  /** The message type of the request. */
  readonly type: number;
}

/** One answer of a query. */
export interface SessionOrder {
  readonly request: number;
  /** Whether the order rests; if not, only `id` and `symbol` say anything. */
  readonly rests: boolean;
  readonly side: number;
  readonly symbol: number;
  readonly id: bigint;
  readonly price: number;
  readonly leaves: number;
  readonly cumulative: number;
  /** The number of the newest report that this answer includes; 0: of none. */
  readonly asOf: number;
}

/** The end of a list of open orders. */
export interface SessionListEnd {
  readonly request: number;
  readonly count: number;
  readonly truncated: boolean;
  readonly asOf: number;
}

/** Which orders a mass cancel takes out: all, of a symbol, of a side. */
export interface MassCancel {
  readonly symbol?: number;
  readonly side?: "buy" | "sell";
}

/** Of which symbol open orders are wanted: all by default. */
export interface OpenOrdersOf {
  readonly symbol?: number;
}

/** Names one order. */
export interface OrderOf {
  readonly id: OrderId;
  readonly symbol: number;
}

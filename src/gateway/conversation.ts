// What a connection's session is connected to: its host, where it can log on, and who says what its frames mean.

import type { MessageType, Reason } from "../protocol/index.ts";

/** What a session needs of its connection. */
export interface SessionHost {
  /** Why requests on orders of whoever has not logged on are refused, or None. */
  readonly refusal: Reason;
  /** Whether there is room for the answers of one more request. */
  hasRoom(): boolean;
  /** Whether a request of that type is within the rate; it counts from now on. */
  admits(type: MessageType): boolean;
  /** Whether so many orders, modifies and cancels are within the rate, in whatever mix: then they are not asked for, but told. */
  haveTokens(requests: number): boolean;
  /** So many orders and modifies, and so many cancels, were taken without asking. */
  spend(orders: number, cancels: number): void;
  /** The most fills an answer may hold now; at least 1. */
  answerLimit_fills(): number;
  /** Answers, in the order of the calls; each may overtake what waits at the gate where the protocol says so. */
  heartbeat(tokenLow: number, tokenHigh: number): void;
  refuse(idLow: number, idHigh: number, reason: Reason): void;
  listInstruments(): void;
  /** The connection acts for `account`; false when there is no such account. */
  hello(account: number): boolean;
}

/** Where a connection that has proved nothing yet can log on. */
export interface LogonDoor {
  /** It asks for a challenge; false: not at this moment. */
  logonRequested(): boolean;
  /** Its Logon at `at`. False: it was not taken, the session has stalled or ended. */
  logon(view: DataView, at: number): boolean;
}

/** What the whole frames of a connection mean. */
export interface Conversation {
  /** Of every command: CommandFlag. */
  readonly flags: number;
  /** A reason to refuse every request on an order without sequencing it, or None. */
  readonly refusal: Reason;
  /** The most fills an answer may hold now; at least 1. */
  answerLimit_fills(): number;
  /** The frame at `at` is none of an order, a modify or a cancel. False: it was not taken, the session has stalled or ended. */
  handle(view: DataView, at: number, type: MessageType): boolean;
  /** The frame at `at` is not sequenced: its answer. */
  refuse(view: DataView, at: number, type: MessageType, reason: Reason): void;
}

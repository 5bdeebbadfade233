// What a session with a token needs of its connection to order entry: one that has logged on, and is not made again when
// it is lost.

import type { SessionListener, SessionPipe } from "../../../client/index.ts";

/** A SessionPipe is one. */
export type TradingLink = Pick<
  SessionPipe,
  | "session"
  | "first"
  | "next"
  | "hasGap"
  | "closed"
  | "writable"
  | "submit"
  | "modify"
  | "cancel"
  | "massCancel"
  | "orderStatus"
  | "openOrders"
  | "heartbeat"
  | "flush"
  | "pause"
  | "resume"
  | "logout"
  | "isLoggedOut"
  | "destroy"
>;

/** What it tells, in order; instruments are not asked for. */
export type TradingListener = SessionListener;

// Why the server did not do what a message asked, and why it ends a connection (specification: docs/api/websocket.md).
// Why an order was refused is not here: those are the reasons of every interface (../reasons.ts).

export const ErrorCode = {
  /** Not a JSON object, no known type, a field missing, unknown or out of range. */
  BadMessage: "BAD_MESSAGE",
  /** Something came before `hello`, or a second one. */
  HelloFirst: "HELLO_FIRST",
  Schema: "SCHEMA",
  UnknownAccount: "UNKNOWN_ACCOUNT",
  UnknownSymbol: "UNKNOWN_SYMBOL",
  NoAccount: "NO_ACCOUNT",
  /** No key of this exchange has the token, or none for this account. */
  NotAuthorised: "NOT_AUTHORISED",
  /** It takes a token. */
  TokenNeeded: "TOKEN_NEEDED",
  /** Reports tell it, in a session with a token. */
  Reports: "REPORTS",
  /** Order entry takes no connection for this account now. */
  Unavailable: "UNAVAILABLE",
  /** This node follows the one that takes orders. */
  Replica: "REPLICA",
  TooManyInFlight: "TOO_MANY_IN_FLIGHT",
  TooOften: "TOO_OFTEN",
  /** More than 2,048 channels of symbols. */
  TooManySubscriptions: "TOO_MANY_SUBSCRIPTIONS",
  OutcomeUnknown: "OUTCOME_UNKNOWN",
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** WebSocket close codes: 1000 to 1015 are RFC 6455's, from 4000 on ours. */
export const CloseCode = {
  /** After `logout`. */
  LoggedOut: 1000,
  /** The node stops, or its order entry is gone. */
  GoingAway: 1001,
  BinaryFrame: 1003,
  /** No `hello` in time, or one that can't be answered. */
  NoHello: 4001,
  TooSlow: 4008,
  /** A newer connection of the same token, account and instance. */
  Replaced: 4010,
  /** Nothing was heard of a client with a dead man for as long as that waits. */
  DeadMan: 4011,
  /** A message was begun and not finished in time. */
  MessageTimeout: 4012,
  TooManyMessages: 4029,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

// The one table of reasons: why a command was refused, on the wire, in flow files and in words. Numbers are never
// reused (specification: order-entry/order-entry.md). 1-9 are the engine's risk and book checks, from 10 on ours:
// 11-17 the gateway's, all others the engine's. 24 refuses no request: it ends a session.

export const Reason = {
  None: 0,
  UnknownSymbol: 1,
  InvalidPrice: 2,
  InvalidQuantity: 3,
  InvalidSide: 4,
  MaxQuantityExceeded: 5,
  MaxNotionalExceeded: 6,
  DuplicateOrderId: 7,
  UnknownOrder: 8,
  StorageExhausted: 9,
  AnswerTooLarge: 10,
  NotLoggedOn: 11,
  NotAuthorised: 12,
  Throttled: 13,
  Halted: 14,
  ReplicaDisconnected: 15,
  ShuttingDown: 16,
  DiskFull: 17,
  TradingHalted: 18,
  AccountSwitchedOff: 19,
  RequestReused: 20,
  RequestForgotten: 21,
  SymbolSwitchedOff: 22,
  ExchangeSwitchedOff: 23,
  SessionReplaced: 24,
  TooManyOpenOrders: 25,
} as const;
export type Reason = (typeof Reason)[keyof typeof Reason];
/** Whether a gateway gave it on its own: nothing was logged, and it may overtake other answers. All others are the engine's. */
export function isGatewayRefusal(reason: number): boolean {
  return reason >= Reason.NotLoggedOn && reason <= Reason.DiskFull;
}

export type ReasonName = keyof typeof Reason;

const NAMES: readonly string[] = Object.entries(Reason)
  .sort((a, b) => a[1] - b[1])
  .map(([name]) => name);

/** The name of a reason code, or `Reason17` for one this version does not know. */
export function reasonName(code: number): string {
  return NAMES[code] ?? `Reason${code}`;
}

/** What each reason means, in words for people: an order form shows them as they are. */
const TEXTS: Readonly<Record<ReasonName, string>> = {
  None: "nothing is wrong",
  UnknownSymbol: "there is no such instrument",
  InvalidPrice: "the price is not above zero, or beyond what the exchange can hold",
  InvalidQuantity: "the quantity is zero",
  InvalidSide: "the side is neither buy nor sell",
  MaxQuantityExceeded: "the quantity is larger than the limit of one order",
  MaxNotionalExceeded: "price times quantity is larger than the limit of one order",
  DuplicateOrderId: "an order with this id rests already",
  UnknownOrder: "no order with this id rests",
  StorageExhausted: "the exchange holds as many orders as it can",
  AnswerTooLarge:
    "it would trade with, or cancel, more orders than one answer can tell of; a smaller one may do",
  NotLoggedOn: "the connection has not named its account",
  NotAuthorised: "this is not allowed, to this key or for this account",
  Throttled: "too many requests at once",
  Halted: "the exchange is halted",
  ReplicaDisconnected: "the exchange's replica is away",
  ShuttingDown: "the exchange is shutting down",
  TradingHalted: "trading is halted by an administrator; cancels are taken",
  AccountSwitchedOff: "an administrator has switched the account off; its orders are cancelled",
  SymbolSwitchedOff: "an administrator has switched the instrument off; its orders are cancelled",
  ExchangeSwitchedOff: "an administrator has switched the exchange off; all orders are cancelled",
  TooManyOpenOrders: "the account has as many open orders as it may; cancel some first",
  SessionReplaced: "another connection has logged on as this session",
  DiskFull: "the exchange has no room for its log; nothing is taken until it has",
  RequestReused: "another request has this request's number; this one was not executed",
  RequestForgotten:
    "the request's number is too old to tell whether it was executed before; it was not executed now",
};

/** What a reason code means, in words. */
export function reasonText(code: number): string {
  const name = reasonName(code);
  return Object.hasOwn(TEXTS, name) ? TEXTS[name as ReasonName] : `refused for reason ${code}`;
}

/** The code of a reason's name, or undefined. */
export function reasonCode(name: string): Reason | undefined {
  return Object.hasOwn(Reason, name) ? Reason[name as ReasonName] : undefined;
}

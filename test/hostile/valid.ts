// What a client would send that means well: the frames and messages that attackers begin with.

import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  encodeCancelOrder,
  encodeHeartbeat,
  encodeHello,
  encodeInstruments,
  encodeLogonRequest,
  encodeLogout,
  encodeMassCancel,
  encodeModify,
  encodeNewOrder,
  encodeOpenOrders,
  encodeOrderStatus,
  encodeSessionLogon,
  type LogonTerms,
  OrderType,
  putSessionProof,
  Side,
  TimeInForce,
} from "../../src/protocol/index.ts";

/** That the attackers' key names; the legitimate client is in open mode, and account 0. */
export const ATTACKED_ACCOUNTS: readonly number[] = [10, 11, 12, 13, 14, 15, 16, 17];

const ROOM_BYTES = 256;
/** No price that the legitimate client uses. */
const PRICE = 1_000_000;

/** The bytes one encoder writes. */
function frameOf(write: (view: DataView, at: number) => number): Uint8Array {
  const view = new DataView(new ArrayBuffer(ROOM_BYTES));
  return new Uint8Array(view.buffer, 0, write(view, 0));
}

/** A limit order of `account`'s connection on symbol 1. */
export function limitOrder(
  id: number,
  price: number,
  quantity: number,
  side: Side,
  isIoc = false,
): Uint8Array {
  const tif = isIoc ? TimeInForce.ImmediateOrCancel : TimeInForce.GoodTillCancel;
  return frameOf((view, at) =>
    encodeNewOrder(view, at, id, 0, id, 0, 1, price, 0, quantity, side, OrderType.Limit, tif),
  );
}

/** Of the open mode: versions 1 and 2. */
export const OPEN_FRAMES: readonly Uint8Array[] = [
  limitOrder(1, PRICE, 1, Side.Buy),
  limitOrder(2, PRICE, 2, Side.Sell, true),
  frameOf((view, at) =>
    encodeNewOrder(
      view,
      at,
      3,
      0,
      3,
      0,
      1,
      0,
      0,
      1,
      Side.Buy,
      OrderType.Market,
      TimeInForce.ImmediateOrCancel,
    ),
  ),
  frameOf((view, at) => encodeCancelOrder(view, at, 4, 0, 1, 0, 1)),
  frameOf((view, at) => encodeModify(view, at, 5, 0, 1, 0, 1, PRICE, 0, 1)),
  frameOf((view, at) => encodeHeartbeat(view, at, 6, 0)),
  frameOf((view, at) => encodeInstruments(view, at, 7, 0)),
  frameOf((view, at) => encodeHello(view, at, 8, 0, 900, 0)),
  frameOf((view, at) => encodeHello(view, at, 9, 0, 900, 1)),
];

/** What a session says once it has logged on. */
export const SESSION_FRAMES: readonly Uint8Array[] = [
  ...OPEN_FRAMES.slice(0, 7),
  frameOf((view, at) => encodeMassCancel(view, at, 10, 0, 1, Side.Buy)),
  frameOf((view, at) => encodeMassCancel(view, at, 11, 0, ALL_SYMBOLS, BOTH_SIDES)),
  frameOf((view, at) => encodeOrderStatus(view, at, 12, 0, 1, 0, 1)),
  frameOf((view, at) => encodeOpenOrders(view, at, 13, 0, ALL_SYMBOLS)),
  frameOf(encodeLogout),
];

/** Asks for a challenge. */
export const LOGON_REQUEST: Uint8Array = frameOf(encodeLogonRequest);

/** A logon with a proof of so many equal bytes: no key's. */
export function logonFrame(terms: Partial<LogonTerms>, proof: number): Uint8Array {
  const nothing = {
    name: "mallory",
    account: 7,
    instance: 0,
    flags: 0,
    next: 0,
    deadMan_ms: 0,
    heartbeat_ms: 0,
  };
  return frameOf((view, at) => {
    const end = encodeSessionLogon(view, at, { ...nothing, ...terms });
    putSessionProof(view, at, new Uint8Array(64).fill(proof));
    return end;
  });
}

const SYMBOL = "ETH-USD";

export const MESSAGES: readonly object[] = [
  { type: "hello", schema: 1, account: "901" },
  { type: "submit", request: 1, symbol: SYMBOL, id: "1", side: "buy", price: "0.01", quantity: 1 },
  { type: "submit", request: 2, symbol: SYMBOL, id: "2", side: "sell", orderType: "market", quantity: 1 },
  { type: "modify", request: 3, symbol: SYMBOL, id: "1", price: "0.02", quantity: 2 },
  { type: "cancel", request: 4, symbol: SYMBOL, id: "1" },
  { type: "openOrders", request: 5 },
  { type: "subscribe", request: 6, channels: ["depth", "trades"], symbols: [SYMBOL] },
  { type: "unsubscribe", request: 7, channels: ["depth"], symbols: [SYMBOL] },
  { type: "massCancel", request: 8, symbol: SYMBOL, side: "buy" },
  { type: "orderStatus", request: 9, symbol: SYMBOL, id: "1" },
  { type: "heartbeat", request: 10 },
];

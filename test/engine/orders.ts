// Command records of account 0 (or another) with ids and prices as plain safe integers.

import { highLane, lowLane } from "../../src/base/index.ts";
import {
  CommandFlag,
  CommandWord,
  OrderType,
  Side,
  TimeInForce,
  writeCancel,
  writeModify,
  writeNewOrder,
  writeSessionCommand,
} from "../../src/protocol/index.ts";
import type { Write } from "./support.ts";

export interface Place {
  readonly account?: number;
  readonly symbol?: number;
}

function order(
  id: number,
  side: number,
  type: OrderType,
  tif: TimeInForce,
  price: number,
  quantity: number,
  { account = 0, symbol = 0 }: Place,
): Write {
  return (words) =>
    writeNewOrder(
      words,
      0,
      account,
      symbol,
      lowLane(id),
      highLane(id),
      side,
      type,
      tif,
      lowLane(price),
      highLane(price),
      quantity,
    );
}

export function buy(id: number, price: number, quantity: number, place: Place = {}): Write {
  return order(id, Side.Buy, OrderType.Limit, TimeInForce.GoodTillCancel, price, quantity, place);
}

export function sell(id: number, price: number, quantity: number, place: Place = {}): Write {
  return order(id, Side.Sell, OrderType.Limit, TimeInForce.GoodTillCancel, price, quantity, place);
}

/** Limit, immediate or cancel. */
export function ioc(id: number, side: number, price: number, quantity: number): Write {
  return order(id, side, OrderType.Limit, TimeInForce.ImmediateOrCancel, price, quantity, {});
}

/** A market order's price is ignored: one is given to show it. */
export function market(id: number, side: number, quantity: number, place: Place = {}): Write {
  return order(id, side, OrderType.Market, TimeInForce.ImmediateOrCancel, 77, quantity, place);
}

/** `write` with a request number that is used once. */
export function once(request: number, write: Write): Write {
  return (words) => {
    write(words);
    words[CommandWord.flags] = CommandFlag.Once;
    words[CommandWord.requestLow] = lowLane(request);
    words[CommandWord.requestHigh] = highLane(request);
  };
}

/** A session of an account logs on: from here on it is told of its orders. */
export function logOn(account: number): Write {
  const terms = { who: "key", instance: 0, flags: 0, deadMan_ms: 0 };
  return (words) => writeSessionCommand(words, 0, { kind: "session_open", account, session: 1n, ...terms });
}

/** `write` with a request number and the number of the session it came from. */
export function from(session: number, request: number, write: Write): Write {
  return (words) => {
    write(words);
    words[CommandWord.requestLow] = request;
    words[CommandWord.sessionLow] = session;
  };
}

export function cancel(id: number, { account = 0, symbol = 0 }: Place = {}): Write {
  return (words) => writeCancel(words, 0, account, symbol, lowLane(id), highLane(id));
}

export function modify(
  id: number,
  price: number,
  quantity: number,
  { account = 0, symbol = 0 }: Place = {},
): Write {
  return (words) =>
    writeModify(
      words,
      0,
      account,
      symbol,
      lowLane(id),
      highLane(id),
      lowLane(price),
      highLane(price),
      quantity,
    );
}

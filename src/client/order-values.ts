// Orders and answers as programs see them, and the numbers the wire carries. 64-bit ids come as number, bigint or decimal
// string and are kept as lanes inside. Programs without type checks make mistakes too: every value is checked.

import { highLane, lowLane, U32_MAX, u64FromString, unknownName } from "../base/index.ts";
import { OrderType, Side, TimeInForce } from "../protocol/index.ts";
import { checkInteger, checkObject, invalidArgument, shown } from "./errors.ts";

/** A u64 of the caller's choice: a safe integer, a bigint or decimal digits. */
export type OrderId = number | bigint | string;

/** Ticks: an i64, as a safe integer or a bigint. */
export type OrderPrice = number | bigint;

interface LimitOrder {
  readonly type?: "limit";
  readonly price: OrderPrice;
  /** Good till cancel by default. */
  readonly timeInForce?: "gtc" | "ioc";
}

/** Takes what is there at any price, and never rests. */
interface MarketOrder {
  readonly type: "market";
  readonly price?: undefined;
  readonly timeInForce?: "ioc";
}

export type NewOrder = (LimitOrder | MarketOrder) & {
  readonly id: OrderId;
  /** The symbol's number; `instruments()` tells which name has which. */
  readonly symbol: number;
  readonly side: "buy" | "sell";
  /** Lots. */
  readonly quantity: number;
};

export interface CancelOrder {
  readonly id: OrderId;
  readonly symbol: number;
}

export interface ModifyOrder extends CancelOrder {
  readonly price: OrderPrice;
  /** The new open quantity in lots; 0 takes the order out of the book. */
  readonly quantity: number;
}

/** A request on an order was executed, or refused for a reason. */
export type OrderAnswer =
  | { readonly accepted: true; readonly id: bigint; readonly sequence: number }
  | { readonly accepted: false; readonly id: bigint; readonly reason: string; readonly code: number };

/** `fill`: an order of ours took liquidity; `restingFill`: one that rested was hit. */
export interface FillEvent {
  readonly kind: "fill" | "restingFill";
  readonly takerId: bigint;
  readonly makerId: bigint;
  /** Ticks. */
  readonly price: number;
  /** Lots. */
  readonly quantity: number;
  /** The exchange's event sequence of the trade. */
  readonly sequence: number;
}

/** An administrator's kill switch took a resting order of ours out of the book. */
export interface CancelledEvent {
  readonly id: bigint;
  readonly symbol: number;
  /** Lots that rested. */
  readonly quantity: number;
  /** The exchange's event sequence of the cancel. */
  readonly sequence: number;
}

/** A new order's fields. */
export const ORDER_FIELDS: Readonly<Record<keyof NewOrder, true>> = {
  ...{ id: true, symbol: true, side: true, type: true, price: true, quantity: true, timeInForce: true },
};

/**
 * Throws SeriatimError `INVALID_ARGUMENT` unless `request` is an object of known fields alone; allocates nothing otherwise. For requests
 * that may lack a field: with a misspelt `timeInForce` an order would rest, and with a misspelt `side` both would be cancelled. Where none
 * may be left out (a cancel, a modify) a misspelt one is missed anyway, and a whole order may be given.
 */
export function checkFields(what: string, request: unknown, known: Readonly<Record<string, true>>): void {
  checkObject(what, request);
  for (const name in request as object) {
    if (known[name] === true) continue;
    throw invalidArgument(`${what} has no field ${unknownName(name, Object.keys(known))}`);
  }
}

type Lanes = readonly [low: number, high: number];

/** What the price field of a market order holds. */
const NO_PRICE: Lanes = [0, 0];

/** The lanes of an id; throws SeriatimError `INVALID_ARGUMENT`. */
export function idLanes(id: OrderId): Lanes {
  if (typeof id === "number" && Number.isSafeInteger(id) && id >= 0) return [lowLane(id), highLane(id)];
  const isText = typeof id === "bigint" || typeof id === "string";
  const lanes = isText ? u64FromString(String(id)) : undefined;
  if (lanes === undefined) throw invalidArgument(`order id ${shown(id)} is not an integer from 0 to 2^64-1`);
  return lanes;
}

/** The id of two lanes. */
export function idOf(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** The lanes of a price; throws SeriatimError `INVALID_ARGUMENT`. */
export function priceLanes(price: OrderPrice): Lanes {
  if (typeof price === "number") {
    if (!Number.isSafeInteger(price)) throw invalidArgument(`price ${price} is not a whole number of ticks`);
    return [lowLane(price), highLane(price)];
  }
  if (typeof price !== "bigint")
    throw invalidArgument(`price ${shown(price)} is not a whole number of ticks`);
  if (BigInt.asIntN(64, price) !== price) throw invalidArgument(`price ${price} is beyond 64 bits`);
  return [Number(BigInt.asUintN(32, price)), Number(BigInt.asUintN(32, price >> 32n))];
}

/** A u32; throws SeriatimError `INVALID_ARGUMENT`. */
export function checkU32(what: string, value: number): number {
  checkInteger(what, value, 0, U32_MAX);
  return value;
}

const SIDES = { buy: Side.Buy, sell: Side.Sell } as const;
const TYPES = { limit: OrderType.Limit, market: OrderType.Market } as const;
const TIMES_IN_FORCE = { gtc: TimeInForce.GoodTillCancel, ioc: TimeInForce.ImmediateOrCancel } as const;

export function sideCode(side: NewOrder["side"]): Side {
  return choose("side", SIDES, side);
}

export function typeCode(type: NewOrder["type"] = "limit"): OrderType {
  return choose("type", TYPES, type);
}

/** The lanes of a new order's price: a limit order has one, a market order has none. */
export function orderPriceLanes(order: NewOrder): Lanes {
  if (order.type !== "market") return priceLanes(order.price);
  const given: unknown = order.price;
  if (given === undefined) return NO_PRICE;
  throw invalidArgument(`a market order has no price, but this one has ${shown(given)}`);
}

/** A market order never rests, so it may not ask to. */
export function timeInForceCode({ type, timeInForce }: NewOrder): TimeInForce {
  const otherwise = type === "market" ? "ioc" : "gtc";
  const code = choose("timeInForce", TIMES_IN_FORCE, timeInForce ?? otherwise);
  if (type === "market" && code !== TimeInForce.ImmediateOrCancel)
    throw invalidArgument('a market order never rests: its timeInForce can only be "ioc"');
  return code;
}

function choose<T>(what: string, choices: Readonly<Record<string, T>>, word: string): T {
  if (Object.hasOwn(choices, word)) return choices[word];
  throw invalidArgument(`${what} ${shown(word)} is not one of ${Object.keys(choices).join(", ")}`);
}

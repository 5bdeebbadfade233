// What a client says, from text to a plain typed request or to one line that says what is wrong and where. Names of symbols
// and accounts, and prices, stay text: what they mean depends on the exchange (specification: docs/api/websocket.md).

import { SAFE_MAX, U32_MAX } from "../../base/index.ts";
import { ErrorCode } from "./error-codes.ts";
import { Fields, isJsonObject, type JsonObject, shownJson } from "./fields.ts";

/** The version of the messages; `hello` and `welcome` say it. */
export const JSON_SCHEMA_VERSION = 1;

export const CHANNELS = [
  "depth",
  "quotes",
  "trades",
  "candles",
  "statistics",
  "instruments",
  "queue",
  "orders",
  "status",
  "tape",
] as const;
export type Channel = (typeof CHANNELS)[number];

/** Symbols that one request names: as many as an exchange has; the message's length is the real bound. */
const SYMBOLS_MAX = 65_536;

interface Numbered {
  /** The client's number for it, which the answer carries. */
  readonly request: number | undefined;
}

export interface HelloRequest extends Numbered {
  readonly type: "hello";
  readonly schema: number;
  readonly account: string | undefined;
  /** What there is only with a token. */
  readonly logon: TokenLogon | undefined;
}

/** A session that proves by a secret token whose it is. */
export interface TokenLogon {
  readonly token: string;
  /** Which of the programs of its account this is. */
  readonly instance: number;
  /** The number of the first report that it wants; 0: from now on. */
  readonly next: number;
  readonly cancelOnDisconnect: boolean;
  /** 0: none. */
  readonly deadMan_ms: number;
  readonly readOnly: boolean;
  readonly once: boolean;
}

export interface SubmitRequest extends Numbered {
  readonly type: "submit";
  readonly symbol: string;
  /** Decimal digits of a u64, here and below. */
  readonly id: string;
  readonly side: "buy" | "sell";
  readonly orderType: "limit" | "market";
  readonly timeInForce: "gtc" | "ioc";
  /** A limit order has one, a market order none. */
  readonly price: string | undefined;
  /** Lots. */
  readonly quantity: number;
}

export interface ModifyRequest extends Numbered {
  readonly type: "modify";
  readonly symbol: string;
  readonly id: string;
  readonly price: string;
  readonly quantity: number;
}

export interface CancelRequest extends Numbered {
  readonly type: "cancel";
  readonly symbol: string;
  readonly id: string;
}

export interface MassCancelRequest extends Numbered {
  readonly type: "massCancel";
  /** undefined: all instruments. */
  readonly symbol: string | undefined;
  /** undefined: both. */
  readonly side: "buy" | "sell" | undefined;
}

export interface OrderStatusRequest extends Numbered {
  readonly type: "orderStatus";
  readonly symbol: string;
  readonly id: string;
}

export interface OpenOrdersRequest extends Numbered {
  readonly type: "openOrders";
  /** undefined: all instruments. */
  readonly symbol: string | undefined;
}

/** Says that the client lives. */
export interface HeartbeatRequest extends Numbered {
  readonly type: "heartbeat";
}

/** Ends the session in order: nothing is cancelled on its behalf. */
export interface LogoutRequest extends Numbered {
  readonly type: "logout";
}

export interface SubscriptionRequest extends Numbered {
  readonly type: "subscribe" | "unsubscribe";
  readonly channels: readonly Channel[];
  /** undefined: all instruments. */
  readonly symbols: readonly string[] | undefined;
  /** Of a subscription to channel `queue`, which is of one symbol and no other channel; undefined of all others. */
  readonly level: { readonly side: "buy" | "sell"; readonly price: string } | undefined;
}

export type OrderRequest = SubmitRequest | ModifyRequest | CancelRequest;
export type JsonRequest =
  | HelloRequest
  | OrderRequest
  | MassCancelRequest
  | OrderStatusRequest
  | OpenOrdersRequest
  | SubscriptionRequest
  | HeartbeatRequest
  | LogoutRequest;

/** Why a message was not done: what an `error` message says. */
export interface Refusal extends Numbered {
  readonly code: ErrorCode;
  readonly text: string;
}

export type ParsedRequest = { readonly request: JsonRequest } | { readonly refusal: Refusal };

type Parser = (fields: Fields, request: number | undefined) => JsonRequest;

const PARSERS: ReadonlyMap<unknown, Parser> = new Map<string, Parser>([
  ["hello", hello],
  ["submit", submit],
  ["modify", modify],
  ["cancel", cancel],
  ["massCancel", massCancel],
  ["orderStatus", orderStatus],
  [
    "openOrders",
    (fields, request) => ({ type: "openOrders", request, symbol: fields.optionalText("symbol") }),
  ],
  ["subscribe", (fields, request) => subscription("subscribe", fields, request)],
  ["unsubscribe", (fields, request) => subscription("unsubscribe", fields, request)],
  ["heartbeat", (_fields, request) => ({ type: "heartbeat", request })],
  ["logout", (_fields, request) => ({ type: "logout", request })],
]);

/** Never throws: whatever `text` is, the answer is a request or what is wrong with it. */
export function parseRequest(text: string): ParsedRequest {
  const object = parseObject(text);
  if (object === undefined) return { refusal: badMessage(undefined, "this is not a JSON object") };
  const fields = new Fields(object);
  const number = fields.optionalWhole("request", SAFE_MAX);
  // One that is no number is not answered by another, which may be somebody's.
  const request = number === object.request ? number : undefined;
  const type = fields.take("type");
  const parser = PARSERS.get(type);
  if (parser === undefined) return { refusal: badMessage(request, unknownType(type)) };
  const parsed = parser(fields, request);
  const foreign = foreignSchema(parsed);
  if (foreign !== undefined) return { refusal: foreign };
  const problem = fields.finish();
  return problem === undefined ? { request: parsed } : { refusal: badMessage(request, problem) };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A later version may have any fields: that we don't speak it is the thing to say. */
function foreignSchema(parsed: JsonRequest): Refusal | undefined {
  if (parsed.type !== "hello" || parsed.schema === JSON_SCHEMA_VERSION || parsed.schema === 0)
    return undefined;
  const text = `schema: this server speaks ${JSON_SCHEMA_VERSION}, not ${parsed.schema}`;
  return { request: parsed.request, code: ErrorCode.Schema, text };
}

function unknownType(type: unknown): string {
  if (type === undefined) return "type: missing";
  return `type: ${shownJson(type)} is not one of ${[...PARSERS.keys()].join(", ")}`;
}

function badMessage(request: number | undefined, text: string): Refusal {
  return { request, code: ErrorCode.BadMessage, text };
}

function hello(fields: Fields, request: number | undefined): HelloRequest {
  const schema = fields.whole("schema", U32_MAX);
  if (schema === 0) fields.refuse("schema: versions count from 1");
  return { type: "hello", request, schema, account: fields.optionalText("account"), logon: logon(fields) };
}

/** Without a token the fields of a logon are unknown ones. */
function logon(fields: Fields): TokenLogon | undefined {
  const token = fields.optionalText("token");
  if (token === undefined) return undefined;
  const instance = fields.optionalWhole("instance", U32_MAX) ?? 0;
  const next = Number(fields.optionalId("next") ?? "0");
  if (next > SAFE_MAX) fields.refuse("next: no report has a number beyond 2^53-1");
  const cancelOnDisconnect = fields.flag("cancelOnDisconnect");
  const deadMan_ms = fields.optionalWhole("deadMan_ms", U32_MAX) ?? 0;
  const readOnly = fields.flag("readOnly");
  return { token, instance, next, cancelOnDisconnect, deadMan_ms, readOnly, once: fields.flag("once") };
}

function submit(fields: Fields, request: number | undefined): SubmitRequest {
  const symbol = fields.text("symbol");
  const id = fields.id("id");
  const side = fields.requiredChoice("side", ["buy", "sell"]);
  const orderType = fields.choice("orderType", ["limit", "market"]);
  const isMarket = orderType === "market";
  const timeInForce = fields.choice("timeInForce", isMarket ? ["ioc", "gtc"] : ["gtc", "ioc"]);
  if (isMarket && timeInForce === "gtc")
    fields.refuse('timeInForce: a market order never rests, it can only be "ioc"');
  const price = isMarket ? fields.optionalText("price") : fields.text("price");
  if (isMarket && price !== undefined) fields.refuse("price: a market order has none");
  const quantity = fields.whole("quantity", U32_MAX);
  return { type: "submit", request, symbol, id, side, orderType, timeInForce, price, quantity };
}

function modify(fields: Fields, request: number | undefined): ModifyRequest {
  const symbol = fields.text("symbol");
  const id = fields.id("id");
  const price = fields.text("price");
  return { type: "modify", request, symbol, id, price, quantity: fields.whole("quantity", U32_MAX) };
}

function cancel(fields: Fields, request: number | undefined): CancelRequest {
  return { type: "cancel", request, symbol: fields.text("symbol"), id: fields.id("id") };
}

function massCancel(fields: Fields, request: number | undefined): MassCancelRequest {
  const symbol = fields.optionalText("symbol");
  const side = fields.choice("side", ["both", "buy", "sell"]);
  return { type: "massCancel", request, symbol, side: side === "both" ? undefined : side };
}

function orderStatus(fields: Fields, request: number | undefined): OrderStatusRequest {
  return { type: "orderStatus", request, symbol: fields.text("symbol"), id: fields.id("id") };
}

function subscription(
  type: "subscribe" | "unsubscribe",
  fields: Fields,
  request: number | undefined,
): SubscriptionRequest {
  const channels = fields.optionalTexts("channels", CHANNELS.length) ?? [];
  if (channels.length === 0) fields.refuse("channels: missing");
  for (const [i, channel] of channels.entries()) {
    if (!(CHANNELS as readonly string[]).includes(channel))
      fields.refuse(`channels[${i}]: ${shownJson(channel)} is not one of ${CHANNELS.join(", ")}`);
  }
  const symbols = fields.optionalTexts("symbols", SYMBOLS_MAX);
  const isQueue = channels.includes("queue");
  if (isQueue && channels.length > 1) fields.refuse("channels: queue is asked for by itself");
  const level = isQueue && type === "subscribe" ? queueLevel(fields, symbols) : undefined;
  return { type, request, channels: channels as readonly Channel[], symbols, level };
}

function queueLevel(fields: Fields, symbols: readonly string[] | undefined): SubscriptionRequest["level"] {
  if (symbols?.length !== 1) fields.refuse("symbols: a queue is of one symbol");
  return { side: fields.requiredChoice("side", ["buy", "sell"]), price: fields.text("price") };
}

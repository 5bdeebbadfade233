// A client's messages, good and bad: what each is read as, and the one line that says what is wrong with it.

import { describe, expect, test } from "vitest";
import { ErrorCode, parseRequest, type Refusal } from "../../../src/protocol/index.ts";

const submit = { type: "submit", symbol: "BTC-USD", id: "1", side: "buy", price: "70000.50", quantity: 3 };
const modify = { type: "modify", symbol: "BTC-USD", id: "1", price: "70000.50", quantity: 0 };
const cancel = { type: "cancel", symbol: "BTC-USD", id: "18446744073709551615" };
const queueOf = { type: "subscribe", channels: ["queue"], symbols: ["BTC-USD"] };
const queue = { ...queueOf, side: "buy", price: "1.5" };
const subscribe = { type: "subscribe", channels: ["depth", "trades"], symbols: ["BTC-USD"] };

describe("a request is read with its defaults:", () => {
  const limit = { ...submit, request: undefined, orderType: "limit", timeInForce: "gtc" };
  const market = { ...submit, orderType: "market", price: undefined };
  const hello = { type: "hello", schema: 1 };
  const LOGON = {
    ...{ token: "T", instance: 7, cancelOnDisconnect: true, deadMan_ms: 5_000, readOnly: true, once: true },
  };
  const logon = {
    ...{
      token: "T",
      instance: 0,
      next: 0,
      cancelOnDisconnect: false,
      deadMan_ms: 0,
      readOnly: false,
      once: false,
    },
  };
  const rows: [what: string, message: object, request: object][] = [
    ["hello", { type: "hello", schema: 1 }, { type: "hello", request: undefined, schema: 1 }],
    [
      "hello with an account and a number",
      { type: "hello", schema: 1, account: "alice", request: 1 },
      { type: "hello", request: 1, schema: 1, account: "alice" },
    ],
    ["hello with a token", { ...hello, token: "T" }, { ...hello, request: undefined, logon }],
    [
      "hello with all of a logon",
      { ...hello, ...LOGON, next: "18" },
      { ...hello, request: undefined, logon: { ...LOGON, next: 18 } },
    ],
    ["massCancel", { type: "massCancel" }, { type: "massCancel", request: undefined }],
    [
      "massCancel of a side of a symbol",
      { type: "massCancel", symbol: "BTC-USD", side: "buy" },
      { type: "massCancel", request: undefined, symbol: "BTC-USD", side: "buy" },
    ],
    [
      "orderStatus",
      { ...cancel, type: "orderStatus" },
      { ...cancel, type: "orderStatus", request: undefined },
    ],
    ["heartbeat", { type: "heartbeat", request: 7 }, { type: "heartbeat", request: 7 }],
    ["logout", { type: "logout" }, { type: "logout", request: undefined }],
    ["a limit order", submit, limit],
    [
      "a limit order that is immediate or cancel",
      { ...submit, timeInForce: "ioc" },
      { ...limit, timeInForce: "ioc" },
    ],
    ["a market order", market, { ...limit, orderType: "market", timeInForce: "ioc", price: undefined }],
    ["a modify to nothing", modify, { ...modify, request: undefined }],
    ["a cancel of the largest id", cancel, { ...cancel, request: undefined }],
    ["the largest request number", { ...cancel, request: 2 ** 53 - 1 }, { ...cancel, request: 2 ** 53 - 1 }],
    ["openOrders", { type: "openOrders" }, { type: "openOrders", request: undefined }],
    ["subscribe", subscribe, { ...subscribe, request: undefined, level: undefined }],
    ["the queue at a price", queue, { ...queueOf, request: undefined, level: { side: "buy", price: "1.5" } }],
    [
      "no queue any more",
      { type: "unsubscribe", channels: ["queue"] },
      { type: "unsubscribe", request: undefined, channels: ["queue"], symbols: undefined, level: undefined },
    ],
    [
      "unsubscribe from all instruments",
      { type: "unsubscribe", channels: ["quotes"] },
      { type: "unsubscribe", request: undefined, channels: ["quotes"], symbols: undefined, level: undefined },
    ],
  ];
  test.each(rows)("%s", (_what, message, request) => {
    expect(parseRequest(JSON.stringify(message))).toEqual({ request });
  });
});

function refusalOf(text: string): Refusal {
  const parsed = parseRequest(text);
  if ("request" in parsed) throw new Error("was accepted");
  return parsed.refusal;
}

describe("a message is refused by one line that names what is wrong:", () => {
  const texts: [text: string, line: string][] = [
    ["", "this is not a JSON object"],
    ["hello", "this is not a JSON object"],
    ["[]", "this is not a JSON object"],
    ["null", "this is not a JSON object"],
    ['"hello"', "this is not a JSON object"],
    ['{"type":"hello"', "this is not a JSON object"],
    ["[".repeat(60_000), "this is not a JSON object"],
    ['{"type":"cancel","symbol":"A","id":"1","__proto__":{}}', '"__proto__": no field of this message'],
    ['{"type":"cancel","symbol":"A","id":1e0}', "id: 1 is not a string of decimal digits from 0 to 2^64-1"],
  ];
  const KNOWN =
    "hello, submit, modify, cancel, massCancel, orderStatus, openOrders, subscribe, unsubscribe, heartbeat, logout";
  const DIGITS = "is not a string of decimal digits from 0 to 2^64-1";
  const LOTS = "is not a whole number from 0 to 4294967295";
  const market = { ...submit, orderType: "market", price: undefined };
  const messages: [message: object, line: string][] = [
    [{}, "type: missing"],
    [{ type: "buy" }, `type: "buy" is not one of ${KNOWN}`],
    [{ type: "constructor" }, `type: "constructor" is not one of ${KNOWN}`],
    [{ type: ["hello"] }, `type: [...] is not one of ${KNOWN}`],
    [{ type: "hello" }, "schema: missing"],
    [{ type: "hello", schema: "1" }, 'schema: "1" is not a whole number from 0 to 4294967295'],
    [{ type: "hello", schema: 0 }, "schema: versions count from 1"],
    [{ type: "hello", schema: 1, account: 7 }, "account: 7 is not a text"],
    [{ type: "hello", schema: 1, account: "" }, 'account: "" is not a text'],
    [{ type: "hello", schema: 1, password: "x" }, '"password": no field of this message'],
    [{ type: "hello", schema: 1, next: "1" }, '"next": no field of this message'],
    [{ type: "hello", schema: 1, token: "T", next: 1 }, `next: 1 ${DIGITS}`],
    [
      { type: "hello", schema: 1, token: "T", next: "9007199254740993" },
      "next: no report has a number beyond 2^53-1",
    ],
    [{ type: "hello", schema: 1, token: "T", once: 1 }, "once: 1 is not true or false"],
    [{ type: "hello", schema: 1, token: "T", deadMan_ms: -1 }, `deadMan_ms: -1 ${LOTS}`],
    [{ type: "massCancel", side: "none" }, 'side: "none" is not one of both, buy, sell'],
    [{ type: "orderStatus", symbol: "A" }, "id: missing"],
    [{ ...submit, symbol: undefined }, "symbol: missing"],
    [{ ...submit, id: undefined }, "id: missing"],
    [{ ...submit, id: "01" }, `id: "01" ${DIGITS}`],
    [{ ...submit, id: "-1" }, `id: "-1" ${DIGITS}`],
    [{ ...submit, id: "18446744073709551616" }, `id: "18446744073709551616" ${DIGITS}`],
    [{ ...submit, side: undefined }, "side: missing"],
    [{ ...submit, side: "hold" }, 'side: "hold" is not one of buy, sell'],
    [{ ...submit, orderType: "stop" }, 'orderType: "stop" is not one of limit, market'],
    [{ ...submit, timeInForce: null }, "timeInForce: null is not one of gtc, ioc"],
    [{ ...submit, price: undefined }, "price: missing"],
    [{ ...submit, price: 70000.5 }, "price: 70000.5 is not a text"],
    [{ ...market, price: "1.00" }, "price: a market order has none"],
    [{ ...market, timeInForce: "gtc" }, 'timeInForce: a market order never rests, it can only be "ioc"'],
    [{ ...submit, quantity: undefined }, "quantity: missing"],
    [{ ...submit, quantity: -1 }, `quantity: -1 ${LOTS}`],
    [{ ...submit, quantity: 1.5 }, `quantity: 1.5 ${LOTS}`],
    [{ ...submit, quantity: "3" }, `quantity: "3" ${LOTS}`],
    [{ ...submit, quantity: 2 ** 32 }, `quantity: 4294967296 ${LOTS}`],
    [{ ...submit, colour: "red" }, '"colour": no field of this message'],
    [{ ...submit, request: -1 }, "request: -1 is not a whole number from 0 to 9007199254740991"],
    [
      { ...submit, request: 2 ** 53 },
      "request: 9007199254740992 is not a whole number from 0 to 9007199254740991",
    ],
    [{ ...modify, price: undefined }, "price: missing"],
    [{ ...modify, side: "buy" }, '"side": no field of this message'],
    [{ ...cancel, symbol: 0 }, "symbol: 0 is not a text"],
    [{ ...subscribe, channels: undefined }, "channels: missing"],
    [{ ...subscribe, channels: [] }, "channels: [] is not a list with anything in it"],
    [{ ...subscribe, channels: "depth" }, 'channels: "depth" is not a list with anything in it'],
    [
      { ...subscribe, channels: ["depth", "news"] },
      'channels[1]: "news" is not one of depth, quotes, trades, candles, statistics, instruments, queue, orders, status, tape',
    ],
    [{ ...subscribe, channels: ["depth", "depth"] }, 'channels[1]: "depth" is there twice'],
    [
      { ...subscribe, channels: new Array(11).fill("depth") },
      "channels: 11 of them, at most 10 are possible",
    ],
    [{ ...queue, channels: ["queue", "depth"] }, "channels: queue is asked for by itself"],
    [{ ...queue, symbols: ["A", "B"] }, "symbols: a queue is of one symbol"],
    [{ ...queue, symbols: undefined }, "symbols: a queue is of one symbol"],
    [queueOf, "side: missing"],
    [{ ...queueOf, side: "both", price: "1" }, 'side: "both" is not one of buy, sell'],
    [{ ...queueOf, side: "buy" }, "price: missing"],
    [{ ...subscribe, price: "1" }, '"price": no field of this message'],
    [{ ...subscribe, symbols: [] }, "symbols: [] is not a list with anything in it"],
    [{ ...subscribe, symbols: ["A", 1] }, "symbols[1]: 1 is not a text"],
    [{ ...cancel, symbol: ["x".repeat(100)] }, "symbol: [...] is not a text"],
    [{ ...cancel, symbol: { name: "A" } }, "symbol: {...} is not a text"],
    [{ ...cancel, id: "x".repeat(100) }, `id: "${"x".repeat(60)}"... ${DIGITS}`],
  ];
  const rows = [...texts, ...messages.map(([message, line]) => [JSON.stringify(message), line] as const)];
  test.each(rows)("%.60s: %s", (text, line) => {
    expect(refusalOf(text)).toMatchObject({ code: ErrorCode.BadMessage, text: line });
  });
});

test.each([
  ["[", "]", "type: [...] is not one of"],
  ['{"a":', "}", "type: {...} is not one of"],
])(
  "a value nested as deeply as a message is long is refused, and the stack holds: %s",
  (open, close, line) => {
    // It ended the web's thread: showing the value recursed to its end.
    const depth = Math.floor(60_000 / (open.length + close.length));
    const text = `{"type":${open.repeat(depth)}0${close.repeat(depth)}}`;
    const refusal = refusalOf(text);
    expect(refusal.code).toBe(ErrorCode.BadMessage);
    expect(refusal.text).toContain(line);
  },
);

test("a schema that this server does not speak is told as that, whatever else the message has", () => {
  const text = JSON.stringify({ type: "hello", schema: 2, request: 5, token: "x" });
  const line = "schema: this server speaks 1, not 2";
  expect(refusalOf(text)).toEqual({ request: 5, code: ErrorCode.Schema, text: line });
});

test("a refusal carries the request's number when that is one", () => {
  expect(refusalOf('{"type":"cancel","request":9}').request).toBe(9);
  expect(refusalOf('{"type":"sell","request":9}').request).toBe(9);
});

// It was answered with request 0, which may be another request's number.
test.each(["-1", "1.5", '"a"', "null", "[]"])(
  "a request number that is none, %s, is not answered by another",
  (number) => {
    const { request, text } = refusalOf(`{"type":"openOrders","request":${number}}`);
    expect([request, text]).toEqual([undefined, expect.stringContaining("request: ")]);
  },
);

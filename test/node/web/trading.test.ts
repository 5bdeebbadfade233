// Conversations of sessions with a token: what a client says, what its connection to order entry is asked for, and what it
// is told of what comes from there.

import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { SeriatimError } from "../../../src/base/index.ts";
import { IN_FLIGHT_MAX } from "../../../src/node/web/session/order-desk.ts";
import { type SessionPeer, WebSession } from "../../../src/node/web/session/session.ts";
import {
  CancelCause,
  CommandKind,
  MessageType,
  type NumberedReport,
  ReportFlag,
  ReportKind,
} from "../../../src/protocol/index.ts";
import { type ScriptedLink, TestExchange, TIME_US } from "./exchange.ts";

type Message = Readonly<Record<string, unknown>>;

class Client implements SessionPeer {
  readonly session: WebSession;
  received: Message[] = [];
  closed: [code: number, why: string] | undefined;
  isSlow = false;
  mayLogOn = true;

  constructor(exchange: TestExchange) {
    this.session = new WebSession(this, exchange.web);
  }

  send(text: string): boolean {
    this.received.push(JSON.parse(text));
    return !this.isSlow;
  }

  isHeld = false;
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }

  admitsLogon(): boolean {
    return this.mayLogOn;
  }

  close(code: number, why: string): void {
    this.closed = [code, why];
  }

  /** Says something; what came until everything was done. */
  async say(...messages: Message[]): Promise<Message[]> {
    for (const message of messages) this.session.take(JSON.stringify(message));
    await turn();
    return this.received.splice(0);
  }
}

let exchange: TestExchange;
let client: Client;
let link: ScriptedLink;

const HELLO = { type: "hello", schema: 1, token: "alice's" };

async function logOn(fields: Message = {}): Promise<Message> {
  client = new Client(exchange);
  const [welcome] = await client.say({ ...HELLO, ...fields });
  link = exchange.links.at(-1) as ScriptedLink;
  return welcome;
}

beforeEach(async () => {
  exchange = new TestExchange();
  await logOn();
});

/** A report of this session's limit order 1, accepted by its request 1. */
const ACCEPTED: NumberedReport = {
  number: 18,
  kind: ReportKind.Accepted,
  reason: 0,
  command: CommandKind.NewOrder,
  flags: ReportFlag.Last,
  side: 0,
  orderType: 0,
  timeInForce: 0,
  symbol: 0,
  id: 1n,
  request: 1n,
  session: 9n,
  price: 10_000,
  lastPrice: 0,
  lastQuantity: 5,
  leaves: 5,
  cumulative: 0,
  sequence: 40,
  timestamp_us: TIME_US,
};

async function report(fields: Partial<NumberedReport> = {}): Promise<Message[]> {
  link.listener.onReport({ ...ACCEPTED, ...fields });
  await turn();
  return client.received.splice(0);
}

const BUY = { type: "submit", symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", quantity: 5 };
const ORDER = { id: "1", side: "buy", orderType: "limit", timeInForce: "gtc", price: "100.00" };

describe("hello with a token", () => {
  test("is welcomed with the session and its reports' numbers", async () => {
    const welcome = await logOn({ request: 3 });
    const session = { session: "9", first: "18", next: "18" };
    expect(welcome).toMatchObject({
      type: "welcome",
      request: 3,
      account: "1",
      accountNumber: 1,
      ...session,
    });
    expect(Object.keys(welcome)).not.toEqual(expect.arrayContaining(["gap", "readOnly"]));
    expect(link.account).toBe(1);
  });

  test("is told that reports it asks for are gone", async () => {
    expect(await logOn({ next: "3" })).toMatchObject({ first: "10", next: "18", gap: true });
    expect(await logOn({ next: "12" })).toMatchObject({ first: "12" });
  });

  test("of a reader is told that it only reads", async () => {
    expect(await logOn({ token: "auditor's", account: "bob" })).toMatchObject({ readOnly: true });
    expect(link.logon).toMatchObject({ readOnly: true, grant: { name: "auditor" } });
  });

  test("that nobody knows is closed, one that lacks an account may be said again", async () => {
    expect(await logOn({ token: "stolen" })).toMatchObject({ type: "error", code: "NOT_AUTHORISED" });
    expect(client.closed?.[0]).toBe(4001);
    expect(await logOn({ token: "fund's" })).toMatchObject({ type: "error", code: "BAD_MESSAGE" });
    expect(client.closed).toBeUndefined();
    expect(await client.say({ ...HELLO, token: "fund's", account: "3" })).toMatchObject([
      { type: "welcome" },
    ]);
  });

  test("on a node that takes no orders is shown them as anybody is", async () => {
    Object.assign(exchange.web, { noOrders: "this node is a replica" });
    expect(await logOn()).not.toHaveProperty("session");
    expect(await client.say({ type: "massCancel" })).toMatchObject([
      { code: "REPLICA", text: "this node is a replica" },
    ]);
    expect(await client.say({ type: "subscribe", channels: ["orders"] })).toHaveLength(2);
  });

  test("hears reports that came with its logon behind the welcome", async () => {
    const { connectTrading } = exchange.web;
    const early: typeof connectTrading = async (account, session, listener) => {
      listener.onReport(ACCEPTED);
      return connectTrading(account, session, listener);
    };
    Object.assign(exchange.web, { connectTrading: early });
    const peer = new Client(exchange);
    expect((await peer.say(HELLO)).map(({ type }) => type)).toEqual(["welcome", "report"]);
  });
});

describe("a request and its answer:", () => {
  const REPORT = {
    ...{ type: "report", number: "18", session: "9", request: "1", symbol: "BTC-USD", time: String(TIME_US) },
    last: true,
  };

  test("a limit order", async () => {
    expect(await client.say({ ...BUY, request: 1 })).toEqual([]);
    const order = { id: "1", symbol: 0, side: "buy", price: 10_000, quantity: 5, timeInForce: "gtc" };
    expect(link.asked).toEqual([["submit", 1, order]]);
    const lots = { leaves: 5, cumulative: 0, lastQuantity: 5 };
    expect(await report()).toEqual([
      { ...REPORT, event: "accepted", command: "submit", ...ORDER, ...lots, sequence: "40" },
      { type: "ack", request: 1, id: "1", sequence: "40", report: "18" },
    ]);
    expect(await report({ number: 19 })).toMatchObject([{ type: "report", number: "19" }]);
  });

  test("a refusal of the engine", async () => {
    await client.say({ ...BUY, request: 1 });
    const why = { code: 7, reason: "DuplicateOrderId", text: "an order with this id rests already" };
    expect(await report({ kind: ReportKind.Rejected, reason: 7, sequence: 0 })).toEqual([
      { ...REPORT, event: "rejected", command: "submit", id: "1", ...why },
      { type: "reject", request: 1, id: "1", ...why, report: "18" },
    ]);
  });

  test("a refusal of the gateway, which no report tells", async () => {
    await client.say({ ...BUY, request: 1 }, { ...BUY, id: "2", request: 1 });
    link.listener.onRefused({ request: 1, id: 2n, reason: 13, type: MessageType.NewOrder });
    const throttled = { code: 13, reason: "Throttled", text: "too many requests at once" };
    expect(client.received.splice(0)).toEqual([{ type: "reject", request: 1, id: "2", ...throttled }]);
    expect(await report()).toMatchObject([{ type: "report" }, { type: "ack", id: "1" }]);
  });

  // Without numbers, and of one order: refusals come before the reports of what was asked before.
  test("a refusal is not taken for another request's that is alike", async () => {
    const ask = { symbol: "BTC-USD", id: "1" };
    await client.say(BUY, { ...ask, type: "modify", price: "99.5", quantity: 4 }, { ...ask, type: "cancel" });
    for (const type of [MessageType.CancelOrder, MessageType.Modify])
      link.listener.onRefused({ request: 0, id: 1n, reason: 13, type });
    expect(client.received.splice(0).map(({ type }) => type)).toEqual(["reject", "reject"]);
    expect(await report({ request: 0n })).toMatchObject([{ type: "report" }, { type: "ack", id: "1" }]);
  });

  test("a market order, a modify and a cancel", async () => {
    const market = { ...BUY, orderType: "market", price: undefined, request: 1 };
    const modify = { type: "modify", request: 2, symbol: "BTC-USD", id: "1", price: "99.5", quantity: 4 };
    await client.say(market, modify, { type: "cancel", request: 3, symbol: "BTC-USD", id: "1" });
    expect(link.asked).toEqual([
      ["submit", 1, { id: "1", symbol: 0, side: "buy", type: "market", quantity: 5 }],
      ["modify", 2, { id: "1", symbol: 0, price: 9_950, quantity: 4 }],
      ["cancel", 3, { id: "1", symbol: 0 }],
    ]);
    const modified = { kind: ReportKind.Modified, command: CommandKind.Modify, request: 2n };
    expect(await report({ ...modified, flags: ReportFlag.InPlace })).toMatchObject([
      { event: "modified", command: "modify", inPlace: true },
      { type: "ack", request: 2 },
    ]);
    const cancelled = { kind: ReportKind.Cancelled, command: CommandKind.Cancel, request: 3n };
    expect(await report({ ...cancelled, leaves: 0 })).toMatchObject([
      { event: "cancelled", cause: "request", leaves: 0 },
      { type: "ack", request: 3 },
    ]);
  });

  test("a mass cancel, and its orders one by one", async () => {
    await client.say({ type: "massCancel", request: 4, symbol: "ETH-USD", side: "sell" });
    expect(link.asked).toEqual([["massCancel", 4, { symbol: 1, side: "sell" }]]);
    const mass = { command: CommandKind.MassCancel, request: 4n, flags: 0 };
    const all = { ...mass, kind: ReportKind.MassCancelled, symbol: 1, id: 0n, lastQuantity: 2 };
    expect(await report(all)).toEqual([
      {
        ...{ ...REPORT, request: "4", symbol: "ETH-USD", last: undefined },
        ...{ event: "massCancelled", command: "massCancel", lastQuantity: 2, sequence: "40" },
      },
      { type: "ack", request: 4, sequence: "40", report: "18", cancelled: 2 },
    ]);
    const one = { ...mass, kind: ReportKind.Cancelled, reason: CancelCause.MassCancel, leaves: 0 };
    expect(await report(one)).toMatchObject([{ event: "cancelled", cause: "massCancel" }]);
  });

  test("orderStatus", async () => {
    const asked = { type: "orderStatus", request: 5, symbol: "BTC-USD", id: "1" };
    await client.say(asked, asked);
    expect(link.asked).toEqual([
      ["orderStatus", 1, { id: "1", symbol: 0 }],
      ["orderStatus", 2, { id: "1", symbol: 0 }],
    ]);
    const order = { side: 0, symbol: 0, id: 1n, price: 10_000, leaves: 3, cumulative: 2, asOf: 17 };
    link.listener.onOpenOrder({ request: 1, rests: true, ...order });
    link.listener.onOpenOrder({ request: 2, rests: false, ...order });
    const found = { symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", open: 3, cumulative: 2 };
    expect(client.received).toEqual([
      { type: "orderStatus", request: 5, report: "17", order: found },
      { type: "orderStatus", request: 5, report: "17", order: null },
    ]);
  });

  test("openOrders, once a second", async () => {
    await client.say({ type: "openOrders", request: 6, symbol: "BTC-USD" });
    expect(link.asked).toEqual([["openOrders", 1, { symbol: 0 }]]);
    const order = { side: 1, symbol: 0, price: 10_000, leaves: 3, cumulative: 2, asOf: 17 };
    for (const id of [1n, 2n]) link.listener.onOpenOrder({ request: 1, rests: true, id, ...order });
    link.listener.onOpenOrdersEnd({ request: 1, count: 2, truncated: false, asOf: 17 });
    const listed = { symbol: "BTC-USD", side: "sell", price: "100.00", open: 3, cumulative: 2 };
    const orders = [
      { ...listed, id: "1" },
      { ...listed, id: "2" },
    ];
    expect(client.received.splice(0)).toEqual([
      { type: "orders", request: 6, report: "17", last: true, orders },
    ]);
    expect(await client.say({ type: "openOrders" })).toMatchObject([{ code: "TOO_OFTEN" }]);
  });

  test("what order entry can't be asked", async () => {
    const answers = await client.say(
      { ...BUY, symbol: "NOPE", request: 1 },
      { ...BUY, price: "1.001", request: 2 },
      { type: "massCancel", symbol: "NOPE", request: 3 },
      { type: "subscribe", channels: ["orders"], request: 4 },
    );
    expect(answers.map(({ request, code }) => [request, code])).toEqual([
      [1, "UNKNOWN_SYMBOL"],
      [2, "BAD_MESSAGE"],
      [3, "UNKNOWN_SYMBOL"],
      [4, "REPORTS"],
    ]);
    expect(link.asked).toEqual([]);
  });

  test("commands that are executed once need a number", async () => {
    await logOn({ once: true });
    expect(await client.say(BUY)).toMatchObject([
      { code: "BAD_MESSAGE", text: expect.stringMatching(/^request: missing/) },
    ]);
    expect(await client.say({ ...BUY, request: 7 })).toEqual([]);
    expect(link.asked).toHaveLength(1);
  });

  test("more than 256 without an answer are not sent", async () => {
    const many = Array.from({ length: IN_FLIGHT_MAX + 1 }, (_, i) => ({ ...BUY, id: String(i), request: i }));
    expect(await client.say(...many)).toMatchObject([{ request: IN_FLIGHT_MAX, code: "TOO_MANY_IN_FLIGHT" }]);
    expect(link.asked).toHaveLength(IN_FLIGHT_MAX);
  });
});

describe("reports", () => {
  test("of another session, of others' commands and of trades answer nothing", async () => {
    await client.say({ ...BUY, request: 1 });
    expect(await report({ session: 8n })).toMatchObject([{ session: "8", request: "1" }]);
    const [traded, ...rest] = await report({
      ...{ kind: ReportKind.Traded, flags: ReportFlag.Maker, session: 0n, request: 0n },
      ...{ lastPrice: 9_999, lastQuantity: 2, leaves: 3, cumulative: 2 },
    });
    expect(rest).toEqual([]);
    expect(traded).toMatchObject({ ...ORDER, lastPrice: "99.99", lastQuantity: 2, leaves: 3, cumulative: 2 });
    expect(traded).toMatchObject({ event: "traded", liquidity: "maker" });
    expect(traded).not.toHaveProperty("session");
  });

  test.each([
    [CancelCause.Disconnected, CommandKind.SessionEnd, "disconnected", "sessionEnd"],
    [CancelCause.DeadMan, CommandKind.SessionEnd, "deadMan", "sessionEnd"],
    [CancelCause.KillSwitch, CommandKind.KillSwitch, "killSwitch", "killSwitch"],
  ])("say why an order was taken out: %i", async (reason, command, cause, name) => {
    const [told] = await report({ kind: ReportKind.Cancelled, reason, command, leaves: 0 });
    expect(told).toMatchObject({ event: "cancelled", cause, command: name });
  });

  test("of what was answered before say no more than that", async () => {
    await client.say({ ...BUY, request: 1 });
    const [told, ack] = await report({ flags: ReportFlag.Repeated | ReportFlag.Last, price: 0 });
    expect(told).toMatchObject({ event: "accepted", id: "1", repeated: true });
    expect(told).not.toHaveProperty("price");
    expect(ack).toMatchObject({ type: "ack", request: 1, sequence: "40" });
  });

  test("wait where they are made while the client is slow", async () => {
    client.isSlow = true;
    await report();
    expect(link.asked).toEqual([["pause"]]);
    client.isSlow = false;
    client.session.drained();
    expect(link.asked).toEqual([["pause"], ["resume"]]);
  });
});

describe("the session's end:", () => {
  test("a client that goes cuts its connection to order entry", () => {
    client.session.end();
    expect(link.asked).toEqual([["destroy"]]);
    expect(client.closed).toBeUndefined();
  });

  test("logout ends both in order, and nothing more is taken", async () => {
    expect(await client.say({ type: "logout" }, BUY)).toEqual([]);
    expect(link.asked).toEqual([["logout"]]);
    expect(client.closed).toEqual([1000, "logged out"]);
  });

  // The answers had been looked for on a connection that counted as gone.
  test("what was asked before a logout is answered, then it ends", async () => {
    link.isAnswering = true;
    const status = { type: "orderStatus", request: 2, symbol: "BTC-USD", id: "1" };
    await client.say({ ...BUY, request: 1 }, status, { type: "massCancel", request: 3 }, { type: "logout" });
    expect(await report()).toMatchObject([{ type: "report" }, { type: "ack", request: 1 }]);
    const all = { kind: ReportKind.MassCancelled, command: CommandKind.MassCancel, id: 0n, lastQuantity: 1 };
    expect(await report({ ...all, request: 3n })).toMatchObject([
      { type: "report" },
      { type: "ack", request: 3, cancelled: 1 },
    ]);
    expect(client.closed).toBeUndefined();
    link.endLogout();
    await turn();
    expect(client.closed).toEqual([1000, "logged out"]);
  });

  test("a client that is slow when it logs out, or becomes so, is told its reports before the end", async () => {
    link.isAnswering = true;
    client.isSlow = true;
    await report();
    await client.say({ type: "logout" });
    client.isSlow = false;
    client.session.drained();
    client.isSlow = true;
    await report({ number: 19 });
    client.session.drained();
    expect(link.asked.map(([what]) => what)).toEqual(["pause", "logout", "resume", "pause", "resume"]);
  });

  test("a client that goes behind its logout leaves it to be taken", async () => {
    link.isAnswering = true;
    client.isSlow = true;
    await report();
    await client.say({ type: "logout" });
    client.session.end();
    await report({ number: 19 });
    expect(link.asked.map(([what]) => what)).toEqual(["pause", "logout", "resume"]);
  });

  // A node that stopped closed it, and cancelled the orders on disconnect: the client was told 1000, which says that nothing is.
  test.each([
    ["lost", new SeriatimError("CONNECTION_LOST", "nothing came for 10000 ms after the end")],
    ["closed without a word", undefined],
  ])("a connection to order entry that is %s behind a logout is no logout", async (_what, why) => {
    link.isAnswering = true;
    await client.say({ ...BUY, request: 1 }, { type: "logout" });
    link.lose(why);
    await turn();
    expect(client.closed).toEqual([1001, "the exchange is gone"]);
  });

  // What it had sent was executed, and it was told nothing of that.
  test("too many messages end it when what it sent before is answered, as a connection that is cut", async () => {
    await client.say({ ...BUY, request: 1 }, { type: "orderStatus", request: 2, symbol: "BTC-USD", id: "1" });
    for (let i = 0; i < 500; i++) client.session.take("?");
    await turn();
    expect([client.isHeld, client.closed]).toEqual([true, undefined]);
    client.received = [];
    expect(await client.say({ ...BUY, request: 3 })).toEqual([]);
    expect(await report()).toMatchObject([{ type: "report" }, { type: "ack", request: 1 }]);
    expect(client.closed).toBeUndefined();
    link.listener.onRefused({ request: 1, id: 1n, reason: 13, type: MessageType.OrderStatus });
    expect(client.received).toMatchObject([{ type: "reject", request: 2 }]);
    await turn();
    expect(client.closed).toEqual([4029, "more than 500 messages in a second"]);
    expect(link.asked.map(([what]) => what)).toEqual(["submit", "orderStatus", "destroy"]);
  });

  test("too many messages end it at once when nothing waits for an answer", async () => {
    for (let i = 0; i < 500; i++) client.session.take("?");
    await turn();
    expect(client.closed?.[0]).toBe(4029);
  });

  test.each([
    [undefined, 1001, "the exchange is gone"],
    [new SeriatimError("SESSION_REPLACED", "replaced"), 4010, "a newer connection has this session"],
  ])("a connection to order entry that is lost closes it: %s", async (why, code, words) => {
    await client.say({ ...BUY, request: 1 });
    link.lose(why);
    await turn();
    expect(client.received).toEqual([]);
    expect(client.closed).toEqual([code, words]);
  });

  // A node that stopped while a client was slow told it that it was too slow.
  test.each([
    [1_999_999, 1001, "the exchange is gone"],
    [2_000_000, 4008, "too slow: your reports wait at the exchange"],
  ])("one that is lost when the client was slow for %i us: %i", async (slow_us, code, words) => {
    client.isSlow = true;
    await report();
    exchange.now_us += slow_us;
    await report();
    link.lose();
    await turn();
    expect(client.closed).toEqual([code, words]);
  });

  test("a client that has gone before its logon was answered leaves none", async () => {
    const gone = new Client(exchange);
    gone.session.take(JSON.stringify(HELLO));
    gone.session.end();
    await turn();
    expect(exchange.links.at(-1)?.asked).toEqual([["destroy"]]);
    expect(gone.received).toEqual([]);
  });
});

test("a heartbeat is answered with the number of the next report", async () => {
  await report();
  expect(await client.say({ type: "heartbeat", request: 1 })).toEqual([
    { type: "heartbeat", request: 1, next: "19" },
  ]);
});

describe("a dead man", () => {
  beforeEach(() => logOn({ deadMan_ms: 4_000 }));

  // One word in a while was once enough for it: he fired up to a quarter of his time early.
  test("is told of whatever the client says, at once, and once a turn", async () => {
    await client.say({ type: "heartbeat" }, { type: "heartbeat" });
    expect(link.asked).toEqual([["heartbeat"]]);
    exchange.now_us += 1_000;
    await client.say({ type: "subscribe", channels: ["status"] });
    expect(link.asked).toEqual([["heartbeat"], ["heartbeat"]]);
    await client.say({ ...BUY, symbol: "NOPE" });
    expect(link.asked).toHaveLength(3);
  });

  test("hears a request itself", async () => {
    await client.say({ type: "heartbeat" }, { ...BUY, request: 1 });
    expect(link.asked.map(([what]) => what)).toEqual(["submit"]);
  });

  test.each([
    [3_999_999, 1001, "the exchange is gone"],
    [4_000_000, 4011, "nothing was heard of you for 4000 ms"],
  ])("that has waited long enough is why a session ends: %i us", async (silence_us, code, words) => {
    exchange.now_us += 1_000_000;
    await client.say({ type: "heartbeat" });
    exchange.now_us += silence_us;
    link.lose(new SeriatimError("CONNECTION_LOST", "it was closed"));
    await turn();
    expect(client.closed).toEqual([code, words]);
  });
});

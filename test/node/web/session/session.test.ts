// Conversations: what a client says, and exactly what it is answered.

import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SUBSCRIPTIONS_MAX, TRADE_MESSAGES_MAX } from "../../../../src/feed/index.ts";
import { IN_FLIGHT_MAX } from "../../../../src/node/web/session/order-desk.ts";
import { type SessionPeer, WebSession } from "../../../../src/node/web/session/session.ts";
import { ORDERS_PER_MESSAGE_MAX } from "../../../../src/protocol/index.ts";
import { TestExchange } from "../exchange.ts";

type Message = Readonly<Record<string, unknown>>;

/** A connection that keeps what it is sent. */
class Client implements SessionPeer {
  readonly session: WebSession;
  #received: Message[] = [];
  closed: [code: number, why: string] | undefined;
  isHeld = false;
  isSlow = false;

  constructor(exchange: TestExchange) {
    this.session = new WebSession(this, exchange.web);
  }

  send(text: string): boolean {
    this.#received.push(JSON.parse(text));
    return !this.isSlow;
  }

  /** What its hello said, when that was not let in. */
  refused: object | undefined;

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }

  admitsLogon(): boolean {
    return true;
  }

  close(code: number, why: string, refused?: object): void {
    this.closed = [code, why];
    this.refused = refused;
  }

  /** What came since the last call. */
  received(): Message[] {
    const received = this.#received;
    this.#received = [];
    return received;
  }

  /** Says something; what came until everything was answered. */
  async say(...messages: (Message | string)[]): Promise<Message[]> {
    for (const message of messages)
      this.session.take(typeof message === "string" ? message : JSON.stringify(message));
    await turn();
    return this.received();
  }
}

let exchange: TestExchange;
beforeEach(() => {
  exchange = new TestExchange();
});

const HELLO = { type: "hello", schema: 1 };
const ALICE = { ...HELLO, account: "alice" };

async function greeted(account?: string): Promise<Client> {
  const client = new Client(exchange);
  await client.say(account === undefined ? HELLO : { ...HELLO, account });
  return client;
}

const BUY = { type: "submit", symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", quantity: 5 };
const SELL = { ...BUY, side: "sell" };

describe("hello", () => {
  const instruments = ["BTC-USD", "ETH-USD"].map((symbol) => ({ symbol, decimals: 2, tick: "0.50", lot: 1 }));
  const orders = { maxQuantity: 1_000_000, maxNotional: 1_000_000_000_000 };
  const limits = { messageBytes: 65_536, messagesPerSecond: 500, depthLevels: 20, ...orders };
  const welcome = { type: "welcome", schema: 1, version: expect.any(String), instruments, limits };

  test.each<[what: string, hello: Message, answer: Message]>([
    ["without an account", HELLO, welcome],
    ["with a name", { ...ALICE, request: 3 }, { ...welcome, request: 3, account: "alice", accountNumber: 1 }],
    ["with a number", { ...HELLO, account: "7" }, { ...welcome, account: "7", accountNumber: 7 }],
  ])("%s is welcomed", async (_what, hello, answer) => {
    const client = new Client(exchange);
    expect(await client.say(hello)).toEqual([answer]);
    expect(client.closed).toBeUndefined();
  });

  test.each<[what: string, hello: Message, code: string, text: string]>([
    [
      "an account that is not there",
      { ...HELLO, account: "carol" },
      "UNKNOWN_ACCOUNT",
      'account: there is no account "carol"',
    ],
    [
      "a number beyond the accounts",
      { ...HELLO, account: "10" },
      "UNKNOWN_ACCOUNT",
      'account: there is no account "10"',
    ],
    ["another schema", { ...HELLO, schema: 2 }, "SCHEMA", "schema: this server speaks 1, not 2"],
  ])("with %s is told so and closed", async (_what, hello, code, text) => {
    const client = new Client(exchange);
    expect(await client.say(hello)).toEqual([{ type: "error", code, text }]);
    expect(client.closed?.[0]).toBe(4001);
    expect(await client.say(HELLO)).toEqual([]);
  });

  test("that is malformed may be said again", async () => {
    const client = new Client(exchange);
    const [error] = await client.say({ type: "hello" });
    expect(error).toEqual({ type: "error", code: "BAD_MESSAGE", text: "schema: missing" });
    expect(client.session.isGreeted).toBe(false);
    expect((await client.say(HELLO))[0].type).toBe("welcome");
  });

  test("comes first, and once", async () => {
    const client = new Client(exchange);
    const early = { type: "error", request: 1, code: "HELLO_FIRST", text: "say hello before cancel" };
    expect(await client.say({ type: "cancel", request: 1, symbol: "BTC-USD", id: "1" })).toEqual([early]);
    const [welcomed, second] = await client.say(ALICE, { ...HELLO, request: 2 });
    expect(welcomed.type).toBe("welcome");
    expect(second).toEqual({
      type: "error",
      request: 2,
      code: "HELLO_FIRST",
      text: "hello was said already",
    });
  });

  test("holds what is said behind it until the account's order connection stands", async () => {
    const client = new Client(exchange);
    client.session.take(JSON.stringify(ALICE));
    client.session.take(JSON.stringify(BUY));
    expect([client.isHeld, client.received()]).toEqual([true, []]);
    await turn();
    expect(client.received().map(({ type }) => type)).toEqual(["welcome", "ack"]);
    expect(client.isHeld).toBe(false);
  });

  test("without a token is answered UNAVAILABLE when there are as many of these as may be, until one ends", async () => {
    Object.assign(exchange.web, { readersMax: 1 });
    const [first, second, third] = [0, 1, 2].map(() => new Client(exchange));
    const hello = { type: "hello", schema: 1 };
    expect(await first.say(hello)).toMatchObject([{ type: "welcome" }]);
    expect(await second.say(hello)).toMatchObject([{ type: "error", code: "UNAVAILABLE" }]);
    expect([second.closed?.[0], second.session.hasPlace]).toEqual([4001, false]);
    first.session.end();
    expect(await third.say(hello)).toMatchObject([{ type: "welcome" }]);
    expect(exchange.web.readers).toBe(1);
  });

  test("is answered UNAVAILABLE while order entry takes no connection", async () => {
    const refused = () => Promise.reject(new Error("can't connect to 127.0.0.1:1: nothing listens there"));
    Object.assign(exchange.web, { connectOrders: refused });
    const client = new Client(exchange);
    const text = "no order entry now: can't connect to 127.0.0.1:1: nothing listens there";
    expect(await client.say(ALICE)).toEqual([{ type: "error", code: "UNAVAILABLE", text }]);
    expect(client.closed?.[0]).toBe(4001);
    expect(client.refused).toEqual({ account: "alice", refusal: "UNAVAILABLE" });
  });
});

describe("orders", () => {
  const conversations: [what: string, ...said: [message: Message, answer: Message][]][] = [
    [
      "a limit order rests",
      [
        { ...BUY, request: 1 },
        { type: "ack", request: 1, id: "1", sequence: "1" },
      ],
    ],
    [
      "the largest id comes back whole",
      [
        { ...BUY, id: "18446744073709551615" },
        { type: "ack", id: "18446744073709551615", sequence: "1" },
      ],
    ],
    [
      "an id that rests is a duplicate",
      [BUY, { type: "ack", id: "1", sequence: "1" }],
      [
        BUY,
        {
          type: "reject",
          id: "1",
          code: 7,
          reason: "DuplicateOrderId",
          text: "an order with this id rests already",
        },
      ],
    ],
    [
      "modify and cancel",
      [BUY, { type: "ack", id: "1", sequence: "1" }],
      [
        { type: "modify", symbol: "BTC-USD", id: "1", price: "99.5", quantity: 4 },
        { type: "ack", id: "1", sequence: "2" },
      ],
      [
        { type: "cancel", symbol: "BTC-USD", id: "1" },
        { type: "ack", id: "1", sequence: "3" },
      ],
      [
        { type: "cancel", request: 4, symbol: "BTC-USD", id: "1" },
        {
          type: "reject",
          request: 4,
          id: "1",
          code: 8,
          reason: "UnknownOrder",
          text: "no order with this id rests",
        },
      ],
    ],
    [
      "the engine judges price zero and quantity zero",
      [{ ...BUY, price: "0" }, expect.objectContaining({ reason: "InvalidPrice" })],
      [{ ...BUY, quantity: 0 }, expect.objectContaining({ reason: "InvalidQuantity" })],
    ],
    [
      "prices with too many digits are none",
      [
        { ...BUY, request: 1, price: "1.001" },
        {
          type: "error",
          request: 1,
          code: "BAD_MESSAGE",
          text: 'price: "1.001" is no price of BTC-USD: a decimal number with at most 2 digits after the point, within 2^53-1 steps of the last',
        },
      ],
      [{ ...BUY, price: "90071992547409.92" }, expect.objectContaining({ code: "BAD_MESSAGE" })],
      [{ ...BUY, price: "1e3" }, expect.objectContaining({ code: "BAD_MESSAGE" })],
    ],
    [
      "an unknown symbol",
      [
        { ...BUY, symbol: "NOPE" },
        { type: "error", code: "UNKNOWN_SYMBOL", text: 'symbol: there is no instrument "NOPE"' },
      ],
    ],
  ];
  test.each(conversations)("%s", async (_what, ...said) => {
    const client = await greeted("alice");
    for (const [message, answer] of said) expect(await client.say(message)).toEqual([answer]);
  });

  test.each<Message>([
    BUY,
    { type: "modify", symbol: "BTC-USD", id: "1", price: "1", quantity: 1 },
    { type: "cancel", symbol: "BTC-USD", id: "1" },
    { type: "openOrders" },
    { type: "subscribe", channels: ["depth", "orders"] },
  ])("$type needs an account", async (message) => {
    const client = await greeted();
    const text = "this needs an account: say one in hello";
    const error = { type: "error", request: 9, code: "NO_ACCOUNT", text };
    expect(await client.say({ ...message, request: 9 })).toEqual([error]);
  });

  describe("while the lists of others have taken their share of the time", () => {
    const dear = () => {
      exchange.now_us += 2_000_000;
    };
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });
    const wait = () => {
      exchange.now_us += 8_000_000;
      vi.advanceTimersByTime(8_000);
    };

    test("a list comes later, and another one of its kind is refused", async () => {
      const client = await greeted("alice");
      exchange.web.lists.take(dear, () => true);
      const subscribe = { type: "subscribe", channels: ["orders"] };
      expect(await client.say({ type: "openOrders", request: 1 }, subscribe)).toMatchObject([
        { type: "subscribed" },
      ]);
      exchange.now_us += 1_500_000;
      const errors = await client.say({ type: "openOrders", request: 2 }, { ...subscribe, request: 3 });
      expect(errors).toMatchObject([
        { request: 2, code: "TOO_OFTEN" },
        { request: 3, code: "TOO_OFTEN" },
      ]);
      expect(await client.say(BUY)).toMatchObject([{ type: "ack" }]);
      wait();
      expect(client.received()).toMatchObject([
        { type: "orders", request: 1, last: true, orders: [{ id: "1" }] },
        { type: "orders", last: true, orders: [{ id: "1" }] },
      ]);
      expect(await client.say({ ...BUY, id: "2" })).toMatchObject([{ type: "order" }, { type: "ack" }]);
    });

    test.each<[what: string, leave: (client: Client) => void]>([
      ["is unsubscribed", (client) => client.session.take('{"type":"unsubscribe","channels":["orders"]}')],
      ["ends", (client) => client.session.end()],
    ])("a client that %s gets none", async (_what, leave) => {
      const client = await greeted("alice");
      exchange.web.lists.take(dear, () => true);
      await client.say({ type: "subscribe", channels: ["orders"] });
      expect(exchange.web.lists.waiting).toBe(1);
      leave(client);
      expect(exchange.web.lists.waiting).toBe(0);
      client.received();
      wait();
      exchange.quote(100);
      expect(client.received()).toEqual([]);
    });
  });

  test("a list waits for the answers that were told before it was asked for, and for no later ones", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const client = await greeted("alice");
    await client.say(BUY);
    const known = vi.spyOn(exchange.web, "sequence", "get").mockReturnValue(0);
    expect(await client.say({ type: "openOrders" })).toEqual([]);
    expect(await client.say({ ...BUY, id: "2" })).toMatchObject([{ type: "ack", sequence: "2" }]);
    known.mockReturnValue(1);
    vi.advanceTimersByTime(2);
    expect(client.received()).toMatchObject([{ type: "orders", last: true }]);
    vi.useRealTimers();
    known.mockRestore();
  });

  test("a list waits for what the node had done when the connection began, which an earlier one may not have been told", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    exchange.lastEvent = 7;
    const client = await greeted("alice");
    const known = vi.spyOn(exchange.web, "sequence", "get").mockReturnValue(6);
    expect(await client.say({ type: "openOrders" })).toEqual([]);
    known.mockReturnValue(7);
    vi.advanceTimersByTime(2);
    expect(client.received()).toMatchObject([{ type: "orders", last: true }]);
    vi.useRealTimers();
    known.mockRestore();
  });

  // The close came before it: a client that asks behind its last answer and leaves had none.
  test("a list that was asked for is told before the close that follows a logout", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    exchange.lastEvent = 7;
    const client = await greeted("alice");
    const known = vi.spyOn(exchange.web, "sequence", "get").mockReturnValue(6);
    expect(await client.say({ type: "openOrders" }, { type: "logout" })).toEqual([]);
    expect(client.closed).toBeUndefined();
    known.mockReturnValue(7);
    vi.advanceTimersByTime(2);
    expect(client.received()).toMatchObject([{ type: "orders", last: true }]);
    await turn();
    expect(client.closed).toEqual([1000, "logged out"]);
    vi.useRealTimers();
    known.mockRestore();
  });

  test("a list is told to its end before that close, also to a peer that is slow", async () => {
    const client = await greeted("alice");
    for (let id = 1; id <= ORDERS_PER_MESSAGE_MAX + 1; id++) {
      exchange.now_us += 10_000;
      await client.say({ ...BUY, id: `${id}` });
    }
    client.isSlow = true;
    const begun = await client.say({ type: "openOrders" }, { type: "logout" });
    expect(begun.map(({ type, last }) => [type, last])).toEqual([["orders", undefined]]);
    expect(client.closed).toBeUndefined();
    client.isSlow = false;
    client.session.drained();
    expect(client.received()).toMatchObject([{ type: "orders", last: true }]);
    await turn();
    expect(client.closed?.[0]).toBe(1000);
  });

  test("openOrders lists them, and not more than once a second", async () => {
    const client = await greeted("alice");
    await client.say(BUY);
    const orders = [{ symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", open: 5 }];
    const listed = { type: "orders", request: 4, sequence: "1", last: true, orders };
    exchange.now_us = 5_000_000;
    expect(await client.say({ type: "openOrders", request: 4 })).toEqual([listed]);
    exchange.now_us = 5_999_999;
    const text = "openOrders once a second; what changes is told";
    const error = { type: "error", request: 5, code: "TOO_OFTEN", text };
    expect(await client.say({ type: "openOrders", request: 5 })).toEqual([error]);
    exchange.now_us = 6_000_000;
    expect(await client.say({ type: "openOrders", request: 4 })).toEqual([listed]);
  });

  test("channel orders, which begins with the list, is not subscribed more than once a second", async () => {
    const client = await greeted("alice");
    const subscribe = { type: "subscribe", channels: ["orders"], request: 4 };
    exchange.now_us = 5_000_000;
    expect(await client.say(subscribe)).toHaveLength(2);
    expect(await client.say({ ...subscribe, type: "unsubscribe" })).toHaveLength(1);
    exchange.now_us = 5_999_999;
    const text = "channel orders is subscribed once a second";
    expect(await client.say(subscribe)).toEqual([{ type: "error", request: 4, code: "TOO_OFTEN", text }]);
    exchange.now_us = 6_000_000;
    expect(await client.say(subscribe)).toHaveLength(2);
  });

  test("channel orders tells both sides of a trade, on every connection of the account", async () => {
    const alice = await greeted("alice");
    const other = await greeted("1");
    const bob = await greeted("bob");
    const subscribe = { type: "subscribe", channels: ["orders"] };
    for (const client of [alice, other, bob]) await client.say(subscribe);
    await alice.say(BUY);
    await bob.say({ ...SELL, id: "9", orderType: "market", price: undefined, quantity: 2 });
    const fill = { type: "fill", symbol: "BTC-USD", price: "100.00", quantity: 2, sequence: "3" };
    const maker = { ...fill, id: "1", side: "buy", open: 3, liquidity: "maker" };
    expect(alice.received()).toEqual([expect.objectContaining(maker)]);
    const [accepted, filled] = other.received();
    expect([accepted.event, filled.liquidity]).toEqual(["accepted", "maker"]);
  });
});

describe("subscriptions", () => {
  test("are answered first, then begin with a snapshot of each", async () => {
    const client = await greeted();
    const request = { request: 5, channels: ["depth", "quotes", "trades"], symbols: ["ETH-USD"] };
    const [answer, ...snapshots] = await client.say({ type: "subscribe", ...request });
    expect(answer).toEqual({ type: "subscribed", ...request });
    expect(snapshots.map(({ type, symbol, snapshot }) => [type, symbol, snapshot])).toEqual([
      ["depth", "ETH-USD", true],
      ["quote", "ETH-USD", true],
      ["trades", "ETH-USD", true],
    ]);
  });

  test("without symbols are of all instruments", async () => {
    const client = await greeted();
    const [answer, ...snapshots] = await client.say({ type: "subscribe", channels: ["quotes"] });
    expect(answer).toEqual({ type: "subscribed", channels: ["quotes"] });
    expect(snapshots.map(({ symbol }) => symbol)).toEqual(["BTC-USD", "ETH-USD"]);
  });

  test("end when they are ended", async () => {
    const client = await greeted();
    const trader = await greeted("alice");
    await client.say({ type: "subscribe", channels: ["quotes"] });
    await trader.say(BUY);
    expect(client.received().map(({ type }) => type)).toEqual(["quote"]);
    const [answer] = await client.say({ type: "unsubscribe", request: 2, channels: ["quotes"] });
    expect(answer).toEqual({ type: "unsubscribed", request: 2, channels: ["quotes"] });
    await trader.say({ ...BUY, id: "2", price: "101.00" });
    expect(client.received()).toEqual([]);
  });

  test("to an unknown symbol are refused whole", async () => {
    const client = await greeted();
    const message = { type: "subscribe", request: 5, channels: ["depth"], symbols: ["BTC-USD", "NOPE-USD"] };
    const text = 'symbols[1]: there is no instrument "NOPE-USD"';
    expect(await client.say(message)).toEqual([{ type: "error", request: 5, code: "UNKNOWN_SYMBOL", text }]);
  });

  test("beyond as many as one connection may have are refused whole", async () => {
    exchange = new TestExchange(Array.from({ length: SUBSCRIPTIONS_MAX / 4 + 1 }, (_, i) => `S${i}`));
    const client = await greeted();
    const channels = ["depth", "quotes", "trades", "candles"];
    const [error, ...rest] = await client.say({ type: "subscribe", channels });
    expect([error.code, rest]).toEqual(["TOO_MANY_SUBSCRIPTIONS", []]);
  });

  test("to the status get what the node says, but not while the peer is slow", async () => {
    const client = await greeted();
    client.session.sendStatus('{"type":"status","n":1}');
    await client.say({ type: "subscribe", channels: ["status"] });
    client.session.sendStatus('{"type":"status","n":2}');
    client.isSlow = true;
    client.session.sendStatus('{"type":"status","n":3}');
    client.session.sendStatus('{"type":"status","n":4}');
    client.isSlow = false;
    client.session.drained();
    client.session.sendStatus('{"type":"status","n":5}');
    expect(client.received().map(({ n }) => n)).toEqual([2, 3, 5]);
  });

  test("of a slow peer go on with the newest state", async () => {
    const client = await greeted();
    const trader = await greeted("alice");
    await client.say({ type: "subscribe", channels: ["quotes"], symbols: ["BTC-USD"] });
    client.isSlow = true;
    for (let i = 1; i <= 9; i++) await trader.say({ ...BUY, id: `${i}`, price: `10${i}.00` });
    expect(client.received().map(({ bid }) => bid)).toEqual([["101.00", 5, 1]]);
    client.isSlow = false;
    client.session.drained();
    expect(client.received().map(({ bid, snapshot }) => [bid, snapshot])).toEqual([[["109.00", 5, 1], true]]);
  });
});

describe("the queue at a price", () => {
  const queue = {
    type: "subscribe",
    channels: ["queue"],
    symbols: ["BTC-USD"],
    side: "buy",
    price: "100.00",
  };

  test("is answered, then said with the account's own orders, until it is given up", async () => {
    const client = await greeted("alice");
    await client.say(BUY);
    const { side, price } = queue;
    const answer = { type: "subscribed", request: 3, channels: ["queue"], symbols: ["BTC-USD"], side, price };
    const level = { quantity: 5, orders: 1, queue: [[1, 5, "1"]] };
    expect(await client.say({ ...queue, request: 3 })).toMatchObject([answer, { type: "queue", ...level }]);
    expect(exchange.publisher.figures.subscriptions).toBe(1);
    const end = { type: "unsubscribe", channels: ["queue"] };
    expect(await client.say(end)).toEqual([{ type: "unsubscribed", channels: ["queue"] }]);
    expect(exchange.publisher.figures.subscriptions).toBe(0);
  });

  test.each([
    [{ price: "100.001" }, "BAD_MESSAGE", "price: no price with at most 2 decimals"],
    [{ price: "x" }, "BAD_MESSAGE", "price: no price with at most 2 decimals"],
    [{ symbols: ["NOPE"] }, "UNKNOWN_SYMBOL", 'symbols[0]: there is no instrument "NOPE"'],
  ])("is refused with %j", async (fields, code, text) => {
    const client = await greeted();
    expect(await client.say({ ...queue, ...fields, request: 1 })).toEqual([
      { type: "error", request: 1, code, text },
    ]);
  });

  test("may be chosen ten times a second; who chooses more often keeps the one before", async () => {
    const client = await greeted();
    for (let i = 0; i < 10; i++) await client.say({ ...queue, price: `${i}.00` });
    const text = "channel queue is subscribed 10 times a second";
    expect(await client.say(queue)).toEqual([{ type: "error", code: "TOO_OFTEN", text }]);
    exchange.now_us += 100_000;
    expect(await client.say(queue)).toMatchObject([{ type: "subscribed" }, { type: "queue" }]);
  });
});

test("a slow peer that 4,000 trade messages wait for is closed by the next", async () => {
  const client = await greeted();
  await client.say({ type: "subscribe", channels: ["trades"], symbols: ["BTC-USD"] });
  client.isSlow = true;
  for (let i = 0; i <= TRADE_MESSAGES_MAX; i++) exchange.trade();
  expect(client.closed).toBeUndefined();
  exchange.trade();
  expect(client.closed).toEqual([4008, "too slow: too much waits for you"]);
  expect(client.received()).toHaveLength(1);
});

describe("a client that says too much is closed:", () => {
  test("500 messages at once are taken, one more is too many", async () => {
    const client = new Client(exchange);
    for (let i = 0; i < 500; i++) client.session.take("?");
    expect([client.received().length, client.closed]).toEqual([500, undefined]);
    client.session.take("?");
    expect([client.received(), client.closed]).toEqual([[], [4029, "more than 500 messages in a second"]]);
  });

  test("a tenth of a second later there is room for 50", () => {
    const client = new Client(exchange);
    for (let i = 0; i < 500; i++) client.session.take("?");
    exchange.now_us += 100_000;
    for (let i = 0; i < 50; i++) client.session.take("?");
    expect(client.closed).toBeUndefined();
    client.session.take("?");
    expect(client.closed?.[0]).toBe(4029);
  });
});

test("orders that were sent before one message too many are answered before the close", async () => {
  const client = await greeted("alice");
  for (let i = 1; i <= 500; i++)
    client.session.take(JSON.stringify(i <= 250 ? { ...BUY, request: i, id: `${i}` } : { type: "?" }));
  await turn();
  const acks = client.received().filter(({ type }) => type === "ack");
  expect([acks.length, client.closed?.[0]]).toEqual([250, 4029]);
  expect(exchange.engine.restingOrders).toBe(250);
});

test("no more than 256 orders are in flight: the next is not sent", async () => {
  const client = await greeted("alice");
  for (let i = 0; i <= IN_FLIGHT_MAX; i++)
    client.session.take(JSON.stringify({ ...BUY, request: i, id: `${i}` }));
  const text = "256 orders wait for their answers: this one was not sent";
  const refused = { type: "error", request: IN_FLIGHT_MAX, code: "TOO_MANY_IN_FLIGHT", text };
  expect(client.received()).toEqual([refused]);
  await turn();
  expect(client.received()).toHaveLength(IN_FLIGHT_MAX);
  expect(exchange.engine.restingOrders).toBe(IN_FLIGHT_MAX);
});

test("a session that has ended listens to nothing any more", async () => {
  const client = await greeted("alice");
  await client.say({ type: "subscribe", channels: ["quotes", "trades"] });
  const streams = () => [0, 1].flatMap((symbol) => exchange.publisher.streams("quotes", symbol));
  expect(streams().map(({ isWatched }) => isWatched)).toEqual([true, true]);
  client.session.end();
  expect(streams().map(({ isWatched }) => isWatched)).toEqual([false, false]);
});

test("a session that has ended hears and says nothing", async () => {
  const client = await greeted("alice");
  await client.say({ type: "subscribe", channels: ["quotes", "orders", "status"] });
  client.session.take(JSON.stringify(BUY));
  client.session.end();
  client.session.end();
  client.session.take(JSON.stringify(BUY));
  client.session.drained();
  client.session.sendStatus("{}");
  await turn();
  const [order, quote, ...rest] = client.received();
  expect([order.type, quote.type, rest]).toEqual(["order", "quote", []]);
});

/** Fields that each type has: with others most messages would be refused for those alone. */
const ORDER = ["request", "symbol", "id"];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  hello: ["request", "schema", "account", "token", "next"],
  submit: [...ORDER, "side", "orderType", "timeInForce", "price", "quantity"],
  modify: [...ORDER, "price", "quantity"],
  cancel: ORDER,
  massCancel: ["request", "symbol", "side"],
  orderStatus: ORDER,
  openOrders: ["request", "symbol"],
  heartbeat: ["request"],
  subscribe: ["request", "channels", "symbols"],
  unsubscribe: ["request", "channels", "symbols"],
};

/** Most often one of these, else anything or nothing. */
function mostly(...plausible: unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...plausible) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  request: mostly(1, 2 ** 53 - 1),
  schema: mostly(1),
  account: mostly("alice", "9"),
  token: mostly(undefined, "alice's"),
  next: mostly(undefined, "1"),
  symbol: mostly("BTC-USD", "ETH-USD"),
  id: mostly("1", "2", "18446744073709551615"),
  side: mostly("buy", "sell"),
  orderType: mostly("limit", "market"),
  timeInForce: mostly("gtc", "ioc"),
  price: mostly("100.00", "101", "0", "-1.5", "90071992547409.91"),
  quantity: mostly(0, 1, 5, 2 ** 32 - 1),
  channels: mostly(["depth"], ["orders", "trades"], ["candles", "status"]),
  symbols: mostly(["BTC-USD"], ["NOPE"]),
};

const SAID = fc.oneof(
  ...Object.entries(FIELDS).map(([type, names]) => ({
    // What most others need to be answered with more than a refusal.
    weight: type === "submit" ? 6 : 1,
    arbitrary: fc
      .record(Object.fromEntries(names.map((name) => [name, VALUES[name]])))
      .map((fields) => JSON.stringify({ type, ...fields })),
  })),
  fc.json(),
  fc.string(),
);

test("whatever a client says, it is answered or closed, and nothing throws", async () => {
  const types = new Set<unknown>();
  const conversation = fc.asyncProperty(fc.array(SAID, { maxLength: 40 }), async (texts) => {
    const client = await greeted("alice");
    for (const text of texts) {
      if (client.closed !== undefined) break;
      const answers = await client.say(text);
      expect(answers.length, text).toBeGreaterThan(0);
      for (const { type } of answers) types.add(type);
    }
    client.session.end();
  });
  await fc.assert(conversation, { numRuns: 100 });
  // It was no talk of the deaf.
  expect([...types]).toEqual(expect.arrayContaining(["ack", "reject", "error", "subscribed", "orders"]));
});

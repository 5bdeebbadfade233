// The WebSocket client against a scripted server: what it sends when, what becomes of requests, and how it comes back.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SeriatimError } from "../../../src/base/index.ts";
import { type Connection, ExchangeSocket } from "../../../src/client/index.ts";
import type { TapeReport } from "../../../src/protocol/index.ts";
import { INSTRUMENTS, scripted, WELCOME, welcomed } from "./support.ts";

const ORDER = { symbol: "BTC-USD", id: "1", side: "buy", price: "69999.50", quantity: 3 } as const;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("it says hello, and after the welcome asks for status and orders", () => {
  const { client, sockets } = scripted({ account: "alice" });
  sockets[0].onopen?.();
  expect(sockets[0].sent).toEqual([{ type: "hello", schema: 1, account: "alice" }]);
  expect(client.connection).toEqual({ state: "connecting" });
  sockets[0].say(WELCOME);
  expect(client.connection).toEqual({ state: "open" });
  expect(client.account).toEqual({ name: "alice", number: 1 });
  expect([...client.markets.keys()]).toEqual(["BTC-USD", "ETH-USD"]);
  expect(sockets[0].sent.slice(1)).toEqual([
    { type: "subscribe", channels: ["status"] },
    { type: "subscribe", channels: ["orders"] },
  ]);
  client.close();
});

test("without an account it only looks on", () => {
  const { client, sockets } = scripted();
  sockets[0].onopen?.();
  const { account: _, accountNumber: __, ...nobody } = WELCOME;
  sockets[0].say(nobody);
  expect(sockets[0].sent).toEqual([
    { type: "hello", schema: 1 },
    { type: "subscribe", channels: ["status"] },
  ]);
  expect(client.account).toBeUndefined();
  client.close();
});

test("what is wanted before the welcome is asked for after it, and only symbols that are listed", () => {
  const { client, sockets } = scripted();
  client.subscribe(["depth", "trades"], ["BTC-USD", "NOPE"]);
  sockets[0].onopen?.();
  sockets[0].say(WELCOME);
  expect(sockets[0].sent.slice(2)).toEqual([
    { type: "subscribe", channels: ["depth"], symbols: ["BTC-USD"] },
    { type: "subscribe", channels: ["trades"], symbols: ["BTC-USD"] },
  ]);
  client.close();
});

test("the same is not asked for twice, and what is given up is unsubscribed", () => {
  const { client, socket } = welcomed();
  client.subscribe(["depth"], ["BTC-USD"]);
  client.subscribe(["depth"], ["BTC-USD"]);
  client.unsubscribe(["depth"], ["BTC-USD"]);
  expect(socket.sent.map(({ type }) => type)).toEqual(["subscribe", "unsubscribe"]);
  client.close();
});

test("what nobody wants any more is no picture of now, also when its messages were on their way", () => {
  const { client, socket } = welcomed();
  const [btc, symbol] = [client.markets.get("BTC-USD"), "BTC-USD"];
  const depth = { type: "depth", symbol, sequence: "1", snapshot: true, bids: [["1.00", 1, 1]], asks: [] };
  const candles = { type: "candles", symbol, sequence: "2", snapshot: true, interval: 1, candles: [] };
  const queue = {
    type: "queue",
    symbol,
    side: "buy",
    price: "1.00",
    quantity: 1,
    orders: 1,
    queue: [[1, 1]],
  };
  const current = () => [btc?.isCurrent("depth"), btc?.isCurrent("candles"), btc?.isCurrent("queue")];
  const hear = () => socket.say(depth, candles, { ...queue, sequence: "3", snapshot: true });
  client.subscribe(["depth", "candles"], [symbol]);
  client.watchQueue({ symbol, side: "buy", price: "1.00" });
  hear();
  expect(current()).toEqual([true, true, true]);
  client.unsubscribe(["depth", "candles"], [symbol]);
  client.watchQueue(undefined);
  expect(current()).toEqual([false, false, false]);
  // A look: the picture comes when it is given up already.
  socket.say(
    { ...depth, sequence: "4", bids: [["2.00", 1, 1]] },
    { ...queue, sequence: "5", snapshot: true },
  );
  expect([...current(), btc?.queue]).toEqual([false, false, false, undefined]);
  expect(btc?.book.bids.prices).toEqual([200]);
  client.subscribe(["depth"], [symbol]);
  socket.say({ ...depth, snapshot: undefined, sequence: "2", previous: "1" });
  expect([...current(), client.gaps]).toEqual([false, false, false, 0]);
  client.close();
});

test("an ack and a reject are answers, an error is none", async () => {
  const { client, socket } = welcomed();
  const asked = [
    client.submit(ORDER),
    client.modify("BTC-USD", "1", "1.00", 2),
    client.cancel("BTC-USD", "1"),
  ];
  expect(socket.sent).toEqual([
    { type: "submit", ...ORDER, request: 1 },
    { type: "modify", symbol: "BTC-USD", id: "1", price: "1.00", quantity: 2, request: 2 },
    { type: "cancel", symbol: "BTC-USD", id: "1", request: 3 },
  ]);
  socket.say(
    { type: "ack", request: 1, id: "1", sequence: "17" },
    { type: "reject", request: 2, id: "1", code: 8, reason: "UnknownOrder", text: "no such order rests" },
    { type: "error", request: 3, code: "OUTCOME_UNKNOWN", text: "the exchange was lost" },
  );
  expect(await asked[0]).toEqual({ accepted: true, id: "1", sequence: "17" });
  expect(await asked[1]).toMatchObject({
    accepted: false,
    reason: "UnknownOrder",
    text: "no such order rests",
  });
  await expect(asked[2]).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  client.close();
});

test("a request without a connection is not sent, and says so", async () => {
  const { client, sockets } = scripted();
  await expect(client.submit(ORDER)).rejects.toMatchObject({ code: "NOT_CONNECTED" });
  expect(sockets[0].sent).toEqual([]);
  client.close();
});

test("at most 256 requests wait; the next one is refused here", async () => {
  const { client, socket } = welcomed();
  const waiting = Array.from({ length: 256 }, (_, i) => client.cancel("BTC-USD", String(i)));
  await expect(client.cancel("BTC-USD", "256")).rejects.toMatchObject({ code: "TOO_MANY_IN_FLIGHT" });
  expect(socket.sent).toHaveLength(256);
  client.close();
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).not.toContain("fulfilled");
});

test("while 64 KiB wait for the network a request is not sent, and says so", async () => {
  const { client, socket } = welcomed();
  socket.bufferedAmount = 65_537;
  await expect(client.submit(ORDER)).rejects.toMatchObject({
    code: "NETWORK_FULL",
    message: "65537 bytes wait for the network; order 1 was not sent",
  });
  expect(socket.sent).toEqual([]);
  client.close();
});

test("a lost connection makes outcomes unknown, comes back by itself and asks for everything again", async () => {
  const states: Connection[] = [];
  const { client, sockets, socket } = welcomed({
    account: "alice",
    listener: { connection: (connection) => states.push(connection) },
  });
  client.subscribe(["depth"], ["BTC-USD"]);
  const market = client.markets.get("BTC-USD");
  const asked = client.submit(ORDER);
  socket.onclose?.({ code: 1006, reason: "" });
  await expect(asked).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  expect(client.connection).toMatchObject({ state: "waiting", reason: "nobody answers there" });
  vi.advanceTimersByTime(100);
  expect(sockets).toHaveLength(2);
  sockets[1].onopen?.();
  sockets[1].say(WELCOME);
  expect(sockets[1].sent.map(({ type, channels }) => channels ?? type)).toEqual([
    "hello",
    ["status"],
    ["orders"],
    ["depth"],
  ]);
  expect(client.markets.get("BTC-USD")).toBe(market);
  expect(states.map(({ state }) => state)).toEqual(["connecting", "open", "waiting", "connecting", "open"]);
  client.close();
});

test("it waits longer after each failure, up to thirty seconds, and begins anew after a welcome", () => {
  const { client, sockets } = scripted();
  const waits: number[] = [];
  for (let i = 0; i < 11; i++) {
    sockets.at(-1)?.onclose?.({ code: 1006, reason: "" });
    waits.push(client.connection.retryIn_ms ?? 0);
    vi.advanceTimersByTime(client.connection.retryIn_ms ?? 0);
  }
  const bounds = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000];
  waits.forEach((wait, i) => {
    expect(wait).toBeGreaterThanOrEqual(bounds[i] * 0.75);
    expect(wait).toBeLessThanOrEqual(bounds[i]);
  });
  sockets.at(-1)?.say(WELCOME);
  sockets.at(-1)?.onclose?.({ code: 1001, reason: "" });
  expect(client.connection.retryIn_ms).toBeLessThanOrEqual(100);
  client.close();
});

// It was at the second look, after three seconds that it called six; and one look may come before what has come is read, when a machine
// that was paused goes on.
test("a connection of which the third look in a row hears nothing is given up, and it says for how long at least", () => {
  const { client, sockets, socket } = welcomed();
  vi.advanceTimersByTime(3_999);
  socket.say({ type: "subscribed", channels: ["status"] });
  vi.advanceTimersByTime(4_000);
  expect(client.connection.state).toBe("open");
  vi.advanceTimersByTime(1);
  expect(client.connection).toMatchObject({ state: "waiting", reason: "nothing came for 4 s" });
  expect(socket.closed).toBe(true);
  vi.advanceTimersByTime(5_000);
  expect(sockets).toHaveLength(2);
  client.close();
});

test("a hello that is refused is not said again", () => {
  const { client, sockets } = scripted({ account: "nobody" });
  sockets[0].onopen?.();
  sockets[0].say({ type: "error", code: "UNKNOWN_ACCOUNT", text: "account: there is no account nobody" });
  expect(client.connection).toEqual({
    state: "refused",
    reason: "account: there is no account nobody",
    code: "UNKNOWN_ACCOUNT",
  });
  vi.advanceTimersByTime(60_000);
  expect(sockets).toHaveLength(1);
  client.close();
});

// It stayed refused for ever, though the node only had no connection free, or was about to start or stop.
test("a hello that is UNAVAILABLE is said again later", () => {
  const { client, sockets } = scripted({ account: "alice" });
  sockets[0].onopen?.();
  sockets[0].say({ type: "error", code: "UNAVAILABLE", text: "no order entry now" });
  expect(client.connection).toMatchObject({ state: "waiting", reason: "no order entry now" });
  expect(sockets[0].closed).toBe(true);
  vi.advanceTimersByTime(100);
  sockets[1].say(WELCOME);
  expect(client.connection).toEqual({ state: "open" });
  client.close();
});

// It was said of the exchange that it doesn't speak as one, and the connection was made and lost for ever.
test("what a listener throws is its own, and the connection stays", () => {
  const fails = () => {
    throw new Error("a bug of mine");
  };
  const { client, socket } = welcomed({ account: "alice", listener: { order: fails } });
  const order = { event: "cancelled", symbol: "BTC-USD", id: "1", price: null, open: 0 };
  expect(() => socket.say({ type: "order", ...order })).toThrow("a bug of mine");
  expect(client.connection).toEqual({ state: "open" });
  client.close();
});

// Nothing was asked for, for as long as the connection stood; and logout() never ended.
test("what a listener of the connection throws leaves nothing undone", async () => {
  const states: string[] = [];
  const connection = ({ state }: Connection) => {
    states.push(state);
    if (state !== "connecting") throw new Error("a bug of mine");
  };
  const { client, sockets } = scripted({ account: "alice", listener: { connection } });
  const [socket] = sockets;
  socket.onopen?.();
  expect(() => socket.say(WELCOME)).toThrow("a bug of mine");
  expect(socket.sent.slice(1).map(({ channels }) => channels)).toEqual([["status"], ["orders"]]);
  const left = client.logout();
  expect(() => socket.onclose?.({ code: 1000, reason: "logged out" })).toThrow("a bug of mine");
  await left;
  expect(states).toEqual(["connecting", "open", "closed"]);
});

test("a URL that is none leaves no timer behind", () => {
  const openSocket = () => {
    throw new SyntaxError("Invalid URL");
  };
  const options = { url: "ws://nowhere", token: "secret", deadMan_ms: 3_000, openSocket };
  expect(() => new ExchangeSocket(options)).toThrow("Invalid URL");
  expect(vi.getTimerCount()).toBe(0);
});

// The second of two was found out when the first was lost: in a timer, where nothing could catch it.
test.each<[url: unknown, given: string]>([
  ["nowhere", '"nowhere"'],
  ["http://127.0.0.1:8080/ws", '"http://127.0.0.1:8080/ws"'],
  ["ws://", '"ws://"'],
  ["", '""'],
  [undefined, "undefined"],
  [["ws://127.0.0.1:1/ws", "ws:/127.0.0.1:2"], '"ws:/127.0.0.1:2"'],
  [[], "of an empty list"],
])("the address %j is refused before any is tried", (url, given) => {
  const openSocket = vi.fn();
  expect(() => new ExchangeSocket({ url: url as string, openSocket })).toThrow(
    new SeriatimError("INVALID_ARGUMENT", `url ${given} is not like ws://127.0.0.1:8080/ws`),
  );
  expect(openSocket).not.toHaveBeenCalled();
});

// Both the listener's subscription and the welcome's were sent: two snapshots of everything.
test("what a listener subscribes to when it opens is asked for once", () => {
  const { client, sockets } = scripted({
    listener: {
      connection: ({ state }) => {
        if (state === "open") client.subscribe(["depth"], ["BTC-USD"]);
      },
    },
  });
  sockets[0].say(WELCOME);
  expect(sockets[0].sent.filter(({ channels }) => String(channels) === "depth")).toHaveLength(1);
  client.close();
});

// The retry's socket was opened after the close, and lived.
test("a listener may close while it connects again", () => {
  let isAgain = false;
  const { client, sockets } = scripted({
    listener: {
      connection: ({ state }) => {
        if (state === "connecting" && isAgain) client.close();
      },
    },
  });
  isAgain = true;
  sockets[0].onclose?.({ code: 1006, reason: "" });
  vi.advanceTimersByTime(60_000);
  expect(sockets.map(({ closed }) => closed)).toEqual([true, true]);
  expect(client.connection).toEqual({ state: "closed" });
  expect(vi.getTimerCount()).toBe(0);
});

test("opened() waits for the welcome, over lost connections, and rejects when there will be none", async () => {
  const { client, sockets } = scripted();
  const opened = client.opened();
  sockets[0].onclose?.({ code: 1006, reason: "" });
  vi.advanceTimersByTime(100);
  sockets[1].say(WELCOME);
  await opened;
  await client.opened();
  client.close();
  await expect(client.opened()).rejects.toMatchObject({ code: "CLOSED" });
  const refused = scripted({ account: "nobody" });
  const never = refused.client.opened();
  refused.sockets[0].say({ type: "error", code: "UNKNOWN_ACCOUNT", text: "no such account" });
  await expect(never).rejects.toMatchObject({ code: "REFUSED", message: "no such account" });
});

test("a list of orders that was cut short is asked for anew on demand", () => {
  const { client, socket } = welcomed();
  client.listOrders();
  expect(socket.sent).toEqual([{ type: "subscribe", channels: ["orders"] }]);
});

test.each([
  ["as before", {}, true],
  ["with other decimals", { decimals: 4 }, false],
  ["with another step", { tick: "1.00" }, false],
  ["with another lot", { lot: 100 }, false],
])("a market that comes back %s keeps its picture or gets a new one", (_, change, isKept) => {
  const { client, sockets, socket } = welcomed();
  const before = client.markets.get("BTC-USD");
  socket.onclose?.({ code: 1006, reason: "" });
  vi.advanceTimersByTime(2_000);
  sockets[1].onopen?.();
  sockets[1].say({ ...WELCOME, instruments: [{ ...INSTRUMENTS[0], ...change }] });
  expect(client.markets.get("BTC-USD") === before).toBe(isKept);
  client.close();
});

test("a gap in a channel asks for that channel of that symbol anew, once", () => {
  const { client, socket } = welcomed();
  client.subscribe(["depth"], ["BTC-USD", "ETH-USD"]);
  socket.sent.length = 0;
  const depth = { type: "depth", symbol: "BTC-USD", bids: [], asks: [] };
  socket.say({ ...depth, sequence: "5", snapshot: true }, { ...depth, sequence: "9", previous: "7" });
  socket.say({ ...depth, sequence: "10", previous: "9" });
  expect(socket.sent).toEqual([{ type: "subscribe", channels: ["depth"], symbols: ["BTC-USD"] }]);
  expect(client.gaps).toBe(1);
  client.close();
});

// Of the latter ones the error went to nobody: in Node it ended the program.
test.each([
  ["no JSON", "<html>"],
  ["of nothing", "null"],
  ["half a list", '{"type":"orders","last":true}'],
  ["half a book", '{"type":"depth","symbol":"BTC-USD","sequence":"1","snapshot":true,"bids":[[]]}'],
])("a peer that speaks %s is left", (_, data) => {
  const { client, socket } = welcomed();
  client.subscribe(["depth"], ["BTC-USD"]);
  socket.onmessage?.({ data });
  expect(client.connection.state).toBe("waiting");
  expect(client.connection.reason).toContain("it doesn't speak as an exchange does");
  client.close();
});

test("the tape is asked for once, also after a reconnect, and has numbers", () => {
  const heard: TapeReport[] = [];
  const { client, socket } = welcomed({ account: "alice", listener: { tape: (tape) => heard.push(tape) } });
  client.watchTape();
  client.watchTape();
  expect(socket.sent).toEqual([{ type: "subscribe", channels: ["tape"] }]);
  const group = { name: "risk", members: 2 };
  const topic = { name: "md", order: 2, bytes: 512 };
  socket.say({
    ...{ type: "tape", time: "5", port: 9_400, topicsTotal: 1 },
    topics: [{ ...topic, next: "12", oldest: "3", groups: [{ ...group, committed: "7" }] }],
  });
  const topics = [{ ...topic, nextRecord: 12, oldestRecord: 3, groups: [{ ...group, committed: 7 }] }];
  expect(heard).toEqual([{ time_us: 5, port: 9_400, topicsTotal: 1, topics }]);
  expect(client.tape).toEqual(heard[0]);
  client.close();
});

test("the status has numbers, and fills and orders reach the listener", () => {
  const heard: string[] = [];
  const { client, socket } = welcomed({
    account: "alice",
    listener: {
      status: ({ position }) => heard.push(`status ${position + 1}`),
      order: ({ event }) => heard.push(event),
      fill: ({ quantity }) => heard.push(`fill ${quantity}`),
      error: ({ message }) => heard.push(message),
    },
  });
  const order = { symbol: "BTC-USD", id: "1", side: "buy", price: "1.00", sequence: "3", time: "4" };
  socket.say(
    {
      type: "status",
      status: "ok",
      position: "812",
      durablePosition: "812",
      commandsPerSecond: 1,
      latency: null,
      connections: 0,
      subscribers: 1,
      time: "5",
    },
    { type: "order", event: "accepted", ...order, open: 2 },
    { type: "fill", ...order, quantity: 1, open: 1, liquidity: "maker" },
    { type: "error", code: "TOO_OFTEN", text: "slower" },
  );
  expect(heard).toEqual(["status 813", "accepted", "fill 1", "slower"]);
  expect([...client.orders.open()].map(({ open }) => open)).toEqual([1]);
  client.close();
});

test("closed is closed: no timer and no socket is left", () => {
  const { client, sockets, socket } = welcomed();
  client.close();
  expect([client.connection.state, socket.closed]).toEqual(["closed", true]);
  vi.advanceTimersByTime(60_000);
  expect(sockets).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("what the node says of its feeds is in numbers", () => {
  const { client, socket } = welcomed();
  const counts = { subscribers: 2, opened: 3, closes: { PeerEnded: 1 }, slowClosed: 0, conflated: 4 };
  const more = { retransmitted: 5, retransmissionsRefused: 0, snapshots: 6, udpErrors: 0, ticks: null };
  const channel = { name: "top", packets: 9, bytes: 1_000 };
  const feeds = { epoch: "1790000000000000", channels: [{ ...channel, next: "812" }], ...counts, ...more };
  const figures = { position: "1", durablePosition: "1", time: "5", status: "ok", role: "primary" };
  socket.say({ type: "status", ...figures, feeds });
  const expected = {
    epoch: 1_790_000_000_000_000,
    channels: [{ ...channel, next: 812 }],
    ...counts,
    ...more,
  };
  expect(client.status?.feeds).toEqual(expected);
  socket.say({ type: "status", ...figures });
  expect(client.status?.feeds).toBeUndefined();
  client.close();
});

test("a queue is that of its level: another one's that was on its way is none of now", () => {
  const { client, socket } = welcomed();
  const btc = client.markets.get("BTC-USD");
  const level = { symbol: "BTC-USD", side: "buy", price: "1.00" } as const;
  const picture = { type: "queue", ...level, snapshot: true, quantity: 1, orders: 1, queue: [[1, 1]] };
  const shown = () => [btc?.isCurrent("queue"), btc?.queue?.side, btc?.queue?.price];
  client.watchQueue(level);
  client.watchQueue({ ...level, price: "2" });
  socket.say({ ...picture, sequence: "1" });
  expect(shown()).toEqual([false, undefined, undefined]);
  socket.say({ ...picture, sequence: "2", price: "2.00" });
  expect(shown()).toEqual([true, "buy", 200]);
  client.watchQueue({ ...level, side: "sell", price: "2" });
  socket.say({ ...picture, sequence: "3", price: "2.00" });
  expect(shown()).toEqual([false, undefined, undefined]);
  socket.say({ ...picture, sequence: "4", side: "sell", price: "2.00" });
  expect(shown()).toEqual([true, "sell", 200]);
  client.close();
});

test("one queue is looked at: another takes its place, it is asked for again after a gap, and after a reconnect", () => {
  const { client, sockets, socket } = welcomed();
  const level = { symbol: "BTC-USD", side: "buy", price: "69999.50" } as const;
  const asked = {
    type: "subscribe",
    channels: ["queue"],
    symbols: ["BTC-USD"],
    side: "buy",
    price: "69999.50",
  };
  client.watchQueue({ ...level, price: "1.00" });
  client.watchQueue(level);
  expect(socket.sent).toEqual([{ ...asked, price: "1.00" }, asked]);
  const message = {
    type: "queue",
    symbol: "BTC-USD",
    side: "buy",
    price: "69999.50",
    quantity: 1,
    orders: 1,
  };
  socket.say({ ...message, sequence: "1", snapshot: true, queue: [[1, 1]], conflated: 3 });
  expect([client.markets.get("BTC-USD")?.queue?.orders, client.conflated]).toEqual([1, 3]);
  socket.say({ ...message, sequence: "3", previous: "2", queue: [] });
  expect([socket.sent.length, socket.sent.at(-1), client.gaps]).toEqual([3, asked, 1]);
  socket.onclose?.({ code: 1006, reason: "" });
  client.retryNow();
  sockets[1].onopen?.();
  sockets[1].say(WELCOME);
  expect(sockets[1].sent.at(-1)).toEqual(asked);
  client.watchQueue(undefined);
  expect(sockets[1].sent.at(-1)).toEqual({ type: "unsubscribe", channels: ["queue"] });
  expect(client.markets.get("BTC-USD")?.queue).toBeUndefined();
  client.close();
});

// The exchange closed the connection for a message of 155 kB (1009), after each reconnect anew.
test("a subscription to all instruments that there can be is asked for in messages that an exchange takes", () => {
  const { client, sockets } = scripted();
  const instruments = Array.from({ length: 8_192 }, (_, i) => {
    return { symbol: `\u0001`.repeat(12) + String(i).padStart(4, "0"), decimals: 0, tick: "1", lot: 1 };
  });
  sockets[0].onopen?.();
  sockets[0].say({ ...WELCOME, instruments });
  const symbols = instruments.map(({ symbol }) => symbol);
  client.subscribe(["quotes"], symbols);
  client.unsubscribe(["quotes"], symbols);
  client.subscribe(["quotes"], symbols);
  sockets[0].onclose?.({ code: 1006, reason: "" });
  client.retryNow();
  sockets[1].onopen?.();
  sockets[1].say({ ...WELCOME, instruments });
  const asked = sockets.flatMap(({ sent }) => sent);
  for (const message of asked) expect(JSON.stringify(message).length).toBeLessThan(65_536);
  const resumed = sockets[1].sent.filter(({ type }) => type === "subscribe");
  expect(resumed.flatMap(({ symbols: named = [] }) => named)).toEqual(symbols);
});

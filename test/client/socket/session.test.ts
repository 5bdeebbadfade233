// The WebSocket client with a token, against a scripted server: how it resumes, and what becomes of requests that a lost
// connection took along.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExchangeSocketOptions } from "../../../src/client/index.ts";
import { scripted, WELCOME } from "./support.ts";

const ORDER = { symbol: "BTC-USD", id: "1", side: "buy", price: "69999.50", quantity: 3 } as const;
const LISTED = { symbol: "BTC-USD", side: "buy", price: "69999.50", open: 3, cumulative: 0 } as const;

/** The number of the session that the exchange's so many-eth connection has. */
const nth = (connection: number) => String(BigInt(connection) << 32n);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A client whose logon was answered: session 9, the next report is number 18; and its list, which is empty. */
function loggedOn(options: Partial<ExchangeSocketOptions> = {}) {
  const all = scripted({ token: "secret", instance: 7, ...options });
  const [socket] = all.sockets;
  socket.onopen?.();
  socket.say({ ...WELCOME, session: nth(9), first: "18", next: "18" });
  socket.say({ type: "orders", report: "17", last: true, orders: [] });
  return { ...all, socket };
}

/** The report of order 1, which a request of the session made. */
function report(number: number, request = 1, fields: object = {}) {
  const order = { symbol: "BTC-USD", id: "1", side: "buy", price: "69999.50", lastQuantity: 3, leaves: 3 };
  const head = { type: "report", number: String(number), event: "accepted", command: "submit" };
  const whose = { session: nth(9), request: String(request), sequence: "40", time: "1" };
  return { ...head, ...whose, ...order, cumulative: 0, ...fields };
}

/** The connection is lost and made again; the new logon is session 10. */
function comeBack({ sockets }: ReturnType<typeof loggedOn>, welcome: object) {
  sockets.at(-1)?.onclose?.({ code: 1006, reason: "" });
  vi.advanceTimersByTime(100);
  const socket = sockets[sockets.length - 1];
  socket.onopen?.();
  const [hello] = socket.sent.splice(0);
  socket.say({ ...WELCOME, session: nth(10), ...welcome });
  return { socket, hello };
}

function ids({ client }: ReturnType<typeof loggedOn>): string[] {
  return [...client.orders.open()].map(({ id, open }) => `${id}: ${open}`);
}

test("it says its token and what it wants done, and asks for its orders instead of channel orders", () => {
  const { client, socket } = loggedOn({ account: "alice", cancelOnDisconnect: true, readOnly: false });
  const logon = { token: "secret", instance: 7, next: "0", cancelOnDisconnect: true, readOnly: false };
  expect(socket.sent).toEqual([
    { type: "hello", schema: 1, account: "alice", ...logon },
    { type: "subscribe", channels: ["status"] },
    { type: "openOrders" },
  ]);
  expect(client.orders.isCurrent).toBe(true);
  client.close();
});

test("it knows whether it only reads, as of each logon", () => {
  const all = loggedOn();
  const { client } = all;
  expect(client.isReadOnly).toBe(false);
  comeBack(all, { first: "18", next: "18", readOnly: true });
  expect(client.isReadOnly).toBe(true);
  client.close();
});

test("on a node that takes no orders it listens to channel orders", () => {
  const { client, sockets } = scripted({ token: "secret" });
  sockets[0].onopen?.();
  sockets[0].say(WELCOME);
  expect(sockets[0].sent.slice(1).map(({ channels }) => channels)).toEqual([["status"], ["orders"]]);
  client.close();
});

test("reports answer requests, and keep orders, fills and themselves", async () => {
  const all = loggedOn();
  const { client, socket } = all;
  const asked = client.submit(ORDER);
  socket.say(report(18), { type: "ack", request: 1, id: "1", sequence: "40", report: "18" });
  expect(await asked).toEqual({ accepted: true, id: "1", sequence: "40" });
  expect(ids(all)).toEqual(["1: 3"]);
  const fill = { event: "traded", lastPrice: "69999.00", lastQuantity: 2, liquidity: "maker", cumulative: 2 };
  socket.say(report(19, 0, { ...fill, leaves: 1, sequence: "41", session: undefined, request: undefined }));
  expect(ids(all)).toEqual(["1: 1"]);
  expect(client.orders.fills).toMatchObject([{ price: 6_999_900, quantity: 2, open: 1, liquidity: "maker" }]);
  socket.say(report(20, 0, { event: "expired", leaves: 0 }));
  expect(ids(all)).toEqual([]);
  expect(client.orders.reports.map(({ number }) => number)).toEqual(["18", "19", "20"]);
  client.close();
});

test("refusals of the engine and of the gateway are answers", async () => {
  const { client, socket } = loggedOn();
  const asked = [client.submit(ORDER), client.submit(ORDER)];
  const why = { code: 7, reason: "DuplicateOrderId", text: "it rests" };
  socket.say(report(18, 1, { event: "rejected", ...why }));
  const throttled = { code: 13, reason: "Throttled", text: "too many" };
  socket.say({ type: "reject", request: 2, id: "1", ...throttled });
  expect(await asked[0]).toEqual({ accepted: false, id: "1", ...why });
  expect(await asked[1]).toEqual({ accepted: false, id: "1", ...throttled });
  client.close();
});

test("a mass cancel says how many, and orderStatus what rests", async () => {
  const { client, socket } = loggedOn();
  const asked = [client.massCancel({ symbol: "BTC-USD" }), client.massCancel()];
  const status = client.orderStatus("BTC-USD", "1");
  expect(socket.sent.slice(3)).toEqual([
    { type: "massCancel", symbol: "BTC-USD", request: 1 },
    { type: "massCancel", request: 2 },
    { type: "orderStatus", symbol: "BTC-USD", id: "1", request: 3 },
  ]);
  const mass = { event: "massCancelled", command: "massCancel", lastQuantity: 2 };
  socket.say(report(18, 1, mass));
  const refused = { code: 12, reason: "NotAuthorised", text: "no" };
  socket.say({ type: "reject", request: 2, ...refused });
  socket.say({ type: "orderStatus", request: 3, report: "18", order: null });
  expect(await asked[0]).toEqual({ accepted: true, sequence: "40", cancelled: 2 });
  expect(await asked[1]).toEqual({ accepted: false, ...refused });
  expect(await status).toBeNull();
  client.close();
});

test("after a lost connection reports say what was executed, and the rest was not", async () => {
  const all = loggedOn();
  const { client } = all;
  const asked = [client.submit(ORDER), client.submit({ ...ORDER, id: "2" })];
  const { socket, hello } = comeBack(all, { first: "18", next: "20" });
  expect(hello).toMatchObject({ instance: 7, next: "18" });
  expect(client.orders.isCurrent).toBe(false);
  socket.say(report(18));
  expect(await asked[0]).toEqual({ accepted: true, id: "1", sequence: "40" });
  socket.say(report(19, 0, { id: "5", session: undefined, request: undefined }));
  await expect(asked[1]).rejects.toMatchObject({
    code: "NOT_EXECUTED",
    message: "order 2 was not executed: the connection was lost before",
  });
  // The picture goes on where it was: no list is needed, and no order is sent again.
  expect(ids(all)).toEqual(["1: 3", "5: 3"]);
  expect(client.orders.isCurrent).toBe(true);
  expect(socket.sent).toEqual([{ type: "subscribe", channels: ["status"] }]);
  client.close();
});

test("when nothing was missed the rest is known at once", async () => {
  const all = loggedOn();
  const asked = all.client.submit(ORDER);
  comeBack(all, { first: "18", next: "18" });
  await expect(asked).rejects.toMatchObject({ code: "NOT_EXECUTED" });
  all.client.close();
});

test("reports that are not kept any more leave outcomes unknown, and the list is asked for anew", async () => {
  const all = loggedOn();
  const asked = all.client.submit(ORDER);
  const { socket } = comeBack(all, { first: "64", next: "64", gap: true });
  await expect(asked).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  expect(socket.sent.at(-1)).toEqual({ type: "openOrders" });
  expect(all.client.orders.isCurrent).toBe(false);
  all.client.close();
});

// The second logon had the first one's number, and what that had asked was taken for its own: it waited for ever.
test("a session number that was given before is another history's: nothing is known of what was asked, nor of orders", async () => {
  const all = loggedOn();
  all.socket.say(report(18));
  const asked = [all.client.submit(ORDER), all.client.submit(ORDER)];
  const { socket } = comeBack(all, { session: nth(9), first: "19", next: "20" });
  socket.say(report(19, 2, { session: nth(9), id: "7" }));
  for (const each of asked) await expect(each).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  expect(socket.sent.at(-1)).toEqual({ type: "openOrders" });
  const later = all.client.submit(ORDER);
  comeBack(all, { session: nth(10), first: "20", next: "20" });
  await expect(later).rejects.toMatchObject({ code: "NOT_EXECUTED" });
  all.client.close();
});

// Its report lay in the gap, and the logon behind that had none: the order, which rested, was said not to have been executed.
test("a gap counts until all reports behind it have come, over as many logons as that takes", async () => {
  const all = loggedOn();
  const asked = all.client.submit(ORDER);
  comeBack(all, { first: "64", next: "66", gap: true }).socket.say(report(64, 0, { id: "5" }));
  const { socket } = comeBack(all, { session: nth(11), first: "65", next: "66" });
  socket.say(report(65, 0, { id: "6" }));
  await expect(asked).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  expect(socket.sent.at(-1)).toEqual({ type: "openOrders" });
  expect(all.client.orders.isCurrent).toBe(false);
  const later = all.client.submit(ORDER);
  comeBack(all, { session: nth(12), first: "66", next: "66" });
  await expect(later).rejects.toMatchObject({ code: "NOT_EXECUTED" });
  all.client.close();
});

test("what was told of orders by another history than the one that goes on is forgotten", () => {
  const all = loggedOn();
  all.socket.say(report(18), report(19, 2, { id: "2" }), report(20, 3, { id: "3" }));
  const { socket } = comeBack(all, { first: "19", next: "19", gap: true });
  socket.say(report(19, 0, { id: "9" }));
  socket.say({ type: "orders", report: "18", last: true, orders: [{ ...LISTED, id: "1" }] });
  expect(ids(all)).toEqual(["1: 3", "9: 3"]);
  expect(all.client.orders.isCurrent).toBe(true);
  all.client.close();
});

test("a list that more reports have overtaken than are known is asked for again, after the second that the exchange wants", () => {
  const { client, socket } = loggedOn();
  socket.sent.length = 0;
  client.listOrders();
  for (let number = 18; number < 20_018; number++) socket.say(report(number, 1, { id: String(number) }));
  socket.say({ type: "orders", report: "17", last: true, orders: [] });
  expect(client.orders.isCurrent).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(socket.sent.length).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(socket.sent).toEqual([{ type: "openOrders" }, { type: "openOrders" }]);
  socket.say({ type: "orders", report: "20017", last: true, orders: [] });
  vi.advanceTimersByTime(2_000);
  expect([client.orders.isCurrent, client.orders.size, socket.sent.length]).toEqual([true, 0, 2]);
  client.close();
});

// The account's lists have one rate for all its connections: more that came back in the same second stayed without one for good.
test("a list that the exchange refuses is asked for again", () => {
  const { client, sockets } = scripted({ token: "secret" });
  const [socket] = sockets;
  socket.onopen?.();
  socket.say({ ...WELCOME, session: nth(9), first: "18", next: "18" });
  socket.sent.length = 0;
  for (let refusals = 0; refusals < 2; refusals++) {
    socket.say({ type: "reject", code: 13, reason: "Throttled", text: "too many" });
    vi.advanceTimersByTime(1_100);
  }
  expect(socket.sent).toEqual([{ type: "openOrders" }, { type: "openOrders" }]);
  socket.say({ type: "orders", report: "17", last: true, orders: [] });
  socket.say({ type: "reject", code: 13, reason: "Throttled", text: "too many" });
  vi.advanceTimersByTime(2_000);
  expect([client.orders.isCurrent, socket.sent.length]).toEqual([true, 2]);
  client.close();
});

test("who does not come back within a minute does not know", async () => {
  const { client, socket } = loggedOn();
  const asked = client.submit(ORDER);
  const told = expect(asked).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  socket.onclose?.({ code: 1006, reason: "" });
  vi.advanceTimersByTime(60_000);
  await told;
  client.close();
  expect(vi.getTimerCount()).toBe(0);
});

// It was told that its connection was lost, which stood, because others before it still waited for reports.
test("a minute without all reports ends the doubt of who lost a connection, not who has one", async () => {
  const all = loggedOn();
  const asked = all.client.submit(ORDER);
  const told = expect(asked).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  const { socket } = comeBack(all, { first: "18", next: "20" });
  const later = all.client.submit({ ...ORDER, id: "2" });
  for (let ms = 0; ms < 60_000; ms += 2_000) {
    socket.say({ type: "heartbeat" });
    vi.advanceTimersByTime(2_000);
  }
  await told;
  socket.say({ type: "ack", request: 2, id: "2", sequence: "40", report: "20" });
  expect(await later).toMatchObject({ accepted: true });
  all.client.close();
});

test("closing here leaves outcomes unknown", async () => {
  const { client } = loggedOn();
  const asked = client.submit(ORDER);
  client.close();
  await expect(asked).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
});

test("a list that is older than reports which came before it does not undo them", () => {
  const all = loggedOn();
  all.socket.say(report(18), report(19, 2, { id: "2" }));
  all.client.listOrders();
  all.socket.say(report(20, 3, { event: "cancelled", leaves: 0 }));
  const orders = [
    { ...LISTED, id: "1" },
    { ...LISTED, id: "2" },
  ];
  all.socket.say({ type: "orders", report: "19", last: true, orders });
  expect(ids(all)).toEqual(["2: 3"]);
  all.client.close();
});

test("a list that is newer than reports which come behind it is not undone by them", () => {
  const all = loggedOn();
  all.socket.say({ type: "orders", report: "19", last: true, orders: [] });
  all.socket.say(report(18), report(19, 2, { event: "cancelled", leaves: 0 }));
  expect(ids(all)).toEqual([]);
  all.client.close();
});

test("a report that is missing ends the connection, which asks for it again", () => {
  const all = loggedOn();
  all.socket.say(report(19));
  expect(all.client.connection).toMatchObject({
    state: "waiting",
    reason: expect.stringContaining("report 19"),
  });
  vi.advanceTimersByTime(100);
  all.sockets[1].onopen?.();
  expect(all.sockets[1].sent[0]).toMatchObject({ next: "18" });
  all.client.close();
});

test("a session that a newer connection has is not taken back", async () => {
  const { client, sockets, socket } = loggedOn();
  const asked = client.submit(ORDER);
  socket.onclose?.({ code: 4010, reason: "a newer connection has this session" });
  await expect(asked).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  const reason = "a newer connection has this session";
  expect(client.connection).toEqual({ state: "refused", reason, code: "REPLACED" });
  vi.advanceTimersByTime(60_000);
  expect(sockets).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("a dead man is told three times within his time that somebody lives", () => {
  const { client, socket } = loggedOn({ deadMan_ms: 900 });
  socket.sent.length = 0;
  vi.advanceTimersByTime(900);
  expect(socket.sent).toEqual(Array(3).fill({ type: "heartbeat" }));
  socket.say({ type: "heartbeat", next: "18" });
  client.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("logout ends it in order, and it does not come back", async () => {
  const { client, sockets, socket } = loggedOn();
  const left = client.logout();
  expect(socket.sent.at(-1)).toEqual({ type: "logout" });
  socket.onclose?.({ code: 1000, reason: "logged out" });
  await left;
  expect(client.connection).toEqual({ state: "closed" });
  vi.advanceTimersByTime(60_000);
  expect(sockets).toHaveLength(1);
});

test.each([
  [
    "that breaks",
    (socket: ReturnType<typeof loggedOn>["socket"]) => socket.onclose?.({ code: 1006, reason: "" }),
  ],
  ["that falls silent", () => vi.advanceTimersByTime(6_000)],
])("a logout over a line %s is said again over the next one", async (_what, lose) => {
  const { client, sockets, socket } = loggedOn();
  let isDone = false;
  const left = client.logout().then(() => {
    isDone = true;
  });
  lose(socket);
  await Promise.resolve();
  expect([isDone, client.connection.state]).toEqual([false, "waiting"]);
  vi.advanceTimersByTime(100);
  sockets[1].onopen?.();
  sockets[1].say({ ...WELCOME, session: nth(9), first: "18", next: "18" });
  expect(sockets[1].sent.at(-1)).toEqual({ type: "logout" });
  sockets[1].onclose?.({ code: 1000, reason: "logged out" });
  await left;
  expect(client.connection).toEqual({ state: "closed" });
  expect(vi.getTimerCount()).toBe(0);
});

// It waited for ever.
test.each([
  ["lost before", true],
  ["lost by then", false],
])(
  "a logout over a line that is %s, and does not come back, is given up after a minute",
  async (_what, isBefore) => {
    const { client, sockets, socket } = loggedOn();
    const breaks = () => socket.onclose?.({ code: 1006, reason: "" });
    if (isBefore) breaks();
    const left = client.logout();
    if (!isBefore) breaks();
    const failed = expect(left).rejects.toMatchObject({
      code: "PATIENCE_OVER",
      message: expect.stringContaining("ws://exchange/ws within 60000 ms: "),
    });
    for (let at_ms = 0; at_ms < 60_000; at_ms += 100) {
      expect(client.connection.state).not.toBe("closed");
      vi.advanceTimersByTime(100);
      sockets.at(-1)?.onclose?.({ code: 1006, reason: "" });
    }
    await failed;
    expect(client.connection).toEqual({ state: "closed" });
    expect(vi.getTimerCount()).toBe(0);
  },
);

test("a logout of a session that was replaced says so", async () => {
  const { client, socket } = loggedOn();
  const left = client.logout();
  socket.onclose?.({ code: 4010, reason: "a newer connection has this session" });
  await expect(left).rejects.toMatchObject({ code: "REPLACED" });
});

test("of several nodes it goes on until one takes orders, and to the next when that is lost", async () => {
  const { client, sockets, urls } = scripted({ url: ["ws://north/ws", "ws://south/ws"], token: "secret" });
  sockets[0].onopen?.();
  sockets[0].say(WELCOME);
  const reason = "this node takes no orders, another one may";
  expect(client.connection).toMatchObject({ state: "waiting", reason });
  vi.advanceTimersByTime(100);
  sockets[1].onopen?.();
  sockets[1].say({ ...WELCOME, session: nth(9), first: "18", next: "18" });
  expect(client.connection).toEqual({ state: "open" });
  const asked = client.submit(ORDER);
  sockets[1].onclose?.({ code: 1006, reason: "" });
  vi.advanceTimersByTime(200);
  sockets[2].onopen?.();
  expect(sockets[2].sent[0]).toMatchObject({ type: "hello", next: "18" });
  sockets[2].say({ ...WELCOME, session: nth(10), first: "18", next: "18" });
  await expect(asked).rejects.toMatchObject({ code: "NOT_EXECUTED" });
  expect(urls).toEqual(["ws://north/ws", "ws://south/ws", "ws://north/ws"]);
  client.close();
});

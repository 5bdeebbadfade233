// What the page does and says, on a WebSocket that the test answers.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SocketLike } from "../../src/client/socket/index.ts";
import { Desk } from "../../web/desk.ts";

const LIMITS = { maxQuantity: 1_000, maxNotional: 1_000_000 };

class Answered implements SocketLike {
  readonly bufferedAmount = 0;
  static latest: Answered;
  readonly sent: string[] = [];
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;

  constructor() {
    Answered.latest = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {}

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  welcome(...symbols: readonly (readonly [symbol: string, decimals: number])[]): void {
    this.onopen?.();
    const instruments = symbols.map(([symbol, decimals]) => {
      return { symbol, decimals, tick: (10 ** -decimals).toFixed(decimals), lot: 1 };
    });
    this.say({ type: "welcome", version: "0", account: "1", accountNumber: 1, instruments, limits: LIMITS });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Answered);
  vi.stubGlobal("requestAnimationFrame", () => 0);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Lost, and connected again. */
function reconnect(...symbols: readonly (readonly [symbol: string, decimals: number])[]): void {
  const lost = Answered.latest;
  lost.onclose?.({ code: 1006, reason: "" });
  while (Answered.latest === lost) vi.advanceTimersToNextTimer();
  Answered.latest.welcome(...symbols);
}

const lines = (desk: Desk): string[] => desk.notices.shown.map(({ text }) => text);

test("cancelling all without a connection says that nothing was sent", async () => {
  const desk = new Desk("ws://x/ws");
  const socket = Answered.latest;
  socket.welcome(["A", 2]);
  const order = { id: "1", symbol: "A", side: "buy", price: "1.00", quantity: 1 };
  socket.say({ type: "orders", sequence: "1", orders: [order], isTruncated: false });
  socket.onclose?.({ code: 1006, reason: "" });
  await desk.cancelAll();
  expect(lines(desk)).toEqual(["Not connected: no cancel was sent"]);
});

/** The channels that the exchange has to serve by now: its limit is on them. */
function subscribed({ sent }: Answered): Set<string> {
  const live = new Set<string>();
  for (const { type, channels = [], symbols = [] } of sent.map((text) => JSON.parse(text))) {
    for (const channel of channels)
      for (const symbol of symbols)
        if (type === "subscribe") live.add(`${channel} ${symbol}`);
        else if (type === "unsubscribe") live.delete(`${channel} ${symbol}`);
  }
  return live;
}

// Each one's status was asked for for good: after some 1,900 of them the exchange refused whatever was selected next.
test("who selects one instrument after another asks for nothing of those before", () => {
  const desk = new Desk("ws://x/ws");
  const symbols = Array.from({ length: 50 }, (_, i) => `S${i}`);
  Answered.latest.welcome(...symbols.map((symbol) => [symbol, 2] as const));
  for (const symbol of symbols) desk.select(symbol);
  const channels = ["depth", "trades", "candles", "instruments"];
  expect([...subscribed(Answered.latest)].sort()).toEqual(channels.map((name) => `${name} S49`).sort());
});

test("whom the exchange does not let in sees why, and the market as anybody does", () => {
  const desk = new Desk("ws://x/ws");
  desk.chooseAccount("alice", "stolen");
  const refused = Answered.latest;
  refused.onopen?.();
  refused.say({ type: "error", request: 0, code: "NOT_AUTHORISED", text: "no key has it" });
  refused.onclose?.({ code: 4001, reason: "" });
  expect(Answered.latest).not.toBe(refused);
  Answered.latest.welcome(["A", 2]);
  expect([desk.instruments, desk.refusal]).toEqual([["A"], "no key has it"]);
  expect(Answered.latest.sent[0]).not.toContain("stolen");
  desk.chooseAccount("bob");
  expect(desk.refusal).toBeUndefined();
});

test("a price that was typed stays over a reconnect to the same instrument", () => {
  const desk = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2], ["B", 4]);
  desk.setDraft({ price: "12.34" });
  reconnect(["A", 2], ["B", 4]);
  expect([desk.symbol, desk.draft.price]).toEqual(["A", "12.34"]);
  desk.chooseAccount("2");
  Answered.latest.welcome(["A", 2], ["B", 4]);
  expect(desk.draft.price).toBe("12.34");
});

// It went to the next instrument's form.
test.each([
  ["that is not listed any more", [["B", 4]]],
  ["that has other decimals now", [["A", 0]]],
] as const)("a price that was typed for an instrument %s is cleared", (_what, listed) => {
  const desk = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2], ["B", 4]);
  desk.setDraft({ price: "12.34" });
  reconnect(...listed);
  expect([desk.symbol, desk.draft.price]).toEqual([listed[0][0], ""]);
});

test("choosing another instrument clears the price", () => {
  const desk = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2], ["B", 4]);
  desk.setDraft({ price: "12.34" });
  desk.select("B");
  expect(desk.draft.price).toBe("");
});

test("an order that is larger than the exchange takes is not sent", async () => {
  const desk = new Desk("ws://x/ws");
  const socket = Answered.latest;
  socket.welcome(["A", 2]);
  const sent = socket.sent.length;
  for (const [price, quantity] of [
    ["1.00", "1001"],
    ["100.00", "101"],
  ]) {
    desk.setDraft({ price, quantity });
    await desk.submit();
  }
  expect(socket.sent.length).toBe(sent);
  desk.setDraft({ price: "100.00", quantity: "100" });
  void desk.submit();
  expect(JSON.parse(socket.sent.at(-1) as string)).toMatchObject({ type: "submit", quantity: 100 });
});

// Nothing was said until the answer came: whoever waited for it sent the order again.
test("an order without an answer is said to have none, for as long as that is so", async () => {
  const desk = new Desk("ws://x/ws");
  const socket = Answered.latest;
  socket.welcome(["A", 2]);
  desk.setDraft({ price: "1.00", quantity: "3" });
  const submitted = desk.submit();
  const { request, id } = JSON.parse(socket.sent.at(-1) as string);
  await vi.advanceTimersByTimeAsync(400);
  expect(lines(desk)).toEqual([]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(lines(desk)).toEqual(["Buy 3 A at 1.00: no answer yet"]);
  socket.say({ type: "ack", request, id, sequence: "1" });
  await submitted;
  expect(lines(desk)).toEqual(["Buy 3 A at 1.00: accepted"]);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(lines(desk)).toEqual([]);
});

/** What the page keeps in its tab, and finds there again when it is loaded anew. */
function stubStorage(): void {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
}

/** Sends an order for 3 of A; returns its id. */
function send(desk: Desk): string {
  desk.setDraft({ price: "1.00", quantity: "3" });
  void desk.submit();
  return JSON.parse(Answered.latest.sent.at(-1) as string).id;
}

const list = (orders: readonly object[], more: object = {}): void =>
  Answered.latest.say({ type: "orders", sequence: "1", orders, last: true, ...more });
const RESTS = { symbol: "A", side: "buy", price: "1.00", open: 2 } as const;
const GONE = "Buy 3 A at 1.00 had no answer. It is not resting: filled, refused, or lost on the way";

// After a reload nothing was said of it: whoever thought that it never went off sent it again.
test.each([
  ["a reload", true, [RESTS], "Buy 3 A at 1.00 had no answer. It is resting, 2 open"],
  ["a reload", true, [], GONE],
  ["a lost connection", false, [], GONE],
] as const)(
  "of an order without an answer it is said after %s whether it rests (case %#)",
  async (...row) => {
    const [_what, isReload, orders, line] = row;
    stubStorage();
    let desk = new Desk("ws://x/ws");
    Answered.latest.welcome(["A", 2]);
    list([]);
    const id = send(desk);
    // It waits for an answer of this connection: a list says nothing of it.
    await vi.advanceTimersByTimeAsync(400);
    expect(lines(desk)).toEqual([]);
    if (isReload) {
      desk = new Desk("ws://x/ws");
      Answered.latest.welcome(["A", 2]);
    } else reconnect(["A", 2]);
    await vi.advanceTimersByTimeAsync(400);
    expect(lines(desk)).not.toContain(line);
    list(orders.map((order) => ({ ...order, id })));
    await vi.advanceTimersByTimeAsync(400);
    expect(lines(desk)).toContain(line);
    // It is said until it is dismissed, and not again.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines(desk)).toEqual([line]);
    expect(sessionStorage.getItem("seriatim.sent")).toBe("");
  },
);

test("of several orders without an answer it is said how many rest, and of another account's nothing", async () => {
  stubStorage();
  const before = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2]);
  const ids = [send(before), send(before), send(before)];
  const desk = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2]);
  Answered.latest.say({
    type: "welcome",
    version: "0",
    account: "2",
    accountNumber: 2,
    instruments: [],
    limits: LIMITS,
  });
  list([]);
  await vi.advanceTimersByTimeAsync(400);
  expect(lines(desk)).toEqual([]);
  reconnect(["A", 2]);
  list([{ ...RESTS, id: ids[1] }], { truncated: true });
  await vi.advanceTimersByTimeAsync(400);
  const others = "not among the orders that could be listed";
  expect(lines(desk)).toEqual([`3 orders had no answer. 1 rest; of the others each is ${others}`]);
});

// Three fills took its place.
test("what is not known gives way to nothing that goes by itself", () => {
  const { notices } = new Desk("ws://x/ws");
  notices.say("unknown", "no answer");
  for (const text of ["one", "two", "three", "four"]) notices.say("good", text);
  expect(notices.shown.map(({ text }) => text)).toEqual(["no answer", "three", "four"]);
  for (const text of ["five", "six", "seven"]) notices.say("unknown", text);
  expect(notices.shown.map(({ text }) => text)).toEqual(["five", "six", "seven"]);
  notices.say("good", "eight");
  expect(notices.shown.map(({ text }) => text)).toEqual(["six", "seven", "eight"]);
});

test("an order that was answered, or never sent, is in no doubt", async () => {
  stubStorage();
  const desk = new Desk("ws://x/ws");
  const socket = Answered.latest;
  socket.welcome(["A", 2]);
  const id = send(desk);
  const { request } = JSON.parse(socket.sent.at(-1) as string);
  socket.say({ type: "ack", request, id, sequence: "1" });
  socket.onclose?.({ code: 1006, reason: "" });
  send(desk);
  await vi.advanceTimersByTimeAsync(0);
  expect(sessionStorage.getItem("seriatim.sent")).toBe("");
});

test("before the list of one's orders has come, cancelling all does not say that there are none", async () => {
  const desk = new Desk("ws://x/ws");
  const socket = Answered.latest;
  socket.welcome(["A", 2]);
  await desk.cancelAll();
  socket.say({ type: "orders", sequence: "1", orders: [], last: true });
  await desk.cancelAll();
  expect(lines(desk)).toEqual([
    "The list of your orders has not come yet: no cancel was sent",
    "No orders of yours rest in A",
  ]);
});

// It said that all were cancelled; what had come to rest while the page was away went on resting.
test("what is cancelled by a list of before the connection was lost is not said to be all", async () => {
  const desk = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2]);
  const order = { id: "7", symbol: "A", side: "buy", price: "1.00", open: 1 };
  Answered.latest.say({ type: "orders", sequence: "1", orders: [order], last: true });
  reconnect(["A", 2]);
  const socket = Answered.latest;
  const done = desk.cancelAll();
  const { type, request, id } = JSON.parse(socket.sent.at(-1) as string);
  expect([type, id]).toEqual(["cancel", "7"]);
  socket.say({ type: "ack", request, id, sequence: "2" });
  await done;
  expect(desk.notices.shown.map(({ kind, text }) => [kind, text])).toEqual([
    ["bad", "1 of 1 orders in A cancelled; the list of your orders had not come yet"],
  ]);
});

/** A page that has logged on with a token, with the reports that follow. */
function loggedOn(): { desk: Desk; socket: Answered } {
  const desk = new Desk("ws://x/ws");
  desk.chooseAccount(undefined, "secret");
  const socket = Answered.latest;
  socket.onopen?.();
  const instruments = [{ symbol: "A", decimals: 2, tick: "0.01", lot: 1 }];
  const session = { session: "9", first: "1", next: "1" };
  const lists = { instruments, limits: LIMITS };
  socket.say({ type: "welcome", version: "0", account: "1", accountNumber: 1, ...session, ...lists });
  return { desk, socket };
}

test("with a token cancelling all is one command, and says how many it took out", async () => {
  const { desk, socket } = loggedOn();
  expect(JSON.parse(socket.sent[0])).toMatchObject({ type: "hello", token: "secret" });
  const done = desk.cancelAll();
  const { request, ...asked } = JSON.parse(socket.sent.at(-1) as string);
  expect(asked).toEqual({ type: "massCancel", symbol: "A" });
  socket.say({ type: "ack", request, sequence: "2", report: "1", cancelled: 2 });
  await done;
  void desk.cancelEverything();
  expect(JSON.parse(socket.sent.at(-1) as string)).toMatchObject({ type: "massCancel" });
  expect(lines(desk)).toEqual(["2 orders in A cancelled"]);
});

// "Bought 1" stood over "My fills 0".
test("reports of trades are told as fills are, when the tables show them", () => {
  const { desk, socket } = loggedOn();
  const order = { symbol: "A", id: "1", side: "buy", price: "2.00", lastPrice: "1.50", lastQuantity: 3 };
  const report = { type: "report", number: "1", event: "traded", ...order, leaves: 2, cumulative: 3 };
  socket.say({ ...report, command: "submit", sequence: "4", liquidity: "taker", time: "5" });
  const shown: (readonly string[])[] = [];
  desk.tables.listen(() => shown.push(lines(desk)));
  expect(lines(desk)).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(shown).toEqual([["Bought 3 A at 1.50, 2 left"]]);
});

// "accepted" was all that was said of an order that came to nothing.
test("what expired is told, of orders and of reports", () => {
  const open = new Desk("ws://x/ws");
  Answered.latest.welcome(["A", 2]);
  const order = { type: "order", sequence: "4", symbol: "A", id: "1", side: "buy", price: "1.00", time: "5" };
  Answered.latest.say({ ...order, event: "accepted", open: 3 });
  Answered.latest.say({ ...order, event: "expired", open: 0 });
  const { desk, socket } = loggedOn();
  const report = { type: "report", command: "submit", symbol: "A", id: "1", side: "buy", price: null };
  socket.say({ ...report, number: "1", event: "accepted", leaves: 9, lastQuantity: 9, time: "5" });
  const trade = { lastPrice: "1.50", lastQuantity: 2, leaves: 7, cumulative: 2 };
  socket.say({ ...report, ...trade, number: "2", event: "traded", liquidity: "taker", time: "5" });
  socket.say({
    ...report,
    number: "3",
    event: "expired",
    leaves: 0,
    cumulative: 2,
    lastQuantity: 7,
    time: "5",
  });
  vi.advanceTimersByTime(200);
  expect([lines(open), lines(desk)]).toEqual([
    ["Buy 3 A: nothing traded, 3 expired"],
    ["Bought 2 A at 1.50, 7 not filled"],
  ]);
});

// Sessions with a token against a whole node: the keys file, the web's own logon, the gateway, the engine's reports, and the
// client library on the other side.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { crc32c, encodeUtf8 } from "../../../src/base/index.ts";
import {
  connectOrderEntry,
  connectSession,
  ExchangeSocket,
  type ExchangeSocketOptions,
  type SocketLike,
} from "../../../src/client/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../../src/node/index.ts";
import { makeEd25519Pair, makeToken, tokenDigest } from "../../../src/platform/index.ts";
import type { ReportMessage } from "../../../src/protocol/index.ts";
import { KeyRing } from "../../../src/runtime/index.ts";
import { Peer } from "./peer.ts";

const token = makeToken();
const readerToken = makeToken();
const carolToken = makeToken();
const carol = makeEd25519Pair();
const keys = new KeyRing([
  {
    name: "alice",
    role: "trader",
    accounts: [1],
    token: tokenDigest(token),
    public: makeEd25519Pair().public,
  },
  {
    name: "auditor",
    role: "reader",
    accounts: "all",
    token: tokenDigest(readerToken),
    public: makeEd25519Pair().public,
  },
  {
    name: "carol",
    role: "trader",
    accounts: [1],
    limits: { frames_per_second: 1, connections: 1 },
    token: tokenDigest(carolToken),
    public: carol.public,
  },
]);
const log = createLog({ level: "silent" });

let folder = "";
let node: RunningNode;
const sockets: ExchangeSocket[] = [];
const peers: Peer[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-token-"));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const peer of peers.splice(0)) peer.socket.terminate();
  await node.stop();
  rmSync(folder, { recursive: true });
});

async function start(some: Partial<Configuration> = {}): Promise<void> {
  const settings = {
    orderPort: 0,
    httpPort: 0,
    dataDir: join(folder, "data"),
    accounts: ["alice=1", "bob=2"],
  };
  // Threads of its own are what a start takes longest for.
  const small = { durability: "buffered", segmentBytes: 4_194_304, threads: "single" } as const;
  node = await startNode(configurationOf({ ...settings, ...small, ...some }), log, { keys });
}

/** A connection that said hello with a token, and its welcome. */
async function logOn(fields: object = {}) {
  const peer = await Peer.connect(node.httpPort);
  peers.push(peer);
  peer.say({ type: "hello", schema: 1, token, ...fields });
  return { peer, welcome: await peer.next("welcome") };
}

const BUY = { type: "submit", symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", quantity: 5 };
const SELL = { ...BUY, id: "9", side: "sell", quantity: 2 };

const NOBODY = {
  onReport() {},
  onRefused() {},
  onOpenOrder() {},
  onOpenOrdersEnd() {},
};

async function traded(): Promise<void> {
  const bob = await Peer.greet(node.httpPort, "bob");
  peers.push(bob);
  bob.say(SELL);
  await bob.next("ack");
}

describe.each(["spread", "single"] as const)("with threads %s", (threads) => {
  test("orders are answered and reported, to the maker of a trade too, and to a reader", async () => {
    await start({ threads });
    const { peer, welcome } = await logOn();
    expect(welcome).toMatchObject({ accountNumber: 1, first: "1", next: "1" });
    const reader = await logOn({ token: readerToken, account: "alice" });
    expect(reader.welcome).toMatchObject({ readOnly: true });
    peer.say({ ...BUY, request: 1 });
    expect(await peer.next("ack")).toEqual({ type: "ack", request: 1, id: "1", sequence: "1", report: "1" });
    await traded();
    const trade = {
      number: "2",
      event: "traded",
      liquidity: "maker",
      lastQuantity: 2,
      leaves: 3,
      cumulative: 2,
    };
    expect(await peer.next("report")).toMatchObject(trade);
    expect(await reader.peer.next("report")).toMatchObject({ number: "1", event: "accepted" });
    expect(await reader.peer.next("report")).toMatchObject(trade);
    reader.peer.say({ ...BUY, request: 7 });
    expect(await reader.peer.next()).toMatchObject({ type: "reject", request: 7, reason: "NotAuthorised" });
    peer.say({ type: "openOrders", request: 2 });
    const orders = [{ symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", open: 3, cumulative: 2 }];
    expect(await peer.next()).toEqual({ type: "orders", request: 2, report: "2", last: true, orders });
    peer.say({ type: "orderStatus", request: 3, symbol: "BTC-USD", id: "1" });
    expect(await peer.next()).toEqual({ type: "orderStatus", request: 3, report: "2", order: orders[0] });
    peer.say({ type: "massCancel", request: 4 });
    expect(await peer.next("ack")).toEqual({
      type: "ack",
      request: 4,
      sequence: "4",
      report: "3",
      cancelled: 1,
    });
    expect(await peer.next("report")).toMatchObject({ number: "4", event: "cancelled", cause: "massCancel" });
  });
});

test("what happens while a client is away is reported when it comes back, also after a restart", async () => {
  await start();
  const { peer } = await logOn();
  peer.say(BUY);
  await peer.next("ack");
  peer.socket.close();
  await peer.closed;
  await traded();
  await node.stop();
  await start();
  const { peer: again, welcome } = await logOn({ next: "2" });
  expect(welcome).toMatchObject({ first: "2", next: "3" });
  expect(await again.next()).toMatchObject({ number: "2", event: "traded", leaves: 3 });
});

test("cancel on disconnect takes the orders out when the connection is cut, and not after logout", async () => {
  await start();
  const { peer: watcher } = await logOn({ instance: 1 });
  const { peer } = await logOn({ cancelOnDisconnect: true });
  peer.say({ ...BUY, request: 1 });
  await peer.next("ack");
  peer.say({ type: "logout" });
  expect(await peer.closed).toEqual([1000, "logged out"]);
  const { peer: next } = await logOn({ cancelOnDisconnect: true });
  next.say({ ...BUY, id: "2", request: 1 });
  await next.next("ack");
  next.socket.terminate();
  const reports: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    const { event, cause, id } = await watcher.next("report");
    reports.push([event, cause, id]);
  }
  expect(reports).toEqual([
    ["accepted", undefined, "1"],
    ["accepted", undefined, "2"],
    ["cancelled", "disconnected", "1"],
    ["cancelled", "disconnected", "2"],
  ]);
});

test("a client that says nothing for too long loses its orders, though its socket answers pings", async () => {
  await start();
  const { peer } = await logOn({ deadMan_ms: 600 });
  peer.say(BUY);
  await peer.next("ack");
  expect(await peer.next("report")).toMatchObject({ event: "cancelled", cause: "deadMan" });
  expect(await peer.closed).toEqual([4011, "nothing was heard of you for 600 ms"]);
});

test("a newer connection of the same session takes the place of the older one, other instances stay", async () => {
  await start();
  const [first, other, second] = [await logOn(), await logOn({ instance: 1 }), await logOn()];
  expect(await first.peer.closed).toEqual([4010, "a newer connection has this session"]);
  second.peer.say({ ...BUY, request: 1 });
  expect(await other.peer.next("report")).toMatchObject({ number: "1" });
});

test("whatever instance a key's holder says, the session of another key stays", async () => {
  await start();
  const { peer } = await logOn({ cancelOnDisconnect: true });
  // A hash of the keys' names in the instance, as it was once, could be undone by whoever chose the instance.
  for (const name of ["alice", "auditor"]) {
    const instance = (crc32c(encodeUtf8("alice")) ^ crc32c(encodeUtf8(name))) >>> 0;
    await logOn({ token: readerToken, account: "alice", instance });
  }
  peer.say({ ...BUY, request: 1 });
  expect(await peer.next("ack")).toMatchObject({ report: "1" });
});

test("a token's sessions are its key's: who signs with that takes their place, and its limits hold", async () => {
  await start();
  const { peer } = await logOn({ token: carolToken });
  for (let request = 1; request <= 3; request++) peer.say({ ...BUY, id: String(request), request });
  expect(await peer.next("reject")).toMatchObject({ reason: "Throttled" });
  const another = await Peer.connect(node.httpPort);
  another.say({ type: "hello", schema: 1, token: carolToken, instance: 1 });
  expect(await another.next("error")).toMatchObject({ code: "UNAVAILABLE" });
  const key = { name: "carol", private: carol.private };
  const signed = await connectSession({ port: node.orderPort, key, account: 1, listener: NOBODY });
  expect((await peer.closed)[0]).toBe(4010);
  await signed.logout();
});

test("a request that is asked again by its number is executed once, also over another connection", async () => {
  await start();
  const { peer } = await logOn({ once: true });
  peer.say({ ...BUY, request: 5 });
  const first = await peer.next("ack");
  const { peer: again } = await logOn({ once: true });
  again.say({ ...BUY, request: 5 });
  again.say({ ...BUY, request: 5, quantity: 6 });
  expect(await again.next("report")).toMatchObject({ event: "accepted", id: "1", repeated: true });
  expect(await again.next("ack")).toEqual({ ...first, report: "2" });
  expect(await again.next("reject")).toMatchObject({ request: 5, reason: "RequestReused", report: "3" });
  again.say({ type: "openOrders" });
  expect((await again.next("orders")).orders).toMatchObject([{ id: "1", open: 5 }]);
});

test("a name alone is not let in where a key names the account, or where order entry is not open", async () => {
  await start();
  const refusalOf = async (fields: object) => {
    const peer = await Peer.connect(node.httpPort);
    peer.say({ type: "hello", schema: 1, ...fields });
    const { code } = await peer.next("error");
    expect((await peer.closed)[0]).toBe(4001);
    return code;
  };
  expect(await refusalOf({ account: "alice" })).toBe("TOKEN_NEEDED");
  expect(await refusalOf({ token: makeToken(), account: "alice" })).toBe("NOT_AUTHORISED");
  await node.stop();
  await start({ openOrderEntry: "off" });
  expect(await refusalOf({ account: "bob" })).toBe("TOKEN_NEEDED");
  const { peer } = await logOn();
  peer.say({ ...BUY, request: 1 });
  expect(await peer.next("ack")).toMatchObject({ report: "1" });
});

/** A client of the library, with the reports that it heard. */
async function clientOf(options: Partial<ExchangeSocketOptions> = {}) {
  const reports: string[] = [];
  const heard = ({ number, event }: ReportMessage) => reports.push(`${number} ${event}`);
  const url = `ws://127.0.0.1:${node.httpPort}/ws`;
  const client = new ExchangeSocket({ url, token, listener: { report: heard }, ...options });
  sockets.push(client);
  await client.opened();
  return { client, reports };
}

test("the client library goes on over a restart of the node, with no report lost or twice", async () => {
  await start();
  const { httpPort } = node;
  const { client, reports } = await clientOf();
  const order = { symbol: "BTC-USD", side: "buy", price: "100.00", quantity: 5 } as const;
  expect(await client.submit({ ...order, id: "1" })).toEqual({ accepted: true, id: "1", sequence: "1" });
  await node.stop();
  await expect(client.submit({ ...order, id: "2" })).rejects.toMatchObject({ code: "NOT_CONNECTED" });
  await start({ httpPort });
  await expect.poll(() => client.connection.state).toBe("open");
  await traded();
  await expect.poll(() => reports).toEqual(["1 accepted", "2 traded"]);
  expect([...client.orders.open()]).toMatchObject([{ id: "1", open: 3, cumulative: 2 }]);
  expect(await client.orderStatus("BTC-USD", "1")).toMatchObject({ open: 3 });
  expect(await client.massCancel()).toMatchObject({ accepted: true, cancelled: 1 });
  await client.logout();
});

/** Rests one lot at 100.00 so many times, as an account that needs no token. */
async function restLots(count: number): Promise<void> {
  const maker = await connectOrderEntry({ port: node.orderPort, account: 2, window: 4_096 });
  for (let id = 1; id <= count; id++) {
    if (!maker.writable) await maker.ready();
    void maker.submit({ id, symbol: 0, side: "sell", price: 10_000, quantity: 1 });
  }
  await maker.close();
}

// 12,000 reports are 5 MB of text: more than may wait for a connection.
test("one order that trades 12,000 times is reported whole, also to who reads slowly", async () => {
  await start();
  await restLots(12_000);
  const { peer } = await logOn();
  peer.say({ ...BUY, quantity: 12_000, request: 1 });
  expect(await peer.next("ack")).toMatchObject({ report: "1" });
  const { peer: slow } = await logOn({ next: "1", instance: 1 });
  slow.socket.pause();
  await sleep(500);
  slow.socket.resume();
  for (const reader of [peer, slow]) {
    const first = reader === peer ? 2 : 1;
    for (let number = first; number <= 12_001; number++) {
      const report = await reader.next("report");
      if (report.number !== String(number)) expect(report.number).toBe(String(number));
    }
  }
  expect(slow.socket.readyState).toBe(slow.socket.OPEN);
});

/** Rounds in which the connection breaks while orders are on their way, and orders of each. */
const BREAKS = 8;
const ORDERS_PER_BREAK = 40;

test("whenever the connection breaks, each order was executed and reported once, or never will be", async () => {
  await start();
  let newest: WebSocket | undefined;
  let isLossy = false;
  const openSocket = (url: string): SocketLike => {
    const socket = new WebSocket(url);
    socket.on("error", () => {});
    const send = socket.send.bind(socket);
    // What a network takes and does not bring is lost like that.
    socket.send = (text: string) => void (isLossy || send(text));
    newest = socket;
    return socket as unknown as SocketLike;
  };
  const reported: string[] = [];
  const heard = ({ id = "", event }: ReportMessage) => reported.push(`${event} ${id}`);
  const { client } = await clientOf({ openSocket, listener: { report: heard } });
  const outcomes = new Map<string, Promise<string>>();
  for (let i = 0; i < BREAKS; i++) {
    await expect.poll(() => client.connection.state).toBe("open");
    for (let j = 0; j < ORDERS_PER_BREAK; j++) {
      const id = String(i * ORDERS_PER_BREAK + j + 1);
      const order = { symbol: "BTC-USD", id, side: "buy", price: "100.00", quantity: 1 } as const;
      const outcome = client.submit(order).then(
        ({ accepted }) => (accepted ? "accepted" : "rejected"),
        ({ code }) => code as string,
      );
      outcomes.set(id, outcome);
      // Some of them are answered by then, some have arrived, some are still here.
      if (j % 10 === 9) await turn();
      isLossy = j >= ORDERS_PER_BREAK - 2 * (i + 1);
    }
    newest?.terminate();
    await expect.poll(() => client.connection.state).not.toBe("open");
    isLossy = false;
  }
  const counts = new Map<string, number>();
  for (const [id, outcome] of outcomes) {
    const what = await outcome;
    counts.set(what, (counts.get(what) ?? 0) + 1);
    const times = reported.filter((line) => line === `accepted ${id}`).length;
    expect([id, what, times]).toEqual([id, what, what === "accepted" ? 1 : 0]);
  }
  expect([...counts.keys()].sort()).toEqual(["NOT_EXECUTED", "accepted"]);
  expect(client.orders.size).toBe(counts.get("accepted") ?? 0);
});

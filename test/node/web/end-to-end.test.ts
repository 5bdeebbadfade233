// WebSockets of a whole node: sequencer, log, gate, web thread and order entry are the real ones.

import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connectOrderEntry } from "../../../src/client/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../../src/node/index.ts";
import { Peer } from "./peer.ts";

let folder = "";
let node: RunningNode | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-websockets-"));
});
afterEach(async () => {
  await node?.stop();
  node = undefined;
  rmSync(folder, { recursive: true });
});

async function start(some: Partial<Configuration> = {}): Promise<RunningNode> {
  const settings = { orderPort: 0, httpPort: 0, dataDir: join(folder, "data"), accounts: ["alice=1"] };
  const small = { durability: "buffered", segmentBytes: 4_194_304 } as const;
  node = await startNode(configurationOf({ ...settings, ...small, ...some }), createLog({ level: "silent" }));
  return node;
}

const BUY = { type: "submit", symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", quantity: 5 };

describe.each(["spread", "single"] as const)("with threads %s", (threads) => {
  test("an order over a WebSocket and one over TCP meet, and everybody is told", async () => {
    const { httpPort, orderPort } = await start({ threads });
    const [alice, watcher] = [await Peer.greet(httpPort, "alice"), await Peer.greet(httpPort)];
    alice.say({ type: "subscribe", channels: ["orders"] });
    watcher.say({ type: "subscribe", channels: ["depth", "trades"], symbols: ["BTC-USD"] });
    await watcher.next("trades");
    alice.say(BUY);
    expect(await alice.next("ack")).toEqual({ type: "ack", id: "1", sequence: "1" });
    expect((await watcher.next("depth")).bids).toEqual([["100.00", 5, 1]]);
    const taker = await connectOrderEntry({ port: orderPort, account: 2 });
    await taker.submit({ id: 7, symbol: 0, side: "sell", price: 9_900, quantity: 2, timeInForce: "ioc" });
    const fill = { id: "1", side: "buy", price: "100.00", quantity: 2, open: 3, liquidity: "maker" };
    expect(await alice.next("fill")).toMatchObject({ ...fill, symbol: "BTC-USD", sequence: "3" });
    const [trade] = (await watcher.next("trades")).trades as object[];
    expect(trade).toMatchObject({ id: "3", price: "100.00", quantity: 2, aggressor: "sell" });
    await taker.close();
  });

  test("a node that stops says so to all, and what was sent before is done", async () => {
    const { httpPort } = await start({ threads });
    const [alice, watcher] = [await Peer.greet(httpPort, "alice"), await Peer.greet(httpPort)];
    alice.say(BUY);
    await alice.next("ack");
    await node?.stop();
    expect((await alice.closed)[0]).toBe(1001);
    expect(await watcher.closed).toEqual([1001, "the node stops"]);
  });
});

test.each(["spread", "single"] as const)(
  "with market-data off, threads %s, orders are taken and nothing is copied for anybody to see",
  async (threads) => {
    const { httpPort, orderPort } = await start({ threads, marketData: "off" });
    const trader = await connectOrderEntry({ port: orderPort, account: 1 });
    const { accepted } = await trader.submit({ id: 1, symbol: 0, side: "buy", price: 100, quantity: 1 });
    expect(accepted).toBe(true);
    await trader.close();
    const base = `http://127.0.0.1:${httpPort}`;
    const why = "this node does not show the market (market-data is off); /healthz and /metrics are here\n";
    expect(await (await fetch(`${base}/`)).text()).toBe(why);
    expect(await (await fetch(`${base}/healthz`)).json()).toMatchObject({ status: "ok" });
    expect(await (await fetch(`${base}/metrics`)).text()).toMatch(/^seriatim_feed_position 0$/m);
    const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/ws`);
    const response = await new Promise<IncomingMessage>((resolve) =>
      socket.once("unexpected-response", (_, answer) => resolve(answer)),
    );
    expect([response.statusCode, await text(response)]).toEqual([503, why]);
  },
);

test("a list of open orders knows of every order that was answered before it was asked for", async () => {
  // The answer comes from the node's thread, the list from the web's copy: one in four lists was older.
  const { httpPort } = await start();
  for (let account = 1; account <= 25; account++) {
    const peer = await Peer.greet(httpPort, String(account));
    peer.say(BUY);
    await peer.next("ack");
    peer.say({ type: "openOrders" });
    expect((await peer.next("orders")).orders).toMatchObject([{ id: "1" }]);
    peer.socket.terminate();
  }
});

test("after a restart open orders and the book are what they were", async () => {
  const first = await Peer.greet((await start()).httpPort, "alice");
  first.say(BUY);
  await first.next("ack");
  await node?.stop();
  const again = await Peer.greet((await start()).httpPort, "alice");
  again.say({ type: "openOrders", request: 1 });
  const orders = [{ symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", open: 5 }];
  expect(await again.next()).toEqual({ type: "orders", request: 1, sequence: "1", last: true, orders });
  again.say({ type: "subscribe", channels: ["quotes"], symbols: ["BTC-USD"] });
  expect(await again.next("quote")).toMatchObject({ snapshot: true, bid: ["100.00", 5, 1], ask: null });
});

test("a refused order comes back with its reason in words", async () => {
  const { httpPort } = await start();
  const alice = await Peer.greet(httpPort, "alice");
  alice.say({ ...BUY, request: 1, quantity: 4_000_000_000 });
  expect(await alice.next()).toEqual({
    type: "reject",
    request: 1,
    id: "1",
    code: 5,
    reason: "MaxQuantityExceeded",
    text: "the quantity is larger than the limit of one order",
  });
});

test("a name for an account that the exchange lacks stops the start", async () => {
  const line = "accounts: bob=10, but this exchange has accounts 0 to 9";
  await expect(start({ accounts: ["bob=10"], accountsMax: 10 })).rejects.toThrow(line);
});

test("the metrics count WebSockets", async () => {
  const { httpPort } = await start();
  const peer = await Peer.greet(httpPort);
  const metrics = async () => (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  const page = await metrics();
  expect(page).toMatch(/^seriatim_websockets 1$/m);
  expect(page).toMatch(/^seriatim_websocket_messages_sent_total 1$/m);
  peer.say("?".repeat(65_537));
  await peer.closed;
  await expect.poll(metrics).toMatch(/^seriatim_websockets_closed_total\{reason="TooLong"\} 1$/m);
});

// A replica seen from outside: health, metrics and the market, as far as its primary says that it may be seen; no orders.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectOrderEntry } from "../../src/client/index.ts";
import { MarketDataListener, PacketSource } from "../../src/feed/index.ts";
import { FeedHandler } from "../../src/feed-runtime/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { ChannelKind, PacketLayout } from "../../src/protocol/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { subscribe, TcpSubscriber } from "../feed-runtime/serving/support.ts";
import { until } from "../support/until.ts";
import { Peer } from "./web/peer.ts";

const log = createLog({ level: "silent" });

let directory = "";
let undo: (() => Promise<void>)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-replica-web-"));
  undo = [];
  for (const name of ["north", "south"]) generateKey(name, "replica", path(`${name}.key`), path("keys.json"));
});
afterEach(async () => {
  for (const step of undo.reverse()) await step().catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

const path = (name: string): string => join(directory, name);

async function start(name: string, replicaOf = ""): Promise<RunningNode> {
  const ports = { orderPort: 0, httpPort: 0, mdPort: 0, replicationPort: 0, segmentBytes: 2_097_152 };
  const keys = { dataDir: path(name), keys: path("keys.json"), nodeKey: path(`${name}.key`) };
  const node = await startNode(configurationOf({ ...ports, ...keys, replicaOf }), log);
  undo.push(() => node.stop());
  return node;
}

async function health(node: RunningNode): Promise<Record<string, unknown>> {
  return (await (await fetch(`http://127.0.0.1:${node.httpPort}/healthz`)).json()) as Record<string, unknown>;
}

/** A WebSocket, when the node has something to show. */
async function greet(node: RunningNode, account: string): Promise<Peer> {
  for (let i = 0; i < 400; i++) {
    const peer = await Peer.greet(node.httpPort, account).catch(() => undefined);
    if (peer !== undefined) return peer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("the node shows nothing");
}

test("a replica tells of itself before it has any log", async () => {
  const south = await start("south", "127.0.0.1:9,127.0.0.1:10");
  expect(south.orderPort).toBe(0);
  const said = await health(south);
  expect(said).toMatchObject({ status: "degraded", role: "replica", node: "south", position: 0 });
  expect(said.reason).toBe("it is not connected to its primary, looked for at 127.0.0.1:9, 127.0.0.1:10");
  expect(said.nodes).toMatchObject([{ name: "south", role: "replica", epoch: 0, inMemory: 0, lag: 0 }]);
  await expect(Peer.connect(south.httpPort)).rejects.toThrow("503");
});

test("a replica's page shows the primary's market and an account's orders, and takes none", async () => {
  const north = await start("north");
  const south = await start("south", `127.0.0.1:${north.replicationPort}`);
  await until(() => north.status().status === "ok");
  const client = await connectOrderEntry({ host: "127.0.0.1", port: north.orderPort, account: 7 });
  undo.push(async () => client.destroy());
  const order = { symbol: 0, side: "buy" as const, price: 7_000_000, quantity: 5 };
  expect(await client.submit({ id: 1, ...order })).toMatchObject({ accepted: true });

  const peer = await greet(south, "7");
  peer.say({ type: "subscribe", channels: ["orders", "depth"], symbols: ["BTC-USD"] });
  // How much may be seen is said with the next thing the primary says.
  let depth = await peer.next("depth");
  while ((depth.bids as unknown[]).length === 0) depth = await peer.next("depth");
  expect(depth).toMatchObject({ bids: [["70000.00", 5, 1]], asks: [] });
  // Its binary feed too.
  const subscriber = await TcpSubscriber.connect(south.mdPort, subscribe(ChannelKind.Orders));
  undo.push(async () => void subscriber.socket.destroy());
  await until(() => subscriber.packets.length > 0);
  expect(await client.submit({ id: 2, ...order, quantity: 3 })).toMatchObject({ accepted: true });
  expect(await peer.next("order")).toMatchObject({ event: "accepted", id: "2", open: 3 });
  await until(() => subscriber.packets.some((packet) => packet[PacketLayout.flags] === 0));

  peer.say({ type: "cancel", request: 9, symbol: "BTC-USD", id: "1" });
  expect(await peer.next("error")).toMatchObject({ request: 9, code: "REPLICA" });
  peer.say({ type: "openOrders", request: 10 });
  let list = await peer.next("orders");
  while (list.request !== 10) list = await peer.next("orders");
  expect(list.orders).toHaveLength(2);

  const { position } = north.status();
  await until(async () => (await health(south)).durablePosition === position);
  expect(await health(south)).toMatchObject({ status: "ok", role: "replica", node: "south", position });
  const has = { inMemory: position, lag: 0, connected: true };
  expect(south.status().nodes).toMatchObject([
    { name: "north", role: "primary", persisted: null, ...has },
    { name: "south", role: "replica", persisted: position, ...has },
  ]);
  const metrics = await (await fetch(`http://127.0.0.1:${south.httpPort}/metrics`)).text();
  expect(metrics).toContain('seriatim_role{role="replica"} 1');
  expect(metrics).toContain(`seriatim_node_persisted_position{node="south"} ${position}`);
  expect(metrics).not.toContain('seriatim_node_persisted_position{node="north"}');

  // The market stays, as it was last; that it may be old is said.
  await client.close();
  await north.stop();
  await until(async () => (await health(south)).status === "degraded");
  expect(south.status().nodes[0]).toMatchObject({ name: "north", connected: false });
  const late = await greet(south, "7");
  late.say({ type: "openOrders", request: 11 });
  expect(await late.next("orders")).toMatchObject({ request: 11, last: true });
});

// Its heartbeats went on for ever: a book of yesterday was shown as fresh.
test("a replica's feed is fresh while its primary is there, also when nothing happens, and stale when it is lost", async () => {
  const north = await start("north");
  const south = await start("south", `127.0.0.1:${north.replicationPort}`);
  await until(() => north.status().status === "ok");
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port: south.mdPort },
    channels: [{ channel: ChannelKind.Top, listener: new MarketDataListener() }],
  });
  undo.push(() => handler.stop());
  await handler.start();
  const [top] = handler.channels;
  await until(() => !top.isStale);
  const heard = top.figures.packets[PacketSource.Stream];
  await until(() => top.figures.packets[PacketSource.Stream] > heard + 4);
  expect(top.isStale).toBe(false);
  await north.stop();
  await until(() => top.isStale);
});

test("what a replica has on its disk is not shown before a primary says that it may be seen", async () => {
  const north = await start("north");
  const south = await start("south", `127.0.0.1:${north.replicationPort}`);
  await until(() => north.status().status === "ok");
  const { position } = north.status();
  await until(() => south.status().position === position);
  await north.stop();
  await south.stop();
  const again = await start("south", "127.0.0.1:9");
  await until(() => again.status().position >= position);
  await expect(Peer.connect(again.httpPort)).rejects.toThrow("503");
});

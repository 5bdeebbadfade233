// What a primary tells of its cluster, asked in every way there is: a row for every node, also of one that is gone.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectOrderEntry } from "../../src/client/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { until } from "../support/until.ts";
import { Peer } from "./web/peer.ts";

const log = createLog({ level: "silent" });
const page = readFileSync(fileURLToPath(new URL("../../docs/api/websocket.md", import.meta.url)), "utf8");

let directory = "";
let undo: (() => Promise<void>)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-cluster-status-"));
  undo = [];
});
afterEach(async () => {
  for (const step of undo.reverse()) await step().catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

const path = (name: string): string => join(directory, name);

function settings(name: string) {
  const ports = { orderPort: 0, httpPort: 0, replicationPort: 0, segmentBytes: 2_097_152 };
  return { ...ports, dataDir: path(name), keys: path("keys.json"), nodeKey: path(`${name}.key`) };
}

interface Cluster {
  readonly node: RunningNode;
  readonly west: RunningNode;
}

/** A primary with two replicas, all of which have all. */
async function startCluster(): Promise<Cluster> {
  for (const name of ["north", "south", "west"])
    generateKey(name, "replica", path(`${name}.key`), path("keys.json"));
  const node = await startNode(configurationOf(settings("north")), log);
  undo.push(() => node.stop());
  await follow("south", node);
  const west = await follow("west", node);
  const isLevel = () => node.status().nodes.every(({ persisted }) => persisted === node.status().position);
  await until(() => node.status().status === "ok" && isLevel());
  return { node, west };
}

async function follow(name: string, node: RunningNode): Promise<RunningNode> {
  const replicaOf = `127.0.0.1:${node.replicationPort}`;
  const replica = await startNode(configurationOf({ ...settings(name), replicaOf }), log);
  undo.push(() => replica.stop());
  return replica;
}

/** The rows as they are, but for what a run decides. */
const steady = (node: object) => ({ ...node, since_us: 0, lag_us: 0 });

test("a primary has a row for every node of its cluster, on every way it is asked", async () => {
  const { node, west } = await startCluster();
  const { position, nodes, node: name, role } = node.status();
  expect({ name, role }).toEqual({ name: "north", role: "primary" });
  const has = { epoch: 3, connected: true, inMemory: position, persisted: position, lag: 0 };
  expect(nodes.map(steady)).toEqual([
    { name: "north", role: "primary", ...has, since_us: 0, lag_us: 0 },
    { name: "south", role: "replica", ...has, since_us: 0, lag_us: 0 },
    { name: "west", role: "replica", ...has, since_us: 0, lag_us: 0 },
  ]);
  expect(nodes[1].since_us).toBeGreaterThan(nodes[0].since_us);

  const url = `http://127.0.0.1:${node.httpPort}`;
  const health = (await (await fetch(`${url}/healthz`)).json()) as { nodes: object[] };
  expect(health.nodes.map(steady)).toEqual(nodes.map(steady));
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain(`seriatim_node_position{node="south"} ${position}`);
  expect(metrics).toContain('seriatim_node_connected{node="west"} 1');

  // Who is gone keeps what was seen of it last, and falls behind.
  await west.stop();
  await until(() => !node.status().nodes[2].connected);
  const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });
  undo.push(async () => client.destroy());
  expect(await client.submit({ id: 1, symbol: 0, side: "buy", price: 100, quantity: 1 })).toMatchObject({
    accepted: true,
  });
  const lacks = { connected: false, inMemory: position, persisted: position };
  expect(node.status().nodes[2]).toMatchObject({ ...lacks, lag: node.status().position - position });
  expect(node.status().nodes[2].lag_us).toBeGreaterThan(0);
});

test("the status on the wire has the fields that its description shows", async () => {
  const { node } = await startCluster();
  const [, example] = /```jsonc\n(\{ "node": .*?)```/s.exec(page) ?? [];
  const shown = JSON.parse(example ?? "") as { nodes: object[] };
  const peer = await Peer.connect(node.httpPort);
  peer.say({ type: "hello", schema: 1 });
  peer.say({ type: "subscribe", channels: ["status"] });
  const said = (await peer.next("status")) as unknown as { node: string; nodes: object[] };
  peer.socket.close();
  expect(said.node).toBe("north");
  expect(said.nodes).toHaveLength(3);
  const kinds = (row: object) => Object.entries(row).map(([field, value]) => `${field} ${typeof value}`);
  for (const row of said.nodes) expect(kinds(row)).toEqual(kinds(shown.nodes[0]));
});

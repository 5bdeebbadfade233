// A primary and its replicas over real sockets and files: an order is answered when the policy says so, a replica has the
// primary's files, and who may not lead does not.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { run } from "../../src/cli/main.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  primaryOf,
  type RunningNode,
  startNode,
  startReplica,
} from "../../src/node/index.ts";
import { generateKey, type Replica } from "../../src/runtime/index.ts";

const log = createLog({ level: "silent" });
const SEGMENT_BYTES = 2_097_152;

let directory = "";
let undo: (() => Promise<void>)[] = [];

const path = (name: string): string => join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-cluster-"));
  undo = [];
});
afterEach(async () => {
  for (const step of undo.reverse()) await step().catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

function makeKeys(...names: string[]): void {
  for (const name of names) generateKey(name, "replica", path(`${name}.key`), path("keys.json"));
}

function settings(name: string, some: Partial<Configuration>): Partial<Configuration> {
  const ports = { orderPort: 0, httpPort: 0, replicationPort: 0, segmentBytes: SEGMENT_BYTES };
  return { ...ports, dataDir: path(name), keys: path("keys.json"), nodeKey: path(`${name}.key`), ...some };
}

async function startPrimary(some: Partial<Configuration> = {}): Promise<RunningNode> {
  const node = await startNode(configurationOf(settings("north", some)), log);
  undo.push(() => node.stop());
  return node;
}

async function follow(name: string, port: number, some: Partial<Configuration> = {}): Promise<Replica> {
  const { configuration } = configurationOf(settings(name, { replicaOf: `127.0.0.1:${port}`, ...some }));
  const primary = primaryOf(configuration);
  if (primary === undefined) throw new Error("it names its primary");
  const replica = await startReplica(configuration, primary, log);
  undo.push(() => replica.stop());
  return replica;
}

async function clientOf(node: RunningNode): Promise<OrderEntryClient> {
  const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });
  undo.push(async () => client.destroy());
  return client;
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(what()).toBe(true);
}

let id = 0;
const order = () => ({ id: ++id, symbol: 0, side: "buy" as const, price: 100 + (id % 7), quantity: 1 });

/** The journal's files by name. */
function filesOf(name: string): Map<string, Buffer> {
  const journal = join(path(name), "journal");
  return new Map(readdirSync(journal).map((file) => [file, readFileSync(join(journal, file))]));
}

function expectSameFiles(one: string, other: string): void {
  const [ours, theirs] = [filesOf(one), filesOf(other)];
  expect([...theirs.keys()]).toEqual([...ours.keys()]);
  for (const [file, bytes] of ours)
    expect([file, bytes.equals(theirs.get(file) as Buffer)]).toEqual([file, true]);
}

test("orders are taken once the replica is there, answered by disk and memory of two, and kept as the same files", async () => {
  makeKeys("north", "south");
  const node = await startPrimary();
  const client = await clientOf(node);
  expect(node.status()).toMatchObject({ status: "degraded" });
  expect(await client.submit(order())).toMatchObject({ accepted: false, reason: "ReplicaDisconnected" });
  const replica = await follow("south", node.replicationPort);
  await until(() => node.status().status === "ok");
  // More than a segment, so that rotation is part of it.
  for (let round = 0; round < 60; round++) {
    const answers = await Promise.all(Array.from({ length: 500 }, () => client.submit(order())));
    expect(answers.every((answer) => answer.accepted)).toBe(true);
  }
  const { position, gateWaits } = node.status();
  expect(Object.keys(gateWaits)).toEqual(["disk", "south memory", "south disk"]);
  expect(gateWaits.disk + gateWaits["south memory"]).toBeGreaterThan(0);
  await until(() => (node.status().stageTotals.replicate?.count ?? 0) > 50);
  await until(() => replica.position === position);
  await client.close();
  await node.stop();
  await replica.stop();
  expect(readdirSync(join(path("south"), "journal")).length).toBeGreaterThan(1);
  expectSameFiles("north", "south");
}, 60_000);

test("a primary that loses its replica refuses orders until it is back, or until an administrator says that its disk is enough", async () => {
  makeKeys("north", "south");
  generateKey("ann", "admin", path("ann.key"), path("keys.json"));
  const node = await startPrimary({ ackPolicy: "two-disks", adminPort: 0 });
  const first = await follow("south", node.replicationPort);
  await until(() => node.status().status === "ok");
  const client = await clientOf(node);
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  await first.stop();
  await until(() => node.status().status === "degraded");
  expect(await client.submit(order())).toMatchObject({ accepted: false, reason: "ReplicaDisconnected" });
  const second = await follow("south", node.replicationPort);
  await until(() => node.status().status === "ok");
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  await until(() => second.position === node.status().position);
  await second.stop();
  await until(() => node.status().status === "degraded");
  const asked = ["admin", `127.0.0.1:${node.adminPort}`, "--key", path("ann.key"), "ack-policy", "disk"];
  const out = vi.spyOn(stdout, "write").mockImplementation(() => true);
  expect(await run(asked)).toBe(0);
  out.mockRestore();
  await until(() => node.status().status === "ok");
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  expect(node.status().administration).toMatchObject({ ackPolicy: "disk" });
  await client.close();
  await node.stop();
  await expect(startPrimary({ ackPolicy: "two-disks" })).rejects.toMatchObject({ code: "ACK_POLICY" });
});

test("a primary that comes back takes no orders before it has heard from its replica, and then has all it had", async () => {
  makeKeys("north", "south");
  const first = await startPrimary();
  const south = await follow("south", first.replicationPort);
  await until(() => first.status().status === "ok");
  const client = await clientOf(first);
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  const { position } = first.status();
  await client.close();
  await first.stop();
  await south.stop();
  const second = await startPrimary();
  expect(second.status()).toMatchObject({ status: "degraded", position });
  const again = await follow("south", second.replicationPort);
  await until(() => second.status().status === "ok");
  await until(() => again.position === position);
});

test("a primary whose disk lacks what its replica has stops: it may have been acknowledged", async () => {
  makeKeys("north", "south");
  const first = await startPrimary();
  const south = await follow("south", first.replicationPort);
  await until(() => first.status().status === "ok");
  const client = await clientOf(first);
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  await client.close();
  await first.stop();
  await south.stop();
  // Another disk, a new log: the genesis entry has another time, and nothing behind it.
  rmSync(path("north"), { recursive: true });
  const second = await startPrimary();
  const again = await follow("south", second.replicationPort);
  await expect(second.failed).resolves.toMatchObject({ code: "FENCED" });
  await expect(again.failed).resolves.toMatchObject({ code: "REPLICA_REFUSED" });
  expect(second.status()).toMatchObject({ status: "halted" });
});

test("a replica whose history is another one sets its files aside, whole, and gets the primary's", async () => {
  makeKeys("north", "south");
  const alone = await startNode(
    configurationOf({ orderPort: 0, httpPort: 0, segmentBytes: SEGMENT_BYTES, dataDir: path("south") }),
    log,
  );
  await alone.stop();
  const before = filesOf("south");
  const node = await startPrimary();
  const replica = await follow("south", node.replicationPort);
  await until(() => node.status().status === "ok" && replica.position === node.status().position);
  const aside = readdirSync(path("south")).find((name) => name.startsWith("journal-diverged-")) ?? "";
  for (const [file, bytes] of before) {
    expect([file, readFileSync(join(path("south"), aside, file)).equals(bytes)]).toEqual([file, true]);
  }
  await node.stop();
  await replica.stop();
  expectSameFiles("north", "south");
});

test.each<[name: string, some: Partial<Configuration>, why: string]>([
  ["a replica without keys", { replicaOf: "127.0.0.1:9029" }, "needs keys"],
  ["an address that is none", { replicaOf: "nowhere", keys: "k", nodeKey: "n" }, "is not HOST:PORT"],
  ["a policy that needs a replica, alone", { ackPolicy: "two-disks" }, "this node is alone"],
  ["a cluster on one thread", { nodeKey: "n", keys: "k", threads: "single" }, "threads is single"],
  [
    "a cluster whose disk is not asked",
    { nodeKey: "n", keys: "k", durability: "flush" },
    "durability is flush",
  ],
])("%s is refused at start", (_, some, why) => {
  expect(() => configurationOf(some)).toThrow(why);
});

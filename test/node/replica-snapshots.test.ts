// Snapshots of replicas, over real sockets and files: taken by themselves, begun with, and sent by the primary to one that is
// behind its oldest segment.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OrderEntryClient } from "../../src/client/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { until } from "../support/until.ts";
import { log, TestCluster, trade } from "./cluster-support.ts";

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster("north", "south");
  cluster.makeKey("ann", "admin");
});
afterEach(() => cluster.end());

/** Their state takes several parts of a transfer. */
const ORDERS = 6_000;
const SNAPSHOTS = { snapshotEvery: 0, journalKeep: 0 };
/** Answers orders by itself. */
const ALONE = { ...SNAPSHOTS, ackPolicy: "disk" } as const;

/** Both have the state at the same position, and it is the same. */
async function expectSameState(node: RunningNode, replica: RunningNode): Promise<void> {
  await until(() => replica.status().position === node.status().position);
  const [ours, theirs] = [await node.requestSnapshot(), await replica.requestSnapshot()];
  expect([theirs.position, theirs.stateHash]).toEqual([ours.position, ours.stateHash]);
}

const journalOf = (name: string): string[] => readdirSync(cluster.path(name, "journal"));

/** A segment of trading, and a snapshot behind it. */
async function tradeSegment(client: OrderEntryClient, node: RunningNode, orders = ORDERS): Promise<void> {
  await trade(client, orders);
  expect(await cluster.admin(node, "rotate")).toMatchObject({ status: 0 });
  await trade(client, 100);
  await node.requestSnapshot();
}

/** Its replica's disk is gone. */
async function leftAlone(): Promise<{ node: RunningNode; client: OrderEntryClient }> {
  const node = await cluster.startPrimary(ALONE);
  const client = await cluster.clientOf(node);
  const replica = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  await until(() => node.status().status === "ok");
  await replica.stop();
  rmSync(cluster.path("south"), { recursive: true });
  return { node, client };
}

/** Its first segments are gone, and its replica's disk. */
async function retiredPrimary(): Promise<{ node: RunningNode; client: OrderEntryClient }> {
  const { node, client } = await leftAlone();
  for (let i = 0; i < 3; i++) await tradeSegment(client, node);
  expect(journalOf("north")[0]).toBe("journal-0000000003.seg");
  return { node, client };
}

test("a replica takes snapshots, removes what two of them cover, and begins with the newest", async () => {
  const node = await cluster.startPrimary();
  const first = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  await until(() => node.status().status === "ok");
  const client = await cluster.clientOf(node);
  for (let i = 0; i < 3; i++) {
    await tradeSegment(client, node, 500);
    await expectSameState(node, first);
  }
  expect(journalOf("north")[0]).toBe("journal-0000000001.seg");
  expect(journalOf("south")[0]).toBe("journal-0000000003.seg");
  const { position } = first.status();
  await first.stop();
  const again = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  expect(again.status().snapshot).toEqual({ position, failures: 0 });
  // Its journal's first segment is gone: so it can't have been replayed.
  await until(() => again.status().status === "ok" && node.status().status === "ok");
  await trade(client, 100);
  await expectSameState(node, again);
}, 180_000);

test("a replica with nothing joins a primary whose first segments are retired, and goes on as any other", async () => {
  const { node, client } = await retiredPrimary();
  const first = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  await expectSameState(node, first);
  await tradeSegment(client, node);
  await expectSameState(node, first);
  // From the segment on that the next frame lies in.
  const [ours, theirs] = [cluster.filesOf("north"), cluster.filesOf("south")];
  expect([...theirs.keys()][0]).toBe("journal-0000000004.seg");
  expect(theirs.get("journal-0000000005.seg")).toEqual(ours.get("journal-0000000005.seg"));
  const { position } = first.status();
  await first.stop();
  const again = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  expect(again.status().snapshot).toEqual({ position, failures: 0 });
  await trade(client, 100);
  await expectSameState(node, again);
  expect(readdirSync(cluster.path("south")).filter((name) => name.includes("before"))).toEqual([]);
}, 180_000);

test("a replica far behind gets a snapshot, and what it had is set aside, whole", async () => {
  const node = await cluster.startPrimary(ALONE);
  const client = await cluster.clientOf(node);
  const first = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  await until(() => node.status().status === "ok");
  await trade(client, 500);
  await expectSameState(node, first);
  await first.stop();
  const before = cluster.filesOf("south");
  for (let i = 0; i < 3; i++) await tradeSegment(client, node);
  const again = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  await expectSameState(node, again);
  const aside = readdirSync(cluster.path("south")).filter((name) => /-before-[0-9]+$/.test(name));
  expect(aside.map((name) => name.split("-")[0])).toEqual(["journal", "snapshots"]);
  for (const [file, bytes] of before)
    expect([file, readFileSync(cluster.path("south", aside[0], file)).equals(bytes)]).toEqual([file, true]);
}, 180_000);

// The replica was sent what lies before the hole, and begun anew, without end and without a word of why.
test("a replica that needs a segment which somebody has moved away gets the snapshot behind it, and the log says so once", async () => {
  const { node: before, client } = await leftAlone();
  for (let i = 0; i < 3; i++) {
    await trade(client, 500);
    expect(await cluster.admin(before, "rotate")).toMatchObject({ status: 0 });
  }
  await trade(client, 500);
  await before.requestSnapshot();
  await before.stop();
  const moved = cluster.path("north", "journal", "journal-0000000002.seg");
  rmSync(moved);
  const said: string[] = [];
  const log = createLog({ level: "info", human: false, write: (line) => said.push(JSON.parse(line).msg) });
  const node = await cluster.startPrimary(ALONE, log);
  const replica = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  await until(() => said.includes("leads"));
  await expectSameState(node, replica);
  await trade(await cluster.clientOf(node), 100);
  await expectSameState(node, replica);
  const damage = said.filter((line) => line.startsWith("a part of this node's log"));
  expect(damage).toEqual([expect.stringMatching(/segment 2 is missing$/)]);
  expect(damage[0]).toContain(`corrupt: ${moved} at offset 0, position `);
  expect(said.filter((line) => line.startsWith("replica south lacks")).length).toBe(1);
  expect(node.status()).toMatchObject({ status: "degraded" });
}, 180_000);

/** A way to `port` whose first connections are spoilt; resolves with its own port. */
async function spoiltWay(port: number, spoil: (connection: number) => (bytes: Buffer) => Buffer | undefined) {
  let connections = 0;
  const server = createServer((near) => {
    const far = connect({ host: "127.0.0.1", port });
    const change = spoil(connections++);
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => {
      const changed = change(bytes);
      if (changed === undefined) near.destroy();
      else near.write(changed);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ])
      one.on("error", () => {}).on("close", () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cluster.atEnd(async () => {
    server.close();
  });
  const at = server.address() as { port: number };
  return { port: at.port, connections: () => connections };
}

test.each<[name: string, change: (bytes: Buffer) => Buffer | undefined]>([
  ["cut in the middle of it", () => undefined],
  [
    "with a byte that changed on its way",
    (bytes) => bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)) as Buffer,
  ],
])(
  "a transfer %s, again and again, leaves nothing, and the one that comes through is whole",
  async (_, change) => {
    const { node, client } = await retiredPrimary();
    const bytes = [200_000, 400_000, 600_000];
    const way = await spoiltWay(node.replicationPort, (connection) => {
      let left = bytes[connection] ?? Number.POSITIVE_INFINITY;
      return (piece) => {
        const isHere = left > 0 && left <= piece.length;
        left -= piece.length;
        return isHere ? change(piece) : piece;
      };
    });
    const replica = await cluster.follow("south", way.port, SNAPSHOTS);
    await expectSameState(node, replica);
    await trade(client, 100);
    await expectSameState(node, replica);
    expect(way.connections()).toBe(bytes.length + 2);
    expect(readdirSync(cluster.path("south")).filter((name) => name === "incoming")).toEqual([]);
  },
  180_000,
);

test("a replica that was sent a snapshot, and nothing since, can be promoted, and sends its own to the next", async () => {
  const { node } = await retiredPrimary();
  const south = await cluster.follow("south", node.replicationPort, ALONE);
  await expectSameState(node, south);
  await node.stop();
  expect(readdirSync(cluster.path("south", "journal"))).toEqual([]);
  const { snapshot } = south.status();
  expect(snapshot.position).toBeGreaterThan(0);
  expect(await cluster.admin(south, "promote --force")).toMatchObject({ status: 0 });
  // It goes on from the snapshots that it has: the next is due as far behind them as ever.
  expect(south.status()).toMatchObject({ role: "primary", status: "ok", snapshot });
  const client = await cluster.clientOf(south);
  await trade(client, 500);
  rmSync(cluster.path("north"), { recursive: true });
  const north = await cluster.follow("north", south.replicationPort, SNAPSHOTS);
  await expectSameState(south, north);
  await trade(client, 100);
  await expectSameState(south, north);
}, 180_000);

test("a replica that was sent a snapshot, and nothing since, does not begin as a primary: it is told to begin as a replica", async () => {
  const { node } = await retiredPrimary();
  const south = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  await expectSameState(node, south);
  const { position } = south.status();
  for (const each of [south, node]) await each.stop();
  expect(readdirSync(cluster.path("south", "journal"))).toEqual([]);
  const alone = startNode(configurationOf(cluster.settings("south", SNAPSHOTS)), log);
  await expect(alone).rejects.toMatchObject({
    code: "JOURNAL_BEHIND_SNAPSHOT",
    message: expect.stringMatching(
      /south\/journal holds no journal: start it as a replica \(--replica-of\), which goes on behind a snapshot/,
    ),
  });
  const again = await cluster.follow("south", 9, SNAPSHOTS);
  expect(again.status()).toMatchObject({ role: "replica", position });
  expect(await cluster.admin(again, "promote --force")).toMatchObject({ status: 0 });
}, 180_000);

// Snapshots of replicas, over real sockets and files: taken by themselves, begun with, and sent by the primary to one that is
// behind its oldest segment.

import { readdirSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OrderEntryClient } from "../../src/client/index.ts";
import type { RunningNode } from "../../src/node/index.ts";
import { TestCluster, trade, until } from "./cluster-support.ts";

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster("north", "south");
});
afterEach(() => cluster.end());

/** Somewhat more than a segment. */
const SEGMENT_ORDERS = 27_000;
const SNAPSHOTS = { snapshotEvery: 0, journalKeep: 0 };

/** Both have the state at the same position, and it is the same. */
async function expectSameState(node: RunningNode, replica: RunningNode): Promise<void> {
  await until(() => replica.status().position === node.status().position);
  const [ours, theirs] = [await node.requestSnapshot(), await replica.requestSnapshot()];
  expect([theirs.position, theirs.stateHash]).toEqual([ours.position, ours.stateHash]);
}

/** Segments of trading, a snapshot of both after each. */
async function tradeSegments(
  segments: number,
  client: OrderEntryClient,
  node: RunningNode,
  replica: RunningNode,
): Promise<void> {
  for (let i = 0; i < segments; i++) {
    await trade(client, SEGMENT_ORDERS);
    await expectSameState(node, replica);
  }
}

test("a replica takes snapshots, removes what two of them cover, and begins with the newest", async () => {
  const node = await cluster.startPrimary();
  const first = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  await until(() => node.status().status === "ok");
  const client = await cluster.clientOf(node);
  await tradeSegments(3, client, node, first);
  expect(readdirSync(cluster.path("north", "journal"))[0]).toBe("journal-0000000001.seg");
  expect(readdirSync(cluster.path("south", "journal"))[0]).toBe("journal-0000000003.seg");
  const { position } = first.status();
  await first.stop();
  const again = await cluster.follow("south", node.replicationPort, SNAPSHOTS);
  expect(again.status().snapshot).toEqual({ position, failures: 0 });
  // Its journal's first segment is gone: so it can't have been replayed.
  await until(() => again.status().status === "ok" && node.status().status === "ok");
  await trade(client, 100);
  await expectSameState(node, again);
}, 60_000);

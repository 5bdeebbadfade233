// A node whose keys file has other nodes than those that its log was led among: what must be heard before it leads follows
// from both, so that nothing answered is lost to a file that was not kept up.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Configuration } from "../../src/node/index.ts";
import { isPromise } from "../../src/runtime/replication/promise.ts";
import { until } from "../support/until.ts";
import { KnownCluster, trade } from "./cluster-support.ts";

const NAMES = ["north", "south", "west"];

let cluster: KnownCluster;
/** A keys file of two nodes. */
let keysOfTwo: string;

beforeEach(async () => {
  cluster = await KnownCluster.of(...NAMES);
  cluster.makeKey("ann", "admin");
  const ring = JSON.parse(readFileSync(cluster.path("keys.json"), "utf8"));
  const keys = ring.keys.filter(({ name }: { name: string }) => name !== "west");
  keysOfTwo = cluster.path("keys-of-two.json");
  writeFileSync(keysOfTwo, JSON.stringify({ ...ring, keys }), { mode: 0o600 });
});
afterEach(() => cluster.end());

const start = (name: string, some: Partial<Configuration>) => cluster.start(name, some);
const others = (name: string) => cluster.others(name);
const lead = (name: string, some: Partial<Configuration> = {}) =>
  start(name, { peers: others(name), ...some });
const follow = (name: string, some: Partial<Configuration> = {}) =>
  start(name, { replicaOf: others(name), ...some });

/** Three nodes that have answered an order by two disks, and follow; then all stop, the primary first. */
async function ledByNorth(answeredWithoutSouth: boolean): Promise<number> {
  const north = await lead("north", { ackPolicy: "two-disks" });
  const [south, west] = [await follow("south"), await follow("west")];
  await until(() => north.status().status === "ok");
  const client = await cluster.clientOf(north);
  await trade(client, 10);
  await until(() => [south, west].every((node) => node.status().position === north.status().position));
  if (answeredWithoutSouth) {
    await south.stop();
    await trade(client, 10);
  }
  const { position } = north.status();
  await until(() => west.status().position === position);
  await client.close();
  for (const node of [north, south, west]) await node.stop();
  return position;
}

test("a replica whose keys file lacks a node that its log names is not promoted: that node may have what was answered", async () => {
  const answered = await ledByNorth(true);
  const south = await follow("south", { keys: keysOfTwo });
  await until(() => south.status().position > 0);
  expect(south.status().position).toBeLessThan(answered);
  const differ = "this node's keys file has the nodes north, south, its log the cluster north, south, west";
  expect(south.status().administration).toMatchObject({ cluster: NAMES, clusterWarning: differ });
  const { status, failed } = await cluster.admin(south, "promote");
  expect([status, failed.trim()]).toEqual([
    1,
    `seriatim: NODE refuses: heard from no other node of a cluster of 2, and ${differ}: every node of both must be heard`,
  ]);
  await south.stop();
  // With the file of the others it hears of the node that has more.
  const west = await follow("west");
  const again = await follow("south");
  await until(() => west.status().position > 0 && again.status().position > 0);
  const { failed: refused } = await cluster.admin(again, "promote");
  expect(refused).toContain(`west has more: position ${answered} of epoch `);
  const { position } = again.status();
  expect((await cluster.admin(west, "promote")).answer).toMatchObject({
    ok: true,
    policy: "two-disks",
    heard: [{ name: "south", position }],
  });
}, 120_000);

test("two nodes whose keys files differ don't follow one another: the one that would ends, and says why", async () => {
  const north = await lead("north");
  await follow("west");
  const south = await follow("south", { keys: keysOfTwo });
  const failure = await south.failed;
  expect([failure.code, failure.exitCode, failure.message]).toEqual([
    "OTHER_CLUSTER",
    2,
    "this node's keys file has the nodes north, south, and that of north, which leads, has others: give both the same",
  ]);
  expect(north.status().administration.epoch).toBe(0);
  // Nor has it promised anything: that would keep it from a tenure of its own cluster in a lower epoch.
  expect(readdirSync(cluster.path("south")).filter(isPromise)).toEqual([]);
}, 120_000);

test("a node is taken out by force, for nobody can hear it, and put back when every node of both files is there", async () => {
  const position = await ledByNorth(false);
  const north = await lead("north", { keys: keysOfTwo });
  const south = await follow("south", { keys: keysOfTwo });
  await until(() => north.status().reason?.includes("heard from south of a cluster of 2, and") ?? false);
  expect((await cluster.admin(north, "promote")).failed).toContain("which only promote --force ends");
  const { answer } = await cluster.admin(north, "promote --force");
  expect(answer).toMatchObject({ ok: true, policy: "two-disks", heard: [{ name: "south", position }] });
  await until(() => south.status().position === north.status().position);
  for (const node of [north, south])
    expect(node.status().administration).toMatchObject({ cluster: ["north", "south"], clusterWarning: "" });
  await north.stop();
  await south.stop();
  const again = await lead("north");
  const back = await follow("south");
  await until(() => again.status().reason?.includes("heard from south of a cluster of 3, and") ?? false);
  expect(again.role).toBe("waiting");
  await follow("west");
  await until(() => again.status().status === "ok" && again.role === "primary");
  await until(() => back.status().position === again.status().position);
  expect(back.status().administration.cluster).toEqual(NAMES);
}, 120_000);

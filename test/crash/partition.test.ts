// A primary cut off from both its replicas, not from its clients, while another node is told to lead: the old one
// acknowledges nothing from the cut on, the new one serves, and when the links are there again the old one ends by itself
// and comes back as a replica. What it had sequenced in between never happened.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { connectOrderEntry, type OrderAnswer, type OrderEntryClient } from "../../src/client/index.ts";
import { CutLink } from "../support/cut-link.ts";
import { ClusterProcesses, type NodeName } from "./cluster.ts";
import { killNodes } from "./node-process.ts";
import { recount } from "./recount.ts";

const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);
/** Orders that the old primary takes and can't acknowledge. */
const STRANDED = 20;

let directory = "";
let links: CutLink[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-partition-"));
  links = [];
});
afterEach(() => {
  for (const link of links) link.close();
  killNodes();
  rmSync(directory, { recursive: true, force: true });
});

async function linkTo(cluster: ClusterProcesses, name: NodeName): Promise<string> {
  const link = await CutLink.to(cluster.ports(name).replication, new Prng(SEED));
  links.push(link);
  return `127.0.0.1:${link.port}`;
}

const directTo = (cluster: ClusterProcesses, name: NodeName) =>
  `127.0.0.1:${cluster.ports(name).replication}`;

/** North leads; every way to it and from it is a link that can be cut. */
async function startAll(): Promise<ClusterProcesses> {
  const cluster = await ClusterProcesses.make(directory, 3);
  const [north, south, east] = [
    await linkTo(cluster, "north"),
    await linkTo(cluster, "south"),
    await linkTo(cluster, "east"),
  ];
  cluster.launch("north", "--peers", `${south},${east}`, "--ack-policy", "two-disks");
  cluster.launch("south", "--replica-of", `${north},${directTo(cluster, "east")}`);
  cluster.launch("east", "--replica-of", `${north},${directTo(cluster, "south")}`);
  await cluster.becomes("north", "ok");
  return cluster;
}

const clientOf = (cluster: ClusterProcesses, name: NodeName, account: number) =>
  connectOrderEntry({ host: "127.0.0.1", port: cluster.ports(name).order, account });

const enter = (client: OrderEntryClient, id: number): Promise<OrderAnswer> =>
  client.submit({ id, symbol: 0, side: "buy", price: 10, quantity: 1 });

test("a primary that is cut off acknowledges nothing, the promoted one serves, and the old one ends and comes back", async () => {
  const cluster = await startAll();
  const old = await clientOf(cluster, "north", 1);
  expect(await enter(old, 1)).toMatchObject({ accepted: true });
  const before = await cluster.allHave("north");
  // First the links are silent: what comes then is sequenced, and never answered. Then they are broken.
  for (const link of links) for (const way of ["there", "back"] as const) link.hold(way);
  const stranded = Array.from({ length: STRANDED }, (_, i) =>
    enter(old, i + 2).then(
      ({ accepted }) => (accepted ? "accepted" : "refused"),
      () => "lost",
    ),
  );
  await cluster.reaches("north", before + STRANDED);
  for (const link of links) link.cut();
  const north = cluster.node("north");
  expect(await cluster.promote("south")).toMatchObject({ ok: true });
  await cluster.becomes("south", "ok");
  const next = await clientOf(cluster, "south", 2);
  expect(await enter(next, 1)).toMatchObject({ accepted: true });
  await cluster.becomes("north", "degraded");
  for (const link of links) link.heal();
  expect(await cluster.endsItself("north")).toBe(1);
  expect(north.stderr).toMatch(/must not go on as primary/);
  expect(await Promise.all(stranded)).not.toContain("accepted");

  const addresses = `${directTo(cluster, "south")},${directTo(cluster, "east")}`;
  // One that is not ready yet ends at a signal without a word.
  await cluster.launch("north", "--replica-of", addresses).ready();
  expect(await enter(next, 2)).toMatchObject({ accepted: true });
  await cluster.allHave("south");
  await next.close();
  for (const name of ["south", "north", "east"] as const)
    expect([name, await cluster.end(name, "SIGTERM")]).toEqual([name, 0]);
  expect([...recount(cluster.data("south")).accepts.keys()].sort()).toEqual(["1:1", "2:1", "2:2"]);
  for (const name of ["north", "east"] as const)
    expect([name, cluster.differences("south", name)]).toEqual([name, []]);
  // What it alone had is kept for people.
  expect(readdirSync(cluster.data("north")).filter((name) => name.includes("diverged"))).not.toEqual([]);
}, 120_000);

// The primary of a cluster is killed under the load of clients that resume, and another node told to lead at once: they go on
// there, nothing that they were told is lost or done twice, and the killed one comes back as a replica, in the end with the
// same files. Real processes, real sockets, real files.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ClusterProcesses, type NodeName } from "./cluster.ts";
import { killNodes } from "./node-process.ts";
import { recount } from "./recount.ts";
import { ResumingCrowd } from "./resuming-crowd.ts";

const CLIENTS = 4;
/** Orders before the kill, and after it. */
const ORDERS = 400;

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-failover-"));
});
afterEach(() => {
  killNodes();
  rmSync(directory, { recursive: true, force: true });
});

function startAll(cluster: ClusterProcesses, primary: NodeName, ...args: string[]): void {
  for (const name of cluster.names) start(cluster, name, name === primary ? args : ["--replica-of"]);
}

/** As the primary when `args` say so, else as a replica of whoever of the others leads. */
function start(cluster: ClusterProcesses, name: NodeName, [first, ...more]: readonly string[]): void {
  const others = cluster.names.filter((other) => other !== name);
  const addresses = others.map((other) => `127.0.0.1:${cluster.ports(other).replication}`).join(",");
  if (first === "--replica-of") cluster.launch(name, "--replica-of", addresses);
  else cluster.launch(name, "--peers", addresses, ...(first === undefined ? [] : [first]), ...more);
}

async function accepts(cluster: ClusterProcesses, crowd: ResumingCrowd, orders: number): Promise<void> {
  const enough = crowd.accepted + orders;
  while (crowd.accepted < enough) await cluster.within(crowd.nextAccepted(), "no order was accepted");
}

async function expectNothingLost(
  cluster: ClusterProcesses,
  crowd: ResumingCrowd,
  leader: NodeName,
): Promise<void> {
  await cluster.within(crowd.end(), "orders were not answered");
  // One that is not ready yet ends at a signal without a word.
  for (const name of cluster.names) await cluster.becomes(name, "ok");
  await cluster.allHave(leader);
  const others = cluster.names.filter((name) => name !== leader);
  for (const name of [leader, ...others])
    expect([name, await cluster.end(name, "SIGTERM")]).toEqual([name, 0]);
  expect([crowd.unknown, crowd.judge(() => recount(cluster.data(leader)))]).toEqual([0, []]);
  for (const name of others) expect([name, cluster.differences(leader, name)]).toEqual([name, []]);
}

test("three nodes: the primary is killed, a replica told to lead at once serves its clients, and all end as one", async () => {
  const cluster = await ClusterProcesses.make(directory, 3);
  startAll(cluster, "north");
  await cluster.becomes("north", "ok");
  const ports = cluster.names.map((name) => cluster.ports(name).order);
  const crowd = await ResumingCrowd.start(ports, CLIENTS);
  await accepts(cluster, crowd, ORDERS);
  await cluster.end("north", "SIGKILL");
  expect(await cluster.promote("south")).toMatchObject({ ok: true, orderPort: ports[1] });
  await accepts(cluster, crowd, ORDERS);
  start(cluster, "north", ["--replica-of"]);
  await expectNothingLost(cluster, crowd, "south");
}, 180_000);

test("two nodes: the promoted one takes orders when the killed one follows it, or when its disk is said to be enough", async () => {
  const cluster = await ClusterProcesses.make(directory, 2);
  startAll(cluster, "north", "--ack-policy", "two-disks");
  await cluster.becomes("north", "ok");
  const ports = cluster.names.map((name) => cluster.ports(name).order);
  const crowd = await ResumingCrowd.start(ports, CLIENTS);
  await accepts(cluster, crowd, ORDERS);
  await cluster.end("north", "SIGKILL");
  expect(await cluster.promote("south")).toMatchObject({ ok: true });
  await cluster.admin("south", "ack-policy disk");
  await accepts(cluster, crowd, ORDERS);
  start(cluster, "north", ["--replica-of"]);
  await accepts(cluster, crowd, ORDERS);
  await expectNothingLost(cluster, crowd, "south");
}, 180_000);

test("a primary that was only held up hears that it was replaced, ends, and comes back without what nobody was told of", async () => {
  const cluster = await ClusterProcesses.make(directory, 3);
  startAll(cluster, "north");
  await cluster.becomes("north", "ok");
  const ports = cluster.names.map((name) => cluster.ports(name).order);
  const crowd = await ResumingCrowd.start(ports, CLIENTS);
  await accepts(cluster, crowd, ORDERS);
  const north = cluster.node("north");
  north.signal("SIGSTOP");
  expect(await cluster.promote("south")).toMatchObject({ ok: true });
  const ended = north.ended();
  north.signal("SIGCONT");
  expect(await ended).toBe(1);
  expect(north.stderr).toMatch(/must not go on as primary|it has been replaced/);
  await accepts(cluster, crowd, ORDERS);
  start(cluster, "north", ["--replica-of"]);
  await expectNothingLost(cluster, crowd, "south");
}, 180_000);

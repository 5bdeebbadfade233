// A replica that is promoted, over real sockets and files in one process: it goes on with what it has in memory, the others
// follow it, and whoever asked hears of it on the same connection.

import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Configuration, configurationOf, type RunningNode, startNode } from "../../src/node/index.ts";
import { log, order, TestCluster, trade, until } from "./cluster-support.ts";

const NAMES = ["north", "south", "west"];

let cluster: TestCluster;
/** By name, where each of them is asked and followed. */
const ports = new Map<string, number>();

beforeEach(async () => {
  cluster = new TestCluster(...NAMES);
  cluster.makeKey("ann", "admin");
  for (const name of NAMES) ports.set(name, await freePort());
});
afterEach(() => cluster.end());

/** Free now, and nobody is given it for a while. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function start(name: string, some: Partial<Configuration>): Promise<RunningNode> {
  const settings = cluster.settings(name, { replicationPort: ports.get(name) ?? 0, ...some });
  const node = await startNode(configurationOf(settings), log);
  cluster.atEnd(() => node.stop());
  return node;
}

const others = (name: string) =>
  NAMES.filter((other) => other !== name)
    .map((other) => `127.0.0.1:${ports.get(other)}`)
    .join(",");

const follow = (name: string) => start(name, { replicaOf: others(name) });

test("a promoted replica leads with all that it had, the other one follows it, and so does the old primary", async () => {
  const north = await start("north", { peers: others("north") });
  const [south, west] = [await follow("south"), await follow("west")];
  await until(() => north.status().nodes.every(({ connected }) => connected));
  const client = await cluster.clientOf(north);
  await trade(client, 1_000);
  const resting = north.status().ordersResting;
  await until(() => south.status().ordersResting === resting && west.status().ordersResting === resting);
  await client.close();
  await north.stop();
  const { answer, failed } = await cluster.admin(south, "promote");
  expect([failed, answer]).toEqual(["", expect.objectContaining({ ok: true, orderPort: south.orderPort })]);
  expect(south.role).toBe("primary");
  expect(south.status()).toMatchObject({ ordersResting: resting, administration: { node: "south" } });
  expect(south.status().administration.epoch).toBe(answer.epoch);
  await until(() => south.status().status === "ok");
  const again = await cluster.clientOf(south);
  expect(await again.submit(order())).toMatchObject({ accepted: true });
  const back = await follow("north");
  await until(() => back.status().position === south.status().position);
  await until(() => west.status().position === south.status().position);
  const hashes = await Promise.all(
    [south, west, back].map(async (node) => (await node.requestSnapshot()).stateHash),
  );
  expect(new Set(hashes).size).toBe(1);
}, 60_000);

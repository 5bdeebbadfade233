// A replica and others at the addresses that it was given: whoever answers there can't make it give up what it has, and
// whoever has its port can't make it serve half.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NativeChecksums } from "../../src/platform/index.ts";
import { encodeReplicationRefusal, RefusalCode } from "../../src/protocol/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { until } from "../support/until.ts";
import { order, TestCluster } from "./cluster-support.ts";

const HOST = "127.0.0.1";

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster("north", "south");
});
afterEach(() => cluster.end());

/** Says `code` to whoever connects, without a word before; resolves with its port. */
async function stranger(code: RefusalCode): Promise<number> {
  const refusal = encodeReplicationRefusal(
    { code, epoch: 99, position: 1_000 },
    undefined,
    new NativeChecksums(),
  );
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(refusal);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  cluster.atEnd(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

test.each<[name: string, code: RefusalCode]>([
  ["give up its history", RefusalCode.Diverged],
  ["end", RefusalCode.NotAuthorised],
])("a stranger at a primary's address can't make a replica %s", async (_, code) => {
  const north = await cluster.startPrimary();
  const south = await cluster.follow("south", north.replicationPort);
  await until(() => north.status().status === "ok");
  const client = await cluster.clientOf(north);
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  const { position } = north.status();
  await until(() => south.status().position === position);
  await south.stop();
  const replicaOf = `${HOST}:${await stranger(code)},${HOST}:${north.replicationPort}`;
  const again = await cluster.follow("south", 0, { replicaOf });
  let failure: unknown;
  void again.failed.then((error) => {
    failure = error;
  });
  await until(() => north.status().status === "ok" || failure !== undefined);
  expect(failure).toBeUndefined();
  expect(readdirSync(cluster.path("south")).filter((name) => name.includes("diverged"))).toEqual([]);
});

test("a replica that its primary does not know ends, and names the primary", async () => {
  const ring = JSON.parse(readFileSync(cluster.path("keys.json"), "utf8"));
  ring.keys = ring.keys.filter(({ name }: { name: string }) => name !== "south");
  writeFileSync(cluster.path("other.json"), JSON.stringify(ring), { mode: 0o600 });
  generateKey("west", "replica", cluster.path("west.key"), cluster.path("other.json"));
  const north = await cluster.startPrimary({ keys: cluster.path("other.json") });
  const south = await cluster.follow("south", north.replicationPort);
  expect(await south.failed).toMatchObject({
    code: "REPLICA_REFUSED",
    message:
      `north at ${HOST}:${north.replicationPort}: one of the two nodes does not know the other's key: ` +
      "compare their keys files",
  });
});

test("a replica whose port is taken follows nobody, says why, and is closed at once", async () => {
  const north = await cluster.startPrimary();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, HOST, resolve));
  cluster.atEnd(() => new Promise((resolve) => taken.close(() => resolve())));
  const { port } = taken.address() as AddressInfo;
  const south = await cluster.follow("south", north.replicationPort, { replicationPort: port });
  expect((await south.failed).message).toContain(`replication-port ${port} on ${HOST} is in use`);
  const asked_ms = performance.now();
  await expect(south.stop()).rejects.toThrow("replication-port");
  // One that goes on, deaf, is ended after 10 s.
  expect(performance.now() - asked_ms).toBeLessThan(9_000);
  expect(north.status()).toMatchObject({ status: "degraded" });
});

// A cluster whose nodes speak TLS to one another: it replicates and fails over as one that does not, and nobody gets in without.

import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { askNode } from "../../src/cli/admin-client.ts";
import { connectTo } from "../../src/platform/index.ts";
import { readOwnKey } from "../../src/runtime/index.ts";
import { describeStream, order } from "../gateway/support.ts";
import { TLS, TLS_FILES } from "../support/tls.ts";
import { TestCluster } from "./cluster-support.ts";

let cluster: TestCluster;
afterEach(() => cluster.end());

const host = "127.0.0.1";
const tls = { tlsCert: TLS_FILES.cert, tlsKey: TLS_FILES.key, tlsCa: TLS_FILES.cert };

async function trade(port: number, id: number): Promise<string[]> {
  const peer = connectTo({ host, port }, TLS.cert);
  peer.write(order(id));
  const [answer] = await once(peer, "data");
  peer.destroy();
  return describeStream(answer as Buffer);
}

test("orders are answered when a replica has them, and the replica leads when it is told to", async () => {
  cluster = new TestCluster("north", "south");
  cluster.makeKey("ann", "admin");
  const north = await cluster.startPrimary({ ...tls, ackPolicy: "ram" });
  const south = await cluster.follow("south", north.replicationPort, tls);
  await expect.poll(() => north.status().reason).toBeUndefined();
  expect(await trade(north.orderPort, 1)).toEqual(["Ack 1"]);
  await expect.poll(() => south.status().position).toBe(north.status().position);

  // Who speaks no TLS has no session there.
  const stranger = connect({ host, port: north.replicationPort });
  stranger.on("error", () => {}).resume();
  stranger.write("anybody there?\n");
  await once(stranger, "close");

  await north.stop();
  const own = readOwnKey(cluster.path("ann.key"));
  const at = { host, port: south.adminPort, ca: TLS.cert };
  const answer = JSON.parse(await askNode(at, own, "promote --force"));
  expect(answer).toMatchObject({ ok: true });
});

test("a replica that trusts another certificate does not follow", async () => {
  cluster = new TestCluster("north", "south");
  const north = await cluster.startPrimary({ ...tls, ackPolicy: "ram" });
  const south = await cluster.follow("south", north.replicationPort, { ...tls, tlsCa: TLS_FILES.stranger });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(south.status().position).toBe(0);
  expect(north.status().reason).toContain("refused");
});

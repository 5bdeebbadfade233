// Trading sessions over the end of a primary: the replica that is promoted goes on with their streams.

import { afterEach, beforeEach, expect, test } from "vitest";
import { connectTrading, type ExecutionReport } from "../../src/client/index.ts";
import { configurationOf, startNode } from "../../src/node/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { freePort } from "../../tools/free-port.ts";
import { log, TestCluster } from "../node/cluster-support.ts";
import { until } from "../support/until.ts";

/** Each takes a second at least. */
const TRIES_MAX = 20;

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster("north", "south");
  cluster.makeKey("ann", "admin");
  generateKey("carl", "trader", cluster.path("carl.key"), cluster.path("keys.json"), { accounts: [5] });
});
afterEach(() => cluster.end());

const rests = (id: number) => ({ id, symbol: 0, side: "buy", price: 100, quantity: 5 }) as const;

test("the promoted replica answers for the old primary: reports go on, orders of who asked for it are cancelled", async () => {
  const [northPort, southPort, following] = [await freePort(), await freePort(), await freePort()];
  // Which of the two is left answers without the other.
  const alone = { ackPolicy: "disk" } as const;
  const north = await cluster.startPrimary({ ...alone, orderPort: northPort, replicationPort: following });
  const settings = { ...alone, replicaOf: `127.0.0.1:${following}`, orderPort: southPort };
  const south = await startNode(configurationOf(cluster.settings("south", settings)), log);
  cluster.atEnd(() => south.stop());
  await until(() => north.status().status === "ok");

  const terms = { key: cluster.path("carl.key"), account: 5, chance: () => 0 };
  const addresses = [{ port: northPort }, { port: southPort }];
  const trader = await connectTrading({ ...terms, addresses, cancelOnDisconnect: true });
  cluster.atEnd(async () => trader.destroy());
  const copy = await connectTrading({ ...terms, addresses, readOnly: true, instance: 1 });
  cluster.atEnd(async () => copy.destroy());
  const seen: ExecutionReport[] = [];
  copy.on("report", (report) => seen.push(report));
  const answers = await Promise.all([1, 2, 3].map((id) => trader.submit(rests(id))));
  expect(answers.map(({ accepted }) => accepted)).toEqual([true, true, true]);
  await until(() => south.status().position === north.status().position);

  await north.stop();
  const inFlight = trader.submit(rests(4)).catch(({ code }) => code);
  for (let tries = 1; south.role !== "primary" && tries <= TRIES_MAX; tries++)
    await cluster.admin(south, "promote --force");
  await trader.ready();
  expect(["NOT_EXECUTED", "NOT_CONNECTED"]).toContain(await inFlight);
  await until(() => seen.length >= 6);
  expect(seen.map(({ number, kind, id, cause }) => [number, kind, id, cause])).toEqual([
    [1, "accepted", 1n, undefined],
    [2, "accepted", 2n, undefined],
    [3, "accepted", 3n, undefined],
    [4, "cancelled", 1n, "disconnected"],
    [5, "cancelled", 2n, "disconnected"],
    [6, "cancelled", 3n, "disconnected"],
  ]);
  expect(await trader.openOrders()).toMatchObject({ orders: [], asOf: 6 });
});

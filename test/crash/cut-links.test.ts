// A primary and a replica, each a process, and the link between them cut, held one way or the other, or bad for a while:
// what has not reached as many nodes as the policy asks for is not acknowledged, the primary says so, and all goes on when
// the link is there again. The replica is behind a proxy (test/support/cut-link.ts).

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { connectOrderEntry, type OrderAnswer, type OrderEntryClient } from "../../src/client/index.ts";
import { CutLink, type Way } from "../support/cut-link.ts";
import { ClusterProcesses } from "./cluster.ts";
import { killNodes } from "./node-process.ts";
import { recount } from "./recount.ts";
import { ResumingCrowd } from "./resuming-crowd.ts";

const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);
const prng = new Prng(SEED);
/** How long the link is bad, and about how long it stays as it is. */
const [TROUBLE_MS, STATE_MS] = [4_000, 300];
const CLIENTS = 3;

let directory = "";
let cluster: ClusterProcesses;
let link: CutLink;
let client: OrderEntryClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-links-"));
  cluster = await ClusterProcesses.make(directory, 2);
  link = await CutLink.to(cluster.ports("north").replication, prng);
  const north = cluster.launch("north", "--ack-policy", "two-disks");
  cluster.launch("south", "--replica-of", `127.0.0.1:${link.port}`);
  await north.ready();
  await cluster.becomes("north", "ok");
  client = await connectOrderEntry({ host: "127.0.0.1", port: cluster.ports("north").order });
});

afterAll(() => {
  client?.destroy();
  link?.close();
  killNodes();
  rmSync(directory, { recursive: true, force: true });
});

let id = 0;
const enter = (): Promise<OrderAnswer> =>
  client.submit({ id: ++id, symbol: 0, side: "buy", price: 10, quantity: 1 });

const hold =
  (...ways: Way[]) =>
  () => {
    for (const way of ways) link.hold(way);
  };

test.each<[how: string, doIt: () => void]>([
  ["is cut", () => link.cut()],
  ["carries nothing to the replica", hold("back")],
  ["carries nothing to the primary", hold("there")],
])(
  "while the link %s nothing is acknowledged, orders are refused, and then all is answered",
  async (_, doIt) => {
    expect(await enter()).toMatchObject({ accepted: true });
    doIt();
    let refused: OrderAnswer | undefined;
    const meanwhile = enter().then((answer) => {
      refused = answer;
      return answer;
    });
    const { reason } = await cluster.becomes("north", "degraded");
    expect(reason).toBe(
      "new orders are refused: 0 of 1 replicas connected, too few for ack policy two-disks",
    );
    expect(await enter()).toMatchObject({ accepted: false, reason: "ReplicaDisconnected" });
    // Unless the primary knew already it was sequenced, and waits.
    const waits = refused === undefined;
    expect(refused?.accepted ?? false).toBe(false);
    link.heal();
    expect(await meanwhile).toMatchObject({ accepted: waits });
    await cluster.becomes("north", "ok");
    expect(await enter()).toMatchObject({ accepted: true });
  },
);

function drawState(): void {
  link.heal();
  const ways = ["there", "back"] as const;
  switch (prng.between(1, 4)) {
    case 1:
      return link.cut();
    case 2:
      return link.hold(prng.pick([...ways]));
    case 3:
      for (const way of ways) link.delay(way, 0, prng.between(1, 80));
  }
}

test("a link that is bad for a while costs nothing acknowledged, executes nothing twice, and both have the same files", async () => {
  console.log(`seed ${SEED}`);
  const crowd = await ResumingCrowd.start([cluster.ports("north").order], CLIENTS);
  for (const end = performance.now() + TROUBLE_MS; performance.now() < end; ) {
    drawState();
    await sleep(prng.between(1, 2 * STATE_MS));
  }
  link.heal();
  await cluster.becomes("north", "ok");
  await crowd.nextAccepted();
  await crowd.end();
  client.destroy();
  expect([await cluster.end("north", "SIGTERM"), await cluster.end("south", "SIGTERM")]).toEqual([0, 0]);
  expect(
    crowd.judge(() => recount(cluster.data("south"))),
    `seed ${SEED}`,
  ).toEqual([]);
  expect(cluster.differences("north", "south")).toEqual([]);
  console.log(`${crowd.accepted} orders, each executed once`);
});

test("what a primary acknowledged before it was lost is on the replica's disk, however late the link was", async () => {
  const north = cluster.launch("north");
  cluster.launch("south", "--replica-of", `127.0.0.1:${link.port}`);
  await north.ready();
  await cluster.becomes("north", "ok");
  link.delay("there", 0, 30);
  link.delay("back", 0, 30);
  const crowd = await ResumingCrowd.start([cluster.ports("north").order], CLIENTS, CLIENTS + 1);
  await crowd.nextAccepted();
  await sleep(prng.between(300, 600));
  await Promise.all([cluster.end("north", "SIGKILL"), cluster.end("south", "SIGKILL")]);
  await crowd.breakOff();
  expect(
    crowd.judge(() => recount(cluster.data("south"))),
    `seed ${SEED}`,
  ).toEqual([]);
});

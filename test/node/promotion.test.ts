// A replica that is promoted, over real sockets and files in one process: it goes on with what it has in memory, the others
// follow it, and whoever asked hears of it on the same connection.

import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectTrading, ExchangeSocket } from "../../src/client/index.ts";
import type { Configuration, RunningNode } from "../../src/node/index.ts";
import type { ReportMessage } from "../../src/protocol/index.ts";
import { freePort } from "../../tools/free-port.ts";
import { until } from "../support/until.ts";
import { KnownCluster, order, trade } from "./cluster-support.ts";
import { readTopic } from "./drop-copy/support.ts";

const NAMES = ["north", "south", "west"];
/** Each takes a second at least. */
const TRIES_MAX = 20;

let cluster: KnownCluster;

beforeEach(async () => {
  cluster = await KnownCluster.of(...NAMES);
  cluster.makeKey("ann", "admin");
});
afterEach(() => cluster.end());

const start = (name: string, some: Partial<Configuration>) => cluster.start(name, some);
const others = (name: string) => cluster.others(name);
const follow = (name: string) => start(name, { replicaOf: others(name) });

/** A client of the WebSocket interface that goes to whichever of the nodes takes orders, and the reports that it heard. */
async function sessionOf(token: string, ...nodes: readonly RunningNode[]) {
  const reports: string[] = [];
  const url = nodes.map(({ httpPort }) => `ws://127.0.0.1:${httpPort}/ws`);
  const listener = { report: ({ number, event }: ReportMessage) => reports.push(`${number} ${event}`) };
  const client = new ExchangeSocket({ url, token, listener });
  cluster.atEnd(async () => client.close());
  await client.opened();
  return { client, reports };
}

/** A session over TCP behind so many connections that a node which counts anew is far below it, and the gaps that it was told of. */
async function deskOf(name: string, account: number, node: RunningNode, nextPort: number) {
  for (let i = 0; i < 20; i++) await (await cluster.clientOf(node)).close();
  const addresses = [{ port: node.orderPort }, { port: nextPort }];
  const session = await connectTrading({ addresses, key: cluster.path(`${name}.key`), account, instance: 1 });
  cluster.atEnd(async () => session.destroy());
  const gaps: unknown[] = [];
  session.on("gap", (gap) => gaps.push(gap));
  return { session, gaps };
}

test("a promoted replica leads with all that it had, the other one follows it, and so does the old primary", async () => {
  const token = cluster.makeTrader("bob", 5);
  const north = await start("north", { peers: others("north") });
  const tape = { tapePort: 0, tapePublish: ["reports"], tapeStaging: 2, tapeDelivery: 2 } as const;
  const orderPort = await freePort();
  const south = await start("south", {
    ...{ replicaOf: others("south"), httpPort: await freePort(), orderPort },
    ...tape,
  });
  const west = await follow("west");
  await until(
    () => north.status().status === "ok" && north.status().nodes.every(({ connected }) => connected),
  );
  const client = await cluster.clientOf(north);
  await trade(client, 1_000);
  const session = await sessionOf(token, north, south);
  const bid = { symbol: "BTC-USD", side: "buy", price: "0.01", quantity: 1 } as const;
  expect(await session.client.submit({ ...bid, id: "1" })).toMatchObject({ accepted: true });
  const desk = await deskOf("bob", 5, north, orderPort);
  const resting = north.status().ordersResting;
  await until(() => south.status().ordersResting === resting && west.status().ordersResting === resting);
  await client.close();
  await north.stop();
  const before = south.status().position;
  const { answer, failed } = await promoted(south);
  expect([failed, answer]).toEqual(["", expect.objectContaining({ ok: true, orderPort: south.orderPort })]);
  expect(south.role).toBe("primary");
  expect(south.status()).toMatchObject({
    ordersResting: resting,
    administration: { node: "south", promotedBy: "ann" },
  });
  expect(south.status().administration.epoch).toBe(answer.epoch);
  await until(() => south.status().status === "ok");
  const again = await cluster.clientOf(south);
  expect(await again.submit(order())).toMatchObject({ accepted: true });
  // Its session goes on there: no report is missing or told twice, and its order rests.
  await until(() => {
    // As a person would: by now it waits for seconds.
    session.client.retryNow();
    return session.client.connection.state === "open";
  });
  // Numbers of sessions go on above those of the log: a lower one would be of another history.
  await until(() => desk.session.writable);
  expect(desk.gaps).toEqual([]);
  await desk.session.logout();
  expect(await session.client.submit({ ...bid, id: "2" })).toMatchObject({ accepted: true });
  expect(session.reports).toEqual(["1 accepted", "2 accepted"]);
  expect(await session.client.massCancel()).toMatchObject({ cancelled: 2 });
  await session.client.logout();
  await expectPublished(south, before);
  const back = await follow("north");
  await until(() => back.status().position === south.status().position);
  await until(() => west.status().position === south.status().position);
  const hashes = await Promise.all(
    [south, west, back].map(async (node) => (await node.requestSnapshot()).stateHash),
  );
  expect(new Set(hashes).size).toBe(1);
}, 120_000);

/** Its own tape has every report of its log once, of before and after the promotion. */
async function expectPublished(node: RunningNode, promotedAt: number): Promise<void> {
  await until(() => node.status().tape?.published === node.status().durablePosition);
  // That was handed to the tape, whose disk may still be at it.
  const read = async () => (await readTopic(node.tapePort, "reports")).places;
  const isLater = ({ position }: { readonly position: number }) => position > promotedAt;
  await expect.poll(async () => (await read()).filter(isLater).length).toBeGreaterThan(2);
  const places = await read();
  const order = places.map(({ position, index }) => position * 1e6 + index);
  expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
  expect(places[0].position).toBeLessThan(promotedAt);
}

/** What `promote` says when it is done, told again when too few of the others were heard in time: the machine may be busy. */
async function promoted(node: RunningNode, command = "promote") {
  for (let tries = 1; ; tries++) {
    const said = await cluster.admin(node, command);
    if (said.status === 0 || tries === TRIES_MAX || !said.failed.includes("heard")) return said;
  }
}

/** What a refused `promote` says; the node is what it was. */
async function refused(node: RunningNode, command = "promote"): Promise<string> {
  const before = node.role;
  const { status, failed } = await cluster.admin(node, command);
  expect([status, node.role]).toEqual([1, before]);
  return failed.replace("seriatim: NODE refuses: ", "").trim();
}

test("a replica is not promoted while its primary lives, with a port that is taken, or with nothing", async () => {
  const north = await start("north", { peers: others("north") });
  const taken = createServer().listen(0, "127.0.0.1");
  cluster.atEnd(async () => void taken.close());
  await until(() => taken.listening);
  const { port } = taken.address() as { port: number };
  const south = await start("south", { replicaOf: others("south"), orderPort: port });
  const first = await follow("west");
  await until(() => north.status().status === "ok");
  await first.stop();
  rmSync(cluster.path("west"), { recursive: true });
  // It has nothing, and finds nobody who leads.
  const west = await start("west", { replicaOf: cluster.at("south") });
  expect(await refused(south)).toMatch(/^north is the primary, in epoch \d+$/);
  expect(await refused(south, "promote --force")).toMatch(/^north is the primary, in epoch \d+$/);
  expect(await refused(west)).toMatch(/^this replica has no log yet$/);
  expect(await refused(north)).toBe("not available: this node leads already");
  await until(() => south.status().position === north.status().position);
  await north.stop();
  expect(await refused(south, "promote --force")).toBe(`order-port ${port} on 127.0.0.1 is in use`);
}, 120_000);

test("who has less is not promoted, who has most is; and nobody who heard too few, but by force", async () => {
  const north = await start("north", { peers: others("north"), ackPolicy: "two-disks" });
  const [south, west] = [await follow("south"), await follow("west")];
  await until(
    () => north.status().status === "ok" && north.status().nodes.every(({ connected }) => connected),
  );
  const client = await cluster.clientOf(north);
  await trade(client, 100);
  await until(() => south.status().position === north.status().position);
  await south.stop();
  await trade(client, 100);
  await until(() => west.status().position === north.status().position);
  await client.close();
  await north.stop();
  const behind = await follow("south");
  await until(() => behind.status().position > 100);
  expect(await refused(behind)).toMatch(
    /^west has more: position \d+ of epoch \d+, this node has \d+ of \d+$/,
  );
  await west.stop();
  expect(await refused(behind)).toMatch(
    /^heard from no other node of a cluster of 3: a node not heard may hold/,
  );
  await behind.stop();
  const most = await follow("west");
  await until(() => most.status().position > 200);
  const { answer, failed } = await promoted(most, "promote --force");
  expect([failed, answer]).toEqual(["", expect.objectContaining({ ok: true })]);
  expect(most.status()).toMatchObject({ role: "primary", administration: { forcedStarts: 1, node: "west" } });
}, 120_000);

test("a primary that waits for the others leads when an administrator forces it", async () => {
  const first = await start("north", { peers: others("north") });
  const replicas = [await follow("south"), await follow("west")];
  await until(() => first.status().status === "ok");
  for (const node of [first, ...replicas]) await node.stop();
  const again = await start("north", { peers: others("north") });
  expect(again.role).toBe("waiting");
  expect(await refused(again)).toMatch(/no replica: it waits to lead, which only promote --force ends$/);
  const { answer, failed } = await cluster.admin(again, "promote --force");
  expect([failed, answer]).toEqual(["", expect.objectContaining({ ok: true })]);
  expect([again.role, again.status().administration.forcedStarts]).toEqual(["primary", 1]);
  expect(await refused(again, "promote --force")).toMatch(/leads already$/);
}, 120_000);

test("a promotion that can't be is refused while its replica follows; one that fails after it ends the node, which says so", async () => {
  const north = await start("north", { peers: others("north") });
  const [south, west] = [await follow("south"), await follow("west")];
  await until(() => north.status().status === "ok");
  await until(() => south.status().position === north.status().position);
  for (const node of [west, north]) await node.stop();
  const keys = readFileSync(cluster.path("keys.json"));
  cluster.makeKey("east", "replica");
  expect(await refused(south, "promote --force")).toMatch(/holds the keys of 3 other nodes .*has 1 to 2$/);
  expect(south.role).toBe("replica");
  writeFileSync(cluster.path("keys.json"), keys);
  // The header of the segment that is to be gone on with.
  const segment = openSync(cluster.path("south", "journal", "journal-0000000001.seg"), "r+");
  writeSync(segment, new Uint8Array(16).fill(0xff), 0, 16, 0);
  closeSync(segment);
  const why = expect.stringMatching(/^this node can't lead, and ends: .*journal-0000000001\.seg/);
  expect(await refused(south, "promote --force")).toEqual(why);
  expect(await south.failed).toMatchObject({ code: "PROMOTION_FAILED", message: why });
  // Both of its parts are closed by now, and well: what stopped it is said all the same, and is the exit status.
  await expect(south.stop()).rejects.toMatchObject({ code: "PROMOTION_FAILED", exitCode: 1 });
}, 120_000);

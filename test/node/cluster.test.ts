// A primary and its replicas over real sockets and files: an order is answered when the policy says so, a replica has the
// primary's files, and who may not lead does not.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectSession } from "../../src/client/index.ts";
import { type Configuration, configurationOf, createLog, type Log, startNode } from "../../src/node/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { freePort } from "../../tools/free-port.ts";
import { until } from "../support/until.ts";
import { log, order, SEGMENT_BYTES, TestCluster, trade } from "./cluster-support.ts";

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster("north", "south");
});
afterEach(() => cluster.end());

test("orders are taken once the replica is there, answered by disk and memory of two, and kept as the same files", async () => {
  const said: [level: string, msg: string][] = [];
  const write = (line: string) => {
    const { level, msg } = JSON.parse(line) as { level: string; msg: string };
    if (msg.startsWith("orders are ")) said.push([level, msg]);
  };
  const node = await cluster.startPrimary({}, createLog({ level: "info", human: false, write }));
  const client = await cluster.clientOf(node);
  expect(node.status()).toMatchObject({ status: "degraded" });
  expect(await client.submit(order())).toMatchObject({ accepted: false, reason: "ReplicaDisconnected" });
  const warnings: string[] = [];
  const toLog = createLog({ level: "warn", human: false, write: (line) => warnings.push(line) });
  const replica = await cluster.follow("south", node.replicationPort, {}, toLog);
  await until(() => node.status().status === "ok");
  // More than a segment, so that rotation is part of it.
  await trade(client, 30_000);
  const { position, gateWaits } = node.status();
  expect(Object.keys(gateWaits)).toEqual(["disk", "south memory", "south disk"]);
  expect(gateWaits.disk + gateWaits["south memory"]).toBeGreaterThan(0);
  await until(() => (node.status().stageTotals.replicate?.count ?? 0) > 50);
  await until(() => replica.status().position === position);
  // Of its policy nothing: it gave none.
  expect(warnings.filter((line) => line.includes("is not used"))).toEqual([]);
  expect(said[0]).toEqual(["warn", expect.stringMatching(/^orders are refused: /)]);
  await expect.poll(() => said.at(-1)).toEqual(["info", expect.stringMatching(/^orders are taken: /)]);
  await client.close();
  await node.stop();
  await replica.stop();
  expect(readdirSync(cluster.path("south", "journal")).length).toBeGreaterThan(1);
  cluster.expectSameFiles("north", "south");
  for (const name of ["north", "south"]) await expectNotAlone(name);
  cluster.expectSameFiles("north", "south");
});

// It was found when the log had been begun, with settings that the next start could not change.
test("a primary whose replication port is taken is refused before it begins a log", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const message = `replication-port ${port} on 127.0.0.1 is in use`;
  await expect(cluster.startPrimary({ replicationPort: port })).rejects.toMatchObject({ message });
  expect(existsSync(cluster.path("north"))).toBe(false);
  other.close();
});

// It waited for a slot in the log, which such a node has not, until its time to log on was over: 5 s before it tried the next address.
test("who logs on to a node that waits to lead is told at once that it takes no orders", async () => {
  cluster.makeTrader("tom", 1);
  const node = await cluster.startPrimary();
  const logon = connectSession({
    ...{ host: "127.0.0.1", port: node.orderPort, account: 1, key: cluster.path("tom.key") },
    listener: { onReport() {}, onRefused() {}, onOpenOrder() {}, onOpenOrdersEnd() {} },
  });
  await expect(logon).rejects.toMatchObject({
    code: "LOGON_REFUSED",
    message: expect.stringContaining("ReplicaDisconnected"),
  });
});

test("a node that comes to another's data directory says whose it was, once", async () => {
  const lines: string[] = [];
  const toLog = createLog({ level: "warn", human: false, write: (line) => lines.push(line) });
  const owners = () => lines.splice(0).filter((line) => line.includes("until now"));
  const first = await cluster.startPrimary({}, toLog);
  await first.stop();
  expect(owners()).toEqual([]);
  const south = { ...cluster.settings("south", {}), dataDir: cluster.path("north") };
  // A start that is refused takes nothing, and so says nothing.
  const refused = startNode(configurationOf({ ...south, accountsMax: 78 }), toLog);
  await expect(refused).rejects.toMatchObject({ exitCode: 2 });
  expect(owners()).toEqual([]);
  for (const said of [[expect.stringContaining("/north was node north's until now and is south's")], []]) {
    const node = await startNode(configurationOf(south), toLog);
    await node.stop();
    expect(owners()).toEqual(said);
  }
});

/** Whoever forgets the flags of a cluster's node is told which. */
async function expectNotAlone(name: string): Promise<void> {
  const alone = { dataDir: cluster.path(name), orderPort: 0, httpPort: 0, segmentBytes: SEGMENT_BYTES };
  const which = `the log in ${cluster.path(name, "journal")} is a cluster's, of epoch \\d+`;
  const missing = "give its --node-key and --keys, and --replica-of when another node leads";
  await expect(startNode(configurationOf(alone), log)).rejects.toMatchObject({
    code: "CLUSTER_LOG",
    message: expect.stringMatching(
      `^${which}, and is not gone on with alone \\(north led last\\): ${missing}$`,
    ),
    exitCode: 2,
  });
}

test("a replica that finds no primary says so, once for each reason, and goes on trying", async () => {
  const lines: string[] = [];
  const heard = { ...log, info: (_: unknown, line: string) => lines.push(line) } as unknown as Log;
  const free = await freePort();
  const settings = cluster.settings("south", { replicaOf: `127.0.0.1:${free}` });
  const replica = await startNode(configurationOf(settings), heard);
  cluster.atEnd(() => replica.stop());
  const nobody = `follows nobody yet: 127.0.0.1:${free}: nothing listens there; it is tried again`;
  await until(() => lines.includes(nobody));
  const node = await cluster.startPrimary({ replicationPort: free });
  await until(() => node.status().status === "ok");
  expect(lines.filter((line) => line === nobody)).toHaveLength(1);
  expect(lines.some((line) => line.startsWith("follows north in epoch"))).toBe(true);
});

// They threw each other out three times a second, and nobody said why.
test("of two nodes with one name the first is followed on, the second is told why not, and so is the log; a forged key too", async () => {
  const [warned, told] = [[] as string[], [] as string[]];
  const heardBy = (lines: string[], level: "warn" | "info") =>
    ({ ...log, [level]: (_: unknown, line: string) => lines.push(line) }) as unknown as Log;
  const north = await startNode(configurationOf(cluster.settings("north", {})), heardBy(warned, "warn"));
  cluster.atEnd(() => north.stop());
  const south = await cluster.follow("south", north.replicationPort);
  await until(() => north.status().status === "ok");
  const following = { replicaOf: `127.0.0.1:${north.replicationPort}` };
  const twin = configurationOf(cluster.settings("south", { ...following, dataDir: cluster.path("twin") }));
  const second = await startNode(twin, heardBy(told, "info"));
  cluster.atEnd(() => second.stop());
  await until(() =>
    told.some((line) => line.includes("NameInUse: another node with this one's name and key")),
  );
  generateKey("south", "replica", cluster.path("forged.key"), cluster.path("forged.json"));
  const forged = { keys: cluster.path("forged.json"), nodeKey: cluster.path("forged.key") };
  const third = await startNode(
    configurationOf(cluster.settings("south", { ...following, ...forged, dataDir: cluster.path("third") })),
    heardBy(told, "info"),
  );
  cluster.atEnd(() => third.stop());
  await until(() => told.some((line) => line.includes("NotAuthorised: one of the two does not know")));
  expect(north.status().status).toBe("ok");
  expect(south.status().status).toBe("ok");
  const ofKeys = warned.filter((line) => line.includes("refused, at 127.0.0.1"));
  expect(ofKeys).toEqual([
    expect.stringMatching(/^the name south is used twice: /),
    expect.stringMatching(/^a node that calls itself south was refused/),
  ]);
});

test("a key that is none of a node is refused before a directory is made", async () => {
  cluster.makeKey("ann", "admin");
  const ann = cluster.path("ann.key");
  await expect(cluster.startPrimary({ nodeKey: ann })).rejects.toMatchObject({
    code: "KEYS_INVALID",
    message: `${ann}: the key of ann has the role admin, a node's own has the role replica`,
  });
  expect(existsSync(cluster.path("north"))).toBe(false);
});

const KNOWN_TO_NONE = expect.stringContaining(
  "known by policy two-disks: what is answered from now on is lost if",
);

test("a primary that loses its replica refuses orders until it is back, or until an administrator says that its disk is enough", async () => {
  cluster.makeKey("ann", "admin");
  const node = await cluster.startPrimary({ ackPolicy: "two-disks" });
  const first = await cluster.follow("south", node.replicationPort);
  await until(() => node.status().status === "ok");
  const client = await cluster.clientOf(node);
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  for (const policy of ["disk+ram", "two-disks"]) {
    const { answer } = await cluster.admin(node, `ack-policy ${policy}`);
    expect(answer).toEqual({ ok: true, position: expect.any(Number) });
  }
  await first.stop();
  await until(() => node.status().status === "degraded");
  expect(await client.submit(order())).toMatchObject({ accepted: false, reason: "ReplicaDisconnected" });
  const second = await cluster.follow("south", node.replicationPort);
  await until(() => node.status().status === "ok");
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  await until(() => second.status().position === node.status().position);
  await second.stop();
  await until(() => node.status().status === "degraded");
  expect(await cluster.admin(node, "ack-policy disk")).toMatchObject({
    status: 0,
    // The replica that is away would decide by two disks, and take its own and another one as enough.
    answer: { warning: KNOWN_TO_NONE },
  });
  expect((await cluster.admin(node, "ack-policy disk")).answer).toMatchObject({ warning: KNOWN_TO_NONE });
  await until(() => node.status().status === "ok");
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  expect(node.status().administration).toMatchObject({ ackPolicy: "disk", ackPolicyWarning: KNOWN_TO_NONE });
  const third = await cluster.follow("south", node.replicationPort);
  await until(() => node.status().administration.ackPolicyWarning === "");
  await third.stop();
  await client.close();
  await node.stop();
  // Who knew of it is forgotten: it warns until the other one has its new tenure.
  const again = await cluster.startPrimary();
  expect(await cluster.admin(again, "promote --force")).toMatchObject({
    answer: { policy: "disk", heard: [] },
  });
  expect(again.status().administration.ackPolicyWarning).toContain(
    "what is answered from now on is lost if another node leads already",
  );
  await cluster.follow("south", again.replicationPort);
  await until(() => again.status().administration.ackPolicyWarning === "");
  await again.stop();
  await expect(cluster.startPrimary({ ackPolicy: "two-disks" })).rejects.toMatchObject({
    code: "ACK_POLICY",
  });
});

test("a primary that comes back takes no orders before it has heard from its replica, and then has all it had", async () => {
  const first = await cluster.startPrimary();
  const south = await cluster.follow("south", first.replicationPort);
  await until(() => first.status().status === "ok");
  const client = await cluster.clientOf(first);
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  const { position } = first.status();
  await client.close();
  await first.stop();
  await south.stop();
  const second = await cluster.startPrimary();
  let leads = false;
  void second.leads.then(() => {
    leads = true;
  });
  expect(second.status()).toMatchObject({ status: "degraded", role: "waiting", position });
  expect(leads).toBe(false);
  const lines: string[] = [];
  const toLog = createLog({ level: "warn", human: false, write: (line) => lines.push(line) });
  const again = await cluster.follow("south", second.replicationPort, { ackPolicy: "ram" }, toLog);
  await until(() => second.status().status === "ok");
  expect(leads).toBe(true);
  // Its Tenure, and nothing else.
  expect(second.status()).toMatchObject({ position: position + 1 });
  await until(() => again.status().position === position + 1);
  expect(lines).toEqual([
    expect.stringContaining("has no key of role admin"),
    expect.stringContaining("ack-policy ram is not used: the log says disk+ram, also when this node comes"),
  ]);
});

test.each<[name: string, some: Partial<Configuration>, lines: unknown[]]>([
  ["none is asked for", {}, []],
  [
    "there is no keys file",
    { adminPort: 0 },
    [expect.stringContaining("adminPort is not listened on: there is no keys file (keys)")],
  ],
])("a node without administrators says so when a port for them is given: %s", async (_, some, expected) => {
  const lines: string[] = [];
  const toLog = createLog({ level: "warn", human: false, write: (line) => lines.push(line) });
  const alone = { durability: "off", threads: "single", orderPort: 0, httpPort: 0 } as const;
  const node = await startNode(configurationOf({ ...alone, ...some }), toLog);
  await node.leads;
  await node.stop();
  expect(lines).toEqual(expected);
});

test("a primary whose disk lacks what its replica has stops: it may have been acknowledged", async () => {
  const first = await cluster.startPrimary();
  const south = await cluster.follow("south", first.replicationPort);
  await until(() => first.status().status === "ok");
  const client = await cluster.clientOf(first);
  expect(await client.submit(order())).toMatchObject({ accepted: true });
  await client.close();
  await first.stop();
  await south.stop();
  // Another disk, a new log: the genesis entry has another time, and nothing behind it.
  rmSync(cluster.path("north"), { recursive: true });
  const second = await cluster.startPrimary();
  const again = await cluster.follow("south", second.replicationPort);
  await expect(second.failed).resolves.toMatchObject({ code: "FENCED" });
  expect(second.status()).toMatchObject({ status: "halted" });
  // The replica is the one that has it: it goes on looking for a primary, and can be made one.
  expect(again.status()).toMatchObject({ status: "degraded" });
});

test("a replica whose history is another one sets its files aside, whole, and gets the primary's", async () => {
  const alone = await startNode(
    configurationOf({
      orderPort: 0,
      httpPort: 0,
      segmentBytes: SEGMENT_BYTES,
      dataDir: cluster.path("south"),
    }),
    log,
  );
  await alone.stop();
  const before = cluster.filesOf("south");
  const node = await cluster.startPrimary();
  const replica = await cluster.follow("south", node.replicationPort);
  await until(() => node.status().status === "ok" && replica.status().position === node.status().position);
  const aside = readdirSync(cluster.path("south")).find((name) => name.startsWith("journal-diverged-")) ?? "";
  for (const [file, bytes] of before) {
    expect([file, readFileSync(cluster.path("south", aside, file)).equals(bytes)]).toEqual([file, true]);
  }
  // It looks once a second whether its directory is there: the one in its place is its own doing.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await node.stop();
  await replica.stop();
  cluster.expectSameFiles("north", "south");
});

test("a replica whose data directory is gone ends: what it acknowledged from then on would be on no disk", async () => {
  const north = await cluster.startPrimary();
  const south = await cluster.follow("south", north.replicationPort);
  await until(() => north.status().status === "ok" && south.status().status === "ok");
  await until(() => south.status().position === north.status().position);
  rmSync(cluster.path("south"), { recursive: true });
  const gone = {
    code: "DATA_DIRECTORY_GONE",
    message: expect.stringContaining("south/journal is not there"),
  };
  expect(await south.failed).toMatchObject(gone);
  // Before anybody has stopped it.
  await until(() => north.status().status === "degraded");
  await expect(south.stop()).rejects.toMatchObject(gone);
});

test("a replica whose segments have another size than its primary's ends, and says which one to give", async () => {
  const node = await cluster.startPrimary();
  const replica = await cluster.follow("south", node.replicationPort, { segmentBytes: SEGMENT_BYTES * 2 });
  const message = `the primary's segments have ${SEGMENT_BYTES} bytes, this node's ${SEGMENT_BYTES * 2}: give --segment-bytes ${SEGMENT_BYTES}`;
  await expect(replica.failed).resolves.toMatchObject({ code: "SEGMENT_LIMITS", message });
  // Until its stop was through it said that it was looking for its primary.
  expect(replica.status()).toMatchObject({ status: "halted", reason: message, hasFailed: true });
});

test("a replica whose settings decide other results than the log is refused once it knows the log, at every start", async () => {
  const north = await cluster.startPrimary({ maxQuantity: 500 });
  const same = await cluster.follow("south", north.replicationPort, { maxQuantity: 500 });
  await until(() => north.status().status === "ok");
  await same.stop();
  const says = "maxQuantity is 5, but this log was begun with max-quantity 500";
  for (const dataDir of ["south", "new"].map((name) => cluster.path(name))) {
    const other = await cluster.follow("south", north.replicationPort, { maxQuantity: 5, dataDir });
    expect(await other.failed).toMatchObject({
      ...{ code: "GENESIS_CONTRADICTED", exitCode: 2, message: expect.stringContaining(says) },
    });
    await expect(other.stop()).rejects.toMatchObject({ code: "GENESIS_CONTRADICTED" });
  }
});

test("a replica tells an administrator how it stands, and sends everything else to its primary", async () => {
  cluster.makeKey("ann", "admin");
  const node = await cluster.startPrimary();
  const replica = await cluster.follow("south", node.replicationPort);
  await until(() => node.status().status === "ok" && replica.status().status === "ok");
  await until(() => replica.status().position === node.status().position);
  const { answer } = await cluster.admin(replica, "status");
  expect(answer).toMatchObject({ ok: true, role: "replica", status: "ok", position: node.status().position });
  expect(await cluster.admin(replica, "snapshot")).toMatchObject({ status: 0 });
  for (const command of ["halt", "rotate", "kill-switch 7 on", "ack-policy disk"]) {
    const [word] = command.split(" ");
    const primary = `127.0.0.1:${node.replicationPort}`;
    const line = `not available: this node is a replica of ${primary}: ${word} is its primary's to do`;
    expect(await cluster.admin(replica, command)).toMatchObject({
      status: 1,
      failed: `seriatim: NODE refuses: ${line}\n`,
    });
  }
  await node.stop();
  await until(() => replica.status().status === "degraded");
  expect(replica.status().reason).toMatch(/^it is not connected to its primary/);
});

test.each<[name: string, some: Partial<Configuration>, why: string]>([
  ["a replica without keys", { replicaOf: "127.0.0.1:9029" }, "needs keys"],
  ["a port for replicas, alone", { replicationPort: 0 }, "replicationPort is given, but no node-key"],
  [
    "a port that is none",
    { replicaOf: "a:99999", keys: "k", nodeKey: "n" },
    'replicaOf: "a:99999" is not HOST:PORT with a port from 1 to 65535',
  ],
  [
    "one port for administrators and orders",
    { keys: "k", adminPort: 7000, orderPort: 7000 },
    "order-port and admin-port are both 7000: each needs its own",
  ],
  [
    "one port for replicas and the page",
    { keys: "k", nodeKey: "n", replicationPort: 7000, httpPort: 7000 },
    "http-port and replication-port are both 7000",
  ],
  ["an address that is none", { replicaOf: "nowhere", keys: "k", nodeKey: "n" }, "is not HOST:PORT"],
  ["a policy that needs a replica, alone", { ackPolicy: "two-disks" }, "this node is alone"],
  ["a cluster on one thread", { nodeKey: "n", keys: "k", threads: "single" }, "threads is single"],
  [
    "a cluster whose disk is not asked",
    { nodeKey: "n", keys: "k", durability: "flush" },
    "durability is flush",
  ],
])("%s is refused at start", (_, some, why) => {
  expect(() => configurationOf(some)).toThrow(why);
});

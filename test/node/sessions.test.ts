// Sessions with a logon against whole nodes, over real sockets and files: what is proved, what is told, what survives.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SessionPipeOptions, signerOf } from "../../src/client/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import {
  CancelCause,
  encodeLogonRequest,
  encodeSessionLogon,
  frameBytes,
  MessageType,
  putSessionProof,
  Reason,
  ReportFlag,
  ReportKind,
  readLogonAck,
  readLogonRefused,
  readSessionChallenge,
  sessionStatement,
} from "../../src/protocol/index.ts";
import { generateKey, KeyRing } from "../../src/runtime/index.ts";
import { killNodes, NodeProcess } from "../crash/node-process.ts";
import { keyOf, TestSession, traders } from "./session-client.ts";

const log = createLog({ level: "silent" });
const { pairs, entries } = traders();
const ANN = keyOf(pairs, "ann");
const BOB = keyOf(pairs, "bob");
const EVE = keyOf(pairs, "eve");

let directory = "";
let node: RunningNode;
const sockets: Socket[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-sessions-"));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await node?.stop().catch(() => {});
  killNodes();
  rmSync(directory, { recursive: true, force: true });
});

async function start(some: Partial<Configuration> = {}): Promise<RunningNode> {
  const loaded = configurationOf({
    ...{ orderPort: 0, httpPort: 0, segmentBytes: 4_194_304, dataDir: directory, threads: "single" },
    ...some,
  });
  node = await startNode(loaded, log, { keys: new KeyRing(entries) });
  return node;
}

const open = (options: Partial<SessionPipeOptions> & Pick<SessionPipeOptions, "key">) =>
  TestSession.open({ port: node.orderPort, account: 1, ...options });

test("an order is answered by reports to both sides, with what is left and what was traded", async () => {
  await start();
  const ann = await open({ key: ANN });
  const bob = await open({ key: BOB, account: 5 });
  expect([ann.pipe.first, ann.pipe.next, ann.pipe.hasGap]).toEqual([1, 1, false]);
  ann.order(1, "sell", 100, 10);
  await ann.until(() => ann.reports.length === 1);
  bob.order(2, "buy", 100, 4);
  await ann.until(() => ann.reports.length === 2);
  await bob.until(() => bob.reports.length === 2);
  expect(ann.told).toEqual(["1 Accepted 1 leaves 10", "2 Traded 1 leaves 6"]);
  expect(bob.told).toEqual(["1 Accepted 2 leaves 4", "2 Traded 2 leaves 0"]);
  expect([ann.reports[1].cumulative, ann.reports[1].flags & ReportFlag.Maker]).toEqual([4, ReportFlag.Maker]);
  expect(ann.reports[0].session).toBe(ann.pipe.session);
  ann.pipe.orderStatus(3, { id: 1n, symbol: 0 });
  ann.pipe.openOrders(4, {});
  ann.pipe.flush();
  await ann.until(() => ann.said.length === 3);
  expect(ann.said).toEqual(["open 1 6 as of 2", "open 1 6 as of 2", "1 open"]);
});

test.each([
  ["a key that signs with another's name", { name: "ann", private: pairs.bob.private }, {}],
  ["a name that no key has", { name: "mallory", private: pairs.bob.private }, {}],
  ["an account that the key has not", ANN, { account: 3 }],
  ["the name of the node's own key", { name: "node", private: pairs.bob.private }, {}],
  ["a reader whose end would cancel", EVE, { cancelOnDisconnect: true }],
])("%s is refused", async (_what, key, options) => {
  await start();
  await expect(open({ key, ...options })).rejects.toMatchObject({ reason: Reason.NotAuthorised });
});

test("a proof that was good on another connection is none on this one", async () => {
  await start();
  const first = await challenged();
  const view = new DataView(new ArrayBuffer(frameBytes(MessageType.Logon)));
  const logon = new Uint8Array(view.buffer);
  encodeSessionLogon(view, 0, { ...TERMS, name: "ann", account: 1 });
  const statement = sessionStatement(view, 0, readSessionChallenge(viewOf(first.challenge), 0));
  putSessionProof(view, 0, signerOf(ANN).prove(statement));
  const second = await challenged();
  second.socket.write(logon);
  expect(readLogonRefused(viewOf(await frameOf(second.socket)), 0)).toBe(Reason.NotAuthorised);
  first.socket.write(logon);
  expect(readLogonAck(viewOf(await frameOf(first.socket)), 0).account).toBe(1);
});

test("a reader is told everything and trades nothing", async () => {
  await start();
  const ann = await open({ key: ANN });
  const eve = await open({ key: EVE });
  eve.order(1, "buy", 100);
  await eve.until(() => eve.said.length === 1);
  expect(eve.said).toEqual(["refused 1 NotAuthorised"]);
  ann.order(2, "sell", 100);
  await eve.until(() => eve.reports.length === 1);
  expect(eve.told).toEqual(["1 Accepted 2 leaves 1"]);
  expect(eve.reports[0].session).toBe(ann.pipe.session);
});

describe("who comes back", () => {
  test.each([
    ["the journal", false],
    ["a snapshot", true],
  ])("after a restart from %s is told what was missed", async (_what, takesSnapshot) => {
    await start({ snapshotEvery: 0 });
    const ann = await open({ key: ANN });
    const bob = await open({ key: BOB });
    ann.order(1, "sell", 100, 5);
    await ann.until(() => ann.reports.length === 1);
    bob.pipe.destroy();
    ann.order(2, "buy", 100, 2);
    await ann.until(() => ann.reports.length === 4);
    if (takesSnapshot) await node.requestSnapshot();
    ann.pipe.logout();
    await ann.pipe.closed;
    await node.stop();
    await start({ snapshotEvery: 0 });
    const again = await open({ key: ANN, next: 2 });
    expect([again.pipe.first, again.pipe.next]).toEqual([2, 5]);
    await again.until(() => again.reports.length === 3);
    expect(again.reports.map(({ session: _, ...rest }) => rest)).toEqual(
      ann.reports.slice(1).map(({ session: _, ...rest }) => rest),
    );
    again.order(3, "buy", 100, 3);
    await again.until(() => again.reports.length === 6);
    expect(again.told.slice(3)).toEqual([
      "5 Accepted 3 leaves 3",
      ...["6 Traded 3 leaves 0", "7 Traded 1 leaves 0"],
    ]);
  });

  test("with a request number that was used gets the first answer, and nothing is executed twice", async () => {
    await start();
    const ann = await open({ key: ANN, once: true });
    ann.order(1, "sell", 100, 5);
    await ann.until(() => ann.reports.length === 1);
    ann.pipe.destroy();
    const again = await open({ key: ANN, once: true });
    again.order(1, "sell", 100, 5);
    await again.until(() => again.reports.length === 1);
    expect(again.reports[0].kind).toBe(ReportKind.Accepted);
    expect(again.reports[0].flags & ReportFlag.Repeated).toBe(ReportFlag.Repeated);
    expect(again.reports[0].sequence).toBe(ann.reports[0].sequence);
    again.pipe.openOrders(9, {});
    again.pipe.flush();
    await again.until(() => again.said.length === 2);
    expect(again.said).toEqual(["open 1 5 as of 2", "1 open"]);
  });

  test("while the first connection lives takes its place, and that one is told so", async () => {
    await start();
    const ann = await open({ key: ANN });
    ann.order(1, "sell", 100, 5);
    await ann.until(() => ann.reports.length === 1);
    const again = await open({ key: ANN, next: 1 });
    expect(await ann.pipe.closed).toMatchObject({ code: "SESSION_REPLACED" });
    await again.until(() => again.reports.length === 1);
    expect(again.told).toEqual(["1 Accepted 1 leaves 5"]);
  });

  test("while the first connection lives finds the orders cancelled, where that one was to", async () => {
    await start();
    const ann = await open({ key: ANN, cancelOnDisconnect: true });
    ann.order(1, "sell", 100, 5);
    await ann.until(() => ann.reports.length === 1);
    const again = await open({ key: ANN, next: 1 });
    expect(await ann.pipe.closed).toMatchObject({ code: "SESSION_REPLACED" });
    expect(again.pipe.next).toBe(3);
    await again.until(() => again.reports.length === 2);
    expect(again.told).toEqual([
      "1 Accepted 1 leaves 5",
      `2 Cancelled 1 leaves 0 reason ${CancelCause.Disconnected}`,
    ]);
  });
});

describe("whoever is gone", () => {
  test("without a word has all orders of the account cancelled, where that was asked for", async () => {
    await start();
    const watcher = await open({ key: EVE });
    const ann = await open({ key: ANN, cancelOnDisconnect: true });
    const other = await open({ key: BOB, instance: 4 });
    other.order(7, "sell", 101);
    ann.order(8, "sell", 100);
    await watcher.until(() => watcher.reports.length === 2);
    ann.pipe.destroy();
    await watcher.until(() => watcher.reports.length === 4);
    expect(
      watcher.told
        .slice(2)
        .map((line) => line.slice(2))
        .sort(),
    ).toEqual([
      `Cancelled 7 leaves 0 reason ${CancelCause.Disconnected}`,
      `Cancelled 8 leaves 0 reason ${CancelCause.Disconnected}`,
    ]);
  });

  // What it had said lay in the socket, and the clock was looked at before that.
  test("is not who spoke while the node stood still", async () => {
    await start();
    const ann = await open({ key: ANN, cancelOnDisconnect: true, heartbeat_ms: 400 });
    ann.order(1, "sell", 100);
    await ann.until(() => ann.reports.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 110));
    // Behind the sockets' phase of a turn: the timers' is next.
    await new Promise((resolve) => setImmediate(resolve));
    ann.pipe.heartbeat();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 950);
    await new Promise((resolve) => setTimeout(resolve, 110));
    expect(ann.told).toEqual(["1 Accepted 1 leaves 1"]);
    expect(ann.pipe.isOpen).toBe(true);
  });

  test("by a logout, or without having asked for it, leaves the orders", async () => {
    await start();
    const watcher = await open({ key: EVE });
    const ann = await open({ key: ANN, cancelOnDisconnect: true });
    const bob = await open({ key: BOB });
    ann.order(1, "sell", 100);
    bob.order(2, "sell", 100);
    await watcher.until(() => watcher.reports.length === 2);
    await ann.pipe.logout();
    bob.pipe.destroy();
    const last = await open({ key: BOB, instance: 1 });
    last.order(3, "sell", 100);
    await watcher.until(() => watcher.reports.length === 3);
    expect(watcher.told.at(-1)).toBe("3 Accepted 3 leaves 1");
  });

  test("for longer than a dead man's time has all orders cancelled, connected or not", async () => {
    await start();
    const watcher = await open({ key: EVE });
    const ann = await open({ key: ANN, deadMan_ms: 300 });
    ann.order(1, "sell", 100);
    await watcher.until(() => watcher.reports.length === 2);
    expect(watcher.told[1]).toBe(`2 Cancelled 1 leaves 0 reason ${CancelCause.DeadMan}`);
    const bob = await open({ key: BOB, deadMan_ms: 300 });
    bob.order(2, "sell", 100);
    await watcher.until(() => watcher.reports.length === 3);
    bob.pipe.destroy();
    await watcher.until(() => watcher.reports.length === 4);
    expect(watcher.told[3]).toBe(`4 Cancelled 2 leaves 0 reason ${CancelCause.DeadMan}`);
  });
});

test("a sweep of 40,000 resting orders reaches a reader that was slow, in order and whole", async () => {
  const orders = 40_000;
  const rates = { framesPerSecond: 10_000_000, accountFramesPerSecond: 10_000_000 };
  await start({ durability: "off", ...rates });
  const ann = await open({ key: ANN });
  const bob = await open({ key: BOB, account: 5 });
  ann.pipe.pause();
  for (let id = 1; id <= orders; id++) {
    while (!ann.pipe.writable) await new Promise((resolve) => setImmediate(resolve));
    ann.pipe.submit(id, { id: BigInt(id), symbol: 0, side: "sell", price: 100 + (id % 50), quantity: 1 });
    if (id % 500 === 0) ann.pipe.flush();
    if (id % 5_000 === 0) {
      ann.pipe.resume();
      await ann.until(() => ann.reports.length >= id);
      ann.pipe.pause();
    }
  }
  bob.order(1, "buy", 1_000, orders);
  await bob.until(() => bob.reports.length === orders + 1);
  expect(ann.reports.length).toBe(orders);
  ann.pipe.resume();
  await ann.until(() => ann.reports.length === 2 * orders);
  expect(ann.reports.every(({ number }, i) => number === i + 1)).toBe(true);
  expect(bob.reports.at(-1)).toMatchObject({ leaves: 0, cumulative: orders });
  expect(bob.reports.every(({ number }, i) => number === i + 1)).toBe(true);
});

test("a node that was killed ends the sessions it had when it starts again, and cancels for those who asked", async () => {
  const keys = join(directory, "keys.json");
  const own = join(directory, "carl.key");
  generateKey("carl", "trader", own, keys, { accounts: [1] });
  const args = ["--data-dir", join(directory, "data"), "--keys", keys, "--segment-bytes", "4194304"];
  const first = await NodeProcess.start(args);
  const options = { key: own, account: 1 };
  const carl = await TestSession.open({ ...options, port: first.orderPort, cancelOnDisconnect: true });
  carl.order(1, "sell", 100, 5);
  await carl.until(() => carl.reports.length === 1);
  await first.end("SIGKILL");
  const second = await NodeProcess.start(args);
  const again = await TestSession.open({ ...options, port: second.orderPort, next: 1 });
  await again.until(() => again.reports.length === 2);
  expect(again.told).toEqual([
    "1 Accepted 1 leaves 5",
    `2 Cancelled 1 leaves 0 reason ${CancelCause.Disconnected}`,
  ]);
  expect(await second.end("SIGTERM")).toBe(0);
});

const TERMS = { instance: 0, flags: 0, next: 0, deadMan_ms: 0, heartbeat_ms: 0 };

/** A connection that has asked for a challenge, and got it. */
async function challenged() {
  const socket = connect(node.orderPort, "127.0.0.1");
  sockets.push(socket);
  const request = new Uint8Array(frameBytes(MessageType.LogonRequest));
  encodeLogonRequest(viewOf(request), 0);
  socket.write(request);
  return { socket, challenge: await frameOf(socket) };
}

/** The next thing said, which is one frame. */
async function frameOf(socket: Socket): Promise<Uint8Array> {
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

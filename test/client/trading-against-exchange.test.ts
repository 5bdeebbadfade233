// Trading sessions against whole nodes: restarts, a kill in the middle of a burst, back-pressure, and an exchange whose open
// mode is off.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { planFlow } from "../../src/cli/flow-plan.ts";
import { FlowSender } from "../../src/cli/flow-sender.ts";
import { connectTrading, type ExecutionReport, type TradingSession } from "../../src/client/index.ts";
import { startTraders } from "../../src/lab/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import { SystemClock } from "../../src/platform/index.ts";
import { parseFlow } from "../../src/protocol/index.ts";
import { KeyRing } from "../../src/runtime/index.ts";
import { keyOf, traders } from "../node/session-client.ts";
import { TLS, TLS_FILES } from "../support/tls.ts";

const log = createLog({ level: "silent" });
const { pairs, entries } = traders();
const BOB = keyOf(pairs, "bob");

let directory = "";
const nodes: RunningNode[] = [];
const sessions: TradingSession[] = [];
const lines: (() => void)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-trading-"));
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  for (const node of nodes.splice(0)) await node.stop().catch(() => {});
  for (const end of lines.splice(0)) end();
  rmSync(directory, { recursive: true, force: true });
});

async function start(some: Partial<Configuration> = {}): Promise<RunningNode> {
  const settings = { orderPort: 0, httpPort: 0, durability: "off", threads: "single" } as const;
  const loaded = configurationOf({ ...settings, ...some });
  const node = await startNode(loaded, log, { keys: new KeyRing(entries) });
  nodes.push(node);
  return node;
}

async function trade(port: number, options = {}): Promise<TradingSession> {
  const session = await connectTrading({ addresses: [{ port }], key: BOB, account: 5, ...options });
  sessions.push(session);
  return session;
}

/** All reports of a session so far and from now on. */
function told(session: TradingSession): ExecutionReport[] {
  const reports: ExecutionReport[] = [];
  session.on("report", (report) => reports.push(report));
  return reports;
}

const rests = (id: number, price = 100) => ({ id, symbol: 0, side: "buy", price, quantity: 5 }) as const;
const settled = (session: TradingSession, what: "connected" | "disconnected" | "closed") =>
  new Promise<unknown>((resolve) => session.once(what, resolve));

test("an order's life: accepted, traded, modified, cancelled by a mass cancel, each told once to both sides", async () => {
  const { orderPort } = await start();
  const maker = await trade(orderPort);
  const taker = await trade(orderPort, { account: 6 });
  const seen = told(maker);
  expect(await maker.submit(rests(1))).toMatchObject({ accepted: true, report: { leaves: 5 } });
  const sell = { id: 1, symbol: 0, side: "sell", type: "market", quantity: 2 } as const;
  expect(await taker.submit(sell)).toMatchObject({ accepted: true });
  expect(await maker.modify({ id: 1, symbol: 0, price: 101, quantity: 4 })).toMatchObject({ accepted: true });
  const status = await maker.orderStatus({ id: 1, symbol: 0 });
  expect(status).toMatchObject({ order: { price: 101, leaves: 4, cumulative: 2 }, asOf: 3 });
  expect(await maker.massCancel()).toMatchObject({ accepted: true, report: { lastQuantity: 1 } });
  expect(await maker.openOrders()).toEqual({ orders: [], isTruncated: false, asOf: 5 });
  expect((await maker.instruments()).map(({ symbol }) => symbol)).toEqual([0, 1, 2, 3]);
  const again = await maker.cancel({ id: 1, symbol: 0 });
  expect(again).toMatchObject({ accepted: false, reason: "UnknownOrder" });
  expect(seen.map(({ number, kind, leaves, cumulative }) => [number, kind, leaves, cumulative])).toEqual([
    [1, "accepted", 5, 0],
    [2, "traded", 3, 2],
    [3, "modified", 4, 2],
    [4, "massCancelled", 0, 0],
    [5, "cancelled", 0, 2],
    [6, "rejected", 0, 0],
  ]);
  expect([seen[1].isMaker, seen[4].cause]).toEqual([true, "massCancel"]);
  const commands = ["submit", "submit", "modify", "massCancel", "massCancel", "cancel"];
  expect(seen.map(({ command }) => command)).toEqual(commands);
  // It is of all symbols and both sides: neither the first symbol's nor a buy.
  for (const field of ["symbol", "side", "type", "timeInForce"]) expect(seen[3]).not.toHaveProperty(field);
  expect(seen[4]).toMatchObject({ symbol: 0, side: "buy", type: "limit", timeInForce: "gtc" });
  await Promise.all([maker.logout(), taker.logout()]);
});

test("over a restart of the node the session goes on with the report that is due", async () => {
  const onDisk = { durability: "fsync", segmentBytes: 4_194_304, dataDir: directory } as const;
  const first = await start(onDisk);
  const { orderPort } = first;
  const session = await trade(orderPort);
  const seen = told(session);
  await session.submit(rests(1));
  const lost = settled(session, "disconnected");
  await first.stop();
  await lost;
  const back = settled(session, "connected");
  await start({ ...onDisk, orderPort });
  await back;
  await session.ready();
  expect(await session.cancel({ id: 1, symbol: 0 })).toMatchObject({ accepted: true });
  expect(seen.map(({ number, kind }) => [number, kind])).toEqual([
    [1, "accepted"],
    [2, "cancelled"],
  ]);
});

/** A way to the node that loses what is said on it, in one direction or both, and breaks. */
async function badLine(port: number) {
  let near: Socket | undefined;
  let far: Socket | undefined;
  const server = createServer((socket) => {
    const other = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ]) {
      from.on("error", () => {});
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
    [near, far] = [socket, other];
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: nearPort } = server.address() as { port: number };
  const line = {
    port: nearPort,
    loseAnswers: () => far?.unpipe(near).resume(),
    loseRequests: () => near?.unpipe(far).resume(),
    cut: () => near?.destroy(),
  };
  lines.push(() => {
    line.cut();
    server.close();
  });
  return line;
}

test("lines that break in the middle of bursts: every request is answered or proved not executed, as the book shows", async () => {
  const { orderPort } = await start();
  const line = await badLine(orderPort);
  const session = await trade(line.port);
  const seen = told(session);
  const outcomes: Promise<string>[] = [];
  const submit = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const answer = session.submit(rests(outcomes.length + 1));
      outcomes.push(answer.then(({ accepted }) => `accepted ${accepted}`).catch(({ code }) => code));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
  for (let breaks = 0; breaks < 4; breaks++) {
    await session.ready();
    const lost = settled(session, "disconnected");
    await submit(50);
    line.loseAnswers();
    await submit(50);
    line.loseRequests();
    await submit(50);
    line.cut();
    await lost;
  }
  const all = await Promise.all(outcomes);
  expect(new Set(all)).toEqual(new Set(["accepted true", "NOT_EXECUTED"]));
  const accepted = all.flatMap((outcome, i) => (outcome === "accepted true" ? [BigInt(i + 1)] : []));
  const { orders, asOf } = await session.openOrders();
  expect(orders.map(({ id }) => id)).toEqual(accepted);
  expect(asOf).toBe(accepted.length);
  expect(seen.map(({ number, id }) => [number, id])).toEqual(accepted.map((id, i) => [i + 1, id]));
});

test("a program that lost its memory asks again with the same number, and is given the first answer", async () => {
  const { orderPort } = await start();
  const first = await trade(orderPort, { once: true });
  expect(await first.submit(rests(1), 1_000)).toMatchObject({
    accepted: true,
    report: { isRepeated: false },
  });
  first.destroy();
  const second = await trade(orderPort, { once: true });
  const repeated = { accepted: true, report: { number: 2, kind: "accepted", isRepeated: true } };
  expect(await second.submit(rests(1), 1_000n)).toMatchObject(repeated);
  expect(await second.submit(rests(2), 1_000)).toMatchObject({ accepted: false, reason: "RequestReused" });
  expect((await second.openOrders()).orders).toHaveLength(1);
});

test("cancel on disconnect: a session that is cut takes its orders along, one that logs out does not", async () => {
  const { orderPort } = await start();
  const watch = await trade(orderPort, { readOnly: true, instance: 9 });
  const seen = told(watch);
  const cut = await trade(orderPort, { cancelOnDisconnect: true });
  await cut.submit(rests(1));
  await cut.logout();
  const other = await trade(orderPort, { cancelOnDisconnect: true });
  await other.submit(rests(2));
  other.destroy();
  while (seen.length < 4) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(seen.map(({ kind, id, cause }) => [kind, id, cause])).toEqual([
    ["accepted", 1n, undefined],
    ["accepted", 2n, undefined],
    ["cancelled", 1n, "disconnected"],
    ["cancelled", 2n, "disconnected"],
  ]);
});

test("a second program with the same session ends the first one, which leaves it at that", async () => {
  const { orderPort } = await start();
  const first = await trade(orderPort);
  const ended = settled(first, "closed");
  const second = await trade(orderPort);
  expect(await ended).toMatchObject({ code: "SESSION_REPLACED" });
  expect(await second.submit(rests(1))).toMatchObject({ accepted: true });
});

test("a slow reader of a sweep over many orders gets every report, in order", async () => {
  const count = 8_000;
  const { orderPort } = await start();
  const maker = await trade(orderPort, { window: 8_000 });
  const answers = Array.from({ length: count }, (_, i) => maker.submit(rests(i + 1)));
  await Promise.all(answers);
  const reader = maker.reports();
  const taker = await trade(orderPort, { account: 6 });
  const sweep = { id: 1, symbol: 0, side: "sell", type: "market", quantity: 5 * count } as const;
  expect(await taker.submit(sweep)).toMatchObject({ accepted: true });
  let next = count + 1;
  for await (const { number, kind } of reader) {
    expect([number, kind]).toEqual([next++, "traded"]);
    if (next > 2 * count) break;
    if (number % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(maker.nextReport).toBe(2 * count + 1);
});

/** Long enough for a busy machine: a session is lost when nothing has come for a few of them. */
const QUIET_HEARTBEAT_MS = 400;

test("a quiet session stands, by heartbeats both ways, beside one that trades", async () => {
  const { orderPort } = await start();
  const quiet = await trade(orderPort, { heartbeat_ms: QUIET_HEARTBEAT_MS });
  const reader = await trade(orderPort, { heartbeat_ms: QUIET_HEARTBEAT_MS, readOnly: true, instance: 1 });
  const lost: unknown[] = [];
  for (const session of [quiet, reader]) session.on("disconnected", (why) => lost.push(why));
  const busy = await trade(orderPort, { instance: 2 });
  for (let round = 0; round < 12; round++) {
    await busy.submit(rests(round + 1));
    await new Promise((resolve) => setTimeout(resolve, round % 2 === 0 ? 1.25 * QUIET_HEARTBEAT_MS : 1));
  }
  expect(lost).toEqual([]);
  expect([quiet.nextReport, reader.nextReport]).toEqual([13, 13]);
});

test("over TLS, and to no exchange that nobody vouches for", async () => {
  const { orderPort } = await start({ tlsCert: TLS_FILES.cert, tlsKey: TLS_FILES.key });
  const session = await trade(orderPort, { tls: { ca: TLS.cert } });
  const reports = session.reports();
  const answers = Array.from({ length: 200 }, (_, i) => session.submit(rests(i + 1)));
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ accepted: true });
  expect((await reports.next()).value).toMatchObject({ number: 1, kind: "accepted" });
  await session.logout();
  let printed = "";
  const print = (part: string) => {
    printed += part;
    return true;
  };
  const terms = { host: "127.0.0.1", port: orderPort, account: 8, window: 8, tls: { ca: TLS.cert }, print };
  const flow =
    "version 1\nmeta seed 1 symbols 2 orders 9 max_qty 20 max_notional 1000\ncmd reg BTC-USD\ncmd cancel 0 1\n";
  await new FlowSender(terms).send([planFlow("1.txt", parseFlow(flow, "1.txt"), 8)]);
  expect(printed).toBe("reject cancel 1 UnknownOrder\n");
  await expect(trade(orderPort, { tls: {} })).rejects.toMatchObject({
    message: expect.stringContaining("certificate"),
  });
  await expect(trade(orderPort, { connectTimeout_ms: 500 })).rejects.toMatchObject({
    code: expect.anything(),
  });
});

describe("where the open mode is off", () => {
  test("a flow is sent with a key", async () => {
    const { orderPort } = await start({ openOrderEntry: "off" });
    const head = "version 1\nmeta seed 1 symbols 2 orders 9 max_qty 20 max_notional 100000\n";
    const text = `${head}cmd reg BTC-USD\ncmd limit 0 1 S 100 5 GTC\ncmd limit 0 2 B 101 7 IOC\ncmd cancel 0 1\n`;
    const flows = [planFlow("1.txt", parseFlow(text, "1.txt"), 5)];
    let printed = "";
    const print = (part: string) => {
      printed += part;
      return true;
    };
    const terms = { host: "127.0.0.1", port: orderPort, account: 5, window: 8, print };
    await expect(new FlowSender(terms).send(flows)).rejects.toMatchObject({ code: "HELLO_REFUSED" });
    await new FlowSender({ ...terms, key: BOB }).send(flows);
    expect(printed.split("\n")).toEqual([
      "evt accept 1 0 1",
      "evt accept 2 0 2",
      "evt trade 3 0 2 0 100 5",
      "reject cancel 1 UnknownOrder",
      "",
    ]);
  });

  test("simulated traders trade with one", async () => {
    const { orderPort: port } = await start({ openOrderEntry: "off" });
    const failures: string[] = [];
    const simulation = await startTraders({
      ...{ host: "127.0.0.1", port, rate: 2_000, seed: 1, firstAccount: 100, clock: new SystemClock() },
      key: BOB,
      onLost: ({ message }) => failures.push(message),
      onBack: () => {},
    });
    while (simulation.counts.fills < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    await simulation.stop();
    expect(failures).toEqual([]);
    const watch = await trade(port, { account: 100, readOnly: true });
    expect((await watch.openOrders()).orders).toEqual([]);
  });
});

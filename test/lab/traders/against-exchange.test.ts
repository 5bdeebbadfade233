// The traders over real sockets against a real node; what they did is read from the node's journal.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { RecordBuffer, type SeriatimError } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import {
  type SimulationOptions,
  startTraders,
  TRADERS,
  type TraderSimulation,
} from "../../../src/lab/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  EXCHANGE_RULES,
  type RunningNode,
  startNode,
} from "../../../src/node/index.ts";
import { SystemClock } from "../../../src/platform/index.ts";
import {
  COMMAND_WORDS,
  CommandKind,
  CommandWord,
  EVENT_WORDS,
  MessageType,
  Reason,
} from "../../../src/protocol/index.ts";
import { InlineJournal } from "../../../src/runtime/index.ts";
import { say, startScriptedServer } from "../../client/scripted-server.ts";
import { ALICE, startSessionServer } from "../../client/session-server.ts";
import { until } from "../../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-traders-"));
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function startExchange(settings: Partial<Configuration> = {}): Promise<RunningNode> {
  const small = { orderPort: 0, httpPort: 0, durability: "off", ordersMax: 10_000 } as const;
  const node = await startNode(configurationOf({ ...small, ...settings }), createLog({ level: "silent" }));
  closers.push(() => node.stop());
  return node;
}

async function trade(port: number, options: Partial<SimulationOptions> = {}): Promise<TraderSimulation> {
  const simulation = await startTraders({
    ...{ host: "127.0.0.1", port, rate: 2_000, seed: 1, firstAccount: 1_000, clock: new SystemClock() },
    ...{ onLost: () => {}, onBack: () => {} },
    ...options,
  });
  closers.push(() => simulation.stop());
  return simulation;
}

/** Applies a whole journal; returns the engine and how many orders each account sent. */
async function replay(dataDir: string): Promise<{ engine: ExchangeEngine; orders: Map<number, number> }> {
  const engine = new ExchangeEngine();
  const events = new RecordBuffer(EVENT_WORDS, 1_024, () => {});
  const orders = new Map<number, number>();
  const directory = join(dataDir, "journal");
  const journal = new InlineJournal({
    ...{ directory, rules: EXCHANGE_RULES, mode: "buffered", segmentBytes: 4_194_304, genesis: undefined },
  });
  await journal.recover((words, at, count) => {
    for (let record = at; record < at + count * COMMAND_WORDS; record += COMMAND_WORDS) {
      engine.apply(words, record, events);
      const account = words[record + CommandWord.account];
      const kind = words[record + CommandWord.kindSideTypeTif] & 255;
      if (kind === CommandKind.NewOrder) orders.set(account, (orders.get(account) ?? 0) + 1);
    }
  });
  await journal.stop();
  return { engine, orders };
}

test("after some thousand orders every book has levels on both sides and trades, each trader under its own account", async () => {
  const dataDir = join(folder, "books");
  const node = await startExchange({ dataDir, durability: "buffered", segmentBytes: 4_194_304 });
  const began_ms = performance.now();
  const traders = await trade(node.orderPort);
  await until(() => traders.counts.orders >= 3_000 && traders.counts.fills > 0);
  await node.stop();
  const { counts } = traders;
  const took_s = (performance.now() - began_ms) / 1_000;
  expect(traders.symbols).toHaveLength(4);
  // As fast as asked at most, however slow the machine is.
  expect(counts.orders).toBeLessThanOrEqual(2_000 * took_s);
  const { engine, orders } = await replay(dataDir);
  for (const symbol of traders.symbols.keys()) {
    const { bids, asks } = engine.book(symbol);
    expect(Math.min(bids.length, asks.length)).toBeGreaterThanOrEqual(5);
  }
  expect(engine.trades).toBeGreaterThan(0);
  expect([...orders.keys()].sort()).toEqual(Array.from({ length: TRADERS }, (_, i) => 1_000 + i));
});

// The session lived on, and connected again for three days, in a program that had been told that nothing stays open.
test("an exchange that lists no instruments now is left", async () => {
  const left = Promise.withResolvers<void>();
  const server = await startSessionServer({
    frame: (peer, { type, request }) => {
      peer.socket.once("close", () => left.resolve());
      peer.refuse(request, 0, Reason.Throttled, type);
    },
  });
  closers.push(server.close);
  await expect(trade(server.port, { key: ALICE })).rejects.toMatchObject({ code: "REFUSED" });
  await left.promise;
});

test("at the end no quote is left", async () => {
  const node = await startExchange();
  const traders = await trade(node.orderPort);
  await until(() => node.status().ordersResting > 50);
  await traders.stop();
  expect(node.status().ordersResting).toBe(0);
  await until(() => node.status().connections === 0);
});

// Slots that were never used were cancelled too, and all of it counted: 351 refusals after 20 orders.
test("at the end only what rests is cancelled, and that is counted as no order", async () => {
  const node = await startExchange();
  const traders = await trade(node.orderPort, { rate: 100 });
  await until(() => node.status().ordersResting >= 5);
  const { orders } = traders.counts;
  await traders.stop();
  const { ordersResting, rejects } = node.status();
  expect(ordersResting).toBe(0);
  expect(traders.counts).toMatchObject({ orders, rejects });
});

test("they survive the exchange: reconnect, find their quotes again, and go on", async () => {
  const settings = { dataDir: join(folder, "restart"), durability: "buffered" } as const;
  const first = await startExchange({ ...settings, segmentBytes: 4_194_304 });
  const heard: string[] = [];
  const traders = await trade(first.orderPort, {
    onLost: (why: SeriatimError) => heard.push(why.code),
    onBack: () => heard.push("back"),
  });
  await until(() => first.status().ordersResting > 50);
  await first.stop();
  const again = { ...settings, segmentBytes: 4_194_304, orderPort: first.orderPort };
  const second = await startExchange(again);
  await until(() => heard.includes("back"));
  const { orders } = traders.counts;
  await until(() => traders.counts.orders >= orders + 500);
  expect(second.status().ordersResting).toBeGreaterThan(50);
  await traders.stop();
  expect(heard).toEqual(["CONNECTION_LOST", "back"]);
  expect(second.status().ordersResting).toBe(0);
});

test("an exchange with other instruments under the same address ends them", async () => {
  const first = await startExchange({ symbols: ["A"] });
  const traders = await trade(first.orderPort);
  await first.stop();
  await startExchange({ symbols: ["B"], orderPort: first.orderPort });
  await expect(traders.failed).resolves.toMatchObject({ code: "OTHER_EXCHANGE" });
});

test("traders that the exchange refuses all limit orders go on", async () => {
  const node = await startExchange({ maxNotional: 1, maxQuantity: 1, symbols: ["A"] });
  const traders = await trade(node.orderPort, { rate: 500 });
  await until(() => traders.counts.rejects > 100);
  const { rejects, rejectsByReason } = traders.counts;
  expect([...rejectsByReason.keys()].sort()).toEqual([
    Reason.MaxQuantityExceeded,
    Reason.MaxNotionalExceeded,
  ]);
  expect([...rejectsByReason.values()].reduce((sum, count) => sum + count)).toBe(rejects);
  expect(node.status().ordersResting).toBe(0);
});

test("an exchange that answers nothing gets what may be unanswered, and no more", async () => {
  const silent = await startScriptedServer(({ type, id }) => {
    if (type === MessageType.Hello) return [say.helloAck(id, 1)];
    return type === MessageType.Instruments ? [say.instrument(0, "A")] : [];
  });
  closers.push(() => silent.close());
  const traders = await trade(silent.port, { rate: 100_000 });
  // A quoter has one request per slot on its way, a taker as many as its window.
  const all = 104 + 3 * 512;
  await until(() => traders.counts.orders >= all);
  await pause(200);
  expect(traders.counts.orders).toBe(all);
});

test.each<[what: string, settings: Partial<Configuration>, options: Partial<SimulationOptions>, why: RegExp]>(
  [
    ["an account it lacks", { accountsMax: 1_000 }, {}, /^no Hello as account 1000: /],
    ["an account in their midst it lacks", { accountsMax: 1_003 }, {}, /^no Hello as account 1003: /],
    [
      "a symbol it lacks",
      {},
      { symbols: ["BTC-USD", "NOPE"] },
      /^the exchange at 127\S+ has no symbol NOPE$/,
    ],
    [
      "instruments without prices for a book",
      { symbols: [`A:2:${Number.MAX_SAFE_INTEGER}`] },
      {},
      /has nothing to trade$/,
    ],
  ],
)(
  "an exchange with %s is told in one line, and nothing stays open",
  async (_what, settings, options, why) => {
    const node = await startExchange(settings);
    await expect(trade(node.orderPort, options)).rejects.toThrow(why);
    await until(() => node.status().connections === 0);
  },
);

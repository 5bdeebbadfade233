// A whole node over real sockets whose web can't follow: it begins anew, and whoever watches ends with the book that is.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { SeriatimError } from "../../../src/base/index.ts";
import { connectOrderEntry, type OrderEntryClient } from "../../../src/client/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type NodeParts,
  type RunningNode,
  startNode,
} from "../../../src/node/index.ts";
import { MissedCommands } from "../../../src/node/web/copy/missed-commands.ts";
import { type Message, Peer } from "./peer.ts";

/** A ring that one chunk of requests overfills. */
const SMALL_RING_RECORDS = 64;
const SYMBOL = "BTC-USD";

const lines: { readonly level: string; readonly msg: string }[] = [];
const log = createLog({ level: "info", human: false, write: (line) => lines.push(JSON.parse(line)) });
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  lines.length = 0;
});

async function start(kept: Partial<Configuration>, parts: NodeParts): Promise<RunningNode> {
  const settings = { orderPort: 0, httpPort: 0, ...kept };
  const accounts = ["alice=1"];
  const node = await startNode(
    configurationOf({ ...settings, accounts, symbols: [`${SYMBOL}:0:1:1`] }),
    log,
    parts,
  );
  stops.push(() => node.stop());
  return node;
}

/** An order-entry client of account 1. */
async function trader(node: RunningNode): Promise<OrderEntryClient> {
  const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort, account: 1 });
  stops.push(() => client.close());
  return client;
}

const isBuy = { symbol: 0, side: "buy" } as const;

/** The bids of depth messages, one after the other. */
class Bids {
  readonly levels = new Map<string, readonly unknown[]>();
  snapshots = 0;
  take(depth: Message): void {
    if (depth.snapshot === true) {
      this.snapshots++;
      this.levels.clear();
    }
    for (const level of depth.bids as [string, number, number][]) {
      if (level[1] === 0) this.levels.delete(level[0]);
      else this.levels.set(level[0], level.slice(1));
    }
  }
}

test.each(["spread", "single"] as const)(
  "threads %s: a web that can't follow begins anew, subscribers end with the book that is, the log tells it",
  async (threads) => {
    const node = await start({ durability: "off", threads }, { feedRingRecords: SMALL_RING_RECORDS });
    const [early, alice] = [await Peer.greet(node.httpPort), await trader(node)];
    early.say({ type: "subscribe", channels: ["depth"] });
    const bids = new Bids();
    bids.take(await early.next("depth"));
    const orders = Array.from({ length: 1_000 }, (_, i) => ({
      id: i + 1,
      ...isBuy,
      price: 1 + (i % 500),
      quantity: 1 + i,
    }));
    await Promise.all(orders.map((order) => alice.submit(order)));
    while (!(await metrics(node)).includes(`seriatim_feed_position ${node.status().position}\n`))
      await sleep(10);

    const best = Array.from({ length: 20 }, (_, i) => [String(500 - i), [500 - i + (1_000 - i), 2]]);
    while (JSON.stringify([...bids.levels].sort().reverse()) !== JSON.stringify(best))
      bids.take(await early.next("depth"));
    expect(bids.snapshots).toBeGreaterThan(1);
    const late = await Peer.greet(node.httpPort, "alice");
    late.say({ type: "openOrders" });
    const open: Message[] = [];
    for (let last = false; !last; ) {
      const message = await late.next("orders");
      open.push(...(message.orders as Message[]));
      last = message.last === true;
    }
    const told = open.map(({ id, price, open: left }) => ({
      id: Number(id),
      ...isBuy,
      price: Number(price),
      quantity: left,
    }));
    expect(told.sort((a, b) => a.id - b.id)).toEqual(orders);

    expect(node.status().feedResyncs).toBeGreaterThan(0);
    const warnings = lines.filter(({ level }) => level === "warn").map(({ msg }) => msg);
    expect(new Set(warnings)).toEqual(new Set(["the web can't follow: it will begin anew from a snapshot"]));
  },
);

test.each(["buffered", "fsync"] as const)(
  "durability %s: a web that can't follow reads on in the journal, and the engine that matches is never copied for it",
  async (durability) => {
    const dataDir = mkdtempSync(join(tmpdir(), "seriatim-behind-"));
    stops.push(async () => rmSync(dataDir, { recursive: true }));
    const node = await start({ durability, dataDir }, { feedRingRecords: SMALL_RING_RECORDS });
    const copies = vi.spyOn(ExchangeEngine.prototype, "snapshotWithoutReports");
    stops.push(async () => copies.mockRestore());
    const [watcher, alice] = [await Peer.greet(node.httpPort), await trader(node)];
    watcher.say({ type: "subscribe", channels: ["trades"] });
    const pairs = Array.from({ length: 300 }, (_, i) => [
      { id: 2 * i + 1, ...isBuy, price: 100, quantity: i + 1 },
      { id: 2 * i + 2, symbol: 0, side: "sell" as const, price: 100, quantity: i + 1 },
    ]);
    await Promise.all(pairs.flat().map((order) => alice.submit(order)));
    const told: unknown[] = [];
    while (told.length < pairs.length)
      for (const trade of (await watcher.next("trades")).trades as unknown[]) told.push(trade);

    expect(node.status().feedResyncs).toBeGreaterThan(0);
    expect(copies).not.toHaveBeenCalled();
    const warnings = lines.filter(({ level }) => level === "warn").map(({ msg }) => msg);
    expect(new Set(warnings)).toEqual(new Set(["the web can't follow: it reads on in the journal"]));
  },
);

test("what a web missed and can't read in the journal, whatever became of that, it gets from the engine that matches", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "seriatim-behind-"));
  stops.push(async () => rmSync(dataDir, { recursive: true }));
  const kept = { durability: "buffered", threads: "single", dataDir } as const;
  const node = await start(kept, { feedRingRecords: SMALL_RING_RECORDS });
  const reads = vi.spyOn(MissedCommands.prototype, "read").mockImplementation(() => {
    throw new SeriatimError("LOG_CORRUPT", "the disk has rotted");
  });
  stops.push(async () => reads.mockRestore());
  const alice = await trader(node);
  const orders = Array.from({ length: 600 }, (_, i) => ({ id: i + 1, ...isBuy, price: 1 + i, quantity: 1 }));
  await Promise.all(orders.map((order) => alice.submit(order)));
  while (!(await metrics(node)).includes(`seriatim_feed_position ${node.status().position}\n`))
    await sleep(10);

  expect(reads).toHaveBeenCalled();
  expect(node.status()).toMatchObject({ status: "ok" });
  const warnings = lines.filter(({ level }) => level === "warn").map(({ msg }) => msg);
  expect(warnings.at(-1)).toBe("the web can't follow: it will begin anew from a snapshot");
});

async function metrics(node: RunningNode): Promise<string> {
  return (await fetch(`http://127.0.0.1:${node.httpPort}/metrics`)).text();
}

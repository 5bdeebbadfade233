// SIGKILL under load, again and again on one data directory. Judged from the clients' own ledgers: every acknowledged
// order is there after the restart, every acknowledged cancel holds, and no order is in the log twice.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_WORDS, CommandKind, CommandWord } from "../../src/protocol/index.ts";
import { scanLog } from "../../src/segment/index.ts";
import { NodeProcess } from "./node-process.ts";
import { OrderLedger, type OrderRecord } from "./order-ledger.ts";

const ROUNDS = Number(process.env.SERIATIM_KILLS ?? 20);
const CLIENTS = 8;
/** Requests of the judge in flight: below the client's window. */
const AT_ONCE = 64;
const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-kill-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Clients act for accounts 1 .. CLIENTS; each keeps a ledger over all rounds. */
function connectAll(port: number): Promise<OrderEntryClient[]> {
  const one = (_: unknown, i: number) => connectOrderEntry({ host: "127.0.0.1", port, account: i + 1 });
  return Promise.all(Array.from({ length: CLIENTS }, one));
}

/** How often each `account:id` entered the log, read while no node runs. */
function entriesInLog(): Map<string, number> {
  const entries = new Map<string, number>();
  const place = {
    storage: new NodeStorage(),
    checksums: new NativeChecksums(),
    directory: join(directory, "journal"),
  };
  scanLog({ ...place, log: "journal" }, (frame) => {
    for (let i = 0; i < frame.count; i++) {
      const at = frame.payloadAt / 4 + i * COMMAND_WORDS;
      if ((frame.words[at] & 255) !== CommandKind.NewOrder) continue;
      const key = `${frame.words[at + CommandWord.account]}:${frame.words[at + CommandWord.orderIdLow]}`;
      entries.set(key, (entries.get(key) ?? 0) + 1);
    }
  });
  return entries;
}

/** Cancels every order that may rest and compares with the ledger; the orders are settled then. */
async function judge(client: OrderEntryClient, orders: readonly OrderRecord[]): Promise<string[]> {
  const wrong: string[] = [];
  for (let from = 0; from < orders.length; from += AT_ONCE) {
    const some = orders.slice(from, from + AT_ONCE);
    wrong.push(...(await Promise.all(some.map((order) => judgeOne(client, order)))).flat());
  }
  return wrong;
}

async function judgeOne(client: OrderEntryClient, order: OrderRecord): Promise<string[]> {
  const { accepted } = await client.cancel({ id: order.id, symbol: order.id % 4 });
  if (!accepted) {
    const mustRest = order.entered === "yes" && order.cancelled === "no";
    return mustRest ? [`order ${order.id} was acknowledged and is gone`] : [];
  }
  const again = await client.cancel({ id: order.id, symbol: order.id % 4 });
  if (again.accepted) return [`order ${order.id} rested twice`];
  return order.cancelled === "yes" ? [`the cancel of ${order.id} was acknowledged and is undone`] : [];
}

test(`${ROUNDS} times SIGKILL under load lose nothing that was acknowledged and do nothing twice`, async () => {
  console.log(`seed ${SEED}`);
  const prng = new Prng(SEED);
  const ledgers = Array.from({ length: CLIENTS }, () => new OrderLedger());
  const settled = ledgers.map(() => 0);
  // Small segments, so that kills also hit rotations.
  const args = ["--data-dir", directory, "--segment-bytes", "2097152"];
  let node = await NodeProcess.start(args);
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const clients = await connectAll(node.orderPort);
    const trading = clients.map((client, i) => ledgers[i].trade(client));
    await sleep(prng.between(20, 250));
    expect(await node.end("SIGKILL")).toBe("SIGKILL");
    await Promise.all(trading);

    const entries = entriesInLog();
    node = await NodeProcess.start(args);
    const judges = await connectAll(node.orderPort);
    for (const [i, ledger] of ledgers.entries()) {
      const fresh = ledger.orders.slice(settled[i]);
      settled[i] = ledger.orders.length;
      acknowledged += fresh.filter((order) => order.entered === "yes").length;
      const counts = fresh.map((order) => ({ order, times: entries.get(`${i + 1}:${order.id}`) ?? 0 }));
      const lost = counts.filter(({ order, times }) => times > 1 || (times === 0 && order.entered === "yes"));
      expect(lost, `round ${round}, seed ${SEED}: not exactly once in the log`).toEqual([]);
      expect(await judge(judges[i], fresh), `round ${round}, seed ${SEED}`).toEqual([]);
    }
    await Promise.all(judges.map((client) => client.close()));
  }
  expect(await node.end("SIGTERM")).toBe(0);
  console.log(`${ROUNDS} kills, ${acknowledged} acknowledged orders, all there once`);
  expect(acknowledged).toBeGreaterThan(ROUNDS * CLIENTS);
}, 300_000);

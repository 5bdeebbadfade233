// Snapshots of an exchange that runs: taken beside its orders, from what is durable, and what it starts with the next time.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../../src/engine/index.ts";
import { SnapshotStore } from "../../src/journal/index.ts";
import { configurationOf, createLog, startNode } from "../../src/node/index.ts";
import { snapshotsOf } from "../../src/node/node-snapshots.ts";
import { ShadowThread } from "../../src/node/shadow.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import type { Snapshots } from "../../src/runtime/index.ts";
import { hashOf, type OpenedExchange, openExchange, replayedHash, tradeUpTo } from "./support.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "seriatim-snapshots-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

/** As a node makes them. */
function snapshotsOfOpened({ runtime, log }: OpenedExchange, threads: "spread" | "single"): Snapshots {
  const { configuration } = configurationOf({ threads, snapshotEvery: 0 });
  const snapshots = snapshotsOf(configuration, runtime, log, undefined);
  if (snapshots === undefined) throw new Error("it has a directory");
  return snapshots;
}

test.each([
  { threads: "spread", durability: "fsync" },
  { threads: "spread", durability: "flush" },
  { threads: "single", durability: "fsync" },
] as const)(
  "one asked for among orders is what the exchange starts with: $threads, $durability",
  async (some) => {
    const { threads, durability } = some;
    const exchange = await openExchange(data, threads, durability);
    await tradeUpTo(exchange, 3_000);
    const asked = snapshotsOfOpened(exchange, threads).request();
    await tradeUpTo(exchange, 30_000);
    const taken = await asked;
    expect(taken.position).toBeGreaterThanOrEqual(3_000);
    await exchange.runtime.stop();
    const again = await openExchange(data, threads);
    expect(again.runtime.recovered.snapshot?.position).toBe(taken.position);
    const last = await snapshotsOfOpened(again, threads).request();
    expect([last.position, last.applied]).toEqual([30_000, 30_000 - taken.position]);
    expect(last.stateHash).toBe(hashOf(exchange.engine));
    await again.runtime.stop();
    expect(replayedHash(join(data, "journal"), taken.position)).toBe(taken.stateHash);
  },
);

test("a place that takes none costs a line of the log, and nothing else", async () => {
  const exchange = await openExchange(data, "spread");
  writeFileSync(join(data, "snapshots"), "not a directory");
  await tradeUpTo(exchange, 100);
  await expect(snapshotsOfOpened(exchange, "spread").request()).rejects.toThrow("snapshots");
  expect(exchange.lines.filter((line) => line.includes("no snapshot was taken: ")).length).toBe(1);
  await tradeUpTo(exchange, 200);
  expect(exchange.runtime.failure).toBeUndefined();
  await exchange.runtime.stop();
});

test("a stop in the middle of one breaks it off, and leaves none", async () => {
  const shadow = new ShadowThread({ journal: join(data, "journal"), snapshots: join(data, "snapshots") });
  const asked = shadow.take(10).catch((error) => error.code);
  await shadow.stop();
  expect(await asked).toBe("SHADOW_DIED");
  expect(readdirSync(data)).toEqual([]);
});

test("a node takes them by itself and keeps two, each with the state of its position", async () => {
  const lines: string[] = [];
  const some = { dataDir: data, orderPort: 0, httpPort: 0, segmentBytes: 4_194_304 };
  const loaded = configurationOf({ ...some, simulate: 20_000, snapshotEvery: 500 });
  const log = createLog({ level: "info", human: false, write: (line) => lines.push(line) });
  const node = await startNode(loaded, log);
  const taken = () => lines.filter((line) => line.includes("took a snapshot")).length;
  await vi.waitFor(() => expect(taken()).toBeGreaterThan(2), 30_000);
  await node.requestSnapshot();
  await node.stop();
  const store = new SnapshotStore(
    { storage: new NodeStorage(), checksums: new NativeChecksums(), directory: join(data, "snapshots") },
    EXCHANGE_APPLICATION,
  );
  expect(store.list().length).toBe(2);
  for (const name of store.list()) {
    const engine = new ExchangeEngine();
    engine.restore(store.read(name).state);
    expect(hashOf(engine)).toBe(replayedHash(join(data, "journal"), name.position));
  }
});

test("a node that keeps nothing takes none, and says so", async () => {
  const loaded = configurationOf({ durability: "off", threads: "single", orderPort: 0, httpPort: 0 });
  const node = await startNode(loaded, createLog({ level: "silent" }));
  await expect(node.requestSnapshot()).rejects.toMatchObject({ code: "NO_JOURNAL" });
  await node.stop();
});

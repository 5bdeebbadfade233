// Snapshots of an exchange that runs: taken beside its orders, from what is durable, and what it starts with the next time.

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectOrderEntry } from "../../src/client/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../../src/engine/index.ts";
import { SnapshotStore } from "../../src/journal/index.ts";
import { configurationOf, createLog, KEEP_ALL, type RunningNode, startNode } from "../../src/node/index.ts";
import { LogDamage } from "../../src/node/log-damage.ts";
import { type ServingExchange, snapshotsOf } from "../../src/node/node-snapshots.ts";
import { ShadowThread } from "../../src/node/shadow.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { writeNewOrder } from "../../src/protocol/index.ts";
import type { Snapshots } from "../../src/runtime/index.ts";
import { ENTRY } from "../journal/support.ts";
import { hashOf, type OpenedExchange, openExchange, replayedHash, tradeUpTo } from "./support.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "seriatim-snapshots-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

/** Of an exchange without sessions. */
function servingOf(log: OpenedExchange["log"]): ServingExchange {
  return { session: () => 0, damage: new LogDamage(log) };
}

/** As a node makes them. */
function snapshotsOfOpened({ runtime, log }: OpenedExchange, threads: "spread" | "single"): Snapshots {
  const { configuration } = configurationOf({ threads, snapshotEvery: 0 });
  const snapshots = snapshotsOf(configuration, runtime, log, undefined, servingOf(log));
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

describe("when the journal behind the newest snapshot has rotted", () => {
  test.each(["spread", "single"] as const)("what is in memory is kept: %s", async (threads) => {
    const exchange = await openExchange(data, threads);
    await tradeUpTo(exchange, 2_000);
    const snapshots = snapshotsOfOpened(exchange, threads);
    await snapshots.request();
    await tradeUpTo(exchange, 4_000);
    const file = join(data, "journal", "journal-0000000001.seg");
    const bytes = readFileSync(file);
    bytes[4_096 + 3_000 * 80] ^= 1;
    writeFileSync(file, bytes);

    const taken = await snapshots.request();
    expect(taken).toMatchObject({ position: 4_000, applied: 0, stateHash: hashOf(exchange.engine) });
    const said = exchange.lines.filter((line) => line.includes("can't be read"));
    expect(said).toEqual([expect.stringContaining("journal-0000000001.seg at offset")]);
    await tradeUpTo(exchange, 5_000);
    // The next one is of the log again.
    expect(await snapshots.request()).toMatchObject({ position: 5_000, applied: 1_000 });
    await tradeUpTo(exchange, 6_000);
    await exchange.runtime.stop();

    const again = await openExchange(data, threads);
    expect(again.runtime.recovered).toMatchObject({ position: 6_000, snapshot: { position: 5_000 } });
    expect(hashOf(again.engine)).toBe(hashOf(exchange.engine));
    await again.runtime.stop();
  });

  // A pair of session and request number names one command of a log.
  test("no session of the next start has a number that the part which is lost has used", async () => {
    const ended: number[] = [];
    const write = (line: string): void => {
      const { reason, session } = JSON.parse(line) as { reason?: string; session?: number };
      if (reason !== undefined && session !== undefined) ended.push(session);
    };
    const start = (): Promise<RunningNode> => {
      const some = { dataDir: data, orderPort: 0, httpPort: 0, segmentBytes: 2_097_152, snapshotEvery: 0 };
      return startNode(configurationOf(some), createLog({ level: "debug", human: false, write }));
    };
    const tradeOnce = async ({ orderPort }: RunningNode, id: number): Promise<void> => {
      const client = await connectOrderEntry({ port: orderPort });
      await client.submit({ id, symbol: 0, side: "buy", price: 100, quantity: 1 });
      await client.close();
    };
    const node = await start();
    await tradeOnce(node, 1);
    await node.requestSnapshot();
    for (const id of [2, 3, 4]) await tradeOnce(node, id);
    const file = join(data, "journal", "journal-0000000001.seg");
    const bytes = readFileSync(file);
    bytes[bytes.findLastIndex((byte) => byte !== 0)] ^= 1;
    writeFileSync(file, bytes);
    expect(await node.requestSnapshot()).toMatchObject({ applied: 0 });
    await node.stop();
    const before = ended.splice(0);
    expect(before.length).toBe(4);

    const again = await start();
    await tradeOnce(again, 5);
    await again.stop();
    expect(ended).toEqual([Math.max(...before) + 1]);
  });
});

/** An order that rests: nobody sells. */
function writeBuy(words: Int32Array, at: number, position: number): void {
  writeNewOrder(words, at, position % 4, 0, position, 0, 0, 0, 0, 1 + (position % 50), 0, 1);
}

test("a snapshot that is taken has given the lock back: its thread has ended", async () => {
  const exchange = await openExchange(data, "single", "flush");
  await tradeUpTo(exchange, 20, writeBuy);
  const place = {
    journal: join(data, "journal"),
    snapshots: join(data, "snapshots"),
    journalKeep: undefined,
  };
  let over: Promise<void> | undefined;
  const lock = {
    keepUntil: (ended: Promise<void>) => {
      over = ended;
    },
  };
  await new ShadowThread(place, lock).take(await exchange.runtime.ask({ kind: "sync" }));
  expect(await Promise.race([over, "works"])).toBeUndefined();
  await exchange.runtime.stop();
});

test("a stop in the middle of writing one breaks it off, and the next start removes what there is of it", async () => {
  const orders = 300_000;
  const entry = { ...ENTRY, genesis: { ...ENTRY.genesis, ordersMax: orders } };
  const exchange = await openExchange(data, "single", "flush", entry);
  await tradeUpTo(exchange, orders, writeBuy);
  const place = { journal: join(data, "journal"), snapshots: join(data, "snapshots") };
  const files = () => (existsSync(place.snapshots) ? readdirSync(place.snapshots) : []);
  let over: Promise<void> | undefined;
  const lock = {
    keepUntil: (ended: Promise<void>) => {
      over = ended;
    },
  };
  const shadow = new ShadowThread({ ...place, journalKeep: undefined }, lock);
  let code: string | undefined;
  const durable = await exchange.runtime.ask({ kind: "sync" });
  const asked = shadow.take(durable).catch((error) => {
    code = error.code;
  });
  while (files().length === 0 && code === undefined) await setImmediate();
  expect(await Promise.race([over, "writes"])).toBe("writes");
  await shadow.stop();
  await asked;
  expect(await Promise.race([over, "writes"])).toBeUndefined();
  expect(code).toBe("SHADOW_DIED");
  expect(files()).toEqual([expect.stringMatching(/\.snap\.tmp$/)]);
  await exchange.runtime.stop();

  const again = await openExchange(data, "single", "flush", entry);
  expect(files()).toEqual([]);
  expect([again.runtime.recovered.snapshot, again.runtime.recovered.position]).toEqual([undefined, orders]);
  expect(hashOf(again.engine)).toBe(hashOf(exchange.engine));
  await again.runtime.stop();
});

test("a node takes them by itself and keeps two, each with the state of its position", async () => {
  const lines: string[] = [];
  const some = { dataDir: data, orderPort: 0, httpPort: 0, segmentBytes: 4_194_304 };
  const loaded = configurationOf({ ...some, simulate: 20_000, snapshotEvery: 500 });
  const log = createLog({ level: "info", human: false, write: (line) => lines.push(line) });
  const node = await startNode(loaded, log);
  const taken = () => lines.filter((line) => line.includes("took a snapshot")).length;
  await expect.poll(() => taken()).toBeGreaterThan(2);
  await node.requestSnapshot();
  await node.stop();
  const store = new SnapshotStore(
    { storage: new NodeStorage(), checksums: new NativeChecksums(), directory: join(data, "snapshots") },
    EXCHANGE_APPLICATION,
  );
  expect(store.list().length).toBe(2);
  for (const name of store.list()) {
    const engine = new ExchangeEngine();
    engine.restore(store.read(name).state, name.position);
    expect(hashOf(engine)).toBe(replayedHash(join(data, "journal"), name.position));
  }
});

test("a node that keeps nothing takes none, and says so", async () => {
  const loaded = configurationOf({ durability: "off", threads: "single", orderPort: 0, httpPort: 0 });
  const node = await startNode(loaded, createLog({ level: "silent" }));
  await expect(node.requestSnapshot()).rejects.toMatchObject({ code: "NO_JOURNAL" });
  await node.stop();
});

/** The segments of the journal, by number. */
function segments(): number[] {
  return readdirSync(join(data, "journal"))
    .filter((name) => name.endsWith(".seg"))
    .map((name) => Number(/[0-9]+/.exec(name)?.[0]));
}

describe("a journal of which two snapshots cover most", () => {
  /** Trades over five segments with a snapshot after each 30,000; returns the state hash at the end. */
  async function tradeAndKeep(journalKeep: number): Promise<string> {
    const exchange = await openExchange(data, "single");
    const { configuration } = configurationOf({ threads: "single", snapshotEvery: 0, journalKeep });
    const snapshots = snapshotsOf(
      configuration,
      exchange.runtime,
      exchange.log,
      undefined,
      servingOf(exchange.log),
    );
    for (const last of [30_000, 60_000, 90_000, 120_000]) {
      await tradeUpTo(exchange, last);
      await snapshots?.request();
      expect(await exchange.runtime.directory?.isStillThere()).toBe(true);
    }
    await exchange.runtime.stop();
    return hashOf(exchange.engine);
  }

  test.each([
    [KEEP_ALL, [1, 2, 3, 4, 5]],
    [0, [4, 5]],
    [2, [2, 3, 4, 5]],
    [9, [1, 2, 3, 4, 5]],
  ])("with journal-keep %i keeps the segments %j", async (journalKeep, kept) => {
    await tradeAndKeep(journalKeep);
    expect(segments()).toEqual(kept);
  });

  test.each(["spread", "single"] as const)(
    "starts from what is left, from the older snapshot too, and from neither not at all: %s",
    async (threads) => {
      const hash = await tradeAndKeep(0);
      for (const from of [120_000, 90_000]) {
        const exchange = await openExchange(data, threads);
        expect(exchange.runtime.recovered).toMatchObject({ position: 120_000, snapshot: { position: from } });
        expect(hashOf(exchange.engine)).toBe(hash);
        await exchange.runtime.stop();
        truncateSync(join(data, "snapshots", `snapshot-${String(from).padStart(16, "0")}.snap`), 1_000);
      }
      await expect(openExchange(data, threads)).rejects.toMatchObject({ code: "JOURNAL_INCOMPLETE" });
      expect(segments()).toEqual([4, 5]);
    },
  );

  // Somebody who tidies up, or a disk: no snapshot could be taken any more, of a log without its beginning.
  test.each(["spread", "single"] as const)(
    "is begun anew behind what is in memory when both are gone: %s",
    async (threads) => {
      const exchange = await openExchange(data, threads);
      const { configuration } = configurationOf({ threads, snapshotEvery: 0, journalKeep: 0 });
      const serving = servingOf(exchange.log);
      const snapshots = snapshotsOf(configuration, exchange.runtime, exchange.log, undefined, serving);
      for (const last of [40_000, 80_000]) {
        await tradeUpTo(exchange, last);
        await snapshots?.request();
      }
      expect(segments()[0]).toBeGreaterThan(1);
      rmSync(join(data, "snapshots"), { recursive: true });
      await tradeUpTo(exchange, 81_000);
      const taken = await snapshots?.request();
      expect(taken).toMatchObject({ position: 81_000, applied: 0, stateHash: hashOf(exchange.engine) });
      expect(serving.damage.why).toMatch(
        /^position 1 is no longer in the journal in .* no snapshot that holds has what came before$/,
      );
      await tradeUpTo(exchange, 82_000);
      await exchange.runtime.stop();

      const again = await openExchange(data, threads);
      expect(again.runtime.recovered).toMatchObject({ position: 82_000, snapshot: { position: 81_000 } });
      expect(hashOf(again.engine)).toBe(hashOf(exchange.engine));
      await again.runtime.stop();
    },
  );

  test("goes on over a later start, and its node still notices that its newest segment is gone", async () => {
    await tradeAndKeep(0);
    const exchange = await openExchange(data, "spread");
    const { configuration } = configurationOf({ snapshotEvery: 0, journalKeep: 0 });
    const snapshots = snapshotsOf(
      configuration,
      exchange.runtime,
      exchange.log,
      undefined,
      servingOf(exchange.log),
    );
    await tradeUpTo(exchange, 150_000);
    const taken = await snapshots?.request();
    expect(taken).toMatchObject({ position: 150_000, applied: 30_000, stateHash: hashOf(exchange.engine) });
    // Where segments end is a matter of how commands were batched.
    const left = segments();
    expect(left[0]).toBeGreaterThan(4);
    expect(await exchange.runtime.directory?.isStillThere()).toBe(true);
    rmSync(join(data, "journal", `journal-${String(left.at(-1)).padStart(10, "0")}.seg`));
    expect(await exchange.runtime.failed).toMatchObject({ code: "DATA_DIRECTORY_GONE" });
    await expect(exchange.runtime.stop()).rejects.toMatchObject({ code: "DATA_DIRECTORY_GONE" });
  });

  test("still refuses settings that contradict its first entry, which only a snapshot has", async () => {
    await tradeAndKeep(0);
    const some = { dataDir: data, orderPort: 0, httpPort: 0, threads: "single" as const };
    const loaded = configurationOf({ ...some, accountsMax: 5 });
    const refused = startNode(loaded, createLog({ level: "silent" }));
    await expect(refused).rejects.toMatchObject({ code: "GENESIS_CONTRADICTED", exitCode: 2 });
    const node = await startNode(configurationOf(some), createLog({ level: "silent" }));
    expect(node.accountsMax).toBe(4);
    await node.stop();
  });
});

// A start by snapshot and tail, by the whole log, and the node that never stopped: one state, whichever snapshot serves.

import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../../src/engine/index.ts";
import { SnapshotStore, takeSnapshot } from "../../src/journal/index.ts";
import { EXCHANGE_RECORDS } from "../../src/node/exchange-records.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { CommandFlag, CommandWord, EventKind, EventWord } from "../../src/protocol/index.ts";
import { writeOrderOf } from "../journal/support.ts";
import { hashOf, openExchange, replayedHash, tradeUpTo } from "./support.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "seriatim-recovery-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const parts = { storage: new NodeStorage(), checksums: new NativeChecksums() };
const journal = () => ({ ...parts, directory: join(data, "journal"), rules: EXCHANGE_RECORDS });

/** Writes a snapshot of the log in the data directory up to `position`; returns its path. */
function snapshotAt(position: number): string {
  const store = new SnapshotStore({ ...parts, directory: join(data, "snapshots") }, EXCHANGE_APPLICATION);
  return takeSnapshot(journal(), store, new ExchangeEngine(), position).newest.path;
}

/** A log of `last` positions with snapshots on the way; returns the state hash of the node that wrote it. */
async function writeLog(...positions: number[]): Promise<{ hash: string; snapshots: string[] }> {
  const exchange = await openExchange(data, "single");
  const snapshots: string[] = [];
  for (const position of positions) {
    await tradeUpTo(exchange, position);
    if (position !== positions.at(-1)) snapshots.push(snapshotAt(position));
  }
  await exchange.runtime.stop();
  return { hash: hashOf(exchange.engine), snapshots };
}

function rot(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(path, bytes);
}

/** An order whose number is used once. */
function writeOnce(words: Int32Array, at: number, position: number): void {
  writeOrderOf(words, at, position);
  words[at + CommandWord.flags] = CommandFlag.Once;
  words[at + CommandWord.requestLow] = position;
}

describe.each(["spread", "single"] as const)("with threads %s", (threads) => {
  test("a start remembers which requests were executed", async () => {
    const first = await openExchange(data, threads);
    await tradeUpTo(first, 300, writeOnce);
    await first.runtime.stop();
    const again = await openExchange(data, threads);
    expect(hashOf(again.engine)).toBe(hashOf(first.engine));
    const { path } = again.runtime;
    const seen: number[] = [];
    path.attach({
      onApplied: ({ words }) => seen.push(words[EventWord.kindReasonCommandFlags] & 0xff),
      ...{ seal() {}, release() {}, resumeStalled() {} },
    });
    writeOnce(path.words, path.claim(), 290);
    path.commit();
    expect(seen).toEqual([EventKind.Repeat]);
    await path.settled();
    await again.runtime.stop();
  });

  test("snapshot and tail, the whole log, and the node that wrote it have one state hash", async () => {
    const { hash } = await writeLog(1_000, 30_000, 45_000);
    expect(readdirSync(join(data, "journal")).length).toBeGreaterThan(1);
    const exchange = await openExchange(data, threads);
    const { snapshot, position } = exchange.runtime.recovered;
    expect([snapshot?.position, position]).toEqual([30_000, 45_000]);
    expect(exchange.lines.join("")).not.toContain("a snapshot is not used");
    expect(exchange.lines.join("")).toContain("restored a snapshot and replayed what the log says after it");
    expect(hashOf(exchange.engine)).toBe(hash);
    await tradeUpTo(exchange, 46_000);
    await exchange.runtime.stop();
    expect(replayedHash(join(data, "journal"))).toBe(hashOf(exchange.engine));
    rmSync(join(data, "snapshots"), { recursive: true });
    const whole = await openExchange(data, threads);
    expect(whole.runtime.recovered.snapshot).toBeUndefined();
    expect(hashOf(whole.engine)).toBe(hashOf(exchange.engine));
    await whole.runtime.stop();
  });

  test("a snapshot of the very end is all there is to do", async () => {
    const { hash } = await writeLog(2_000);
    snapshotAt(2_000);
    const exchange = await openExchange(data, threads);
    expect(exchange.runtime.recovered).toMatchObject({ position: 2_000, snapshot: { position: 2_000 } });
    expect(hashOf(exchange.engine)).toBe(hash);
    await tradeUpTo(exchange, 2_100);
    await exchange.runtime.stop();
    expect(replayedHash(join(data, "journal"))).toBe(hashOf(exchange.engine));
  });

  test("damaged snapshots fall back to the previous one and then to the whole log, each in one line", async () => {
    const { hash, snapshots } = await writeLog(1_000, 2_000, 3_000);
    for (const [broken, from] of [
      [0, 2_000],
      [1, 1_000],
      [2, undefined],
    ] as const) {
      if (broken > 0) rot(snapshots[2 - broken]);
      const exchange = await openExchange(data, threads);
      expect(exchange.runtime.recovered.snapshot?.position).toBe(from);
      const said = exchange.lines.filter((line) => line.includes("a snapshot is not used: "));
      expect(said.length).toBe(broken);
      if (broken > 0)
        expect(said[0]).toContain(`${snapshots[1]} at offset 256: the state's CRC32C does not match`);
      expect(hashOf(exchange.engine)).toBe(hash);
      await exchange.runtime.stop();
    }
  });
});

test("the last session is known from a snapshot, also when no command of the tail names one", async () => {
  const exchange = await openExchange(data, "single");
  const { path } = exchange.runtime;
  await tradeUpTo(exchange, 10);
  const at = path.claim();
  path.words.fill(0, at, at + 20);
  path.words[at] = 16;
  path.words[at + 15] = 77;
  path.commit();
  await path.settled();
  snapshotAt(11);
  await tradeUpTo(exchange, 20);
  await exchange.runtime.stop();
  const again = await openExchange(data, "single");
  expect([again.runtime.recovered.snapshot?.position, again.lastSession]).toEqual([11, 77]);
  await again.runtime.stop();
});

test("where nothing follows the snapshot but an empty segment, time goes on from it", async () => {
  const exchange = await openExchange(data, "spread");
  await tradeUpTo(exchange, 100);
  await exchange.runtime.ask({ kind: "rotate" });
  snapshotAt(100);
  const { time_us } = exchange.runtime;
  await exchange.runtime.stop();
  const again = await openExchange(data, "single");
  expect(again.runtime.recovered).toMatchObject({ position: 100, snapshot: { position: 100 } });
  const { timestamp_us } = again.runtime.recovered;
  expect(timestamp_us).toBeGreaterThan(time_us - 60_000_000);
  await again.runtime.stop();
});

test("a log that lost positions a snapshot names is refused, and nothing is changed", async () => {
  await writeLog(1_000, 2_000);
  snapshotAt(2_000);
  rmSync(join(data, "journal"), { recursive: true });
  await expect(openExchange(data, "single")).rejects.toMatchObject({
    code: "JOURNAL_BEHIND_SNAPSHOT",
    message: expect.stringMatching(whatCanServe()),
  });
  expect(readdirSync(data)).toEqual(["snapshots"]);
});

test.each(["single", "spread"] as const)(
  "a log that is damaged where it was durable is refused, and the line says who knows more (%s)",
  async (threads) => {
    await writeLog(1_000);
    const journal = join(data, "journal");
    const file = openSync(join(journal, readdirSync(journal)[0]), "r+");
    writeSync(file, "xxxx", 4_200);
    closeSync(file);
    await expect(openExchange(data, threads)).rejects.toMatchObject({
      code: "LOG_CORRUPT",
      message: expect.stringMatching(whatCanServe()),
    });
  },
);

function whatCanServe(): RegExp {
  return new RegExp(`; 'seriatim journal repair ${join(data, "journal")}' says what can serve instead$`);
}

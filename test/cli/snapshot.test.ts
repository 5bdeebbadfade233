// `seriatim snapshot inspect` on real files: what it prints, and that damage is exit 1 with its place.

import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RecordBuffer, type SeriatimError, stateHash } from "../../src/base/index.ts";
import { registerSnapshot } from "../../src/cli/snapshot.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../../src/engine/index.ts";
import { SnapshotStore } from "../../src/journal/index.ts";
import { encodeGenesisEntry } from "../../src/node/exchange-records.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../src/protocol/index.ts";
import { pointAt, snapshotPlace } from "../journal/snapshot/support.ts";
import { ENTRY, ordersFrom } from "../journal/support.ts";

const engine = new ExchangeEngine();
for (const words of [encodeGenesisEntry(ENTRY), new Int32Array(ordersFrom(4, 20).buffer)])
  for (let at = 0; at < words.length; at += COMMAND_WORDS)
    engine.apply(words, at, new RecordBuffer(EVENT_WORDS, 64, () => {}));

let data: string;
let older: string;
let newer: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "seriatim-cli-snapshot-"));
  const place = { ...snapshotPlace(new NodeStorage()), directory: join(data, "snapshots") };
  const store = new SnapshotStore(place, EXCHANGE_APPLICATION);
  [older, newer] = [20, 23].map(
    (position) => store.write(pointAt(position), (write) => engine.snapshot(write)).path,
  );
});
afterEach(() => rmSync(data, { recursive: true }));

function run(...args: string[]): { out: string; error: SeriatimError | undefined } {
  const program = new Command().exitOverride();
  registerSnapshot(program);
  let out = "";
  const write = vi.spyOn(stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    program.parse(["snapshot", "inspect", ...args], { from: "user" });
    return { out, error: undefined };
  } catch (error) {
    return { out, error: error as SeriatimError };
  } finally {
    write.mockRestore();
  }
}

test("inspect says what each snapshot holds, for the data directory, its directory and one file", () => {
  const hash = Buffer.from(stateHash(engine, new NativeChecksums())).toString("hex");
  const { out, error } = run(data);
  expect(error).toBeUndefined();
  const lines = out.split("\n");
  expect(lines[0]).toBe(`${newer}: position 23, epoch 2, 2023-11-14T22:13:20.000Z, last session 5`);
  expect(lines[2]).toContain(`hash ${hash}`);
  expect(lines[3]).toBe(
    `  2 instruments, ${engine.restingOrders} orders resting, ${engine.trades} trades so far`,
  );
  expect(lines[4]).toContain(`${older}: position 20,`);
  expect(lines.at(-2)).toBe("good: 2 snapshots; the newest is of position 23");
  expect(run(join(data, "snapshots")).out).toBe(out);
  expect(run(older).out).toContain("good: 1 snapshot; the newest is of position 20\n");
});

test("inspect --json is one object", () => {
  const { snapshots, refused } = JSON.parse(run(data, "--json").out);
  expect([snapshots.length, refused]).toEqual([2, []]);
  expect(snapshots[0]).toMatchObject({ file: newer, position: 23, exchange: { instruments: 2 } });
});

test("inspect names a damaged file, shows the others, and is exit 1", () => {
  const bytes = readFileSync(newer);
  bytes[300] ^= 1;
  writeFileSync(newer, bytes);
  const { out, error } = run(data);
  expect([error?.code, error?.exitCode]).toEqual(["SNAPSHOT_DAMAGED", 1]);
  expect(error?.message).toBe(`${newer} at offset 256: the state's CRC32C does not match`);
  expect(out).toContain(`${older}: position 20,`);
  expect(out).not.toContain("refused");
  expect(out).toContain("good: 1 snapshot; the newest is of position 20\n");
});

test("inspect says once what is wrong with one file, and of several that are damaged each once", () => {
  for (const path of [older, newer]) writeFileSync(path, "nothing of the kind");
  const alone = run(newer);
  expect(alone.out).toBe("");
  expect(alone.error?.message).toContain(newer);
  const both = run(data);
  expect(both.error?.message).toContain(newer);
  expect(both.out).toMatch(/^refused: .*\/snapshot-0*20\.snap .*\n$/);
});

test("inspect refuses what a start passes over: another one's name, and another version's state", () => {
  const renamed = join(data, "snapshots", "snapshot-0000000000000099.snap");
  renameSync(newer, renamed);
  const place = { ...snapshotPlace(new NodeStorage()), directory: join(data, "snapshots") };
  const foreign = new SnapshotStore(place, { name: "exchange", version: 999 });
  const { path } = foreign.write(pointAt(50), (write) => engine.snapshot(write));
  const { out, error } = run(data);
  expect(error?.message).toBe(
    `${renamed} at offset 0: it holds the state at position 23, not the one in its name`,
  );
  expect(out).toContain(`refused: ${path} at offset 0: it is of exchange version 999, not of `);
  expect(out).toContain("good: 1 snapshot; the newest is of position 20\n");
  expect(run(renamed).error).toBeUndefined();
  expect(run(path).error?.code).toBe("SNAPSHOT_FOREIGN");
});

// A node keeps two: with the third it removes the first, which takes no longer than reading the second.
test("one that a node removes meanwhile is none that does not hold", () => {
  rmSync(older);
  symlinkSync(join(data, "nowhere"), older);
  const { out, error } = run(data);
  expect(error).toBeUndefined();
  expect(out).toContain("good: 1 snapshot; the newest is of position 23\n");
});

test("a place that is not there is said to be missing", () => {
  const missing = join(data, "elsewhere");
  expect(run(missing).error?.message).toBe(`cannot read ${missing}: no such file or directory (ENOENT)`);
});

test("a place without snapshots is said to be one", () => {
  rmSync(join(data, "snapshots"), { recursive: true });
  expect(run(data).error?.message).toBe(`${data} holds no snapshot`);
});

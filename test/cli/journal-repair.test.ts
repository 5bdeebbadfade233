// `seriatim journal repair` on real files: what it prints and changes, and that it needs the directory for itself.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { run } from "../../src/cli/main.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { EXCHANGE_APPLICATION } from "../../src/engine/index.ts";
import { journalPlace, openJournal, SnapshotStore } from "../../src/journal/index.ts";
import { acquireDirectoryLock, NodeStorage } from "../../src/platform/index.ts";
import { FrameFollower } from "../../src/segment/index.ts";
import { pointAt, snapshotPlace, stateOf } from "../journal/snapshot/support.ts";
import { journalOptions, ordersFrom } from "../journal/support.ts";

let data: string;
let path: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "seriatim-cli-repair-"));
  path = join(data, "journal", "journal-0000000001.seg");
  const { journal } = openJournal(journalOptions(new NodeStorage(), join(data, "journal")), () => {});
  for (let i = 0; i < 3; i++) journal.append(ordersFrom(journal.position + 1, 10), 0, 10);
  // Left open: as after a crash.
});
afterEach(() => rmSync(data, { recursive: true }));

async function repair() {
  const out = vi.spyOn(stdout, "write").mockImplementation(() => true);
  const err = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const status = await run(["journal", "repair", data]);
  const [said, failed] = [out, err].map((spy) => spy.mock.calls.map(([text]) => String(text)).join(""));
  out.mockRestore();
  err.mockRestore();
  return { status, said, failed };
}

function damage(offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] ^= 1;
  writeFileSync(path, bytes);
}

test("a torn end is cut and said to be, and then there is nothing to repair", async () => {
  damage(6200);
  expect(await repair()).toEqual({
    status: 0,
    said:
      `cut: ${path} at offset 6176, no whole frame begins here: 847 bytes of an interrupted write, or of damage to the very last frame\n` +
      "kept: that this log may lack what was acknowledged; in a cluster it leads when all other nodes were heard, or by force\n" +
      `whole: ${join(data, "journal")} ends with position 23\n`,
    failed: "",
  });
  expect(await repair()).toMatchObject({
    status: 0,
    said: `nothing to repair: ${join(data, "journal")} ends with position 23\n`,
  });
});

test("damage to what was durable is exit 1, and nothing changes", async () => {
  damage(4500);
  const before = readFileSync(path);
  const { status, failed } = await repair();
  expect([status, failed]).toEqual([
    1,
    expect.stringMatching(/^seriatim: not repaired: corrupt: .* a replica that holds/),
  ]);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("damage that a snapshot covers is exit 1: a node starts, but its history is not whole", async () => {
  const journal = journalOptions(new NodeStorage(), join(data, "journal"));
  const { journal: writer } = openJournal(journal, () => {});
  for (let i = 0; i < 8; i++) writer.append(ordersFrom(writer.position + 1, 40), 0, 40);
  writer.close();
  const end = new FrameFollower(journalPlace(journal), 353).seek(353);
  const place = { ...snapshotPlace(new NodeStorage()), directory: join(data, "snapshots") };
  const snapshot = new SnapshotStore(place, EXCHANGE_APPLICATION).write(
    { ...pointAt(353), ...end },
    stateOf("x"),
  );
  damage(4500);
  const { status, said, failed } = await repair();
  expect(status).toBe(1);
  const read = "ends with position 353; read behind the snapshot at position 353";
  expect(said).toBe(`nothing was cut: ${join(data, "journal")} ${read}\n`);
  expect(failed).toMatch(
    new RegExp(
      `^seriatim: corrupt: ${path} at offset \\d+, position \\d+: .*; a node starts all the same, as ${snapshot.path} has .*not whole`,
    ),
  );
});

test("a directory that a node has is left to it", async () => {
  const lock = await acquireDirectoryLock(data);
  expect(await repair()).toMatchObject({ status: 1, failed: expect.stringContaining(data) });
  await lock.release();
});

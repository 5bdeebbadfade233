// A commit worker's disk and its helper: what is handed over, and that nothing is safe because of it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { TopicLog } from "../../../src/tape/index.ts";
import { WriteBehindStorage } from "../../../src/tape-runtime/threads/write-behind.ts";
import { WriteBehindHelper } from "../../../src/tape-runtime/threads/write-behind-helper.ts";
import { WriteBehindSlots } from "../../../src/tape-runtime/threads/write-behind-slots.ts";
import { append, LARGE, topicPlace } from "../../tape/log/support.ts";

const MIB = 1024 * 1024;
const EIO = -5;
const directory = mkdtempSync(join(tmpdir(), "seriatim-behind-"));
const path = join(directory, "file");
afterEach(() => rmSync(path, { force: true }));

/** What a helper would do by now. */
function serveOnce(slots: WriteBehindSlots, answer = 0): string[] {
  const done: string[] = [];
  slots.stop();
  slots.serve(
    () => {
      done.push("sync");
      return answer;
    },
    () => done.push("close"),
  );
  return done;
}

function openFile(slots: WriteBehindSlots) {
  const storage = new WriteBehindStorage(slots);
  storage.create(path).close();
  return storage.open(path, "write");
}

test("a sync is wanted for every four megabytes, one at a time, and the descriptor is closed behind it", () => {
  const slots = new WriteBehindSlots();
  const file = openFile(slots);
  const bytes = new Uint8Array(MIB);
  for (let i = 0; i < 3; i++) file.write(bytes, 0, MIB, i * MIB);
  expect(serveOnce(slots)).toEqual([]);
  for (let i = 3; i < 12; i++) file.write(bytes, 0, MIB, i * MIB);
  expect(serveOnce(slots)).toEqual(["sync"]);
  for (let i = 12; i < 16; i++) file.write(bytes, 0, MIB, i * MIB);
  file.close();
  expect(serveOnce(slots)).toEqual(["sync", "close"]);
  expect(serveOnce(slots)).toEqual([]);
});

test("a sync that failed there fails the file's next one here, by its name", () => {
  const slots = new WriteBehindSlots();
  const file = openFile(slots);
  file.write(new Uint8Array(4 * MIB), 0, 4 * MIB, 0);
  expect(serveOnce(slots, EIO)).toEqual(["sync"]);
  expect(() => file.syncData()).toThrow(`cannot sync ${path}: the disk reports an input/output error (EIO)`);
  file.close();
  expect(serveOnce(slots)).toEqual(["close"]);
});

test("files beyond the slots go without", () => {
  const slots = new WriteBehindSlots();
  while (slots.take(1_000_000) >= 0);
  const file = openFile(slots);
  file.write(new Uint8Array(4 * MIB), 0, 4 * MIB, 0);
  file.syncData();
  file.close();
  expect(serveOnce(slots)).toEqual([]);
});

test("on a thread of its own it does what it was given and ends", async () => {
  const helper = new WriteBehindHelper((how) => expect.unreachable(how));
  const slots = new WriteBehindSlots(helper.shared);
  const file = openFile(slots);
  for (let i = 0; i < 8; i++) file.write(new Uint8Array(MIB).fill(i + 1), 0, MIB, i * MIB);
  file.syncData();
  file.close();
  await helper.stop();
  expect(readFileSync(path)[8 * MIB - 1]).toBe(8);
  // All are free again.
  let free = 0;
  while (slots.take(1_000_000) >= 0) free++;
  expect(free).toBe(64);
  rmSync(directory, { recursive: true });
});

test("one that nobody stops any more keeps no process from ending", () => {
  const helper = new URL("../../../src/tape-runtime/threads/write-behind-helper.ts", import.meta.url);
  const program = `import { WriteBehindHelper } from "${helper.href}"; new WriteBehindHelper(() => {}).unref();`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    timeout: 60_000,
  });
  expect([ended.status, ended.stderr]).toEqual([0, ""]);
});

test("what nobody waits for is synced beside the writer, and counts as safe only after a sync of its own", () => {
  const own = mkdtempSync(join(tmpdir(), "seriatim-behind-"));
  const slots = new WriteBehindSlots();
  const log = TopicLog.open(topicPlace(new WriteBehindStorage(slots), join(own, "t")), LARGE);
  append(log, [{ batch: 1 }]);
  const safe = log.durablePosition;
  expect([log.syncBehind(), log.syncBehind()]).toEqual([true, false]);
  expect([log.unbegunBytes, log.unsyncedBytes > 0]).toEqual([0, true]);
  expect(serveOnce(slots)).toEqual(["sync"]);
  expect([log.durablePosition, log.position]).toEqual([safe, safe + 1]);
  log.sync();
  expect([log.durablePosition, log.unsyncedBytes]).toEqual([safe + 1, 0]);
  log.close();
  rmSync(own, { recursive: true });
});

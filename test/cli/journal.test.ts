// `seriatim journal inspect|verify` on real files: what they print, and that damage is exit 1 with its place.

import fs, {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SeriatimError } from "../../src/base/index.ts";
import { registerJournal } from "../../src/cli/journal.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { EXCHANGE_APPLICATION } from "../../src/engine/index.ts";
import {
  type ApplicationVersion,
  journalPlace,
  openJournal,
  SnapshotStore,
} from "../../src/journal/index.ts";
import { NodeStorage } from "../../src/platform/index.ts";
import { FrameFollower, SECTOR_BYTES } from "../../src/segment/index.ts";
import { pointAt, snapshotPlace, stateOf } from "../journal/snapshot/support.ts";
import { journalOptions, ordersFrom } from "../journal/support.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "seriatim-cli-journal-"));
  const { journal } = openJournal(journalOptions(new NodeStorage(), join(data, "journal")), () => {});
  for (let i = 0; i < 8; i++) journal.append(ordersFrom(journal.position + 1, 40), 0, 40);
  journal.close();
});
afterEach(() => rmSync(data, { recursive: true }));

function run(...args: string[]): { out: string; error: SeriatimError | undefined } {
  const program = new Command().exitOverride();
  registerJournal(program);
  let out = "";
  const write = vi.spyOn(stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    program.parse(["journal", ...args], { from: "user" });
    return { out, error: undefined };
  } catch (error) {
    return { out, error: error as SeriatimError };
  } finally {
    write.mockRestore();
  }
}

function damage(segment: number, offset: number): string {
  const path = join(data, "journal", `journal-000000000${segment}.seg`);
  const bytes = readFileSync(path);
  bytes[offset] ^= 1;
  writeFileSync(path, bytes);
  return path;
}

/** Of position 323, of the journal with this mark behind its name. */
function writeSnapshot(mark = "", application: ApplicationVersion = EXCHANGE_APPLICATION): void {
  const journal = journalOptions(new NodeStorage(), join(data, `journal${mark}`));
  const end = new FrameFollower(journalPlace(journal), 323).seek(323);
  const place = { ...snapshotPlace(new NodeStorage()), directory: join(data, `snapshots${mark}`) };
  new SnapshotStore(place, application).write({ ...pointAt(323), ...end }, stateOf("x"));
}

test("verify says where a whole journal ends, for the data directory and the journal directory alike", () => {
  const path = join(data, "journal", "journal-0000000002.seg");
  const says = `good: 2 segments, 9 frames; the last ends in ${path} at offset 17216, position 323\n`;
  expect(run("verify", data)).toEqual({ out: says, error: undefined });
  expect(run("verify", join(data, "journal")).out).toBe(says);
});

test("verify names file, offset and position of damage, exit 1", () => {
  const path = damage(1, 4500);
  const { error } = run("verify", data);
  expect([error?.code, error?.exitCode]).toEqual(["LOG_CORRUPT", 1]);
  expect(error?.message).toContain(`${path} at offset 4416, position 4: no whole frame begins here`);
});

test("inspect lists segments and frames, as lines and as JSON", () => {
  const { out } = run("inspect", data, "--frames");
  expect(out).toContain("  offset 4416: positions 4 to 43, 3280 bytes, epoch 1, ");
  expect(out.split("\n").filter((line) => line.startsWith("  offset")).length).toBe(9);
  const report = JSON.parse(run("inspect", data, "--json").out);
  expect(report).toMatchObject({ verdict: "clean", lastPosition: 323, frames: 9 });
  expect(report.frameList).toBeUndefined();
});

test("a journal whose oldest segments were retired is whole with the snapshot that covers them, and said to begin later", () => {
  rmSync(join(data, "journal", "journal-0000000001.seg"));
  expect(run("verify", data).error).toMatchObject({
    code: "LOG_INCOMPLETE",
    exitCode: 1,
    message: expect.stringMatching(
      / begins with position \d\d+, and no snapshot that holds has what came before/,
    ),
  });
  writeSnapshot("", { name: "exchange", version: 999 });
  expect(run("verify", data).error?.code).toBe("LOG_INCOMPLETE");
  writeSnapshot();
  expect(run("verify", data).error).toBeUndefined();
  expect(run("verify", data).out).toMatch(
    /^good: 1 segment, \d frames? from position \d\d+ on, and the snapshot at position 323; /,
  );
  const { out, error } = run("inspect", data);
  expect(error).toBeUndefined();
  expect(out).toMatch(/: positions \d\d+ to 323, epoch 1\n/);
  expect(out).toMatch(/\nwhat came before position \d\d+ is in no segment: a snapshot has to hold it\n/);
});

// They were looked for among those of the journal that came after it.
test("a journal that a replica has set aside is whole with the snapshots that were set aside with it", () => {
  const mark = "-before-500";
  renameSync(join(data, "journal"), join(data, `journal${mark}`));
  writeSnapshot(mark);
  rmSync(join(data, `journal${mark}`, "journal-0000000001.seg"));
  expect(run("verify", join(data, `journal${mark}`)).out).toContain("and the snapshot at position 323");
});

// Frames that came between two reads of one file made the end look damaged, and every snapshot of another history.
test("a journal without its oldest segments is whole also while a node writes it", () => {
  rmSync(join(data, "journal"), { recursive: true });
  const segmentBytes = SECTOR_BYTES + 10 * 1024 * 1024;
  const options = { ...journalOptions(new NodeStorage(), join(data, "journal")), segmentBytes };
  const { journal } = openJournal(options, () => {});
  const append = () => journal.append(ordersFrom(journal.position + 1, 40), 0, 40);
  for (let i = 0; i < 8; i++) append();
  while (journal.prepareNext(true));
  journal.rotate();
  for (let i = 0; i < 50; i++) append();
  writeSnapshot();
  rmSync(join(data, "journal", "journal-0000000001.seg"));
  const read = fs.readSync;
  let isWriting = false;
  const writing = vi.spyOn(fs, "readSync").mockImplementation((...args: Parameters<typeof read>) => {
    const got = read(...args);
    if (!isWriting) {
      isWriting = true;
      for (let i = 0; i < 3; i++) append();
      isWriting = false;
    }
    return got;
  });
  syncBuiltinESMExports();
  try {
    expect(run("verify", data)).toMatchObject({
      error: undefined,
      out: expect.stringContaining("and the snapshot at position 323"),
    });
    expect(journal.position).toBeGreaterThan(58 * 40 + 200);
  } finally {
    writing.mockRestore();
    syncBuiltinESMExports();
    journal.close();
  }
});

test("inspect says of a log that its end was cut at an earlier start, or that it began anew", () => {
  expect(run("inspect", data).out).not.toContain("may lack");
  writeFileSync(join(data, "journal", "journal.may-lack"), "");
  expect(run("inspect", data).out).toContain(
    "\nit may lack what was once safe in it: in a cluster it leads when ",
  );
  expect(JSON.parse(run("inspect", data, "--json").out).mayLack).toBe(true);
});

// It said nothing of them, and "durable up to position 3" read as if that were all.
test("inspect lists the segments behind the damage, which it does not read", () => {
  const before = run("inspect", data).out;
  damage(1, 4500);
  const { out } = run("inspect", data);
  const second = join(data, "journal", "journal-0000000002.seg");
  expect(out).toContain(`${second}: behind the damage, not read\n`);
  expect(out).toMatch(/^durable by its own words up to position \d+, as far as it was read$/m);
  expect(before).not.toMatch(/not read|as far as/);
});

test("inspect prints what is whole before it fails on damage", () => {
  damage(2, 4200);
  const { out, error } = run("inspect", data);
  expect(out).toContain("positions 1 to ");
  expect(error?.code).toBe("LOG_CORRUPT");
});

test("a journal of which nothing can be read is said to be so", () => {
  damage(1, 0);
  const { out, error } = run("inspect", data);
  const behind = `${join(data, "journal", "journal-0000000002.seg")}: behind the damage, not read`;
  expect(out).toBe(`journal ${join(data, "journal")}: no position of it can be read\n${behind}\n`);
  expect(error?.message).toContain("the segment header does not begin with its magic bytes");
});

test("a last segment that lacks but zeros at its end is refused, with as many bytes as are missing", () => {
  const path = join(data, "journal", "journal-0000000002.seg");
  truncateSync(path, 18_000);
  expect(run("verify", data).error?.message).toMatch(
    /^corrupt: .*: the file is cut short: 18000 of \d+ bytes, \d+ are missing \(its whole size was safe /,
  );
});

test("an empty directory and a foreign one are said to be so", () => {
  const other = join(data, "other");
  mkdirSync(other);
  expect(run("inspect", other).error?.message).toBe(`${other} holds no journal`);
  writeFileSync(join(other, "note.txt"), "");
  expect(run("verify", other).error?.message).toBe(`${other} is not a journal directory: it holds note.txt`);
});

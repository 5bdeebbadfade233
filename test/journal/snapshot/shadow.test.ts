// The shadow on a journal of the exchange: its snapshots are the state that replaying the journal gives, whichever snapshot it
// began with, and what does not serve is passed over with its reason.

import { beforeEach, expect, test, vi } from "vitest";
import { RecordBuffer, type SeriatimError, stateHash, storageError } from "../../../src/base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../../../src/engine/index.ts";
import {
  type JournalWriter,
  keepState,
  newestUsable,
  openJournal,
  retireCovered,
  SnapshotStore,
  takeSnapshot,
} from "../../../src/journal/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { COMMAND_WORDS, CommandWord, EVENT_WORDS } from "../../../src/protocol/index.ts";
import { copySnapshot } from "../../../src/runtime/index.ts";
import { journalOptions, ordersFrom } from "../support.ts";
import { snapshotPlace } from "./support.ts";

const checksums = new NativeChecksums();
const discarded = new RecordBuffer(EVENT_WORDS, 64, () => {});
let disk: SimulatedDisk;
let journal: JournalWriter;
/** What serves: it has applied every position. */
let live: ExchangeEngine;
let store: SnapshotStore;

beforeEach(() => {
  disk = new SimulatedDisk();
  live = new ExchangeEngine();
  journal = openJournal(journalOptions(disk), (words, at, count) => applyTo(live, words, at, count)).journal;
  store = new SnapshotStore(snapshotPlace(disk), EXCHANGE_APPLICATION);
});

function applyTo(engine: ExchangeEngine, words: Int32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) engine.apply(words, at + i * COMMAND_WORDS, discarded);
}

/** Commits frames of `each` orders and applies them to the engine that serves. */
function trade(frames: number, each: number): void {
  for (let i = 0; i < frames; i++) {
    const records = ordersFrom(journal.position + 1, each);
    applyTo(live, new Int32Array(records.buffer), 0, each);
    journal.append(records, 0, each);
  }
}

function snap(durable = journal.durablePosition) {
  return takeSnapshot(journalOptions(disk), store, new ExchangeEngine(), durable);
}

function hash(of: ExchangeEngine): string {
  return Buffer.from(stateHash(of, checksums)).toString("hex");
}

function hashIn(path: string): string {
  const restored = new ExchangeEngine();
  const name = store.list().find((file) => file.path === path);
  if (name === undefined) throw new Error(`${path} is not there`);
  restored.restore(store.read(name).state, name.position);
  return hash(restored);
}

function rot(path: string): void {
  const bytes = disk.contents(path);
  bytes[300] ^= 1;
  disk.overwrite(path, bytes);
}

test("a snapshot is the state of the engine that serves, with the chain value of the log", () => {
  trade(9, 40);
  const { newest, applied, refused } = snap();
  expect([newest.position, applied, refused]).toEqual([363, 363, []]);
  expect(hashIn(newest.path)).toBe(hash(live));
  expect(newest.header).toMatchObject({ chain: journal.chain, epoch: 1 });
  expect(newest.header.timestamp_us).toBe(1_700_000_000_000_363);
  expect(Buffer.from(newest.header.stateHash).toString("hex")).toBe(hash(live));
});

test("the next one begins with the one before and applies what follows it alone, over segment changes", () => {
  for (const position of [163, 323, 483]) {
    trade(4, 40);
    const { newest, applied } = snap();
    expect([newest.position, applied]).toEqual([position, position === 163 ? 163 : 160]);
    expect(hashIn(newest.path)).toBe(hash(live));
  }
  expect(store.list().map(({ position }) => position)).toEqual([483, 323]);
});

test("the highest session of the log is in it, also when the commands since the last one name a lower one", () => {
  for (const session of [77, 5]) {
    const record = ordersFrom(journal.position + 1, 1);
    new Int32Array(record.buffer)[CommandWord.sessionHigh] = session;
    journal.append(record, 0, 1);
    expect(snap().newest.header.session).toBe(77);
  }
});

test("only durable positions are in it, and only whole frames", () => {
  trade(2, 40);
  const before = hash(live);
  trade(2, 40);
  for (const bound of [83, 100, 122]) expect(snap(bound).newest.position).toBe(83);
  expect(hashIn(store.list()[0].path)).toBe(before);
});

test("nothing new is no new file", () => {
  trade(1, 40);
  const { newest } = snap();
  const calls = disk.calls;
  expect(snap()).toMatchObject({ newest: { path: newest.path }, applied: 0, kept: [{}] });
  expect(disk.calls).toBe(calls);
});

test("a damaged newest snapshot is passed over: the one before serves, then the whole journal", () => {
  trade(2, 40);
  const first = snap().newest.path;
  trade(2, 40);
  const second = snap().newest.path;
  rot(second);
  trade(2, 40);
  const { applied, refused } = snap();
  expect([applied, refused[0]]).toEqual([160, `${second} at offset 256: the state's CRC32C does not match`]);
  expect(store.list().map(({ position }) => position)).toEqual([243, 83]);
  rot(first);
  rot(store.list()[0].path);
  trade(1, 40);
  const last = snap();
  expect([last.applied, last.newest.position]).toEqual([283, 283]);
  expect(hashIn(last.newest.path)).toBe(hash(live));
});

test("a snapshot that the disk can't read is passed over like a damaged one", () => {
  trade(1, 40);
  const first = snap().newest.path;
  const open = disk.open.bind(disk);
  const failing = vi.spyOn(disk, "open").mockImplementation((path, access) => {
    const file = open(path, access);
    if (path !== first) return file;
    const read = () => {
      throw storageError("EIO", "read", path);
    };
    return Object.assign(file, { read });
  });
  const found = newestUsable(journalOptions(disk), store, new ExchangeEngine());
  failing.mockRestore();
  expect([found.usable, found.refused.length]).toEqual([undefined, 1]);
  expect(found.refused[0]).toContain(`cannot read ${first}: the disk reports an input/output error (EIO)`);
});

test("a snapshot of another history is passed over", () => {
  trade(1, 40);
  const other = store.write(
    { position: 43, chain: new Uint8Array(32), epoch: 1, timestamp_us: 0, session: 0 },
    (write) => live.snapshot(write),
  );
  const { newest, applied, refused } = snap();
  expect([applied, refused]).toEqual([
    43,
    [`${other.path}: the journal's history at position 43 is another one`],
  ]);
  expect(newest.header.chain).toEqual(journal.chain);
});

test("a journal that does not reach a snapshot's position has lost what was durable, and is refused", () => {
  trade(3, 40);
  snap();
  const segment = "data/journal/journal-0000000001.seg";
  const bytes = disk.contents(segment);
  disk.overwrite(segment, bytes.fill(0, 4096 + 240 + 80 + 3280));
  let error: SeriatimError | undefined;
  try {
    snap(123);
  } catch (thrown) {
    error = thrown as SeriatimError;
  }
  expect(error?.code).toBe("LOG_DAMAGED");
  expect(error?.message).toContain("says that position 123 was durable, the journal does not reach it");
});

// No other could ever be taken: the node had all in memory, and no later start.
test("a journal without its beginning, and no snapshot that has it, is damaged", () => {
  for (let i = 0; i < 2; i++) {
    trade(9, 40);
    snap();
  }
  expect(retireCovered(journalOptions(disk), store.list()[1], 0).length).toBeGreaterThan(0);
  for (const { path } of store.list()) rot(path);
  expect(() => snap()).toThrow(expect.objectContaining({ code: "LOG_DAMAGED" }));
});

// It counted as one of the two that are kept, so segments went which only the other one covered.
test("a snapshot of another history is no second copy: nothing is retired by its word, and none of this log's is removed for it", () => {
  trade(2, 40);
  const first = snap().newest;
  const other = { ...first.header, position: 123, chain: new Uint8Array(32).fill(1) };
  store.write(other, (write) => live.snapshot(write));
  trade(4, 40);
  const { newest, kept } = snap();
  expect(kept.map(({ position }) => position)).toEqual([newest.position, first.position]);
  expect(store.list().map(({ position }) => position)).toEqual([newest.position, 123, first.position]);
});

// It was called taken, with the name of a file that was removed in the same moment.
test("one that does not read back is not taken, and costs none of those that do", () => {
  for (let i = 0; i < 2; i++) {
    trade(1, 40);
    snap();
  }
  trade(1, 40);
  const rename = disk.rename.bind(disk);
  vi.spyOn(disk, "rename").mockImplementation((from, to) => {
    rename(from, to);
    if (to.endsWith(".snap")) rot(to);
  });
  expect(() => snap()).toThrow(expect.objectContaining({ code: "SNAPSHOT_DAMAGED" }));
  expect(store.list().map(({ position }) => position)).toEqual([83, 43]);
});

/** Once the next snapshot has its name, it can't be read, or the journal, or neither: by `code`. */
function failBehindNext(code: "EIO" | "EMFILE", ...what: ("snapshot" | "journal")[]): void {
  const [rename, open] = [disk.rename.bind(disk), disk.open.bind(disk)];
  let snapshot: string | undefined;
  vi.spyOn(disk, "rename").mockImplementation((from, to) => {
    rename(from, to);
    if (to.endsWith(".snap")) snapshot = to;
  });
  vi.spyOn(disk, "open").mockImplementation((path, access) => {
    const kind = path === snapshot ? "snapshot" : path.startsWith("data/journal/") ? "journal" : undefined;
    if (snapshot !== undefined && kind !== undefined && what.includes(kind))
      throw storageError(code, "read", path);
    return open(path, access);
  });
}

// The journal was asked about older ones, could not say, and that was all that was heard: the snapshot was called taken.
test("one that does not read back is not taken, also where the journal can't be read either", () => {
  trade(1, 40);
  snap();
  trade(1, 40);
  failBehindNext("EIO", "snapshot", "journal");
  expect(() => snap()).toThrow(expect.objectContaining({ code: "EIO" }));
});

// It was called damaged, where nobody had seen a byte of it.
test.each([
  ["EIO", "the disk reports an input/output error (EIO)"],
  ["EMFILE", "too many open files (EMFILE)"],
] as const)(
  "one that can't be read back for %s is not taken, and nothing is said to be damaged",
  (code, why) => {
    trade(1, 40);
    failBehindNext(code, "snapshot");
    const message = `cannot read snapshots/snapshot-0000000000000043.snap: ${why}`;
    expect(() => snap()).toThrow(expect.objectContaining({ code, message }));
  },
);

// A place of the journal that the disk could not read counted against the snapshot of that position: it was removed as damaged.
test("no older one goes because the journal can't be read where it ends", () => {
  for (let i = 0; i < 2; i++) {
    trade(1, 40);
    snap();
  }
  trade(1, 40);
  failBehindNext("EIO", "journal");
  expect(snap()).toMatchObject({ newest: { position: 123 }, notRemoved: { code: "EIO" } });
  expect(store.list().map(({ position }) => position)).toEqual([123, 83, 43]);
});

test("what can't be removed is no failure of the snapshot", () => {
  for (let i = 0; i < 2; i++) {
    trade(1, 40);
    snap();
  }
  trade(1, 40);
  vi.spyOn(disk, "remove").mockImplementation((path) => {
    throw storageError("EIO", "remove", path);
  });
  const { newest, notRemoved, kept } = snap();
  expect([newest.position, notRemoved?.code, kept]).toEqual([123, "EIO", []]);
  expect(hashIn(newest.path)).toBe(hash(live));
});

// A start from one without them would give a time and session numbers that its log has used.
test("a state from memory is kept with the time and the highest session of its log", () => {
  trade(3, 5);
  const { position } = journal;
  const given = { position, timestamp_us: 1_700_000_000_123_456, session: 77, state: copySnapshot(live) };
  const { newest } = keepState(journalOptions(disk), store, given);
  expect([newest.position, hashIn(newest.path)]).toEqual([position, hash(live)]);
  expect(store.read(newest).header).toMatchObject({
    ...{ position, timestamp_us: 1_700_000_000_123_456, session: 77 },
    chain: journal.chain,
  });
});

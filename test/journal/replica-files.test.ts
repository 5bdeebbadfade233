// A replica's files when a snapshot takes their place: wherever the process or the machine stops, the node has its old
// history or the snapshot, whole, and nothing it had is gone. And a journal that begins behind a snapshot.

import { describe, expect, test } from "vitest";
import { type Application, Prng, SeriatimError } from "../../src/base/index.ts";
import {
  IncomingSnapshot,
  journalPlace,
  newestUsable,
  openJournal,
  putReceivedInPlace,
  ReplicaJournal,
  SnapshotStore,
  setAsideDiverged,
} from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import { SECTOR_BYTES, scanLog, wholeFrame } from "../../src/segment/index.ts";
import { journalOptions, ordersFrom } from "./support.ts";

const checksums = new NativeChecksums();
const VERSION = { name: "text", version: 1 };
const STATE = new TextEncoder().encode("all that happened up to the middle of the log ".repeat(60));

/** The state as it was restored. */
class Text implements Application {
  state = new Uint8Array();
  apply(): void {}
  snapshot(write: (piece: Uint8Array) => void): void {
    write(this.state);
  }
  restore(bytes: Uint8Array): void {
    this.state = bytes.slice();
  }
}

interface Sent {
  readonly bytes: Uint8Array;
  readonly segment: number;
  readonly last: number;
}

/** A primary's frames, and its snapshot of a position in the middle of segment 3. */
function primary() {
  const disk = new SimulatedDisk();
  const options = journalOptions(disk);
  const { journal } = openJournal(options, () => {});
  const store = new SnapshotStore({ storage: disk, checksums, directory: "data/snapshots" }, VERSION);
  for (let i = 0; i < 40; i++) {
    journal.append(ordersFrom(journal.position + 1, 10), 0, 10);
    while (journal.prepareNext(true));
    if (i % 8 === 7 && i < 39) journal.rotate();
    if (i !== 19) continue;
    const { position, chain, epoch } = journal;
    store.write({ position, chain, epoch, timestamp_us: 7, session: 0 }, (write) => write(STATE));
  }
  journal.close();
  const frames: Sent[] = [];
  let segment = 0;
  scanLog(journalPlace(options), (frame) => {
    if (frame.offset === SECTOR_BYTES) segment++;
    frames.push({ bytes: wholeFrame(frame).slice(), segment, last: frame.firstPosition + frame.count - 1 });
  });
  const [{ path, position }] = store.list();
  const { header } = store.read({ path, position });
  return { disk, frames, header, file: disk.contents(path), position };
}

const PRIMARY = primary();
const OLD_FRAMES = 5;

const filesOn = (storage: SimulatedDisk) => ({
  ...{
    storage,
    parent: "data",
    journal: "data/journal",
    snapshots: "data/snapshots",
    incoming: "data/incoming",
  },
});

/** As a replica's start has it. */
function start(disk: SimulatedDisk) {
  disk.makeDirectory("data");
  putReceivedInPlace(filesOn(disk));
  const application = new Text();
  const { storage, ...options } = journalOptions(disk);
  const { genesis: _, ...place } = options;
  const journalAt = { storage, checksums, directory: "data/journal" };
  const store = new SnapshotStore({ storage, checksums, directory: "data/snapshots" }, VERSION);
  const { usable } = newestUsable(journalAt, store, application, { mayBeginJournal: true });
  const applied: number[] = [];
  const journal = new ReplicaJournal(
    { ...place, storage, from: usable?.header },
    (_words, _at, count, first) => {
      for (let i = 0; i < count; i++) applied.push(first + i);
    },
  );
  return { journal, application, applied };
}

/** A replica with the first frames alone. */
function withoutSnapshot(): SimulatedDisk {
  const disk = new SimulatedDisk();
  const { journal } = start(disk);
  for (const { bytes, segment } of PRIMARY.frames.slice(0, OLD_FRAMES)) journal.append(bytes, segment);
  journal.close();
  return disk;
}

/** And with a snapshot of them. */
function oldReplica(): SimulatedDisk {
  const disk = withoutSnapshot();
  const { journal } = start(disk);
  const { position, chain, epoch } = journal;
  journal.close();
  const place = { storage: disk, checksums, directory: "data/snapshots" };
  const point = { position, chain, epoch, timestamp_us: 3, session: 0 };
  new SnapshotStore(place, VERSION).write(point, (write) => write(new Uint8Array(9)));
  return disk;
}

function receive(disk: SimulatedDisk): void {
  const place = { storage: disk, checksums, directory: "data/incoming" };
  const { file, header } = PRIMARY;
  const incoming = new IncomingSnapshot(place, VERSION, { ...header, fileBytes: file.length });
  for (let at = 0; at < file.length; at += 500) incoming.write(file.subarray(at, at + 500));
  incoming.finish();
}

/** The rest of the primary's frames, as far as they follow. */
function follow(journal: ReplicaJournal): void {
  for (const { bytes, segment, last } of PRIMARY.frames)
    if (last > journal.position) expect(journal.append(bytes, segment)).toBeUndefined();
  journal.sync();
}

test("a journal behind a snapshot begins in the segment that the next frame lies in, and its later files are the primary's", () => {
  const disk = oldReplica();
  const before = disk.image("data/journal");
  receive(disk);
  const { journal, application } = start(disk);
  expect([journal.position, journal.persisted]).toEqual([PRIMARY.position, PRIMARY.position]);
  expect([journal.epoch, Buffer.from(journal.chain)]).toEqual([1, Buffer.from(PRIMARY.header.chain)]);
  expect(application.state).toEqual(STATE);
  follow(journal);
  journal.lacksNothing();
  journal.close();
  const names = disk.list("data/journal");
  expect(names[0]).toBe("journal-0000000003.seg");
  for (const name of names.slice(1))
    expect(disk.contents(`data/journal/${name}`)).toEqual(PRIMARY.disk.contents(`data/journal/${name}`));
  expect(disk.image(`data/journal-before-${PRIMARY.position}`)).toEqual(before);
  const again = start(disk);
  expect(again.journal.position).toBe(PRIMARY.frames.at(-1)?.last);
  expect(again.applied[0]).toBe(PRIMARY.position + 1);
});

test("a snapshot with no frame behind it is begun with again, as often as it must be", () => {
  const disk = new SimulatedDisk();
  receive(disk);
  for (let i = 0; i < 3; i++) {
    const { journal, application } = start(disk);
    expect([journal.position, application.state]).toEqual([PRIMARY.position, STATE]);
    journal.close();
  }
});

// A node that led before any frame came numbers its segments from 1. Following again it began one with every frame, hundreds of files
// of the full size, until its number was the primary's.
test("a journal whose segments have other numbers than the primary's begins one where the primary does, not with each frame", () => {
  const disk = new SimulatedDisk();
  receive(disk);
  putReceivedInPlace(filesOn(disk));
  const { genesis: _, ...options } = journalOptions(disk);
  const from = { ...PRIMARY.header, firstSegment: 1 };
  const behind = PRIMARY.frames.filter(({ last }) => last > PRIMARY.position);
  const led = openJournal({ ...options, from }, () => {}).journal;
  led.appendFrame(behind[0].bytes, false);
  led.close();
  const { journal } = start(disk);
  for (const { bytes, segment } of behind.slice(1)) journal.append(bytes, segment + 1_000);
  journal.close();
  const { segments, lastPosition, verdict } = scanLog(journalPlace(options));
  expect([lastPosition, verdict]).toEqual([PRIMARY.frames.at(-1)?.last, "clean"]);
  // Those of the primary's 3, 4 and 5, and one more: at a start nobody knows in which of them the last frame lies.
  expect([behind.length, segments.map(({ number }) => number)]).toEqual([20, [1, 2, 3, 4]]);
});

test("another history is set aside by where it ends, also when that name is taken", () => {
  const disk = oldReplica();
  const end = { position: 41, chain: new Uint8Array(32).fill(171) };
  const before = disk.image("data/journal");
  expect(setAsideDiverged(filesOn(disk), end)).toBe("data/journal-diverged-41-abababab");
  expect(disk.image("data/journal-diverged-41-abababab")).toEqual(before);
  expect(disk.list("data/snapshots-diverged-41-abababab")).toHaveLength(1);
  const { journal } = start(disk);
  expect(journal.position).toBe(0);
  journal.append(PRIMARY.frames[0].bytes, 1);
  journal.close();
  expect(setAsideDiverged(filesOn(disk), end)).toBe("data/journal-diverged-41-abababab-2");
});

describe("what is sent is taken for a snapshot only when it is one", () => {
  const place = (storage: SimulatedDisk) => ({ storage, checksums, directory: "data/incoming" });
  const announced = { ...PRIMARY.header, fileBytes: PRIMARY.file.length };
  const taking = (some: Partial<typeof announced>, version = VERSION, file = PRIMARY.file) => {
    const disk = new SimulatedDisk();
    const incoming = new IncomingSnapshot(place(disk), version, { ...announced, ...some });
    incoming.write(file);
    let code = "none";
    try {
      incoming.finish();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      code = error.code;
    }
    expect(putReceivedInPlace(filesOn(disk))).toBe(code === "none" ? PRIMARY.position : undefined);
    return code;
  };

  test.each<[name: string, code: string, run: () => string]>([
    ["the one that was announced", "none", () => taking({})],
    ["of another version", "SNAPSHOT_FOREIGN", () => taking({}, { name: "text", version: 2 })],
    ["of another application", "SNAPSHOT_FOREIGN", () => taking({}, { name: "other", version: 1 })],
    ["of another position", "SNAPSHOT_DAMAGED", () => taking({ position: 3 })],
    ["of another epoch", "SNAPSHOT_DAMAGED", () => taking({ epoch: 9 })],
    ["of another history", "SNAPSHOT_DAMAGED", () => taking({ chain: new Uint8Array(32) })],
    ["cut short", "SNAPSHOT_DAMAGED", () => taking({}, VERSION, PRIMARY.file.subarray(0, 900))],
    [
      "spoilt",
      "SNAPSHOT_DAMAGED",
      () =>
        taking(
          {},
          VERSION,
          PRIMARY.file.map((byte, i) => byte ^ Number(i === 700)),
        ),
    ],
  ])("%s: %s", (_, code, run) => {
    expect(run()).toBe(code);
  });

  test("one larger than any is refused before a byte is written", () => {
    const disk = new SimulatedDisk();
    const make = () => new IncomingSnapshot(place(disk), VERSION, { ...announced, fileBytes: 2 ** 40 });
    expect(make).toThrow("the snapshot that is sent has 1099511627776 bytes");
    expect(disk.calls).toBe(0);
  });
});

/** Every call that the taking of a snapshot makes, the first frames behind it included. */
function takeAll(disk: SimulatedDisk): void {
  receive(disk);
  const { journal } = start(disk);
  follow(journal);
  journal.close();
}

/** Starts with the old history or the new one, whole, and what it had before is there still. */
function expectOneOfThem(disk: SimulatedDisk, oldFiles: Map<string, Uint8Array>, where: string) {
  const { journal, application } = start(disk);
  if (journal.position < PRIMARY.position) {
    expect([where, journal.position]).toEqual([where, PRIMARY.frames[OLD_FRAMES - 1].last]);
    return { found: "old", journal } as const;
  }
  expect([where, application.state]).toEqual([where, STATE]);
  for (const [name, bytes] of oldFiles)
    expect([where, disk.contents(`data/journal-before-${PRIMARY.position}/${name}`)]).toEqual([where, bytes]);
  return { found: "new", journal } as const;
}

test("wherever it stops, the old history or the new one is there, whole, and nothing is gone", () => {
  const whole = oldReplica();
  const first = whole.calls + 1;
  const oldFiles = whole.image("data/journal");
  takeAll(whole);
  const last = whole.calls;
  const seen = { old: 0, new: 0 };
  for (let call = first; call <= last; call++) {
    for (const seed of [1, 2, 3]) {
      const disk = oldReplica();
      disk.failAt(call, "halt");
      expect(() => takeAll(disk)).toThrow();
      if (seed === 1) disk.restart();
      else disk.crash(new Prng(call * 10 + seed));
      const { found, journal } = expectOneOfThem(disk, oldFiles, `call ${call}, seed ${seed}`);
      seen[found]++;
      if (found === "new") follow(journal);
    }
  }
  console.log(
    `${last - first + 1} calls stopped at, 3 times each: ${seen.old} old histories, ${seen.new} new ones`,
  );
  expect(Math.min(seen.old, seen.new)).toBeGreaterThan(20);
});

/** A killed process has left it so; the machine stops in call `later` of the start that follows. */
function stopInNextStart(disk: SimulatedDisk, later: number, prng: Prng): void {
  disk.restart();
  disk.failAt(disk.calls + later, "halt");
  try {
    start(disk);
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "HALT") throw error;
  }
  disk.crash(prng);
}

/** The machine stops when that start has followed to the end. */
function followInNextStart(disk: SimulatedDisk, prng: Prng): void {
  disk.restart();
  follow(start(disk).journal);
  disk.crash(prng);
}

// What a killed process left undone on the disk, the next one went by: the power failed, and there was neither the snapshot nor the history.
test("the same when it is killed first, and the machine stops in the start that follows", () => {
  const whole = oldReplica();
  const first = whole.calls + 1;
  const oldFiles = whole.image("data/journal");
  takeAll(whole);
  const seen = { old: 0, new: 0 };
  for (let call = first; call <= whole.calls; call++) {
    for (let later = 1; later <= 10; later++) {
      const disk = oldReplica();
      disk.failAt(call, "halt");
      expect(() => takeAll(disk)).toThrow();
      stopInNextStart(disk, later, new Prng(call * 100 + later));
      seen[expectOneOfThem(disk, oldFiles, `call ${call}, then ${later}`).found]++;
    }
  }
  expect(Math.min(seen.old, seen.new)).toBeGreaterThan(50);
});

// Nothing to set aside was nothing to sync: the snapshot stood beside the old journal. And a start with all in place went by a name that no
// disk held: what followed and was synced was gone.
test("the same without a snapshot of its own, also when the machine stops behind frames that were synced", () => {
  const whole = withoutSnapshot();
  const oldFiles = whole.image("data/journal");
  receive(whole);
  const first = whole.calls + 1;
  putReceivedInPlace(filesOn(whole));
  for (let call = first; call <= whole.calls; call++) {
    for (let seed = 0; seed < 100; seed++) {
      const [disk, prng, later] = [withoutSnapshot(), new Prng(call * 100 + seed), seed % 10];
      disk.failAt(call, "halt");
      expect(() => takeAll(disk)).toThrow();
      if (later > 0) stopInNextStart(disk, later, prng);
      else followInNextStart(disk, prng);
      const { found, journal } = expectOneOfThem(disk, oldFiles, `call ${call}, then ${later}`);
      const atLeast = later === 0 ? PRIMARY.frames.at(-1)?.last : PRIMARY.position;
      expect([call, seed, found, journal.position]).toEqual([call, seed, "new", atLeast]);
    }
  }
});

/** Has it no beginning but a snapshot's: the segments before that are retired, as far as they go. */
function retired(): SimulatedDisk {
  const disk = new SimulatedDisk();
  receive(disk);
  const { journal } = start(disk);
  for (const { bytes, segment, last } of PRIMARY.frames.slice(0, 30))
    if (last > journal.position) journal.append(bytes, segment);
  journal.close();
  return disk;
}

// Stopped between the two directories it never started again: no journal reached the snapshots, or no snapshot the journal.
test.each([
  ["a whole journal", oldReplica],
  ["a journal that begins behind its snapshot", retired],
])("wherever setting another history aside stops, the replica starts, with it or without: %s", (_, made) => {
  const whole = made();
  const first = whole.calls + 1;
  const end = { position: start(made()).journal.position, chain: new Uint8Array(32).fill(171) };
  setAsideDiverged(filesOn(whole), end);
  const seen = new Set<number>();
  for (let call = first; call <= whole.calls; call++) {
    for (let seed = 0; seed <= 30; seed++) {
      const disk = made();
      disk.failAt(call, "halt");
      expect(() => setAsideDiverged(filesOn(disk), end)).toThrow();
      const prng = new Prng(call * 100 + seed);
      if (seed === 0) disk.restart();
      else if (seed <= 2) disk.crash(prng);
      else stopInNextStart(disk, Math.ceil((seed - 2) / 4), prng);
      const { journal } = start(disk);
      seen.add(journal.position);
      if (journal.position > 0) continue;
      expect(disk.list(`data/journal-diverged-${end.position}-abababab`).length).toBeGreaterThan(0);
      expect(disk.list(`data/snapshots-diverged-${end.position}-abababab`)).toHaveLength(1);
    }
  }
  expect([...seen].sort((a, b) => a - b)).toEqual([0, end.position]);
});

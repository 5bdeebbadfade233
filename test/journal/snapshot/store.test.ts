// The directory of snapshots: what is kept, what is refused, and what a crash or a failing disk leaves.

import { beforeEach, expect, test, vi } from "vitest";
import { decodeUtf8, Prng, type SeriatimError } from "../../../src/base/index.ts";
import { listSnapshots, SnapshotStore } from "../../../src/journal/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { APPLICATION, pointAt, snapshotPlace, stateOf } from "./support.ts";

let disk: SimulatedDisk;
let store: SnapshotStore;
beforeEach(() => {
  disk = new SimulatedDisk();
  store = new SnapshotStore(snapshotPlace(disk), APPLICATION);
});

function write(position: number): string {
  return store.write(pointAt(position), stateOf(`the state at ${position}`)).path;
}

function positions(): number[] {
  return store.list().map(({ position }) => position);
}

function rot(path: string): void {
  const bytes = disk.contents(path);
  bytes[bytes.length - 1] ^= 1;
  disk.overwrite(path, bytes);
}

function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return `${(error as SeriatimError).code}: ${(error as SeriatimError).message}`;
  }
  return "none";
}

test("a directory that is not there holds no snapshots", () => {
  expect(store.list()).toEqual([]);
  expect(store.tidy()).toEqual({ kept: [], damaged: [] });
});

test("what was written is read again, newest first", () => {
  for (const position of [5, 1_000_000, 40]) write(position);
  expect(positions()).toEqual([1_000_000, 40, 5]);
  const { header, state } = store.read(store.list()[1]);
  expect([header.position, decodeUtf8(state)]).toEqual([40, "the state at 40"]);
});

test("the newest two are kept", () => {
  for (const position of [10, 20, 30, 40]) write(position);
  const { kept, damaged } = store.tidy();
  expect([kept.map(({ position }) => position), damaged, positions()]).toEqual([[40, 30], [], [40, 30]]);
});

test("a damaged one does not count as kept, is removed and named", () => {
  for (const position of [10, 20, 30, 40]) write(position);
  rot(store.list()[1].path);
  const { kept, damaged } = store.tidy();
  expect([kept.map(({ position }) => position), positions()]).toEqual([
    [40, 20],
    [40, 20],
  ]);
  expect(damaged).toEqual([
    "snapshots/snapshot-0000000000000030.snap at offset 256: the state's CRC32C does not match",
  ]);
});

test("nothing is removed while none holds", () => {
  rot(write(10));
  rot(write(20));
  expect(store.tidy()).toMatchObject({ kept: [], damaged: [{}, {}] });
  expect(positions()).toEqual([20, 10]);
});

test("another application's, or another version's, is refused and never removed while it is newer", () => {
  const others = new SnapshotStore(snapshotPlace(disk), { name: "text", version: 4 });
  others.write(pointAt(30), stateOf("another state"));
  write(10);
  expect(store.tidy()).toMatchObject({ kept: [{ position: 10 }], damaged: [] });
  const path = "snapshots/snapshot-0000000000000030.snap";
  expect(refusalOf(() => store.read(store.list()[0]))).toBe(
    `SNAPSHOT_FOREIGN: ${path} at offset 0: it is of text version 4, not of text version 3`,
  );
});

test("one that was given another's name is refused", () => {
  disk.rename(write(10), "snapshots/snapshot-0000000000000099.snap");
  expect(refusalOf(() => store.read(store.list()[0]))).toContain(
    "it holds the state at position 10, not the one in its name",
  );
});

test("names of another form are left alone, interrupted writings are removed by the next one", () => {
  disk.makeDirectory("snapshots");
  for (const name of ["notes.txt", "snapshot-0000000000000007.snap.tmp"])
    disk.create(`snapshots/${name}`).close();
  expect(listSnapshots(snapshotPlace(disk))).toEqual([]);
  write(10);
  expect(disk.list("snapshots")).toEqual(["notes.txt", "snapshot-0000000000000010.snap"]);
});

test("a crash at any moment leaves the previous snapshot, and the new one whole or not at all", () => {
  const seed = 20_261_121;
  for (let call = 1; call < 60; call++) {
    for (let round = 0; round < 8; round++) {
      const crashing = new SimulatedDisk();
      const place = snapshotPlace(crashing);
      const writer = new SnapshotStore(place, APPLICATION);
      writer.write(pointAt(10), stateOf("the first state"));
      crashing.failAt(crashing.calls + call, "halt");
      const outcome = refusalOf(() => {
        writer.write(pointAt(20), stateOf("the second state, which is longer than the first"));
        writer.tidy();
      });
      crashing.crash(new Prng(seed + call * 100 + round));
      const found = writer.list();
      const context = `call ${call}, round ${round}, seed ${seed}: ${outcome}`;
      const expected = found.length === 2 || outcome === "none" ? [20, 10] : [10];
      expect(
        found.map((name) => writer.read(name).position),
        context,
      ).toEqual(expected);
    }
  }
});

// Segments go by the word of the older one. Both names were gone after a power loss, and with them the beginning of the log.
test("of the two that are kept the older has a name that is safe, however often the process was killed", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const killing = new SimulatedDisk();
    const place = snapshotPlace(killing);
    const writer = new SnapshotStore(place, APPLICATION);
    for (const position of [10, 20, 30]) {
      const rename = killing.rename.bind(killing);
      const killed = vi.spyOn(killing, "rename").mockImplementation((from, to) => {
        rename(from, to);
        killing.failAt(killing.calls + 1, "halt");
      });
      expect(refusalOf(() => writer.write(pointAt(position), stateOf("a state")))).toContain("HALT");
      killed.mockRestore();
      killing.restart();
    }
    const [, older] = writer.list();
    killing.crash(new Prng(seed));
    expect(writer.list().map(({ position }) => position)).toContain(older.position);
  }
});

test("a disk that fails in any call leaves no temporary file, and the previous snapshot", () => {
  let failures = 0;
  for (const fault of ["EIO", "ENOSPC", "short", "stuck"] as const) {
    for (let call = 1; call < 30; call++) {
      const failing = new SimulatedDisk();
      const writer = new SnapshotStore(snapshotPlace(failing), APPLICATION);
      writer.write(pointAt(10), stateOf("the first state"));
      failing.failAt(failing.calls + call, fault);
      const outcome = refusalOf(() => writer.write(pointAt(20), stateOf("the second state")));
      if (outcome !== "none") failures++;
      const names = failing.list("snapshots");
      expect(names.filter((name) => name.endsWith(".tmp"))).toEqual([]);
      if (outcome === "none") expect(writer.read(writer.list()[0]).position).toBe(20);
      expect([names[0], failing.openFiles]).toEqual(["snapshot-0000000000000010.snap", 0]);
    }
  }
  expect(failures).toBeGreaterThan(25);
});

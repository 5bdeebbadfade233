// The catalog on a disk in memory: what it was told is what it says after any end, and it stays small.

import { expect, onTestFailed, test } from "vitest";
import { Prng, SeriatimError } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { TapeReason } from "../../../src/protocol/index.ts";
import { FRAME_HEADER_BYTES, openLog, SECTOR_BYTES } from "../../../src/segment/index.ts";
import { CHANGES_WAITING_MAX } from "../../../src/tape/catalog/topic-directory.ts";
import {
  type CatalogChange,
  type CatalogLog,
  CatalogState,
  decodeCatalogChanges,
  encodeCatalogChange,
  TopicDirectory,
} from "../../../src/tape/index.ts";
import { catalogOn, directoryOn, KEPT, madeIn, NOW_us } from "./support.ts";

const TRADES: CatalogChange = {
  kind: "topic",
  topic: {
    id: 7,
    name: "md.trades",
    order: 2,
    retainBytes: 2 ** 30,
    retain_us: 86_400_000_000,
    created_us: 1_700_000_000_000_001,
  },
};
const RISK: CatalogChange = { kind: "group", topic: 7, group: "risk", committed: 4_294_967_297 };

/** The example of src/tape/catalog/catalog.md. */
const EXAMPLE = `
  10000000 05000000 08000000 00000000
  38000000 01090200 07000000 00000000 00000040 00000000 0060d71d 14000000 01401e18 240a0600 6d642e74 72616465
  73000000 00000000
  20000000 03040000 07000000 00000000 01000000 01000000 7269736b 00000000
  18000000 04040000 07000000 00000000 7269736b 00000000
  10000000 02000000 07000000 00000000`;

const CHANGES: readonly CatalogChange[] = [
  { kind: "next id", id: 8 },
  TRADES,
  RISK,
  { kind: "group gone", topic: 7, group: "risk" },
  { kind: "topic gone", topic: 7 },
];

function example(): Uint8Array {
  return Uint8Array.from(Buffer.from(EXAMPLE.replaceAll(/\s/g, ""), "hex"));
}

test("changes are written as exactly the bytes of the specification's example, and read back", () => {
  const bytes = Buffer.concat(CHANGES.map(encodeCatalogChange));
  expect(bytes.toString("hex")).toBe(Buffer.from(example()).toString("hex"));
  expect(decodeCatalogChanges(example(), 0, bytes.length, CHANGES.length)).toEqual(CHANGES);
});

test.each([
  ["one record fewer than it says", 4, 0, 0x10],
  ["a length that leads behind its end", 5, 0, 0xf0],
  ["a length of nothing", 5, 0, 0],
  ["a record of a kind that there is none of", 5, 4, 6],
  ["a name longer than its record", 5, 21, 0x0a + 8],
  ["a name with a byte that no name has", 5, 16 + 40, 0x2f],
  ["a topic of order level 3", 5, 22, 3],
  ["a topic whose number is 0", 5, 24, 0],
  ["a record that names nothing and has a name", 5, 5, 1],
])("a payload with %s is no payload", (_, count, at, value) => {
  const bytes = example();
  bytes[at] = value;
  expect(decodeCatalogChanges(bytes, 0, bytes.length, count)).toBeUndefined();
});

/** Random changes of up to five topics with two groups each, as a directory would make them. */
function changesFrom(random: Prng, count: number): CatalogChange[] {
  const state = new CatalogState();
  return Array.from({ length: count }, () => {
    const change = changeFrom(random, state);
    state.apply(change);
    return change;
  });
}

function changeFrom(random: Prng, state: CatalogState): CatalogChange {
  const topics = [...state.topics];
  const topic = topics[random.between(0, 4)];
  if (topic === undefined) {
    const id = state.nextId;
    return { kind: "topic", topic: { ...KEPT, id, name: `t${id}`, created_us: NOW_us } };
  }
  if (random.chance(0.05)) return { kind: "topic gone", topic: topic.id };
  if (random.chance(0.1)) return { kind: "topic", topic: { ...topic, retainBytes: random.between(0, 1e9) } };
  const group = `g${random.between(0, 1)}`;
  if (random.chance(0.05)) return { kind: "group gone", topic: topic.id, group };
  return { kind: "group", topic: topic.id, group, committed: random.between(1, 1e9) };
}

function stateOf(changes: readonly CatalogChange[]): CatalogState {
  const state = new CatalogState();
  for (const change of changes) state.apply(change);
  return state;
}

/** All that it says, in an order of its own: whatever the order in which it was said. */
function saidBy(state: CatalogState): string[] {
  return state
    .asChanges()
    .map((change) => Buffer.from(encodeCatalogChange(change)).toString("hex"))
    .sort();
}

test("after thousands of changes a few segments are left, and they say the same", () => {
  const disk = new SimulatedDisk();
  const changes = changesFrom(new Prng(1), 3_000);
  const catalog = catalogOn(disk);
  for (const change of changes) catalog.write([change], NOW_us);
  expect(disk.list("d/catalog").length).toBeLessThan(5);
  catalog.close();
  expect(saidBy(catalogOn(disk).state)).toEqual(saidBy(stateOf(changes)));
});

test("a catalog larger than a segment is kept whole, and not written again with every change", () => {
  const disk = new SimulatedDisk();
  const state = new CatalogState();
  const catalog = catalogOn(disk);
  for (let id = 1; id <= 200; id++) {
    const topic = { ...KEPT, id, name: "x".repeat(200) + id, created_us: NOW_us };
    catalog.write([{ kind: "topic", topic }], NOW_us);
    state.apply({ kind: "topic", topic });
  }
  expect(saidBy(catalog.state)).toEqual(saidBy(state));
  const before = disk.calls;
  for (let i = 1; i <= 10; i++)
    catalog.write([{ kind: "group", topic: 1, group: "g", committed: i }], NOW_us);
  // A write and a sync each: no checkpoint, which takes some hundred.
  expect(disk.calls - before).toBeLessThan(30);
  disk.restart();
  const again = catalogOn(disk);
  expect([...again.state.topics]).toEqual([...state.topics]);
  expect(again.state.groupsOf(1).get("g")).toBe(10);
});

test("whenever the disk stops, a catalog opened again says what it had made durable, or that and the change under way", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  onTestFailed(() => console.error(`seed ${seed}`));
  const changes = changesFrom(new Prng(seed), 400);
  for (let round = 0; round < 60; round++) {
    const random = new Prng(seed + round);
    const disk = new SimulatedDisk();
    disk.failAt(random.between(1, 1_000), "halt");
    let written = 0;
    try {
      const catalog = catalogOn(disk);
      for (const change of changes) {
        catalog.write([change], NOW_us);
        written++;
      }
    } catch (error) {
      expect((error as SeriatimError).code).toBe("HALT");
    }
    if (random.chance(0.5)) disk.crash(random);
    else disk.restart();
    const { state } = catalogOn(disk);
    const possible = [written, written + 1].map((count) => saidBy(stateOf(changes.slice(0, count))));
    expect(possible).toContainEqual(saidBy(state));
  }
});

test("a frame that is whole and holds no records of a catalog is damage, and refused", () => {
  const disk = new SimulatedDisk();
  const place = { storage: disk, checksums: new NativeChecksums(), directory: "d/catalog", log: "catalog" };
  const { writer } = openLog(place, { segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: 1024 });
  writer.frame.bytes.set([1, 2, 3], FRAME_HEADER_BYTES);
  writer.append(3, 1, NOW_us);
  writer.close();
  expect(() => catalogOn(disk)).toThrow(
    /corrupt: .*catalog-0000000001.seg at offset 4096: the frame is whole/,
  );
});

test("a topic is made once, with its order, and found by its name as it is written", async () => {
  const { topics } = directoryOn(catalogOn(new SimulatedDisk()));
  const both = await Promise.all([topics.getOrCreate("a", KEPT), topics.getOrCreate("a", KEPT)]);
  expect(both[0]).toEqual({ ...KEPT, id: 1, name: "a", created_us: NOW_us });
  expect(both[1]).toBe(both[0]);
  expect(await topics.getOrCreate("a", { ...KEPT, order: 255 })).toBe(both[0]);
  expect(await topics.getOrCreate("a", { ...KEPT, order: 2 })).toBe(TapeReason.OrderLevel);
  expect(await topics.create("a", KEPT)).toBe(TapeReason.TopicExists);
  expect(topics.get("A")).toBeUndefined();
});

test.each([
  ["one dot", ".", true],
  ["two dots", "..", true],
  ["every kind of character there is", "A-z_0.9", true],
  ["255 characters", "x".repeat(255), true],
  ["256 characters", "x".repeat(256), false],
  ["no character", "", false],
  ["a slash", "a/b", false],
  ["a space", "a b", false],
  ["a letter beyond ASCII", "ä", false],
  ["a zero", "a\0", false],
  ["a line's end", "a\n", false],
])("topic names of every kind: %s", async (_, name, may) => {
  const { topics } = directoryOn(catalogOn(new SimulatedDisk()));
  const made = await topics.getOrCreate(name, KEPT);
  expect(typeof made === "number" ? made : made.name).toBe(may ? name : TapeReason.TopicName);
});

test("names that differ in capitals alone are two topics", async () => {
  const { topics } = directoryOn(catalogOn(new SimulatedDisk()));
  expect((await madeIn(topics, "Trades")).id).not.toBe((await madeIn(topics, "trades")).id);
});

test("there are 1,024 topics at most, and one that was deleted makes room for another, of a new number", async () => {
  const disk = new SimulatedDisk();
  const { topics } = directoryOn(catalogOn(disk));
  for (let i = 1; i <= 1_024; i++) await madeIn(topics, `t${i}`);
  expect(await topics.getOrCreate("one.more", KEPT)).toBe(TapeReason.TopicLimit);
  expect(await topics.delete("t7")).toMatchObject({ id: 7 });
  expect(await topics.delete("t7")).toBe(TapeReason.TopicUnknown);
  expect(await madeIn(topics, "one.more")).toMatchObject({ id: 1_025 });
  disk.restart();
  expect([...catalogOn(disk).state.topics].length).toBe(1_024);
});

// With a disk that hangs each connection that came with a topic of its own and went left one that waits.
test("as many changes wait for the disk as there are places for, and the next is told so", async () => {
  const written = Promise.withResolvers<void>();
  const store = { write: () => written.promise };
  const topics = new TopicDirectory(new CatalogState(), store, () => NOW_us);
  const waiting = Array.from({ length: CHANGES_WAITING_MAX }, () => topics.getOrCreate("t", KEPT));
  expect(await topics.getOrCreate("t", KEPT)).toBe(TapeReason.Busy);
  expect(await topics.delete("t")).toBe(TapeReason.Busy);
  written.resolve();
  const made = await Promise.all(waiting);
  expect(new Set(made).size).toBe(1);
  expect(await topics.getOrCreate("u", KEPT)).toMatchObject({ id: 2, name: "u" });
});

test("a full disk makes no topic and says so, and nothing is half there", async () => {
  const disk = new SimulatedDisk();
  const { topics } = directoryOn(catalogOn(disk));
  await madeIn(topics, "a");
  disk.failAt(disk.calls + 1, "ENOSPC");
  expect(await topics.getOrCreate("b", KEPT)).toBe(TapeReason.DiskFull);
  expect(topics.get("b")).toBeUndefined();
  expect([...catalogOn(disk).state.topics].map(({ name }) => name)).toEqual(["a"]);
});

test("retention changes, and stays changed", async () => {
  const disk = new SimulatedDisk();
  const { topics } = directoryOn(catalogOn(disk));
  await madeIn(topics, "a");
  expect(await topics.retain("a", { retainBytes: 5, retain_us: 6 })).toMatchObject({
    retainBytes: 5,
    order: 1,
  });
  expect(await topics.retain("b", { retainBytes: 5, retain_us: 6 })).toBe(TapeReason.TopicUnknown);
  disk.restart();
  expect(catalogOn(disk).state.topicNamed("a")).toMatchObject({ retainBytes: 5, retain_us: 6 });
});

test("commits count at once, never go back, and are durable together with the next flush", async () => {
  const disk = new SimulatedDisk();
  const { topics, offsets, store } = directoryOn(catalogOn(disk));
  const { id } = await madeIn(topics, "a");
  for (const record of [5, 9, 7]) offsets.commit(id, "risk", record);
  offsets.commit(id, "audit", 3);
  expect([offsets.committed(id, "risk"), offsets.committed(id, "none")]).toEqual([9, 0]);
  store.writes = 0;
  await offsets.flush();
  await offsets.flush();
  expect(store.writes).toBe(1);
  disk.restart();
  expect([...catalogOn(disk).state.groupsOf(id)]).toEqual([
    ["risk", 9],
    ["audit", 3],
  ]);
});

test("what found no room is committed with a later flush, and nothing newer is lost to it", async () => {
  const changes: string[] = [];
  let isFull = true;
  const state = stateOf([TRADES]);
  const { offsets } = directoryOn({
    state,
    write(given: readonly CatalogChange[]) {
      if (isFull) throw new SeriatimError("ENOSPC", "no space left");
      changes.push(...given.map((change) => JSON.stringify(change)));
    },
  } as unknown as CatalogLog);
  offsets.commit(7, "risk", 5);
  offsets.commit(7, "audit", 6);
  const failing = offsets.flush();
  offsets.commit(7, "risk", 8);
  await failing;
  isFull = false;
  await offsets.flush();
  expect(changes.sort()).toEqual([
    '{"kind":"group","topic":7,"group":"audit","committed":6}',
    '{"kind":"group","topic":7,"group":"risk","committed":8}',
  ]);
});

test.each([1, 2, 3])(
  "wherever the machine stops, a group that was let begin is there, and one that was taken back stands no further (seed %i)",
  async (seed) => {
    for (let call = 1, isThrough = false; !isThrough; call++) {
      expect(call).toBeLessThan(20);
      const disk = new SimulatedDisk();
      const { topics, offsets } = directoryOn(catalogOn(disk));
      const { id } = await madeIn(topics, "a");
      offsets.commit(id, "ahead", 25);
      await offsets.settle();
      disk.failAt(disk.calls + call, "halt");
      const isCut = (await offsets.cut(id, 13)) === TapeReason.None;
      const isBegun = (await offsets.begin(id, "new", 13)) === TapeReason.None;
      isThrough = isCut && isBegun;
      disk.crash(new Prng(seed * 100 + call));
      const groups = catalogOn(disk).state.groupsOf(id);
      if (isCut) expect(groups.get("ahead"), `call ${call}`).toBe(13);
      if (isBegun) expect(groups.get("new"), `call ${call}`).toBe(13);
    }
  },
);

test("a group can be forgotten, and a deleted topic's groups are forgotten with it", async () => {
  const disk = new SimulatedDisk();
  const { topics, offsets } = directoryOn(catalogOn(disk));
  const { id } = await madeIn(topics, "a");
  offsets.commit(id, "risk", 5);
  expect([offsets.forget(id, "risk"), offsets.forget(id, "risk")]).toEqual([true, false]);
  offsets.commit(id, "audit", 5);
  await offsets.flush();
  await topics.delete("a");
  const again = await madeIn(topics, "a");
  expect([offsets.of(id).size, offsets.of(again.id).size]).toEqual([0, 0]);
});

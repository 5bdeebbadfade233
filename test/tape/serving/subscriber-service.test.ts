// Subscribers as tables of events: what each is told and sent, whatever their place, credit, pace and company. Batches have four
// records: "5-8" is the second one.

import { expect, test } from "vitest";
import {
  TAPE_BATCH_BYTES_MAX,
  TapeBatch,
  TapeFrom,
  TapeHead,
  TapeReason,
  TapeType,
  tapeMemory,
  writeTapeHead,
} from "../../../src/protocol/index.ts";
import { NOW_us } from "../catalog/support.ts";
import { TOPIC, World } from "./support.ts";

const BATCH_BYTES = TapeBatch.bytes + 64;

test.each([
  ["the start", { fromKind: TapeFrom.Start, from: 0 }, ["1-4", "5-8", "9-12"]],
  ["the end", { fromKind: TapeFrom.End, from: 0 }, []],
  ["a record that begins a batch", { fromKind: TapeFrom.Record, from: 5 }, ["5-8", "9-12"]],
  ["a record in the middle of a batch", { fromKind: TapeFrom.Record, from: 7 }, ["5-8", "9-12"]],
  ["a record that is to come", { fromKind: TapeFrom.Record, from: 99 }, []],
  ["a time", { fromKind: TapeFrom.Time, from: NOW_us + 1 }, ["5-8", "9-12"]],
  ["a time before all of them", { fromKind: TapeFrom.Time, from: 1 }, ["1-4", "5-8", "9-12"]],
  ["a time that is to come", { fromKind: TapeFrom.Time, from: NOW_us + 99 }, []],
])("a subscriber from %s is sent whole batches from there on, and then what comes", (_, wish, before) => {
  const world = new World();
  world.open(1, wish);
  world.run();
  expect(world.said(1)).toEqual(["accepted 1..13", ...before]);
  world.append();
  world.run();
  expect(world.said(1)).toEqual(["13-16"]);
});

test("ten subscribers at the tail read the file once", () => {
  const world = new World();
  for (let i = 1; i <= 10; i++) world.open(i, { fromKind: TapeFrom.End });
  world.run();
  for (let batch = 1; batch <= 5; batch++) {
    world.append();
    world.run();
    expect(world.storage.reads).toBe(batch);
  }
  for (let i = 1; i <= 10; i++) expect(world.said(i).slice(1)).toHaveLength(5);
  expect(world.service.figures).toMatchObject({ subscribers: 10, inUse: 0, reads: 5, batches: 50 });
});

test("who comes to the same place a little later is sent what was read before", () => {
  const world = new World();
  world.open(1);
  world.run();
  world.open(2, { fromKind: TapeFrom.Record, from: 6 });
  world.run();
  expect(world.said(2)).toEqual(["accepted 1..13", "5-8", "9-12"]);
  expect(world.storage.reads).toBe(1);
});

test.each([
  ["nothing", 0, []],
  ["a byte", 1, ["1-4"]],
  ["a batch", BATCH_BYTES, ["1-4"]],
  ["a batch and a byte", BATCH_BYTES + 1, ["1-4", "5-8"]],
])("credit of %s is never exceeded by more than one batch", (_, credit, batches) => {
  const world = new World();
  world.open(1, { credit });
  world.run();
  expect(world.said(1).slice(1)).toEqual(batches);
  expect(world.service.figures.inUse).toBe(0);
});

test("what was sent beyond the credit is taken off what comes", () => {
  const world = new World({ batches: 5 });
  world.open(1, { credit: 1 });
  world.run();
  world.said(1);
  world.credit(1, BATCH_BYTES - 1);
  world.run();
  expect(world.said(1)).toEqual([]);
  world.credit(1, 1);
  world.run();
  expect(world.said(1)).toEqual(["5-8"]);
});

test("random credit in random pieces: what was sent is never more than a batch beyond what was given", () => {
  const world = new World({ batches: 200 });
  world.open(1, { credit: 0 });
  let given = 0;
  for (let i = 1; given < 200 * BATCH_BYTES; i++) {
    const bytes = (i * 7919) % 1_500;
    given += bytes;
    world.credit(1, bytes);
    world.run();
    expect(world.peer(1).batchBytes).toBeLessThan(given + BATCH_BYTES);
    expect(world.peer(1).batchBytes).toBeGreaterThanOrEqual(Math.min(given, 200 * BATCH_BYTES));
  }
  expect(world.said(1).slice(1)).toHaveLength(200);
});

test("a slow subscriber lags and holds up nobody; it goes on where it was", () => {
  const world = new World();
  world.open(1);
  world.peer(1).isStuck = true;
  world.open(2);
  world.run();
  for (let i = 0; i < 20; i++) world.append();
  world.run();
  expect(world.said(2)).toHaveLength(1 + 23);
  expect(world.said(1)).toEqual(["accepted 1..13"]);
  world.peer(1).isStuck = false;
  world.drain(1);
  world.run();
  expect(world.said(1)).toHaveLength(23);
});

test("a subscriber that retention overtakes is told the oldest record, and its place when it gets credit again", () => {
  const world = new World({ batches: 6 });
  world.open(1, { credit: 1 });
  world.run();
  world.said(1);
  world.retainFrom(13);
  world.run();
  expect(world.said(1)).toEqual([]);
  world.credit(1, 1e6);
  world.run();
  expect(world.said(1)).toEqual(["fault RecordGone 13", "closed"]);
});

test("a subscriber whose record goes while it is read is told the oldest one", () => {
  const world = new World();
  world.open(1);
  world.storage.failure = { reason: TapeReason.RecordGone, detail: 9 };
  world.run();
  expect(world.said(1)).toEqual(["accepted 1..13", "fault RecordGone 9", "closed"]);
  expect(world.service.figures.inUse).toBe(0);
});

test("a log that can't be read ends who reads there, and the buffer is free again", () => {
  const world = new World({ buffers: 1 });
  world.open(1);
  world.open(2);
  world.storage.failure = { reason: TapeReason.LogCorrupt, detail: 9 };
  world.run();
  const text = `topic "md.trades": the topic's log is damaged at record 1; from record 9 on it can be read again`;
  for (const peer of [1, 2])
    expect(world.said(peer).slice(1)).toEqual([`fault LogCorrupt 9: ${text}`, "closed"]);
  world.storage.failure = undefined;
  world.open(3);
  world.run();
  expect(world.said(3)).toHaveLength(4);
});

test("one buffer serves many subscribers at different places, each in its turn", () => {
  const world = new World({ buffers: 1, batches: 40 });
  for (let i = 1; i <= 8; i++)
    world.open(i, { fromKind: TapeFrom.Record, from: i * 16, credit: BATCH_BYTES });
  world.run();
  for (let i = 1; i <= 8; i++) expect(world.said(i).slice(1)).toEqual([`${i * 16 - 3}-${i * 16}`]);
  world.pass(1);
});

test("while a full buffer is sent to who is behind, the next one is read, and no more than that", () => {
  const world = new World({ batches: 0 });
  for (let i = 0; i < 12; i++) world.append(700_000);
  world.open(1);
  world.peer(1).isStuck = true;
  world.run();
  world.drain(1);
  world.run();
  expect(world.storage.reads).toBe(2);
  world.peer(1).isStuck = false;
  while (world.peer(1).held !== undefined) {
    world.drain(1);
    world.run();
  }
  expect(world.said(1)).toHaveLength(1 + 12);
  expect(world.storage.reads).toBe(4);
});

test.each([
  ["buffers are short", { buffers: 1, batches: 0 }, {}],
  ["there is no credit for it", { batches: 0 }, { credit: 1_500_000 }],
])("nothing is read ahead when %s", (_, options, wish) => {
  const world = new World(options);
  for (let i = 0; i < 12; i++) world.append(700_000);
  world.open(1, wish);
  world.peer(1).isStuck = true;
  world.run();
  world.drain(1);
  world.run();
  expect(world.storage.reads).toBe(1);
});

test("who holds a buffer and takes nothing is closed after ten seconds", () => {
  const world = new World();
  world.open(1);
  world.peer(1).isStuck = true;
  world.run();
  world.pass(9.9);
  expect(world.said(1)).toEqual(["accepted 1..13"]);
  world.pass(0.2);
  expect(world.said(1)).toEqual(["closed"]);
  expect(world.service.figures).toMatchObject({ tooSlow: 1, inUse: 0 });
});

test("who holds a buffer that others wait for and takes nothing is closed after a second", () => {
  const world = new World({ buffers: 1 });
  world.open(1);
  world.peer(1).isStuck = true;
  world.run();
  world.pass(5);
  world.open(2, { fromKind: TapeFrom.Record, from: 12 });
  world.append(2_000_000);
  world.run();
  world.open(3, { fromKind: TapeFrom.Record, from: 13 });
  world.run();
  expect(world.said(3)).toEqual(["accepted 1..17"]);
  world.pass(0.2);
  expect(world.said(1)).toEqual(["accepted 1..13", "closed"]);
  expect(world.said(3)).toEqual(["13-16"]);
});

test("who takes what it is sent steadily is not closed for it, unless others wait too long", () => {
  const world = new World({ buffers: 1 });
  world.open(1);
  world.peer(1).isStuck = true;
  world.run();
  for (let second = 0; second < 60; second++) {
    world.peer(1).unacknowledged++;
    world.heartbeat(1);
    world.pass(1);
  }
  expect(world.said(1)).toEqual(["accepted 1..13"]);
  world.append();
  world.open(2, { fromKind: TapeFrom.Record, from: 13 });
  world.peer(1).unacknowledged++;
  world.pass(0.5);
  expect(world.said(1)).toEqual(["closed"]);
  expect(world.said(2)).toEqual(["accepted 1..17", "13-16"]);
});

test("who says nothing for half a minute is closed, and a heartbeat is enough", () => {
  const world = new World({ batches: 0 });
  world.open(1);
  world.open(2);
  for (let second = 0; second < 31; second++) {
    world.heartbeat(2);
    world.pass(1);
  }
  expect(world.said(1).slice(-2)).toEqual(["fault TooSlow 0", "closed"]);
  expect(world.said(2).at(-1)).toBe("heartbeat 1");
});

test("a heartbeat says each second how far the topic is, when nothing else was sent", () => {
  const world = new World();
  world.open(1, { credit: 1 });
  world.run();
  world.said(1);
  world.pass(0.9);
  expect(world.said(1)).toEqual([]);
  world.append();
  world.pass(0.1);
  expect(world.said(1)).toEqual(["heartbeat 17"]);
  world.pass(3);
  expect(world.said(1)).toHaveLength(3);
});

test("a heartbeat names no end while records are on their way, or are looked for: who ends behind the last one goes by it", () => {
  const world = new World();
  world.open(1, { fromKind: TapeFrom.Time, from: NOW_us + 1 });
  world.open(2);
  world.turns();
  world.clock.now_us = 1_000_000;
  world.service.tick();
  for (const peer of [1, 2]) expect(world.said(peer)).toEqual(["accepted 1..13", "heartbeat 0"]);
  world.run();
  for (const peer of [1, 2]) expect(world.said(peer).at(-1)).toBe("9-12");
  world.pass(1);
  for (const peer of [1, 2]) expect(world.said(peer)).toEqual(["heartbeat 13"]);
});

test("a group has exactly one active member; the others stand by, in the order they came", async () => {
  const world = new World();
  for (const peer of [1, 2, 3]) world.open(peer, { group: "risk" });
  await world.safe();
  expect(world.said(1)).toEqual(["accepted 1..13", "active 1", "1-4", "5-8", "9-12"]);
  for (const peer of [2, 3]) expect(world.said(peer)).toEqual(["accepted 1..13", "standby"]);
  expect(world.service.groupsOf(TOPIC.id)).toEqual([{ name: "risk", committed: 1, members: 3 }]);
});

test("a standby takes over from the committed offset, and is sent nothing before it again", async () => {
  const world = new World();
  for (const peer of [1, 2, 3]) world.open(peer, { group: "risk" });
  await world.safe();
  world.commit(1, 9);
  world.break(1);
  world.run();
  expect(world.said(2).slice(2)).toEqual(["active 9", "9-12"]);
  expect(world.said(3)).toEqual(["accepted 1..13", "standby"]);
  world.commit(2, 13);
  world.bye(2);
  world.run();
  expect(world.said(3)).toEqual(["active 13"]);
  world.append();
  world.run();
  expect(world.said(3)).toEqual(["13-16"]);
});

test("a standby takes over where the group began when nothing was committed, wherever it wanted to begin", async () => {
  const world = new World();
  for (const peer of [1, 2]) world.open(peer, { group: "risk", fromKind: TapeFrom.End });
  world.open(3, { group: "risk" });
  await world.safe();
  world.append();
  world.run();
  expect(world.said(1).slice(1)).toEqual(["active 13", "13-16"]);
  for (const peer of [1, 2]) {
    world.break(peer);
    world.run();
    expect(world.said(peer + 1).slice(2)).toEqual(["active 13", "13-16"]);
  }
});

// It was in memory alone: behind a kill a standby that had asked for the end came first, and left out what the one before it was sent.
test("nothing is sent to a group's first member before where the group begins is safe", async () => {
  const world = new World();
  world.open(1, { group: "risk", fromKind: TapeFrom.End });
  world.open(2, { group: "risk" });
  world.append();
  world.run();
  expect([world.said(1), world.said(2)]).toEqual([["accepted 1..13"], ["accepted 1..13", "standby"]]);
  world.break(1);
  world.run();
  expect(world.said(2), "it takes over, and waits for the same").toEqual([]);
  await world.safe();
  expect(world.said(2)).toEqual(["active 13", "13-16"]);
  expect(world.commits).toEqual([{ kind: "group", topic: TOPIC.id, group: "risk", committed: 13 }]);
});

test("who ends behind the last record is told of no end while its group's beginning is not safe", () => {
  const world = new World();
  world.open(1, { group: "risk" });
  world.pass(1);
  expect(world.said(1)).toEqual(["accepted 1..13", "heartbeat 0"]);
});

test("a group whose beginning finds no room on the disk is told so, and begins when there is some", async () => {
  const world = new World();
  world.isFull = true;
  world.open(1, { group: "risk" });
  await world.safe();
  expect(world.said(1)).toEqual(["accepted 1..13", "fault DiskFull 0", "closed"]);
  expect(world.service.groupsOf(TOPIC.id)).toEqual([]);
  world.isFull = false;
  world.open(2, { group: "risk" });
  await world.safe();
  expect(world.said(2)).toEqual(["accepted 1..13", "active 1", "1-4", "5-8", "9-12"]);
});

test.each<[what: string, end: (world: World) => void, committed: number | undefined]>([
  [
    "its last member has left: it is none of those that a topic has for good",
    (world) => world.break(1),
    undefined,
  ],
  [
    "its last member has left, and had committed where it began",
    (world) => {
      world.commit(1, 1);
      world.break(1);
    },
    1,
  ],
  ["the broker ends: it goes on there", (world) => world.service.shutDown(), 1],
  [
    "the topic's log has failed: it goes on there",
    (world) => world.service.onTopicOver(TOPIC.id, TapeReason.LogFailed),
    1,
  ],
])("where a group began that has done nothing, when %s", async (_, end, committed) => {
  const world = new World();
  world.open(1, { group: "risk" });
  await world.safe();
  end(world);
  world.run();
  expect(world.offsets.of(TOPIC.id).get("risk")).toBe(committed);
  await world.offsets.settle();
  expect(world.commits.at(-1)?.kind).toBe(committed === undefined ? "group gone" : "group");
});

test("a topic that lost its end is not written before its groups stand there for good", async () => {
  const world = new World();
  world.offsets.commit(TOPIC.id, "risk", 25);
  await world.offsets.settle();
  world.isFull = true;
  expect(await world.service.onOpened(TOPIC.id, 13)).toBe(TapeReason.DiskFull);
  // Asked for again, it is as it was.
  expect(await world.service.onOpened(TOPIC.id, 13)).toBe(TapeReason.DiskFull);
  world.isFull = false;
  expect(await world.service.onOpened(TOPIC.id, 13)).toBe(TapeReason.None);
  expect(world.commits.at(-1)).toMatchObject({ group: "risk", committed: 13 });
  expect(world.service.onOpened(TOPIC.id, 13)).toBeUndefined();
});

test("who comes back to its group goes on with what the group has committed, wherever it wanted to begin", async () => {
  const world = new World();
  world.open(1, { group: "risk" });
  await world.safe();
  world.commit(1, 7);
  world.break(1);
  world.open(2, { group: "risk", fromKind: TapeFrom.Start });
  world.run();
  expect(world.said(2).slice(1)).toEqual(["active 7", "5-8", "9-12"]);
  world.pass(0.1);
  await world.offsets.flush();
  const risk = { kind: "group", topic: TOPIC.id, group: "risk" };
  expect(world.commits).toEqual([1, 7].map((committed) => ({ ...risk, committed })));
});

test("a group that retention has overtaken goes on with the oldest record, and is told so", () => {
  const world = new World();
  world.offsets.commit(TOPIC.id, "risk", 3);
  world.retainFrom(9);
  world.open(1, { group: "risk" });
  world.run();
  expect(world.said(1)).toEqual(["accepted 9..13", "active 9", "9-12"]);
});

test("a topic that lost its end to a power failure takes its groups back with it: what comes then is sent, all of it", async () => {
  const world = new World();
  world.offsets.commit(TOPIC.id, "risk", 25);
  world.service.onOpened(TOPIC.id, world.log.nextRecord);
  for (let i = 0; i < 4; i++) world.append();
  world.open(1, { group: "risk" });
  await world.safe();
  expect(world.said(1).slice(1)).toEqual(["active 13", "13-16", "17-20", "21-24", "25-28"]);
});

test("two groups of one topic know nothing of one another", async () => {
  const world = new World();
  world.open(1, { group: "risk" });
  world.open(2, { group: "audit" });
  await world.safe();
  world.commit(1, 13);
  for (const peer of [1, 2]) expect(world.said(peer)).toHaveLength(5);
  expect(world.service.groupsOf(TOPIC.id)).toEqual([
    { name: "audit", committed: 1, members: 1 },
    { name: "risk", committed: 13, members: 1 },
  ]);
});

test("a topic has 64 groups at most, those without a commit included, until one is forgotten", async () => {
  const world = new World();
  for (let i = 1; i <= 64; i++) world.open(i, { group: `g${i}` });
  await world.safe();
  world.commit(1, 1);
  world.open(65, { group: "one.more" });
  world.run();
  expect(world.said(65)).toEqual(["refused GroupLimit 0", "closed"]);
  expect(world.service.forgetGroup(TOPIC.id, "g64")).toBe(TapeReason.NotAllowed);
  world.break(64);
  world.open(66, { group: "one.more" });
  await world.safe();
  expect(world.said(66)).toHaveLength(5);
  expect(world.service.forgetGroup(TOPIC.id, "nobody")).toBe(TapeReason.GroupUnknown);
});

test.each([
  ["a commit without a group", "", 5],
  ["a commit of what was never sent", "risk", 14],
])("%s ends the subscriber", async (_, group, record) => {
  const world = new World();
  world.open(1, { group });
  await world.safe();
  world.said(1);
  world.commit(1, record);
  world.run();
  expect(world.said(1)).toEqual(["fault Malformed 0", "closed"]);
});

test("a commit of who stands by ends it, and the group has one member less", async () => {
  const world = new World();
  for (const peer of [1, 2]) world.open(peer, { group: "risk" });
  await world.safe();
  world.commit(2, 5);
  world.run();
  expect(world.said(2).slice(2)).toEqual(["fault Malformed 0", "closed"]);
  expect(world.service.groupsOf(TOPIC.id)[0].members).toBe(1);
});

test("a time that can't be asked for now is asked for again", async () => {
  const world = new World();
  world.storage.room = 0;
  world.open(1, { fromKind: TapeFrom.Time, from: NOW_us + 1, group: "risk" });
  world.run();
  expect(world.said(1)).toEqual(["accepted 1..13"]);
  world.storage.room = 1;
  world.pass(0.1);
  await world.safe();
  expect(world.said(1)).toEqual(["active 5", "5-8", "9-12"]);
});

test("a read that can't be asked for now is asked for again", () => {
  const world = new World();
  world.storage.room = 0;
  world.open(1);
  world.run();
  world.storage.room = 1;
  world.pass(0.1);
  expect(world.said(1)).toEqual(["accepted 1..13", "1-4", "5-8", "9-12"]);
});

test("the end of a topic is told to its subscribers, behind what they still take", () => {
  const world = new World();
  world.open(1);
  world.open(2);
  world.peer(1).isStuck = true;
  world.run();
  world.service.onTopicOver(TOPIC.id, TapeReason.TopicDeleted);
  world.run();
  expect(world.said(2).slice(-2)).toEqual(["fault TopicDeleted 0", "closed"]);
  world.peer(1).isStuck = false;
  world.drain(1);
  world.run();
  expect(world.said(1)).toEqual(["accepted 1..13", "1-4", "5-8", "9-12", "fault TopicDeleted 0", "closed"]);
  expect(world.service.figures).toMatchObject({ subscribers: 0, inUse: 0 });
});

test("what was read of a topic that is over is given to nobody any more", () => {
  const world = new World();
  world.open(1);
  world.run();
  world.service.onTopicOver(TOPIC.id, TapeReason.LogFailed);
  world.run();
  world.open(2);
  world.run();
  expect(world.said(2)).toHaveLength(1 + 3);
  expect(world.storage.reads).toBe(2);
});

test("what the transport still holds stays as it is after the subscriber's end, until it is gone", () => {
  const world = new World({ buffers: 1 });
  world.open(1);
  world.peer(1).isStuck = true;
  world.run();
  world.service.onTopicOver(TOPIC.id, TapeReason.TopicDeleted);
  world.open(2);
  world.run();
  expect([world.service.figures.inUse, world.storage.reads]).toEqual([1, 1]);
  world.break(1);
  world.run();
  expect(world.said(2)).toHaveLength(1 + 3);
});

test("a slow subscriber gives its buffer to who waits after a piece, and goes on behind it", () => {
  const world = new World({ buffers: 1, batches: 0 });
  for (let i = 0; i < 4; i++) world.append(300_000);
  world.open(1);
  world.peer(1).isStuck = true;
  world.run();
  world.drain(1);
  world.run();
  world.append();
  world.open(2, { fromKind: TapeFrom.Record, from: 17 });
  world.run();
  world.peer(1).isStuck = false;
  world.clock.now_us += 500_000;
  world.drain(1);
  world.run();
  expect(world.said(2)).toEqual(["accepted 1..21", "17-20"]);
  expect(world.said(1)).toEqual(["accepted 1..17", "1-4", "5-8", "9-12", "13-16", "17-20"]);
  expect(world.storage.reads).toBe(3);
});

test("the end of the broker is told to everybody, and every buffer is given back", () => {
  const world = new World();
  for (const peer of [1, 2, 3]) world.open(peer, { group: peer === 1 ? "" : "risk" });
  world.run();
  world.service.shutDown();
  world.run();
  for (const peer of [1, 2, 3]) {
    expect(world.said(peer).slice(-2)).toEqual(["fault ShuttingDown 0", "closed"]);
  }
  expect(world.service.figures).toMatchObject({ subscribers: 0, inUse: 0, waiting: 0 });
});

test("a connection that breaks while a piece of it is held gives the buffer back", () => {
  const world = new World({ buffers: 1 });
  world.open(1);
  world.peer(1).isStuck = true;
  world.run();
  expect(world.service.figures.inUse).toBe(1);
  world.break(1);
  expect(world.service.figures.inUse).toBe(0);
});

test("the head of a batch ends the subscriber: no memory is taken for what it has no business with", () => {
  const world = new World();
  world.open(1, { fromKind: TapeFrom.End });
  const head = tapeMemory(new ArrayBuffer(TapeHead.bytes));
  writeTapeHead(head.view, 0, TapeType.Batch, TAPE_BATCH_BYTES_MAX);
  world.service.received(1, head.bytes);
  world.run();
  expect(world.said(1)).toEqual(["accepted 1..13", "fault Malformed 0", "closed"]);
});

test("bytes that are no message end the subscriber", () => {
  const world = new World();
  world.open(1, { fromKind: TapeFrom.End });
  world.service.received(1, new Uint8Array(16));
  world.run();
  expect(world.said(1)).toEqual(["accepted 1..13", "fault Malformed 0", "closed"]);
});

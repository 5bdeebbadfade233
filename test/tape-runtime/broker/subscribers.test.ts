// Subscribers and administrators of a broker over real sockets, real threads and real files.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { NativeChecksums, NodeStorage, SystemClock } from "../../../src/platform/index.ts";
import {
  batchHeaderProblem,
  isCommittedBatch,
  RecordWriter,
  readBatchHeader,
  readLogPart,
  TapeBatch,
  TapeFrom,
  TapeReason,
  TapeType,
  tapeLengthAt,
  tapeMemory,
  tapeMemoryOf,
  writeBatchHeader,
  writeCommitOffset,
  writeCredit,
  writePlain,
} from "../../../src/protocol/index.ts";
import { type TopicFigures, TopicReader, topicDirectory } from "../../../src/tape/index.ts";
import type { TapeBroker } from "../../../src/tape-runtime/index.ts";
import { batch, concat } from "../../tape/ingest/support.ts";
import { Client, runBroker, startBroker } from "./support.ts";

const checksums = new NativeChecksums();

/** For tests that want no more of a broker than a topic of their own. */
let broker: TapeBroker;
let port = 0;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ broker, stop } = await runBroker());
  [port] = broker.ports;
});
afterAll(() => stop());

function topicFigures(topic: string): TopicFigures | undefined {
  return broker.figures().topics.find(({ name }) => name === topic);
}

/** A batch as its subscriber reads it; throws when any part of it is not as it was sent and sealed. */
function checked(bytes: Uint8Array): { publisher: number; batch: number; firstRecord: number } {
  const memory = tapeMemoryOf(bytes);
  const { publisher, batch: number, payloadBytes, payloadCrc } = readBatchHeader(memory.view, 0);
  const payload = bytes.subarray(TapeBatch.bytes, TapeBatch.bytes + payloadBytes);
  const isWhole =
    batchHeaderProblem(memory, 0) === TapeReason.None &&
    isCommittedBatch(memory, 0) &&
    checksums.crc32c(payload) === payloadCrc;
  if (!isWhole) throw new Error(`batch ${number} of publisher ${publisher} is torn`);
  return { publisher, batch: number, firstRecord: readLogPart(memory.view, 0).firstRecord };
}

/** `publisher batch` of each, in the order they came. */
function orderOf(client: Client): string[] {
  return client.batches.map(checked).map((seen) => `${seen.publisher} ${seen.batch}`);
}

function numbersOf(client: Client): number[] {
  return client.batches.map((bytes) => checked(bytes).firstRecord);
}

async function publish(port: number, topic: string, count: number, payloadBytes = 64): Promise<Client> {
  const publisher = Client.publisher(port, { topic });
  await publisher.hears("accepted 0");
  publisher.send(concat(...Array.from({ length: count }, (_, i) => batch(i + 1, payloadBytes))));
  await publisher.hears(`ack ${count}`);
  return publisher;
}

function credit(client: Client, bytes: number): void {
  const { bytes: message, view } = tapeMemory(new ArrayBuffer(16));
  writeCredit(view, 0, bytes);
  client.send(message);
}

function commit(client: Client, record: number): void {
  const { bytes: message, view } = tapeMemory(new ArrayBuffer(16));
  writeCommitOffset(view, 0, record);
  client.send(message);
}

test("order 1: all subscribers see one order, and it is the log's", async () => {
  const directory = newDirectory();
  const broker = await startBroker({ directory });
  const [port] = broker.ports;
  const publishers = await Promise.all(
    [1, 2, 3, 4].map(async (publisher) => {
      const client = Client.publisher(port, { publisher, order: 1, ack: 1 });
      await client.hears("accepted 0");
      return client;
    }),
  );
  const early = Client.subscriber(port);
  for (let from = 1; from <= 100; from += 10) {
    for (const [at, client] of publishers.entries()) {
      const ten = Array.from({ length: 10 }, (_, i) =>
        batch(from + i, 64 + 8 * ((from * 7 + at) % 50), at + 1),
      );
      client.send(concat(...ten));
    }
    await publishers[from % 4].hears(`ack ${from + 9}`);
  }
  for (const client of publishers) await client.hears("ack 100");
  const late = Client.subscriber(port);
  for (const client of [early, late]) await client.until(() => client.batches.length === 400, "400 batches");
  expect(orderOf(late)).toEqual(orderOf(early));
  expect(numbersOf(early)).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
  expect(orderInLog(directory, early.batches[399])).toEqual(orderOf(early));
});

/** The order in a topic's files up to a batch, read past the broker. */
function orderInLog(directory: string, last: Uint8Array): string[] {
  const place = { storage: new NodeStorage(), checksums, directory: topicDirectory(directory, 1) };
  const reader = new TopicReader(place);
  const nextPosition = readLogPart(tapeMemoryOf(last).view, 0).position + 1;
  const end = { nextPosition, nextRecord: checked(last).firstRecord + 1 };
  const memory = tapeMemory(new ArrayBuffer(4 * 1024 * 1024));
  const cursor = reader.locate({ kind: "record", value: 1 }, end);
  if ("oldestRecord" in cursor) throw new Error("the first record is gone");
  const read = reader.read(cursor, nextPosition, memory, memory.bytes.length);
  if ("oldestRecord" in read) throw new Error("records are gone");
  reader.close();
  const order: string[] = [];
  for (let at = 0; at < read.bytes; at += tapeLengthAt(memory.view, at)) {
    const { publisher, batch: number } = readBatchHeader(memory.view, at);
    order.push(`${publisher} ${number}`);
  }
  return order;
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tape-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A batch of `records` records of eight bytes. */
function batchOf(number: number, records: number): Uint8Array {
  const memory = tapeMemory(new ArrayBuffer(TapeBatch.bytes + records * 24));
  const writer = new RecordWriter();
  writer.reset(memory.bytes, TapeBatch.bytes, memory.bytes.length);
  for (let i = 0; i < records; i++) writer.add(new Uint8Array(8));
  const { payloadBytes } = writer;
  const payloadCrc = checksums.crc32c(memory.bytes.subarray(TapeBatch.bytes));
  const sizes = { records, payloadBytes, plainBytes: payloadBytes, payloadCrc };
  writeBatchHeader(memory, 0, { isCompressed: false, publisher: 7, epoch: 3, batch: number, ...sizes });
  return memory.bytes;
}

test("reader never sees a torn batch: subscribers at the tail under load get every batch whole", async () => {
  const broker = await startBroker({ workers: 2 });
  const [port] = broker.ports;
  const publishers = await Promise.all(
    [1, 2, 3].map(async (publisher) => {
      const client = Client.publisher(port, { publisher, order: 0, ack: 0 });
      await client.hears("accepted 0");
      return client;
    }),
  );
  const subscribers = [1, 2, 3].map(() => Client.subscriber(port, { credit: 1e9 }));
  for (let number = 1; number <= 40; number++) {
    for (const [at, client] of publishers.entries()) {
      const payloadBytes = 16 + 8 * ((number * 7919 * (at + 1)) % 30_000);
      client.send(batch(number, payloadBytes, at + 1));
    }
    if (number % 10 === 0)
      await subscribers[0].until(() => subscribers[0].batches.length >= number, "batches");
  }
  for (const client of subscribers) {
    await client.until(() => client.batches.length === 120, "120 batches");
    expect(numbersOf(client)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
  }
  expect(orderOf(subscribers[1])).toEqual(orderOf(subscribers[0]));
});

test("ten subscribers at the tail read the file once, over real sockets", async () => {
  const topic = "tail";
  const before = broker.figures();
  const publisher = await publish(port, topic, 1);
  const subscribers = Array.from({ length: 10 }, () =>
    Client.subscriber(port, { topic, fromKind: TapeFrom.End }),
  );
  for (const client of subscribers) await client.hears("accepted 0");
  for (let number = 2; number <= 21; number++) {
    publisher.send(batch(number, 1_000));
    for (const client of subscribers)
      await client.until(() => client.batches.length === number - 1, "its batch");
  }
  const { delivery, bytes } = broker.figures();
  expect(delivery.reads - before.delivery.reads).toBe(20);
  expect(bytes.delivered - before.bytes.delivered).toBe(10 * 20 * (TapeBatch.bytes + 1_000));
});

test("a subscriber begins at the start, the end, a record's number in the middle of a batch, or a time", async () => {
  const topic = "places";
  const publisher = Client.publisher(port, { topic });
  await publisher.hears("accepted 0");
  for (const number of [1, 2, 3]) {
    publisher.send(batchOf(number, 10));
    await publisher.hears(`ack ${number}`);
  }
  const begin = async (fromKind: TapeFrom, from: number, batches: number) => {
    const client = Client.subscriber(port, { topic, fromKind, from });
    await client.hears("accepted 0");
    await client.until(() => client.batches.length === batches, `${batches} batches from ${from}`);
    return client.batches.map((bytes) => readLogPart(tapeMemoryOf(bytes).view, 0));
  };
  const all = await begin(TapeFrom.Start, 0, 3);
  expect(all.map(({ firstRecord }) => firstRecord)).toEqual([1, 11, 21]);
  const seen = [
    await begin(TapeFrom.Record, 11, 2),
    await begin(TapeFrom.Record, 15, 2),
    await begin(TapeFrom.Time, all[1].committed_us, 2),
  ];
  for (const parts of seen) expect(parts.map(({ firstRecord }) => firstRecord)).toEqual([11, 21]);
  const atEnd = Client.subscriber(port, { topic, fromKind: TapeFrom.End });
  await atEnd.hears("accepted 0");
  publisher.send(batchOf(4, 10));
  await atEnd.until(() => atEnd.batches.length === 1, "what came then");
  expect(readLogPart(tapeMemoryOf(atEnd.batches[0]).view, 0).firstRecord).toBe(31);
});

test("credit is never exceeded by more than one batch, and more of it brings more", async () => {
  const topic = "credit";
  const publisher = await publish(port, topic, 20, 1_000);
  const client = Client.subscriber(port, { topic, credit: 1 });
  const bytes = TapeBatch.bytes + 1_000;
  await client.hears("batch");
  credit(client, 4 * bytes);
  await client.until(() => client.batches.length === 5, "four more");
  publisher.send(batch(21, 1_000));
  await publisher.hears("ack 21");
  expect(client.batches.length).toBe(5);
  credit(client, 1e9);
  await client.until(() => client.batches.length === 21, "all of them");
});

test("a slow subscriber lags and slows nobody down; it gets all that it missed", async () => {
  const topic = "slow";
  const slow = await slowSubscriber(topic);
  const quick = Client.subscriber(port, { topic, credit: 1e9 });
  const publisher = Client.publisher(port, { topic, ack: 1 });
  await publisher.hears("accepted 0");
  for (let number = 1; number <= 24; number++) publisher.send(batch(number, 1_000_000));
  await publisher.hears("ack 24");
  await quick.until(() => quick.batches.length === 24, "24 batches");
  expect(slow.batches.length).toBeLessThan(24);
  slow.socket.resume();
  await slow.until(() => slow.batches.length === 24, "24 batches");
  expect(orderOf(slow)).toEqual(orderOf(quick));
});

/** One that is let in and then reads nothing. */
async function slowSubscriber(topic: string): Promise<Client> {
  const maker = Client.publisher(port, { topic });
  await maker.hears("accepted 0");
  maker.socket.end();
  const client = Client.subscriber(port, { topic, credit: 1e9 });
  await client.hears("accepted 0");
  client.socket.pause();
  return client;
}

test("a subscriber that has credit, holds a buffer and takes nothing is closed after ten seconds", async () => {
  const system = new SystemClock();
  const clock = {
    skipped_us: 0,
    wallMicros: () => system.wallMicros(),
    monotonicMicros: () => system.monotonicMicros() + clock.skipped_us,
  };
  const broker = await startBroker({ clock });
  const [port] = broker.ports;
  await publish(port, "trades", 24, 1_000_000);
  const client = Client.subscriber(port, { credit: 1e9 });
  client.socket.pause();
  await expect.poll(() => broker.figures().delivery.inUse).toBe(1);
  const { bytes: heartbeat, view } = tapeMemory(new ArrayBuffer(8));
  writePlain(view, 0, TapeType.Heartbeat);
  // Steps of four seconds, a look or two at what it has taken in each; it says all the while that it is there.
  let steps = 0;
  for (; broker.figures().connections.subscribers > 0 && steps < 50; steps++) {
    client.send(heartbeat);
    clock.skipped_us += 4_000_000;
    await sleep(150);
  }
  expect(steps).toBeGreaterThanOrEqual(3);
  expect(steps).toBeLessThan(50);
  expect(broker.figures()).toMatchObject({ delivery: { inUse: 0 }, connections: { refused: 1 } });
});

test("a subscriber that retention overtakes is told so, and which record is the oldest", async () => {
  const broker = await startBroker({ retain: { bytes: 1_000_000, age_us: 0 } });
  const [port] = broker.ports;
  const publisher = await publish(port, "trades", 1);
  const client = Client.subscriber(port, { credit: 1 });
  await client.hears("batch");
  for (let number = 2; number <= 24; number++) publisher.send(batch(number, 1_000_000));
  await publisher.hears("ack 24");
  await expect.poll(() => broker.figures().topics[0].oldestRecord).toBeGreaterThan(2);
  credit(client, 1e9);
  await client.hears("Fault RecordGone");
  await client.hears("end");
});

test("a group has one active member; its standby takes over from the committed offset, and gets nothing before it again", async () => {
  const topic = "group";
  const publisher = await publish(port, topic, 6);
  const first = Client.subscriber(port, { topic, group: "risk" });
  await first.until(() => first.batches.length === 6, "6 batches");
  const second = Client.subscriber(port, { topic, group: "risk" });
  await second.hears("standby");
  commit(first, 4);
  await expect.poll(() => topicFigures(topic)?.groups).toMatchObject([{ committed: 4, members: 2 }]);
  expect([first.heard[1], second.batches.length]).toEqual(["active 1", 0]);
  first.socket.destroy();
  await second.hears("active 4");
  await second.until(() => second.batches.length === 3, "3 batches");
  publisher.send(batch(7, 64));
  await second.until(() => second.batches.length === 4, "another");
  expect(numbersOf(second)).toEqual([4, 5, 6, 7]);
});

test("a broker that is started again has its topics, their settings and what groups have committed", async () => {
  const directory = newDirectory();
  const before = await startBroker({ directory });
  await publish(before.ports[0], "trades", 6);
  const admin = Client.administrator(before.ports[0]);
  await admin.hears("accepted 0");
  const kept = { do: "retain", topic: "trades", retainBytes: 2 ** 40, retainMs: 5_000_000 };
  const { topic } = (await admin.answer(kept)) as { topic: object };
  const member = Client.subscriber(before.ports[0], { group: "risk" });
  await member.until(() => member.batches.length === 6, "6 batches");
  commit(member, 5);
  await expect.poll(() => before.figures().topics[0].groups).toMatchObject([{ committed: 5 }]);
  await before.stop();
  await member.hears("Fault ShuttingDown");
  const after = await startBroker({ directory });
  expect(after.figures(), "nobody is behind or not, as far as is known").toMatchObject({
    topics: [],
    topicsTotal: 1,
  });
  const again = Client.administrator(after.ports[0]);
  await again.hears("accepted 0");
  expect(await again.answer({ do: "topics" })).toEqual({ topics: [topic] });
  expect(after.figures().topics).toMatchObject([{ nextRecord: 7, groups: [{ committed: 5 }] }]);
  const next = Client.subscriber(after.ports[0], { group: "risk" });
  await next.hears("active 5");
  await next.until(() => next.batches.length === 2, "2 batches");
});

test("a topic is deleted under load: everybody is told, its files go, and another of its name begins anew", async () => {
  const directory = newDirectory();
  const broker = await startBroker({ directory });
  const [port] = broker.ports;
  const publisher = await publish(port, "trades", 3);
  const subscriber = Client.subscriber(port, { credit: 1e9 });
  await subscriber.hears("batch");
  const load = setInterval(() => {
    for (let i = 0; i < 20; i++) publisher.send(batch(4 + i, 10_000));
  }, 1);
  onTestFinished(() => clearInterval(load));
  const admin = Client.administrator(port);
  await admin.hears("accepted 0");
  expect(await admin.answer({ do: "delete", topic: "trades" })).toEqual({ deleted: "trades" });
  clearInterval(load);
  for (const client of [publisher, subscriber]) await client.hears("Fault TopicDeleted");
  expect(readdirSync(join(directory, "topics"))).toEqual([]);
  await publish(port, "trades", 2);
  const after = Client.subscriber(port);
  await after.until(() => after.batches.length === 2, "2 batches");
  expect([numbersOf(after), readdirSync(join(directory, "topics"))]).toEqual([[1, 2], ["00000002"]]);
});

test("topic names of every kind are topics or refused, and never file names", async () => {
  const directory = newDirectory();
  const broker = await startBroker({ directory });
  const [port] = broker.ports;
  const names = [".", "..", "x".repeat(255), "Trades", "trades"];
  for (const topic of names) await publish(port, topic, 1);
  const read = names.map((topic) => Client.subscriber(port, { topic }));
  for (const client of read) await client.hears("batch");
  expect(readdirSync(join(directory, "topics"))).toEqual(names.map((_, i) => `0000000${i + 1}`));
  for (const topic of ["", "a/b", "a b", "a\0"])
    await Client.publisher(port, { topic }).hears("Refused TopicName");
  await Client.subscriber(port, { topic: "nobody" }).hears("Refused TopicUnknown");
});

// A subscriber and an administrator against a broker that does what the test says.

import { afterEach, beforeEach, expect, test } from "vitest";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { TapeFrom, TapeReason, TapeType, tapeMemoryOf } from "../../../src/protocol/index.ts";
import { receiveBatch } from "../../../src/tape-runtime/client/received-batch.ts";
import {
  TapeAdministrator,
  TapeSubscriber,
  type TapeSubscriberOptions,
} from "../../../src/tape-runtime/index.ts";
import { committedBatch, damagedBatch, ScriptedBroker, type ScriptedConnection } from "./scripted-broker.ts";

let broker: ScriptedBroker;
const open: { close(): Promise<unknown> }[] = [];
beforeEach(async () => {
  broker = await ScriptedBroker.start();
});
afterEach(async () => {
  const closing = open.splice(0).map((client) => client.close().catch(() => {}));
  await broker.stop();
  await Promise.all(closing);
});

type Options = Partial<TapeSubscriberOptions>;

async function connect(options: Options = {}, nextRecord = 1): Promise<[TapeSubscriber, ScriptedConnection]> {
  const connecting = TapeSubscriber.connect({ port: broker.port, topic: "t", chance: () => 0, ...options });
  const connection = await broker.next();
  connection.accept({ nextRecord });
  const subscriber = await connecting;
  open.push(subscriber);
  return [subscriber, connection];
}

/** The next `count` records as `number value`. */
async function take(
  records: AsyncIterator<{ record: number; text: string }>,
  count: number,
): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const { value, done } = await records.next();
    if (done === true) break;
    taken.push(`${value.record} ${value.text}`);
  }
  return taken;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

test.each<[from: TapeSubscriberOptions["from"], fromKind: TapeFrom, number: number]>([
  ["start", TapeFrom.Start, 0],
  ["end", TapeFrom.End, 0],
  [{ record: 7 }, TapeFrom.Record, 7],
  [{ time_us: 99 }, TapeFrom.Time, 99],
])("a subscriber that begins at %j asks for that", async (from, fromKind, number) => {
  const [, connection] = await connect({ from, creditBytes: 4_096 });
  expect(connection.hello).toMatchObject({
    role: 2,
    topic: "t",
    group: "",
    fromKind,
    from: number,
    credit: 4_096,
  });
});

test("records come in order, with their numbers; those before the one asked for are skipped within their batch", async () => {
  const [subscriber, connection] = await connect({ from: { record: 12 } });
  connection.batch(10, ["a", "b", "c", "d"]).batch(14, ["e"]);
  expect(await take(subscriber[Symbol.asyncIterator](), 3)).toEqual(["12 c", "13 d", "14 e"]);
});

test("a lost connection goes on behind the last record that came, and nothing comes twice", async () => {
  const [subscriber, first] = await connect({ from: "start" });
  const records = subscriber[Symbol.asyncIterator]();
  first.batch(1, ["a", "b"]).batch(3, ["c"]);
  expect(await take(records, 1)).toEqual(["1 a"]);
  await settled();
  first.socket.destroy();
  const second = await broker.next();
  expect(second.hello).toMatchObject({ fromKind: TapeFrom.Record, from: 4 });
  second.accept({ nextRecord: 4 }).batch(3, ["c", "d"]);
  expect(await take(records, 3)).toEqual(["2 b", "3 c", "4 d"]);
  expect(subscriber.connections).toBe(2);
});

test("a topic that lost its end while the connection was away goes on at its end, whatever the numbers were before", async () => {
  const [subscriber, first] = await connect({ from: "start" });
  const records = subscriber[Symbol.asyncIterator]();
  first.batch(1, ["a", "b"]).batch(3, ["lost", "too"]);
  expect(await take(records, 4)).toEqual(["1 a", "2 b", "3 lost", "4 too"]);
  first.socket.destroy();
  const second = await broker.next();
  second.accept({ nextRecord: 3 }).batch(3, ["c"]).batch(4, ["d"]);
  expect(await take(records, 2)).toEqual(["3 c", "4 d"]);
});

test("who begins at the end and is away at once misses nothing of what comes meanwhile", async () => {
  const [, first] = await connect({ from: "end" }, 31);
  first.socket.destroy();
  expect((await broker.next()).hello).toMatchObject({ fromKind: TapeFrom.Record, from: 31 });
});

test("what waits to be taken is bounded by the credit, which comes back as batches are taken", async () => {
  const bytes = committedBatch(1, ["0123456789"]).length;
  const [subscriber, connection] = await connect({ from: "start", creditBytes: 4 * bytes });
  expect(connection.hello.credit).toBe(4 * bytes);
  for (let record = 1; record <= 4; record++) connection.batch(record, ["0123456789"]);
  const batches = subscriber.batches();
  while (subscriber.waiting < 4) await settled();
  expect(connection.credit).toBe(0);
  await batches.next();
  await settled();
  expect(connection.credit).toBe(0);
  await batches.next();
  await connection.until(() => connection.credit === bytes);
  for (let i = 0; i < 2; i++) await batches.next();
  const last = batches.next();
  await connection.until(() => connection.credit === 4 * bytes);
  connection.batch(5, ["e"]);
  expect((await last).value?.batch).toBe(1);
});

test("what a lost connection left waiting counts against the credit of the next one", async () => {
  const bytes = committedBatch(1, ["0123456789"]).length;
  const [subscriber, first] = await connect({ from: "start", creditBytes: 4 * bytes });
  for (let record = 1; record <= 3; record++) first.batch(record, ["0123456789"]);
  while (subscriber.waiting < 3) await settled();
  first.socket.destroy();
  const second = await broker.next();
  expect(second.hello.credit).toBe(bytes);
  second.accept();
  const batches = subscriber.batches();
  for (let i = 0; i < 3; i++) await batches.next();
  void batches.next().catch(() => {});
  await second.until(() => second.credit === 3 * bytes);
});

test("the active member of a group begins where it is told, commits what is done, and is told when it stands by", async () => {
  const states: string[] = [];
  const [subscriber, first] = await connect({
    group: "g",
    from: "start",
    onState: (state) => states.push(state),
  });
  expect(first.hello.group).toBe("g");
  await settled();
  expect(states, "nobody knows yet whether another one is active").toEqual([]);
  first.standby();
  await settled();
  subscriber.commit(5);
  first.active(3).batch(2, ["b", "c", "d"]);
  const records = subscriber[Symbol.asyncIterator]();
  expect(await take(records, 2)).toEqual(["3 c", "4 d"]);
  subscriber.commit();
  await first.until(() => first.said.includes("CommitOffset 5"));
  expect(first.said).toEqual(["CommitOffset 5"]);
  expect(states).toEqual(["standby", "active"]);
  first.batch(5, ["e"]);
  while (subscriber.waiting < 1) await settled();
  first.socket.destroy();
  const second = await broker.next();
  expect(second.hello).toMatchObject({ group: "g", fromKind: TapeFrom.Record, from: 3 });
  second.accept().active(5).batch(5, ["e", "f"]);
  expect(await take(records, 2)).toEqual(["5 e", "6 f"]);
});

test("without following it ends behind the last record that there was, or at once where there is none", async () => {
  const [subscriber, connection] = await connect({ from: "start", follow: false }, 4);
  connection.batch(1, ["a", "b"]).batch(3, ["c", "d"]);
  expect(await take(subscriber[Symbol.asyncIterator](), 9)).toEqual(["1 a", "2 b", "3 c", "4 d"]);
  const [empty] = await connect({ from: "start", follow: false }, 1);
  expect(await take(empty[Symbol.asyncIterator](), 9)).toEqual([]);
  const [late, beyond] = await connect({ from: { time_us: 9 }, follow: false }, 4);
  beyond.heartbeat(4);
  expect(await take(late[Symbol.asyncIterator](), 9)).toEqual([]);
});

test("without following nothing is left out while its reader or the tape takes longer than the tape is silent", async () => {
  const [subscriber, connection] = await connect({ from: "start", follow: false }, 4);
  const records = subscriber[Symbol.asyncIterator]();
  connection.batch(1, ["a"]);
  expect(await take(records, 1)).toEqual(["1 a"]);
  connection.heartbeat(4);
  await settled();
  connection.batch(2, ["b", "c"]);
  expect(await take(records, 9)).toEqual(["2 b", "3 c"]);
});

test("without following it ends where a topic ends that has lost its end since", async () => {
  const [subscriber, first] = await connect({ from: "start", follow: false }, 6);
  const records = subscriber[Symbol.asyncIterator]();
  first.batch(1, ["a", "b"]);
  expect(await take(records, 2)).toEqual(["1 a", "2 b"]);
  first.socket.destroy();
  const second = await broker.next();
  second.accept({ nextRecord: 4 }).batch(3, ["c"]);
  expect(await take(records, 9)).toEqual(["3 c"]);
});

test("a member that is active again commits nothing that it was not sent since, whatever it had before", async () => {
  const [subscriber, first] = await connect({ group: "g", from: "start" });
  first.active(1).batch(1, ["a", "b", "c"]);
  const records = subscriber[Symbol.asyncIterator]();
  await take(records, 1);
  first.socket.destroy();
  const second = await broker.next();
  second.accept({ nextRecord: 4 }).active(1);
  await settled();
  expect(await take(records, 1)).toEqual(["2 b"]);
  subscriber.commit();
  second.batch(1, ["a", "b", "c"]);
  await settled();
  subscriber.commit();
  await second.until(() => second.said.includes("CommitOffset 3"));
  expect(second.said).toEqual(["CommitOffset 1", "CommitOffset 3"]);
});

test("a commit of what was never taken is an error, whatever waits here; of what was taken before, only what was again", async () => {
  const [subscriber, first] = await connect({ group: "g", from: "start" });
  first.active(1).batch(1, ["a", "b"]).batch(3, ["c", "d"]);
  const records = subscriber[Symbol.asyncIterator]();
  expect(await take(records, 3)).toEqual(["1 a", "2 b", "3 c"]);
  expect(() => subscriber.commit(5)).toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("before record 4 was"),
    }),
  );
  subscriber.commit(4);
  await first.until(() => first.said.includes("CommitOffset 4"));
  first.socket.destroy();
  const second = await broker.next();
  second.accept({ nextRecord: 5 }).active(1).batch(1, ["a", "b"]).batch(3, ["c", "d"]);
  while (subscriber.waiting < 2) await settled();
  expect(() => subscriber.commit(5)).toThrow("can't be done");
  subscriber.commit(4);
  await second.until(() => second.said.length > 0);
  expect(second.said).toEqual(["CommitOffset 1"]);
});

test("who leaves the loop closes the subscriber, and one that is closed ends the loop", async () => {
  const [subscriber, connection] = await connect({ from: "start" });
  connection.batch(1, ["a", "b"]);
  for await (const { text } of subscriber) {
    expect(text).toBe("a");
    break;
  }
  expect(connection.said).toEqual(["end"]);
  const [other] = await connect({ from: "start" });
  const next = other[Symbol.asyncIterator]().next();
  await other.close();
  expect(await next).toMatchObject({ done: true });
});

test("a record that is gone is told with the oldest that is kept: behind what was received, the loop throws it", async () => {
  const [subscriber, connection] = await connect({ from: "start" });
  connection.batch(1, ["a"]);
  await settled();
  connection.end(TapeType.Fault, TapeReason.RecordGone, 50);
  const records = subscriber[Symbol.asyncIterator]();
  expect(await take(records, 1)).toEqual(["1 a"]);
  await expect(records.next()).rejects.toMatchObject({ code: "RECORD_GONE", detail: 50 });
});

test.each<[what: string, at: number]>([
  ["header", 20],
  ["log's part", 70],
  ["payload", 150],
])("a batch with a damaged %s is never delivered", async (_, at) => {
  const [subscriber, connection] = await connect({ from: "start" });
  const damaged = committedBatch(1, ["0123456789"]);
  damaged[at] ^= 4;
  connection.socket.write(damaged);
  await expect(subscriber[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "PROTOCOL" });
});

test("every bit of a batch that is flipped on its way is noticed, in its headers and in its payload", () => {
  const whole = committedBatch(1, ["0123456789", "", "x"]);
  const read = (bytes: Uint8Array) =>
    receiveBatch(tapeMemoryOf(bytes), bytes.length, 0, new NativeChecksums());
  expect(typeof read(whole)).toBe("object");
  // The first 8 bytes are the head, which is judged before there is a batch.
  for (let bit = 8 * 8; bit < 8 * whole.length; bit++) {
    const damaged = whole.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    expect(typeof read(damaged), `bit ${bit}`).toBe("string");
  }
});

test("a hole between two batches is never passed over in silence", async () => {
  const [subscriber, connection] = await connect({ from: "start" });
  connection.batch(1, ["a"]).batch(3, ["c"]);
  const records = subscriber[Symbol.asyncIterator]();
  await take(records, 1);
  await expect(records.next()).rejects.toThrow("record 3 where 2 follows");
});

test("an administrator is answered in order, and told what is refused by its reason", async () => {
  const connecting = TapeAdministrator.connect({ port: broker.port });
  const connection = await broker.next();
  connection.accept({ topic: 0 });
  const administrator = await connecting;
  open.push(administrator);
  const asked = [
    administrator.topics(),
    administrator.groups("t"),
    administrator.create("t", { order: 2 }),
  ] as const;
  await connection.until(() => connection.requests.length === 3);
  expect(connection.requests).toEqual([
    '{"do":"topics"}',
    '{"do":"groups","topic":"t"}',
    '{"do":"create","topic":"t","order":2}',
  ]);
  connection.reply({ topics: [] }).reply({ groups: [] }).reply({ error: "TopicExists", text: "t is there" });
  expect(await asked[0]).toEqual([]);
  expect(await asked[1]).toEqual([]);
  await expect(asked[2]).rejects.toMatchObject({ code: "TOPIC_EXISTS" });
  const last = administrator.retain("t", { retainBytes: null, retainMs: 5 });
  const closing = administrator.close();
  await connection.until(() => connection.requests.length === 4);
  connection.socket.end();
  await expect(last).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  await closing;
  await expect(administrator.status()).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  await expect(administrator.delete("a/b")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test.each<[what: string, options: Options]>([
  ["a group with a slash", { group: "a/b" }],
  ["record 0", { from: { record: 0 } }],
  ["a place that is none", { from: "middle" as never }],
  ["no credit", { creditBytes: 0 }],
])("%s is an invalid argument", async (_, options) => {
  const asked = { topic: "t", port: broker.port, ...options };
  await expect(TapeSubscriber.connect(asked)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("a batch that its publisher sent damaged ends who has not said that it may be missing, behind what came before it", async () => {
  const [subscriber, connection] = await connect({ from: "start" });
  connection.batch(1, ["a", "b"]).socket.write(damagedBatch(3, ["x", "y"]));
  const records = subscriber[Symbol.asyncIterator]();
  expect(await take(records, 2)).toEqual(["1 a", "2 b"]);
  await expect(records.next()).rejects.toMatchObject({
    code: "BATCH_DAMAGED",
    message: `topic "t": records 3 to 4 can't be read: publisher 1 sent batch 1 of epoch 1 damaged: it can't be decompressed`,
  });
});

test("who is told of damaged batches gets what is behind them, and commits past them", async () => {
  const damaged: string[] = [];
  const [subscriber, connection] = await connect({
    group: "g",
    from: "start",
    onDamaged: ({ firstRecord, nextRecord }) => damaged.push(`${firstRecord} to ${nextRecord - 1}`),
  });
  connection
    .active(1)
    .batch(1, ["a"])
    .socket.write(damagedBatch(2, ["x", "y"]));
  connection.batch(4, ["b"]);
  const records = subscriber[Symbol.asyncIterator]();
  expect(await take(records, 2)).toEqual(["1 a", "4 b"]);
  expect(damaged).toEqual(["2 to 3"]);
  subscriber.commit();
  await connection.until(() => connection.said.includes("CommitOffset 5"));
});

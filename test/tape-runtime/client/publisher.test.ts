// A publisher against a broker that does what the test says: what is sent and sent again, when promises settle, what is surfaced.

import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeTapeChallenge, TapeReason, TapeType } from "../../../src/protocol/index.ts";
import {
  TapePublisher,
  type TapePublisherOptions,
  type TapeRecordInput,
  TapeRefusedError,
} from "../../../src/tape-runtime/index.ts";
import { ScriptedBroker, type ScriptedConnection } from "./scripted-broker.ts";

let broker: ScriptedBroker;
const publishers: TapePublisher[] = [];
beforeEach(async () => {
  broker = await ScriptedBroker.start();
});
afterEach(async () => {
  for (const publisher of publishers.splice(0)) publisher.destroy();
  await broker.stop();
});

type Options = Partial<TapePublisherOptions>;

/** A publisher, and its first connection, accepted in epoch 1. */
async function connect(options: Options = {}): Promise<[TapePublisher, ScriptedConnection]> {
  const asked = { port: broker.port, topic: "t", publisher: 9, chance: () => 0, ...options };
  const connecting = TapePublisher.connect(asked);
  const connection = await broker.next();
  connection.accept({ epoch: options.epoch ?? 1 });
  const publisher = await connecting;
  publishers.push(publisher);
  return [publisher, connection];
}

/** What has happened to each promise, in the order it happened. */
function settling(...promises: Promise<unknown>[]): string[] {
  const order: string[] = [];
  for (const [i, promise] of promises.entries()) {
    promise.then(
      (value) => order.push(`${i} ${JSON.stringify(value)}`),
      (error: { code?: string }) => order.push(`${i} ${error.code}`),
    );
  }
  return order;
}

/** A batch of its own for each value. */
function publish(publisher: TapePublisher, ...values: string[]): Promise<unknown>[] {
  return values.map((value) => publisher.publishBatch([{ value }]));
}

const numbers = (connection: ScriptedConnection): number[] => connection.batches.map(({ batch }) => batch);

/** Everything that was under way between the two has come. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

test("Ack level 0: a batch counts as soon as the kernel has it, and nothing is waited for", async () => {
  const [publisher, connection] = await connect({ ack: 0 });
  expect(connection.hello).toMatchObject({ ack: 0, order: 255, publisher: 9, epoch: 0 });
  await expect(publisher.publish("a")).resolves.toEqual({ batch: 1, record: undefined });
  await publisher.flush();
  expect(publisher.figures).toMatchObject({ batches: 1, records: 1, inFlightBytes: 0 });
});

test.each([1, 2] as const)(
  "Ack level %i: promises settle in the order of their records and never ahead of the broker",
  async (ack) => {
    const [publisher, connection] = await connect({ ack });
    const promises = publish(publisher, "a", "b", "c", "d");
    const order = settling(...promises);
    await connection.until(() => connection.batches.length === 4);
    await settled();
    expect(order).toEqual([]);
    connection.ack(1, 100);
    await promises[0];
    await settled();
    expect(order).toEqual(['0 {"batch":1,"record":99}']);
    connection.ack(3, 120);
    await promises[2];
    await settled();
    expect(order.slice(1)).toEqual(['1 {"batch":2}', '2 {"batch":3,"record":119}']);
    connection.ack(4, 0);
    await promises[3];
    expect(order.slice(3)).toEqual(['3 {"batch":4}']);
  },
);

test("records share a batch until it lingers or is full, and each is told its own number", async () => {
  const [publisher, connection] = await connect({ batchBytes: 256, linger_ms: 1 });
  const promises = ["a", "b", "c"].map((value) => publisher.publish(value, { key: "k", time_us: 5 }));
  await connection.until(() => connection.batches.length === 1);
  connection.ack(1, 53);
  expect(await Promise.all(promises)).toEqual([50, 51, 52].map((record) => ({ batch: 1, record })));
  for (let i = 0; i < 11; i++) publisher.append(`value ${i}`);
  await connection.until(() => connection.batches.length === 3);
  expect(connection.batches.map(({ values }) => values.length)).toEqual([3, 10, 1]);
});

test("what is missing is sent again behind a lost connection, exactly that, and nothing twice", async () => {
  const [publisher, first] = await connect({ order: 2, ack: 2 });
  const promises = publish(publisher, "a", "b", "c", "d");
  await first.until(() => first.batches.length === 4);
  first.ack(1, 2);
  await promises[0];
  first.socket.destroy();
  const second = await broker.next();
  expect(second.hello).toMatchObject({ epoch: 1, publisher: 9, order: 2, ack: 2 });
  second.accept({ epoch: 1, lastBatch: 2 });
  await second.until(() => second.batches.length === 2);
  expect(second.batches).toEqual([
    { epoch: 1, batch: 3, values: ["c"] },
    { epoch: 1, batch: 4, values: ["d"] },
  ]);
  expect(await promises[1]).toEqual({ batch: 2, record: undefined });
  second.ack(4, 5);
  expect(await promises[3]).toEqual({ batch: 4, record: 4 });
  expect(publisher.figures).toMatchObject({ batches: 4, records: 4, resent: 2, connections: 2 });
});

test("what is published while there is no connection goes out with the next one, in order", async () => {
  const [publisher, first] = await connect({ order: 2 });
  first.socket.destroy();
  await first.until(() => first.isClosed);
  await settled();
  const promises = publish(publisher, "a", "b");
  const second = await broker.next();
  second.accept({ epoch: 1 });
  await second.until(() => second.batches.length === 2);
  expect(numbers(second)).toEqual([1, 2]);
  second.ack(2, 3);
  await Promise.all(promises);
  expect(publisher.figures.resent).toBe(0);
});

test("a session that is fenced is surfaced with its last good batch, and everything that was not acknowledged fails", async () => {
  const [publisher, connection] = await connect({ order: 2 });
  const order = settling(...publish(publisher, "a", "b", "c"));
  await connection.until(() => connection.batches.length === 3);
  connection.end(TapeType.Fault, TapeReason.LeaseOver, 1);
  const failure = await publisher.closed;
  expect(failure).toBeInstanceOf(TapeRefusedError);
  expect(failure).toMatchObject({ code: "SESSION_FENCED", detail: 1 });
  await settled();
  expect(order).toEqual(['0 {"batch":1}', "1 SESSION_FENCED", "2 SESSION_FENCED"]);
  expect(() => publisher.append("d")).toThrow(failure);
  await expect(publisher.flush()).rejects.toBe(failure);
});

test.each([
  ["told so on its connection", true],
  ["away when it was", false],
])(
  "a fenced session is reopened in the next epoch, and the suffix replayed exactly once: %s",
  async (_, isTold) => {
    const [publisher, first] = await connect({ order: 2, ack: 2, reopen: true });
    const promises = publish(publisher, "a", "b", "c", "d");
    await first.until(() => first.batches.length === 4);
    let refused = first;
    if (!isTold) {
      first.socket.destroy();
      refused = await broker.next();
      expect(refused.hello.epoch).toBe(1);
    }
    refused.end(isTold ? TapeType.Fault : TapeType.Refused, TapeReason.LeaseOver, 2);
    const next = await broker.next();
    expect(next.hello.epoch).toBe(0);
    next.accept({ epoch: 3 });
    await next.until(() => next.batches.length === 2);
    expect(next.batches).toEqual([
      { epoch: 3, batch: 1, values: ["c"] },
      { epoch: 3, batch: 2, values: ["d"] },
    ]);
    expect(await promises[1]).toEqual({ batch: 2, record: undefined });
    next.ack(2, 77);
    expect(await promises[3]).toEqual({ batch: 2, record: 76 });
    expect(publisher.epoch).toBe(3);
    publish(publisher, "e")[0].catch(() => {});
    await next.until(() => next.batches.length === 3);
    expect(next.batches[2]).toEqual({ epoch: 3, batch: 3, values: ["e"] });
  },
);

test("a session whose epoch is over is never reopened by guess: nobody knows what the log has of it", async () => {
  const [publisher, first] = await connect({ order: 2, reopen: true });
  first.socket.destroy();
  (await broker.next()).end(TapeType.Refused, TapeReason.Epoch, 5);
  expect(await publisher.closed).toMatchObject({ code: "SESSION_FENCED", detail: 5 });
});

test("a session goes on where it ended when its epoch is named, and ends when somebody else writes in it", async () => {
  const connecting = TapePublisher.connect({
    port: broker.port,
    topic: "t",
    publisher: 9,
    epoch: 6,
    chance: () => 0,
  });
  const first = await broker.next();
  first.accept({ epoch: 6, lastBatch: 40 });
  const publisher = await connecting;
  const [promise] = publish(publisher, "a");
  await first.until(() => first.batches.length === 1);
  expect(numbers(first)).toEqual([41]);
  first.socket.destroy();
  (await broker.next()).accept({ epoch: 6, lastBatch: 50 });
  expect(await publisher.closed).toMatchObject({ code: "SESSION_TAKEN" });
  await expect(promise).rejects.toMatchObject({ code: "SESSION_TAKEN" });
});

test("batches that were acknowledged at level 1 and lost by the tape end a session of order level 2", async () => {
  const [publisher, first] = await connect({ order: 2, ack: 1 });
  const [promise] = publish(publisher, "a");
  await first.until(() => first.batches.length === 1);
  first.ack(1, 2);
  await promise;
  first.socket.destroy();
  (await broker.next()).accept({ epoch: 1, lastBatch: 0 });
  expect(await publisher.closed).toMatchObject({ code: "ACKNOWLEDGED_LOST" });
});

test("the window is bounded: append says so, publish is refused, and room comes with acknowledgements, oldest first", async () => {
  const [publisher, connection] = await connect({ batchBytes: 64, inFlightBytes: 2 * (128 + 64) });
  const value = "x".repeat(48);
  const taken = [0, 1, 2].map(() => publisher.append(value));
  expect(taken).toEqual([true, true, false]);
  await expect(publisher.publish(value)).rejects.toMatchObject({ code: "WINDOW_FULL" });
  await expect(publisher.publishBatch([{ value }])).rejects.toMatchObject({ code: "WINDOW_FULL" });
  expect(publisher.figures.inFlightBytes).toBe(2 * (128 + 64));
  const room = publisher.room();
  const order = settling(room);
  await connection.until(() => connection.batches.length === 2);
  await settled();
  expect(order).toEqual([]);
  connection.ack(1, 2);
  await room;
  expect(publisher.append(value)).toBe(true);
  // The batch that is open is full, and behind it there is no room for another.
  const again = publisher.room();
  const before = settling(again);
  await settled();
  expect(before).toEqual([]);
  connection.ack(2, 3);
  await again;
  const published = publisher.publish(value);
  await connection.until(() => connection.batches.length === 4);
  connection.ack(4, 5);
  expect(await published).toEqual({ batch: 4, record: 4 });
});

test("what a lost connection's socket never got out is free again when the broker has it all the same", async () => {
  const [publisher, first] = await connect({ epoch: 1, inFlightBytes: 24 * 1_048_576 });
  first.socket.pause();
  const value = "v".repeat(1_000_000);
  const published: Promise<unknown>[] = [];
  for (let i = 0; i < 20; i++) published.push(publisher.publishBatch([{ value }]));
  await settled();
  first.socket.destroy();
  const second = await broker.next();
  second.accept({ epoch: 1, lastBatch: published.length });
  await Promise.all(published);
  expect(publisher.figures).toMatchObject({ batches: 20, inFlightBytes: 0 });
});

// The next acknowledgement of a batch woke it, and there was no batch left to acknowledge.
test("who waits for room has it when the broker of the next connection turns out to have all batches", async () => {
  const value = "v".repeat(400);
  const [publisher, first] = await connect({ epoch: 1, batchBytes: 512, inFlightBytes: 2_048 });
  while (publisher.append(value));
  await first.until(() => first.batches.length === 3);
  const room = publisher.room();
  first.socket.destroy();
  const second = await broker.next();
  second.accept({ epoch: 1, lastBatch: 3 });
  await room;
  expect(publisher.figures).toMatchObject({ batches: 3, resent: 0, inFlightBytes: 0 });
});

test("a window that is filled and emptied many times sends every record once, in order", async () => {
  const [publisher, connection] = await connect({ batchBytes: 512, inFlightBytes: 2_048, linger_ms: 0 });
  const wanted = Array.from({ length: 2_000 }, (_, i) => `${i} ${"y".repeat(i % 97)}`);
  let acknowledged = 0;
  const acking = (async () => {
    let seen = 0;
    while (seen < wanted.length) {
      await connection.until(() => connection.batches.length > acknowledged);
      while (acknowledged < connection.batches.length)
        seen += connection.batches[acknowledged++].values.length;
      connection.ack(acknowledged, seen + 1);
    }
  })();
  for (const value of wanted) {
    while (!publisher.append(value)) await publisher.room();
  }
  await publisher.flush();
  await acking;
  expect(connection.batches.flatMap(({ values }) => values)).toEqual(wanted);
  expect(numbers(connection)).toEqual(connection.batches.map((_, i) => i + 1));
  expect(publisher.figures.inFlightBytes).toBe(0);
});

test("a record that fits no batch is refused, and those before it in the batch are not lost", async () => {
  const [publisher, connection] = await connect({ batchBytes: 64, linger_ms: 1 });
  publisher.append("a");
  expect(() => publisher.append("x".repeat(64))).toThrow("a record of 80 bytes does not fit a batch of 64");
  await expect(publisher.publishBatch([{ value: "b" }, { value: "x".repeat(40) }])).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  await connection.until(() => connection.batches.length === 1);
  await settled();
  expect(connection.batches.map(({ values }) => values)).toEqual([["a"]]);
});

test("close says Bye behind the last batch and waits for its acknowledgement, also over another connection", async () => {
  const [publisher, first] = await connect({ linger_ms: 1_000 });
  publisher.append("a");
  const closing = publisher.close();
  await first.until(() => first.said.includes("Bye"));
  expect(numbers(first)).toEqual([1]);
  expect(() => publisher.append("b")).toThrow("closing");
  first.socket.destroy();
  const second = await broker.next();
  second.accept({ epoch: 1, lastBatch: 0 });
  await second.until(() => second.said.includes("Bye"));
  expect(numbers(second)).toEqual([1]);
  second.ack(1, 2).socket.end();
  await closing;
  expect(await publisher.closed).toBeUndefined();
});

test.each([
  ["an acknowledgement of what was not sent", (connection: ScriptedConnection) => connection.ack(5, 6)],
  ["what is for subscribers", (connection: ScriptedConnection) => connection.batch(1, ["a"])],
  [
    "what is no message",
    (connection: ScriptedConnection) => connection.socket.write("HTTP/1.1 400 Bad\r\n\r\n"),
  ],
])("a broker that sends %s is not believed", async (_, say) => {
  const [publisher, connection] = await connect();
  say(connection);
  expect(await publisher.closed).toMatchObject({ code: "PROTOCOL" });
});

test.each([
  [TapeReason.TopicUnknown, "TOPIC_UNKNOWN"],
  [TapeReason.OrderLevel, "ORDER_LEVEL"],
  [TapeReason.ReplicasUnavailable, "REPLICAS_UNAVAILABLE"],
  [TapeReason.TooManyConnections, "TOO_MANY_CONNECTIONS"],
])("who is refused at first is told why: reason %i is %s", async (reason, code) => {
  const connecting = TapePublisher.connect({ port: broker.port, topic: "t", publisher: 9 });
  (await broker.next()).end(TapeType.Refused, reason);
  await expect(connecting).rejects.toMatchObject({ code, reason });
});

test("a broker that is gone for too long is given up, and so is one that says nothing, on the injected clock", async () => {
  let now_us = 0;
  const clock = { monotonicMicros: () => now_us, wallMicros: () => 0 };
  const states: string[] = [];
  const [publisher, first] = await connect({
    clock,
    reconnectFor_ms: 60_000,
    onState: (state) => states.push(state),
  });
  now_us += 9_999_999;
  await first.until(() => first.said.includes("Heartbeat"));
  expect(states).toEqual(["connected"]);
  now_us += 1;
  const second = await broker.next();
  expect(states).toEqual(["connected", "reconnecting"]);
  now_us += 60_000_000;
  second.socket.destroy();
  expect(await publisher.closed).toMatchObject({ code: "CONNECT_FAILED" });
  expect(states).toEqual(["connected", "reconnecting", "closed"]);
});

test("a broker that accepts and then has no room is given up with that reason, although it accepts each time", async () => {
  let now_us = 0;
  const clock = { monotonicMicros: () => now_us, wallMicros: () => 0 };
  const [publisher, first] = await connect({ clock, reconnectFor_ms: 3_000 });
  const order = settling(...publish(publisher, "a"));
  first.end(TapeType.Fault, TapeReason.DiskFull);
  for (let i = 0; i < 2; i++) {
    const again = await broker.next();
    again.accept({ epoch: 1 });
    await again.until(() => again.batches.length === 1);
    now_us += 1_500_000;
    again.end(TapeType.Fault, TapeReason.DiskFull);
  }
  expect(await publisher.closed).toMatchObject({ code: "DISK_FULL" });
  await settled();
  expect(order).toEqual(["0 DISK_FULL"]);
});

test.each<[what: string, prove: () => Uint8Array]>([
  [
    "fails",
    () => {
      throw new Error("the module is locked");
    },
  ],
  ["makes no signature", () => new Uint8Array(63)],
])("a key that %s ends the logon, and not the program", async (_, prove) => {
  const key = { name: "feed-1", prove };
  const connecting = TapePublisher.connect({ port: broker.port, topic: "t", publisher: 9, key });
  (await broker.next()).socket.write(encodeTapeChallenge(new Uint8Array(32)));
  await expect(connecting).rejects.toMatchObject({ code: "LOGON" });
});

test.each<[what: string, record: Partial<TapeRecordInput>]>([
  ["a key of 70,000 bytes", { key: "k".repeat(70_000) }],
  ["a key that is a number", { key: 7 as never }],
  ["a value that is an object", { value: {} as never }],
  ["a header without a name", { headers: [{ name: "", value: new Uint8Array(1) }] }],
  ["a header's name of 256 bytes", { headers: [{ name: "n".repeat(256), value: new Uint8Array(1) }] }],
  ["a header whose value is text", { headers: [{ name: "n", value: "text" as never }] }],
  ["headers of 65,536 bytes", { headers: [{ name: "n", value: new Uint8Array(65_532) }] }],
  ["a time that is none", { time_us: Number.NaN }],
  ["a time before 1970", { time_us: -1 }],
  ["a time beyond 2^53", { time_us: 2 ** 60 }],
])("%s is an invalid argument, and nothing of its batch is published", async (_, wrong) => {
  const [publisher, connection] = await connect({ linger_ms: 1 });
  const record = { value: "wrong", ...wrong };
  expect(() => publisher.append(record.value, record)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
  await expect(publisher.publishBatch([{ value: "before" }, record])).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  publisher.append("later");
  await connection.until(() => connection.batches.length === 1);
  expect(connection.batches[0].values).toEqual(["later"]);
});

test.each<[what: string, options: Options]>([
  ["a topic with a slash", { topic: "a/b" }],
  ["publisher 0", { publisher: 0 }],
  ["ack level 3", { ack: 3 as never }],
  ["batches above 2 MiB", { batchBytes: 2 ** 21 + 8 }],
  ["a window of less than two batches", { batchBytes: 1_024, inFlightBytes: 2_048 }],
  ["a compression that is none", { compress: "gzip" as never }],
  ["port 0", { port: 0 }],
  ["a key with a space", { key: { name: "a b", prove: () => new Uint8Array(64) } }],
])("%s is an invalid argument", async (_, options) => {
  const asked = { topic: "t", publisher: 1, port: broker.port, ...options };
  await expect(TapePublisher.connect(asked)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

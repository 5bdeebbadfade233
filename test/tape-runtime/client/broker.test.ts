// The clients against the broker itself, over real sockets: connections that are cut anywhere, a broker that is restarted, a fenced session.

import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { ed25519Signer, ed25519Verifier, makeEd25519Pair, makeNonce } from "../../../src/platform/index.ts";
import { OPEN_GRANT } from "../../../src/tape/index.ts";
import {
  TapeAdministrator,
  TapePublisher,
  type TapePublisherOptions,
  TapeSubscriber,
  type TapeSubscriberOptions,
} from "../../../src/tape-runtime/index.ts";
import { TLS } from "../../support/tls.ts";
import { Client } from "../broker/support.ts";
import { Line, RealBroker } from "./real-broker.ts";
import { sentBatch } from "./scripted-broker.ts";

/** Of all tests that don't stop theirs: each has topics of its own. */
let broker: RealBroker;
let port: number;
let topic: string;
let topics = 0;
beforeAll(async () => {
  broker = await RealBroker.start({ lease_ms: 50 });
  port = broker.port;
});
afterAll(() => broker.remove());
beforeEach(() => {
  topic = `topic-${++topics}`;
});

async function publisherTo(
  port: number,
  options: Partial<TapePublisherOptions> = {},
): Promise<TapePublisher> {
  const publisher = await TapePublisher.connect({
    port,
    topic,
    publisher: 9,
    order: 2,
    ack: 2,
    chance: () => 0,
    ...options,
  });
  onTestFinished(() => publisher.destroy());
  return publisher;
}

async function subscriberTo(
  port: number,
  options: Partial<TapeSubscriberOptions> = {},
): Promise<TapeSubscriber> {
  const subscriber = await TapeSubscriber.connect({
    port,
    topic,
    from: "start",
    chance: () => 0,
    ...options,
  });
  onTestFinished(() => subscriber.close());
  return subscriber;
}

/** Everything that is in the topic now. */
async function all(port: number, options: Partial<TapeSubscriberOptions> = {}): Promise<string[]> {
  const values: string[] = [];
  let next = 1;
  for await (const { record, text } of await subscriberTo(port, { follow: false, ...options })) {
    expect(record).toBe(next++);
    values.push(text);
  }
  return values;
}

async function append(publisher: TapePublisher, values: Iterable<string>): Promise<void> {
  for (const value of values) while (!publisher.append(value)) await publisher.room();
}

const values = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `value ${from + i} ${"z".repeat((from + i) % 200)}`);

test.each([0, 1, 2] as const)(
  "Ack level %i: what was published is in the topic, and its promise says where",
  async (ack) => {
    const publisher = await publisherTo(port, { ack });
    const first = await publisher.publish("a", {
      key: "k",
      time_us: 7,
      headers: [{ name: "h", value: Buffer.from("v") }],
    });
    expect(first).toEqual({ batch: 1, record: ack === 0 ? undefined : 1 });
    await publisher.publishBatch([{ value: "b" }, { value: new Uint8Array(0) }]);
    await publisher.close();
    const subscriber = await subscriberTo(port);
    const records = subscriber[Symbol.asyncIterator]();
    const { value: record } = await records.next();
    expect(record).toMatchObject({
      record: 1,
      time_us: 7,
      text: "a",
      batch: { publisher: 9, epoch: 1, batch: 1 },
    });
    expect(Buffer.from(record?.key ?? []).toString()).toBe("k");
    expect(record?.headers).toEqual([{ name: "h", value: Uint8Array.from(Buffer.from("v")) }]);
    expect((await records.next()).value).toMatchObject({ record: 2, text: "b", time_us: undefined });
    expect((await records.next()).value).toMatchObject({ record: 3, text: "" });
  },
);

test.each([1, 2, 3])(
  "Order 2: FIFO over connections that are cut anywhere, nothing lost and nothing twice (seed %i)",
  async (seed) => {
    const line = await Line.to(port);
    const prng = new Prng(seed);
    line.cutAfter = () => (line.connections > 12 ? Number.POSITIVE_INFINITY : prng.between(200, 40_000));
    const publisher = await publisherTo(line.port, {
      batchBytes: 2_048,
      inFlightBytes: 65_536,
      linger_ms: 0,
    });
    const wanted = values(0, 2_000);
    await append(publisher, wanted);
    await publisher.flush();
    expect(publisher.figures).toMatchObject({ records: 2_000, inFlightBytes: 0 });
    expect(publisher.figures.connections).toBeGreaterThan(3);
    expect(await all(port)).toEqual(wanted);
  },
);

test("Order 2: a restarted broker gets exactly what is missing, and subscribers go on where they were", async () => {
  const own = await RealBroker.start();
  onTestFinished(() => own.remove());
  const publisher = await publisherTo(own.port, { batchBytes: 4_096, linger_ms: 0 });
  const wanted = values(0, 600);
  const got: string[] = [];
  await append(publisher, wanted.slice(0, 200));
  await publisher.flush();
  const subscriber = await subscriberTo(own.port);
  const reading = (async () => {
    for await (const { text } of subscriber) if (got.push(text) === wanted.length) break;
  })();
  await append(publisher, wanted.slice(200, 400));
  await own.stop();
  await append(publisher, wanted.slice(400));
  await own.start();
  await publisher.flush();
  await reading;
  expect(got).toEqual(wanted);
  expect(await all(own.port)).toEqual(wanted);
  expect(publisher.figures.connections).toBe(2);
});

test("a session that is fenced while its publisher is away is reopened, and the suffix replayed exactly once", async () => {
  const line = await Line.to(port);
  const publisher = await publisherTo(line.port, { reopen: true, linger_ms: 0 });
  await publisher.publish("a");
  await publisher.publish("b");
  line.hold();
  const lost = [publisher.publishBatch([{ value: "c" }]), publisher.publishBatch([{ value: "d" }])];
  await fence(port, publisher.epoch);
  line.cut();
  await Promise.all(lost);
  await publisher.publish("e");
  expect(publisher.epoch).toBeGreaterThan(1);
  expect(await all(port)).toEqual(["a", "b", "c", "d", "e"]);
});

test("a session that is fenced under its publisher is surfaced as SESSION_FENCED with the last good batch", async () => {
  const publisher = await publisherTo(port);
  await publisher.publish("a");
  await fence(port, publisher.epoch);
  expect(await publisher.closed).toMatchObject({ code: "SESSION_FENCED", detail: 1 });
  expect(await all(port)).toEqual(["a"]);
});

/** Another connection of the session leaves a gap, until the lease is over. */
async function fence(port: number, epoch: number): Promise<void> {
  const other = Client.publisher(port, { topic, publisher: 9, epoch, order: 2 });
  await other.until(() => other.heard.length > 0, "an answer");
  other.send(sentBatch(["held"], { publisher: 9, epoch, batch: 9 }).bytes);
  await other.hears("Fault LeaseOver");
}

test("a window of compressed batches is read as what was published", async () => {
  const publisher = await publisherTo(port, { compress: "zstd" });
  const wanted = values(0, 500);
  await append(publisher, wanted);
  await publisher.flush();
  expect(publisher.figures.bytes).toBeLessThan(wanted.join("").length / 4);
  expect(await all(port)).toEqual(wanted);
});

test("a reader that takes nothing holds no more than its credit, and gets everything when it goes on", async () => {
  const publisher = await publisherTo(port, { batchBytes: 4_096 });
  const wanted = values(0, 1_000);
  await append(publisher, wanted);
  await publisher.flush();
  const slow = await subscriberTo(port, { creditBytes: 10_000 });
  expect(await all(port)).toEqual(wanted);
  expect(slow.waiting).toBeLessThanOrEqual(3);
  const got: string[] = [];
  for await (const { text } of slow) if (got.push(text) === wanted.length) break;
  expect(got).toEqual(wanted);
});

test("of a group one member reads, and another goes on behind what was committed when it leaves", async () => {
  const publisher = await publisherTo(port);
  const states: string[] = [];
  await publisher.publishBatch(["a", "b", "c", "d"].map((value) => ({ value })));
  const first = await subscriberTo(port, { group: "g", onState: (state) => states.push(`first ${state}`) });
  const records = first[Symbol.asyncIterator]();
  await records.next();
  expect((await records.next()).value).toMatchObject({ record: 2 });
  first.commit();
  const second = await subscriberTo(port, { group: "g", onState: (state) => states.push(`second ${state}`) });
  await first.close();
  const rest: number[] = [];
  for await (const { record } of second) if (rest.push(record) === 2) break;
  expect(rest).toEqual([3, 4]);
  expect(states.filter((state) => state.endsWith("active"))).toEqual(["first active", "second active"]);
});

test("an administrator makes, lists, bounds and deletes topics, and sees groups", async () => {
  const administrator = await TapeAdministrator.connect({ port });
  onTestFinished(() => administrator.close());
  expect(await administrator.topics()).not.toContainEqual(expect.objectContaining({ topic }));
  const made = await administrator.create(topic, { order: 2, retainBytes: 1_000_000 });
  expect(made).toMatchObject({ topic, order: 2, retainBytes: 1_000_000, nextRecord: 1 });
  await expect(administrator.create(topic, { order: 1 })).rejects.toMatchObject({ code: "TOPIC_EXISTS" });
  await expect(publisherTo(port, { order: 1 })).rejects.toMatchObject({ code: "ORDER_LEVEL" });
  // A bound that is misspelt would be none.
  const unbounded = { order: 1, retainByte: 1_000_000 } as const;
  await expect(administrator.create(`${topic}.other`, unbounded)).rejects.toThrow("is retainBytes meant?");
  const unknown = { retainBytes: null, retainMs: null, retainHours: 1 };
  await expect(administrator.retain(topic, unknown)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  const publisher = await publisherTo(port);
  await publisher.publish("a");
  const member = await subscriberTo(port, { group: "g" });
  await member[Symbol.asyncIterator]().next();
  member.commit();
  expect(await administrator.retain(topic, { retainBytes: null, retainMs: 60_000 })).toMatchObject({
    retainMs: 60_000,
  });
  expect(await administrator.topics()).toContainEqual(expect.objectContaining({ topic, nextRecord: 2 }));
  expect(await administrator.groups(topic)).toMatchObject([{ group: "g", members: 1 }]);
  expect(await administrator.status()).toMatchObject({ connections: { publishers: 1, subscribers: 1 } });
  await administrator.delete(topic);
  expect(await publisher.closed).toMatchObject({ code: "TOPIC_DELETED" });
  await expect(administrator.groups(topic)).rejects.toMatchObject({ code: "TOPIC_UNKNOWN" });
});

test("over TLS a broker that wants a logon takes the key's proof, and no other", async () => {
  const pair = makeEd25519Pair();
  const verify = ed25519Verifier(pair.public);
  const access = {
    isOpen: false,
    challenge: makeNonce,
    grantFor: (name: string) => (name === "feed-1" ? OPEN_GRANT : undefined),
    isProof: (_: string, statement: Uint8Array, proof: Uint8Array) => verify(statement, proof),
  };
  const own = await RealBroker.start({ access, listeners: [{ host: "127.0.0.1", port: 0, tls: TLS }] });
  onTestFinished(() => own.remove());
  const { port } = own;
  const tls = { ca: TLS.cert };
  const key = { name: "feed-1", prove: ed25519Signer(pair) };
  await (await publisherTo(port, { key, tls })).publish("a");
  expect(await all(port, { key, tls })).toEqual(["a"]);
  const wrong = { ...key, prove: ed25519Signer(makeEd25519Pair()) };
  await expect(publisherTo(port, { key: wrong, tls })).rejects.toMatchObject({ code: "LOGON" });
  await expect(publisherTo(port, { key: { ...key, name: "ann" }, tls })).rejects.toMatchObject({
    code: "LOGON",
  });
  await expect(publisherTo(port, { key, tls: {} })).rejects.toMatchObject({ code: "CONNECT_FAILED" });
  await expect(publisherTo(port, { tls })).rejects.toMatchObject({ code: "LOGON" });
});

// Administrators: requests in words, one at a time, and what each is answered.

import { expect, test } from "vitest";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import {
  decodeText,
  encodeText,
  TapeHead,
  TapeReason,
  TapeSender,
  TapeStream,
  type TapeTopicInfo,
  TapeType,
  tapeMemoryOf,
  writePlain,
} from "../../../src/protocol/index.ts";
import {
  AdministratorService,
  type CatalogTopic,
  SubscriberService,
  type TopicProgress,
} from "../../../src/tape/index.ts";
import { catalogOn, directoryOn, NOW_us } from "../catalog/support.ts";

const BYE = new Uint8Array(TapeHead.bytes);
writePlain(tapeMemoryOf(BYE).view, 0, TapeType.Bye);
const MORE = JSON.stringify({ do: "create", topic: "in the same read", order: 1 });
const BYE_AND_MORE = Buffer.concat([BYE, encodeText(TapeType.Request, MORE)]);

const PROGRESS: TopicProgress = { nextPosition: 3, nextRecord: 11, oldestRecord: 5, bytes: 4_096 };

/** A broker that remembers what it was told to do. */
function brokerWith() {
  const did: string[] = [];
  let now_us = 0;
  const clock = { wallMicros: () => NOW_us, monotonicMicros: () => now_us };
  const { topics, offsets } = directoryOn(catalogOn(new SimulatedDisk()));
  const unused = () => {
    throw new Error("no subscriber has a transport here");
  };
  const subscribers = new SubscriberService({
    transport: {
      send: unused,
      close: unused,
      destroy: unused,
      unacknowledgedBytes: unused,
      nextTurn: unused,
    },
    storage: { read: unused, locate: unused },
    deliveryBuffers: [new SharedArrayBuffer(8)],
    offsets,
    clock,
  });
  const stream = new TapeStream(TapeSender.Broker, (bytes) => new Uint8Array(bytes));
  const heard: string[] = [];
  const slow = Promise.withResolvers<void>();
  let isStuck = false;
  let isBusy = false;
  const send = (_: number, bytes: Uint8Array, from: number, to: number): boolean => {
    stream.receive(bytes.subarray(from, to), (type, memory, length) => {
      heard.push(type === TapeType.Reply ? (decodeText(memory, 0, length) ?? "") : `type ${type}`);
      return true;
    });
    return !isStuck;
  };
  const note = (what: string) => (connection: number) => void did.push(`${what} ${connection}`);
  const service = new AdministratorService({
    transport: { send, close: note("close"), destroy: note("destroy"), pause: () => {}, resume: () => {} },
    clock,
    topics,
    subscribers,
    control: {
      get isBusy() {
        return isBusy;
      },
      known: ({ name }) => (name.startsWith("used") ? PROGRESS : undefined),
      opened: async ({ name }: CatalogTopic) => {
        if (name === "slow") await slow.promise;
        return name === "damaged" ? TapeReason.LogCorrupt : PROGRESS;
      },
      retain: ({ name, retainBytes }) => void did.push(`retain ${name} ${retainBytes}`),
      delete: async ({ name }) => void did.push(`delete ${name}`),
      status: (may) => ({
        port: 9400,
        topics: topics
          .list()
          .filter(({ name }) => may(name, "status"))
          .map(({ name }) => name),
      }),
    },
    retention: { retainBytes: 1_000, retain_us: 7_000_000 },
  });
  const ask = (request: unknown) => {
    const text = typeof request === "string" ? request : JSON.stringify(request);
    service.received(1, encodeText(TapeType.Request, text));
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    ...{ did, heard, service, topics, offsets, ask, settle },
    /** The log of topic "slow" is open. */
    open: () => slow.resolve(),
    stick: (value: boolean) => {
      isStuck = value;
    },
    busy: (value: boolean) => {
      isBusy = value;
    },
    pass: (seconds: number) => {
      now_us += seconds * 1e6;
      service.tick();
    },
    async answer(request: unknown): Promise<unknown> {
      heard.length = 0;
      ask(request);
      await settle();
      return JSON.parse(heard[0]);
    },
  };
}

test("a topic is created, listed, kept differently, and deleted", async () => {
  const { service, answer, did } = brokerWith();
  service.open(1, () => true);
  const made = { topic: "a", id: 1, order: 2, retainBytes: 1_000, retainMs: 7_000 };
  const figures = { nextRecord: 11, oldestRecord: 5, bytes: 4_096 };
  expect(await answer({ do: "create", topic: "a", order: 2 })).toEqual({ topic: { ...made, ...figures } });
  expect(await answer({ do: "create", topic: "a", order: 2 })).toMatchObject({ error: "TopicExists" });
  expect(await answer({ do: "retain", topic: "a", retainBytes: 50, retainMs: null })).toEqual({
    topic: { ...made, retainBytes: 50, retainMs: null, ...figures },
  });
  await answer({ do: "create", topic: "b", order: 0, retainBytes: null, retainMs: null });
  expect(await answer({ do: "topics" })).toMatchObject({
    topics: [{ topic: "a" }, { topic: "b", retainBytes: null, retainMs: null }],
  });
  expect(await answer({ do: "delete", topic: "a" })).toEqual({ deleted: "a" });
  expect(await answer({ do: "topics" })).toMatchObject({ topics: [{ topic: "b" }] });
  expect(did).toEqual(["retain a 50", "delete a"]);
});

test("groups are listed with their lag, and forgotten", async () => {
  const { service, answer, topics, offsets } = brokerWith();
  service.open(1, () => true);
  await answer({ do: "create", topic: "a", order: 1 });
  const id = topics.get("a")?.id ?? 0;
  offsets.commit(id, "risk", 9);
  offsets.commit(id, "audit", 2);
  const groups = [
    { topic: "a", group: "audit", record: 5, lag: 6, members: 0 },
    { topic: "a", group: "risk", record: 9, lag: 2, members: 0 },
  ];
  expect(await answer({ do: "groups", topic: "a" })).toEqual({ groups });
  expect(await answer({ do: "forget", topic: "a", group: "risk" })).toEqual({ forgotten: "risk" });
  expect(await answer({ do: "forget", topic: "a", group: "risk" })).toMatchObject({ error: "GroupUnknown" });
  expect(await answer({ do: "groups", topic: "a" })).toEqual({ groups: groups.slice(0, 1) });
});

test.each([
  ["no JSON", "topics", "Malformed"],
  ["nothing to do", {}, "Malformed"],
  ["something unknown", { do: "rename", topic: "a" }, "Malformed"],
  ["a name that none can be", { do: "create", topic: "a/b", order: 1 }, "TopicName"],
  ["no name", { do: "delete" }, "TopicName"],
  ["no order level", { do: "create", topic: "a" }, "OrderLevel"],
  ["an order level that there is none of", { do: "create", topic: "a", order: 3 }, "OrderLevel"],
  ["a size that is none", { do: "create", topic: "a", order: 1, retainBytes: -1 }, "Malformed"],
  ["an age that is none", { do: "retain", topic: "a", retainMs: "long" }, "Malformed"],
  ["a topic that there is none of", { do: "delete", topic: "nobody" }, "TopicUnknown"],
  ["groups of no topic", { do: "groups", topic: "nobody" }, "TopicUnknown"],
  ["a group's name that none can be", { do: "forget", topic: "a", group: "" }, "GroupName"],
])("a request with %s is answered with why not, and the connection goes on", async (_, request, error) => {
  const { service, answer } = brokerWith();
  service.open(1, () => true);
  expect(await answer(request)).toEqual({ error, text: expect.stringMatching(/^.{10,}$/) });
  expect(await answer({ do: "status" })).toEqual({ status: { port: 9400, topics: [] } });
});

test("a key administers its own topics and sees no others", async () => {
  const { service, answer, topics } = brokerWith();
  service.open(1, (topic) => topic.startsWith("md."));
  for (const name of ["md.trades", "reports"])
    await topics.create(name, { order: 1, retainBytes: 0, retain_us: 0 });
  expect(await answer({ do: "topics" })).toMatchObject({ topics: [{ topic: "md.trades" }] });
  expect(await answer({ do: "status" })).toEqual({ status: { port: 9400, topics: ["md.trades"] } });
  expect(await answer({ do: "delete", topic: "reports" })).toMatchObject({ error: "NotAllowed" });
  expect(topics.get("reports")).toBeDefined();
});

test("a list opens the logs of sixteen topics, and says of others that are not open that it does not know", async () => {
  const { service, answer, topics } = brokerWith();
  service.open(1, () => true);
  const settings = { order: 1, retainBytes: 0, retain_us: 0 };
  for (let i = 10; i < 30; i++) await topics.create(`topic${i}`, settings);
  for (let i = 10; i < 30; i++) await topics.create(`used${i}`, settings);
  const { topics: listed } = (await answer({ do: "topics" })) as { topics: TapeTopicInfo[] };
  expect(listed).toHaveLength(40);
  const known = { nextRecord: 11, oldestRecord: 5, bytes: 4_096 };
  for (const info of [...listed.slice(0, 16), ...listed.slice(20)]) expect(info).toMatchObject(known);
  for (const info of listed.slice(16, 20))
    expect(info).toMatchObject({ order: 1, nextRecord: null, oldestRecord: null, bytes: null });
});

test("a topic whose log can't be opened is made and kept differently all the same, and why is said", async () => {
  const { service, answer, topics, did } = brokerWith();
  service.open(1, () => true);
  const unopened = "the topic's log is damaged";
  const topic = { topic: "damaged", order: 2, nextRecord: null, unopened };
  expect(await answer({ do: "create", topic: "damaged", order: 2 })).toMatchObject({ topic });
  expect(topics.list().map(({ name }) => name)).toEqual(["damaged"]);
  expect(await answer({ do: "retain", topic: "damaged", retainBytes: 9 })).toMatchObject({
    topic: { ...topic, retainBytes: 9 },
  });
  expect(did).toEqual(["retain damaged 9"]);
  expect(await answer({ do: "topics" })).toMatchObject({ topics: [{ topic: "damaged", unopened }] });
});

test("a topic whose log is damaged is listed all the same", async () => {
  const { service, answer, topics } = brokerWith();
  service.open(1, () => true);
  await topics.create("damaged", { order: 1, retainBytes: 0, retain_us: 0 });
  expect(await answer({ do: "topics" })).toMatchObject({ topics: [{ topic: "damaged", bytes: null }] });
  expect(await answer({ do: "groups", topic: "damaged" })).toMatchObject({ error: "LogCorrupt" });
});

test("while too many requests wait for a disk, the next ones are told so, and figures are still to be had", async () => {
  const { answer, busy, service } = brokerWith();
  service.open(1, () => true);
  busy(true);
  for (const request of [{ do: "topics" }, { do: "create", topic: "t", order: 1 }])
    expect(await answer(request)).toMatchObject({ error: "Busy" });
  expect(await answer({ do: "status" })).toMatchObject({ status: { port: 9400 } });
  busy(false);
  expect(await answer({ do: "topics" })).toEqual({ topics: [] });
});

test("requests sent together are answered one after the other, none before the answer before it is out", async () => {
  const { service, ask, heard, stick, settle } = brokerWith();
  service.open(1, () => true);
  heard.length = 0;
  stick(true);
  for (const topic of ["a", "b", "c"]) ask({ do: "create", topic, order: 1 });
  await settle();
  expect(heard).toHaveLength(1);
  service.drained(1);
  await settle();
  expect(heard.map((text) => JSON.parse(text).topic.topic)).toEqual(["a", "b"]);
  stick(false);
  service.drained(1);
  await settle();
  expect(heard).toHaveLength(3);
});

test.each([
  ["a Bye", (service: AdministratorService) => service.received(1, BYE_AND_MORE)],
  ["the end of what it sends", (service: AdministratorService) => service.ended(1)],
])("requests before %s are carried out and answered, then the connection is closed", async (_, leave) => {
  const { service, ask, heard, did, stick, settle, open, pass } = brokerWith();
  service.open(1, () => true);
  heard.length = 0;
  for (const topic of ["slow", "b"]) ask({ do: "create", topic, order: 1 });
  leave(service);
  ask({ do: "create", topic: "behind it", order: 1 });
  pass(60);
  expect(did).toEqual([]);
  stick(true);
  open();
  await settle();
  expect(did).toEqual([]);
  service.drained(1);
  await settle();
  service.drained(1);
  await settle();
  const replies = heard.filter((text) => !text.startsWith("type"));
  expect(replies.map((text) => JSON.parse(text).topic.topic)).toEqual(["slow", "b"]);
  expect(did).toEqual(["close 1"]);
});

test("an administrator that is told nothing else hears every second that the broker is there", async () => {
  const { service, heard, pass, stick } = brokerWith();
  service.open(1, () => true);
  heard.length = 0;
  for (const seconds of [0.9, 0.1, 0.5, 0.5]) pass(seconds);
  expect(heard).toEqual(Array(2).fill(`type ${TapeType.BrokerHeartbeat}`));
  stick(true);
  for (let i = 0; i < 3; i++) pass(1);
  expect(heard).toHaveLength(3);
});

test("an administrator hears that the broker is there while its request is carried out, and the answer behind what is held", async () => {
  const { service, heard, pass, stick, ask, settle, open } = brokerWith();
  service.open(1, () => true);
  heard.length = 0;
  ask({ do: "create", topic: "slow", order: 1 });
  await settle();
  pass(1);
  stick(true);
  for (let i = 0; i < 700; i++) pass(1);
  expect(heard).toEqual(Array(2).fill(`type ${TapeType.BrokerHeartbeat}`));
  open();
  await settle();
  expect(heard, "the heartbeat is held").toHaveLength(2);
  stick(false);
  service.drained(1);
  expect(heard.at(-1)).toContain('"topic":"slow"');
  pass(1);
  expect(heard.at(-1)).toBe(`type ${TapeType.BrokerHeartbeat}`);
});

test("an administrator that sends what it has no business with, says goodbye, or nothing for ten minutes, is closed", async () => {
  const { service, did, heard, pass } = brokerWith();
  for (const connection of [1, 2, 3]) service.open(connection, () => true);
  service.received(1, new Uint8Array(8));
  service.ended(2);
  pass(601);
  expect(did).toEqual(["close 1", "close 2", "destroy 1", "destroy 2", "close 3"]);
  expect(heard.filter((text) => text === `type ${TapeType.Fault}`)).toHaveLength(2);
  for (const connection of [1, 2, 3]) service.closed(connection);
  expect(service.count).toBe(0);
});

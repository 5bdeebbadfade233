// The production path where it is short of something: real sockets read straight into staging, two commit workers, few buffers, full queues.
// Whatever happens, a topic has every publisher's batches, each once, in order and to the byte.

import { expect, onTestFinished, test, vi } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { readBatchHeader, TapeBatch, tapeMemoryOf } from "../../../src/protocol/index.ts";
import { CommitCommandWriter } from "../../../src/tape/index.ts";
import { batch, bye } from "../../tape/ingest/support.ts";
import { Client, startBroker } from "./support.ts";

const TOPICS = ["t0", "t1", "t2"];

/** What a publisher sent and what the log has of it: all but the log's half of the header. */
function own(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.fill(0, TapeBatch.firstRecord, TapeBatch.bytes);
  return copy;
}

/** Every topic, as a subscriber reads it: of each publisher its batches in order. */
async function stored(port: number, batches: number, topics = TOPICS): Promise<Map<number, Uint8Array[]>> {
  const readers = topics.map((topic) => Client.subscriber(port, { topic }));
  const all = () => readers.flatMap((reader) => reader.batches);
  await expect.poll(() => all().length).toBe(batches);
  const found = new Map<number, Uint8Array[]>();
  for (const bytes of all()) {
    const { publisher } = readBatchHeader(tapeMemoryOf(bytes).view, 0);
    found.set(publisher, [...(found.get(publisher) ?? []), own(bytes)]);
  }
  return found;
}

/** Publishers of three topics, each let in, and the batches that each is to send. */
async function publishersOf(port: number, count: number, payloads: readonly number[]) {
  const publishers = Array.from({ length: count }, (_, i) => {
    const number = i + 1;
    const client = Client.publisher(port, { publisher: number, ack: 1, topic: TOPICS[i % TOPICS.length] });
    return { number, client, batches: payloads.map((bytes, at) => batch(at + 1, bytes, number)) };
  });
  await Promise.all(publishers.map(({ client }) => client.hears("accepted 0")));
  return publishers;
}

/** The commands' queue of each worker is full whenever `isFull` says so. */
function queueFull(isFull: () => boolean): { refused: number } {
  const { part } = CommitCommandWriter.prototype;
  const counted = { refused: 0 };
  const spy = vi.spyOn(CommitCommandWriter.prototype, "part").mockImplementation(function (
    this: CommitCommandWriter,
    ...args
  ) {
    if (!isFull()) return part.apply(this, args);
    counted.refused++;
    return false;
  });
  onTestFinished(() => spy.mockRestore());
  return counted;
}

test.each([1, 2, 4])(
  "%i staging buffers under 12 publishers with large batches: none is lost, every one is acknowledged",
  async (stagingBuffers) => {
    const broker = await startBroker({ stagingBuffers, workers: 2 });
    const [port] = broker.ports;
    const publishers = await publishersOf(port, 12, [200_000, 64, 150_000, 100_000]);
    for (const { client, batches } of publishers) for (const bytes of [...batches, bye()]) client.send(bytes);
    await Promise.all(publishers.map(({ client }) => client.hears("end")));
    for (const { client } of publishers) expect(client.heard.at(-2)).toBe("ack 4");
    const found = await stored(port, 48);
    for (const { number, batches } of publishers) expect(found.get(number)).toEqual(batches.map(own));
    expect(broker.figures()).toMatchObject({
      batches: { drained: 48, committed: 48, acknowledged: 48 },
      staging: { inUse: 0 },
    });
  },
);

test("commit queue full, again and again: reads stop, and nothing is lost, doubled or out of order", async () => {
  const seed = 90_210;
  const prng = new Prng(seed);
  const queue = queueFull(() => prng.between(0, 2) > 0);
  const broker = await startBroker({ workers: 2 });
  const [port] = broker.ports;
  const publishers = await publishersOf(port, 6, [64, 200_000, 64, 64, 90_000, 72]);
  for (let at = 0; at < 6; at++) {
    for (const { client, batches } of publishers) client.send(batches[at]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const { client } of publishers) client.send(bye());
  await Promise.all(publishers.map(({ client }) => client.hears("end")));
  for (const { client } of publishers) expect(client.heard.at(-2), `seed ${seed}`).toBe("ack 6");
  expect(queue.refused).toBeGreaterThan(10);
  const found = await stored(port, 36);
  for (const { number, batches } of publishers) expect(found.get(number)).toEqual(batches.map(own));
  expect(broker.figures().staging.inUse).toBe(0);
});

test("a shutdown with a full commit queue: what was drained whole is committed and acknowledged once there is room", async () => {
  let isFull = true;
  queueFull(() => isFull);
  const broker = await startBroker({ workers: 2 });
  const publishers = await publishersOf(broker.ports[0], 2, [64]);
  for (const { client, batches } of publishers) client.send(batches[0]);
  await expect.poll(() => broker.figures().connections.paused).toBe(2);
  const stopped = broker.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  isFull = false;
  await stopped;
  for (const { client } of publishers) {
    await client.hears("end");
    expect(client.heard).toEqual(["accepted 0", "ack 1", "Fault ShuttingDown", "end"]);
  }
});

test("disconnect in header, in payload, while queued: the only buffer is another's at once, and who comes back is told what is there", async () => {
  let isFull = false;
  queueFull(() => isFull);
  const broker = await startBroker({ stagingBuffers: 1, workers: 2 });
  const [port] = broker.ports;
  const last = batch(2, 400_000, 1);
  const cases = [
    { bytes: 100, isQueued: false },
    // Most of it is read straight into staging.
    { bytes: 300_000, isQueued: false },
    { bytes: last.length, isQueued: true },
  ];
  const first = Client.publisher(port, { publisher: 1, ack: 1, topic: "t0" });
  first.send(batch(1, 64, 1));
  await first.hears("ack 1");
  first.socket.destroy();
  const other = Client.publisher(port, { publisher: 2, ack: 1, topic: "t1" });
  for (const [i, { bytes, isQueued }] of cases.entries()) {
    const client = Client.publisher(port, { publisher: 1, ack: 1, topic: "t0" });
    await client.hears("accepted 1");
    isFull = isQueued;
    client.send(last.subarray(0, bytes));
    const held = () => [broker.figures().connections.paused, broker.figures().staging.inUse];
    await expect.poll(held).toEqual([isQueued ? 1 : 0, bytes > TapeBatch.bytes ? 1 : 0]);
    client.socket.destroy();
    await expect.poll(() => broker.figures().connections.publishers).toBe(1);
    isFull = false;
    other.send(batch(i + 1, 150_000, 2));
    await other.hears(`ack ${i + 1}`);
  }
  const again = Client.publisher(port, { publisher: 1, ack: 1, topic: "t0" });
  await again.hears("accepted 1");
  again.send(last);
  await again.hears("ack 2");
  const found = await stored(port, 5, ["t0", "t1"]);
  expect(found.get(1)).toEqual([batch(1, 64, 1), last].map(own));
  expect(broker.figures().staging.inUse).toBe(0);
});

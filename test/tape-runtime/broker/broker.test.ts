import { expect, test } from "vitest";
import { encodeTapeHello, TAPE_PAYLOAD_BYTES_MAX, TapeBatch } from "../../../src/protocol/index.ts";
import { batch, bye, concat } from "../../tape/ingest/support.ts";
import { Client, publisherHello, startBroker } from "./support.ts";

/** The publisher's half of each batch and its payload: the log fills in the other half. */
function sent(batches: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...batches.flatMap((bytes) => [
      bytes.subarray(0, TapeBatch.firstRecord),
      bytes.subarray(TapeBatch.bytes),
    ]),
  );
}

test.each([0, 1, 2])(
  "at order level %i, batches go in by a socket and out by another, in order and whole",
  async (order) => {
    const broker = await startBroker();
    const [port] = broker.ports;
    const publisher = Client.publisher(port, { order });
    await publisher.hears("accepted 0");
    const batches = Array.from({ length: 20 }, (_, i) => batch(i + 1, 8 * (3 + i * 150)));
    publisher.send(concat(...batches));
    await publisher.hears("ack 20");
    const subscriber = Client.subscriber(port);
    await subscriber.until(() => subscriber.batches.length === 20, "20 batches");
    expect(Buffer.compare(sent(subscriber.batches), sent(batches))).toBe(0);
    await expect
      .poll(() => broker.figures())
      .toMatchObject({
        connections: { publishers: 1, subscribers: 1, opened: 2, refused: 0 },
        batches: { drained: 20, committed: 20, acknowledged: 20 },
        topics: [{ name: "trades", order, nextRecord: 21 }],
      });
  },
);

test("the largest batch goes through, and one over it ends the connection", async () => {
  const broker = await startBroker();
  const publisher = Client.publisher(broker.ports[0]);
  await publisher.hears("accepted 0");
  const over = batch(2, 64);
  new DataView(over.buffer).setUint32(0, TapeBatch.bytes + TAPE_PAYLOAD_BYTES_MAX + 8, true);
  publisher.send(concat(batch(1, TAPE_PAYLOAD_BYTES_MAX), over));
  await publisher.hears("Fault BatchTooLarge");
  await publisher.hears("end");
  const again = Client.publisher(broker.ports[0]);
  await again.hears("accepted 1");
});

test("a handshake and batches arrive split at any byte", async () => {
  const broker = await startBroker();
  const stream = concat(encodeTapeHello(publisherHello), batch(1, 64), batch(2, 200), bye());
  const client = new Client(broker.ports[0]);
  for (let at = 0; at < stream.length; at += 13) {
    client.send(stream.subarray(at, at + 13));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.hears("end");
  expect(client.heard[0]).toBe("accepted 0");
  expect(client.heard.at(-2)).toBe("ack 2");
});

test("a Hello, batches and a Bye in one write are taken one after the other", async () => {
  const broker = await startBroker();
  const client = new Client(broker.ports[0]);
  client.send(concat(encodeTapeHello(publisherHello), batch(1, 64), batch(2, 64), bye()));
  await client.hears("end");
  expect(client.heard).toEqual(["accepted 0", "ack 2", "end"]);
});

test("a publisher that comes back is told what is there, and what it sends again is acknowledged again", async () => {
  const broker = await startBroker();
  const [port] = broker.ports;
  const first = Client.publisher(port);
  await first.hears("accepted 0");
  first.send(concat(batch(1, 64), batch(2, 64), batch(3, 64).subarray(0, 150)));
  await first.hears("ack 2");
  first.socket.destroy();
  const second = Client.publisher(port);
  await second.hears("accepted 2");
  second.send(concat(batch(2, 64), batch(3, 64)));
  await second.hears("ack 3");
  const subscriber = Client.subscriber(port);
  await subscriber.until(() => subscriber.batches.length === 3, "three batches");
  expect(broker.figures().topics[0].nextRecord).toBe(4);
  expect(broker.figures().staging.inUse).toBe(0);
});

test("who asks for what the topic is not, or is not there, is refused with the reason", async () => {
  const broker = await startBroker();
  const [port] = broker.ports;
  const first = Client.publisher(port, { order: 1 });
  await first.hears("accepted 0");
  const refused: [Client, string][] = [
    [Client.publisher(port, { order: 2 }), "OrderLevel"],
    [Client.publisher(port, { epoch: 2 }), "Epoch"],
    [Client.publisher(port, { replicas: 2 }), "ReplicasUnavailable"],
    [Client.publisher(port, { topic: "a b" }), "TopicName"],
    [Client.subscriber(port, { topic: "none" }), "TopicUnknown"],
  ];
  for (const [client, reason] of refused) {
    await client.hears(`Refused ${reason}`);
    await client.hears("end");
  }
});

test("its directory stays locked while any of its threads has not ended", async () => {
  const threads: Promise<void>[] = [];
  const broker = await startBroker({ workers: 2, lock: { keepUntil: (over) => threads.push(over) } });
  expect(threads).toHaveLength(3);
  for (const over of threads) expect(await Promise.race([over, "works"])).toBe("works");
  await broker.stop();
  for (const over of threads) expect(await Promise.race([over, "works"])).toBeUndefined();
});

test("clean shutdown: what was whole is acknowledged, everybody is told, and every buffer, socket and worker is accounted for", async () => {
  const before = process
    .getActiveResourcesInfo()
    .filter((name) => name !== "Immediate" && name !== "Timeout");
  const broker = await startBroker();
  const [port] = broker.ports;
  const publisher = Client.publisher(port);
  const subscriber = Client.subscriber(port, { topic: "quiet" });
  const halfway = Client.publisher(port, { publisher: 8, topic: "quiet" });
  const stranger = new Client(port);
  await Promise.all([publisher.hears("accepted 0"), halfway.hears("accepted 0")]);
  await subscriber.hears("Refused TopicUnknown");
  publisher.send(batch(1, 64));
  halfway.send(batch(1, 64, 8).subarray(0, 150));
  await publisher.hears("ack 1");
  await broker.stop();
  await Promise.all([publisher, halfway, stranger].map((client) => client.hears("end")));
  expect(publisher.heard).toEqual(["accepted 0", "ack 1", "Fault ShuttingDown", "end"]);
  expect(halfway.heard).toEqual(["accepted 0", "Fault ShuttingDown", "end"]);
  expect(stranger.heard).toEqual(["Refused ShuttingDown", "end"]);
  const figures = broker.figures();
  const { staging, delivery, commandsQueued } = figures;
  expect([staging.inUse, delivery.inUse, commandsQueued]).toEqual([0, 0, 0]);
  expect(figures.connections).toMatchObject({ publishers: 0, subscribers: 0, administrators: 0, paused: 0 });
  const after = process.getActiveResourcesInfo().filter((name) => name !== "Immediate" && name !== "Timeout");
  expect(after.sort()).toEqual(before.sort());
});

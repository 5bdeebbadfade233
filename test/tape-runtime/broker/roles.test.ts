import { expect, test } from "vitest";
import {
  ed25519Signer,
  ed25519Verifier,
  makeEd25519Pair,
  makeNonce,
  SystemClock,
} from "../../../src/platform/index.ts";
import type { TopicGrant } from "../../../src/protocol/index.ts";
import { BATCH_us, type TapeAccess } from "../../../src/tape/index.ts";
import { TLS } from "../../support/tls.ts";
import { batch, bye, concat } from "../../tape/ingest/support.ts";
import { Client, startBroker } from "./support.ts";

const pair = makeEd25519Pair();
const prove = ed25519Signer(pair);
const verify = ed25519Verifier(pair.public);

const grants: readonly TopicGrant[] = [
  {
    name: "feed",
    isAdmin: false,
    topics: [{ name: "md.*", may: ["publish"] }],
    bytesPerSecond: undefined,
  },
  { name: "boss", isAdmin: true, topics: [], bytesPerSecond: undefined },
];
const access: TapeAccess = {
  isOpen: false,
  challenge: makeNonce,
  grantFor: (name) => grants.find((grant) => grant.name === name),
  isProof: (_name, statement, proof) => verify(statement, proof),
};

test("by TLS and by a plain port beside it: keys are proved, and may do what they may", async () => {
  const listeners = [
    { host: "127.0.0.1", port: 0, tls: TLS },
    { host: "127.0.0.1", port: 0 },
  ];
  const broker = await startBroker({ access, listeners });
  const [secure, plain] = broker.ports;
  const options = { isTls: true, prove };
  const publisher = Client.publisher(secure, { topic: "md.trades", key: "feed" }, options);
  await publisher.hears("accepted 0");
  publisher.send(concat(batch(1, 64), batch(2, 100_000), bye()));
  await publisher.hears("end");
  expect(publisher.heard.at(-2)).toBe("ack 2");
  const refused: [Client, string][] = [
    [Client.publisher(secure, { topic: "orders", key: "feed" }, options), "NotAllowed"],
    [Client.subscriber(plain, { topic: "md.trades", key: "feed" }, { prove }), "NotAllowed"],
    [Client.administrator(plain, { key: "feed" }, { prove }), "NotAllowed"],
    [Client.publisher(plain, { topic: "md.trades", key: "feed" }), "Logon"],
    [Client.publisher(plain, { topic: "md.trades", key: "nobody" }, { prove }), "Logon"],
    [Client.publisher(plain, { topic: "md.trades" }), "Logon"],
  ];
  for (const [client, reason] of refused) {
    await client.hears(`Refused ${reason}`);
    await client.hears("end");
  }
  const administrator = Client.administrator(secure, { key: "boss" }, options);
  await administrator.hears("accepted 0");
  expect(await administrator.answer({ do: "topics" })).toMatchObject({
    topics: [{ topic: "md.trades", nextRecord: 3 }],
  });
  expect(broker.figures().connections).toMatchObject({ administrators: 1, refused: 6 });
});

test("what is reserved is published to, made and deleted by its owner alone, and status tells an administrator of its own topics", async () => {
  const may = ["publish", "subscribe", "administer"] as const;
  const open: TapeAccess = {
    ...access,
    isOpen: true,
    grantFor: (name) => ({
      name,
      isAdmin: name === "node",
      topics: [{ name: name === "node" ? "*" : "md.*", may }],
      bytesPerSecond: undefined,
    }),
    isReserved: ({ name }, topic) => name !== "node" && topic.startsWith("own."),
  };
  const broker = await startBroker({ access: open });
  const [port] = broker.ports;
  for (const topic of ["own.a", "md.a"]) {
    const owner = Client.publisher(port, { topic, key: "node" }, { prove });
    await owner.hears("accepted 0");
  }
  const stranger = Client.publisher(port, { topic: "own.a", publisher: 2 });
  await stranger.hears("Refused NotAllowed");
  const own = (topic: string) =>
    `topic "${topic}" is the exchange's own: nobody else publishes to it, makes or deletes it`;
  expect(stranger.ended).toMatchObject({ text: own("own.a") });
  await Client.subscriber(port, { topic: "own.a" }).hears("accepted 0");
  const anybody = Client.administrator(port);
  await anybody.hears("accepted 0");
  const refused = (topic: string) => ({ error: "NotAllowed", text: own(topic) });
  expect(await anybody.answer({ do: "create", topic: "own.b", order: 1 })).toMatchObject(refused("own.b"));
  expect(await anybody.answer({ do: "delete", topic: "own.a" })).toMatchObject(refused("own.a"));
  expect(
    await anybody.answer({ do: "retain", topic: "own.a", retainBytes: 5_000_000, retainMs: null }),
  ).toMatchObject({
    topic: { topic: "own.a" },
  });
  const limited = Client.administrator(port, { key: "ops" }, { prove });
  await limited.hears("accepted 0");
  const right = { error: "NotAllowed", text: 'the key has no right to do this with topic "own.a"' };
  expect(await limited.answer({ do: "delete", topic: "own.a" })).toMatchObject(right);
  const told = (await limited.answer({ do: "status" })) as { status: { topics: { name: string }[] } };
  expect(told.status.topics.map(({ name }) => name)).toEqual(["md.a"]);
  const node = Client.administrator(port, { key: "node" }, { prove });
  await node.hears("accepted 0");
  expect(await node.answer({ do: "delete", topic: "own.a" })).toEqual({ deleted: "own.a" });
});

test("where keys are asked for, half of the connections are for who has proved one: the oldest stranger gives way", async () => {
  const broker = await startBroker({ access, connectionsMax: 5 });
  const [port] = broker.ports;
  const feed = Client.publisher(port, { topic: "md.trades", key: "feed" }, { prove });
  await feed.hears("accepted 0");
  const strangers: Client[] = [];
  for (let i = 0; i < 3; i++) {
    strangers.push(new Client(port));
    await expect.poll(() => broker.figures().connections.opened).toBe(2 + i);
  }
  await strangers[0].hears("Refused TooManyConnections");
  await strangers[0].hears("end");
  const other = Client.publisher(port, { topic: "md.quotes", key: "feed" }, { prove });
  await other.hears("accepted 0");
  expect([strangers[1].heard.length, strangers[2].heard]).toEqual([2, []]);
});

test("a slow connection beside fast ones keeps its buffer from nobody for long, and is told why it ends", async () => {
  const system = new SystemClock();
  let ahead_us = 0;
  const clock = {
    wallMicros: () => system.wallMicros(),
    monotonicMicros: () => system.monotonicMicros() + ahead_us,
  };
  const broker = await startBroker({ stagingBuffers: 2, clock });
  const [port] = broker.ports;
  const slow = [1, 2].map((publisher) => Client.publisher(port, { publisher }));
  const fast = [3, 4, 5].map((publisher) => Client.publisher(port, { publisher }));
  await Promise.all([...slow, ...fast].map((client) => client.hears("accepted 0")));
  // With one buffer held in mid-batch the other one goes round.
  slow[0].send(batch(1, 100_000, 1).subarray(0, 50_000));
  await expect.poll(() => broker.figures().staging.inUse).toBe(1);
  for (const [i, client] of fast.entries())
    client.send(concat(batch(1, 100_000, i + 3), batch(2, 64, i + 3)));
  await Promise.all(fast.map((client) => client.hears("ack 2")));
  // With both held the fast ones wait, until the slow ones have had their time.
  slow[1].send(batch(1, 100_000, 2).subarray(0, 50_000));
  await expect.poll(() => broker.figures().staging.inUse).toBe(2);
  for (const [i, client] of fast.entries()) client.send(batch(3, 64, i + 3));
  await expect.poll(() => broker.figures().connections.paused).toBe(3);
  await new Promise((resolve) => setTimeout(resolve, 250));
  ahead_us += BATCH_us;
  await Promise.all(slow.map((client) => client.hears("Fault TooSlow")));
  await Promise.all(fast.map((client) => client.hears("ack 3")));
});

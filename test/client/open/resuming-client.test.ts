// The resuming client over real sockets, against exchanges that break off, stay silent or forget.

import { afterEach, describe, expect, test } from "vitest";
import { connectResumingOrderEntry, type ResumingOrderEntryClient } from "../../../src/client/index.ts";
import { HelloFlag, MessageType, Reason } from "../../../src/protocol/index.ts";
import { acceptAll, type Script, type ScriptedServer, say, startScriptedServer } from "../scripted-server.ts";
import { unhandled } from "../unhandled.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  cleanups.push(server.close);
  return server;
}

async function connect(servers: readonly { readonly port: number }[], options = {}) {
  const addresses = servers.map(({ port }) => ({ port }));
  const client = await connectResumingOrderEntry({ addresses, patience_ms: 5_000, ...options });
  cleanups.push(async () => client.destroy());
  return client;
}

const order = (id: number) => ({ id, symbol: 0, side: "buy", price: 100, quantity: 5 }) as const;
const submitAll = (client: ResumingOrderEntryClient, ...ids: readonly number[]) =>
  Promise.all(ids.map((id) => client.submit(order(id))));

/** What orders and hellos a server saw: number and id. */
const asked = ({ frames }: ScriptedServer) =>
  frames.filter(({ type }) => type !== MessageType.Hello).map(({ id, number = 0 }) => [id, number]);

/** Takes orders and says nothing, and breaks off when it has `count` of them. */
function breaksOffAfter(count: number): Script {
  let seen = 0;
  return (frame, socket) => {
    if (frame.type === MessageType.Hello) return acceptAll(frame, socket);
    if (++seen === count) socket.destroy();
    return [];
  };
}

test("its Hello says that its numbers are used once, and they begin with the time and rise by one", async () => {
  const server = await serve(acceptAll);
  const clock = { wallMicros: () => 1_790_000_000_000_000, monotonicMicros: () => performance.now() * 1_000 };
  const client = await connect([server], { account: 7, clock });
  await submitAll(client, 1, 2);
  await client.cancel({ id: 1, symbol: 0 });
  await client.modify({ id: 2, symbol: 0, price: 101, quantity: 1 });
  expect(server.frames[0]).toMatchObject({ type: MessageType.Hello, id: 7, flags: HelloFlag.Once });
  expect(asked(server)).toEqual([
    [1, 1_790_000_000_000_001],
    [2, 1_790_000_000_000_002],
    [1, 1_790_000_000_000_003],
    [2, 1_790_000_000_000_004],
  ]);
  await client.close();
});

test("destroy() cuts a close() that waits for an exchange that does not close", async () => {
  const server = await serve(acceptAll);
  const client = await connect([server]);
  server.sockets[0].allowHalfOpen = true;
  const begun = performance.now();
  const closed = client.close();
  client.destroy();
  await closed;
  expect(performance.now() - begun).toBeLessThan(5_000);
});

test("it goes on also when whoever is told of a lost connection throws", async () => {
  const [first, second] = [await serve(breaksOffAfter(1)), await serve(acceptAll)];
  const client = await connect([first, second]);
  const thrown = unhandled();
  client.once("disconnected", () => {
    throw new Error("a bug of mine");
  });
  expect(await client.submit(order(1))).toMatchObject({ accepted: true });
  expect(await thrown).toMatchObject({ message: "a bug of mine" });
  await client.close();
});

test("what a lost connection left unanswered is asked again of the next address, with the same numbers", async () => {
  const [first, second] = [await serve(breaksOffAfter(3)), await serve(acceptAll)];
  const client = await connect([first, second]);
  const lost: string[] = [];
  client.on("disconnected", ({ code }) => lost.push(code));
  const answers = await submitAll(client, 1, 2, 3);
  expect(answers.map(({ id, accepted }) => [id, accepted])).toEqual([
    [1n, true],
    [2n, true],
    [3n, true],
  ]);
  expect(asked(second)).toEqual(asked(first));
  expect(lost).toEqual(["CONNECTION_LOST"]);
  await client.close();
});

test("an exchange that comes back at its address is found, and requests made meanwhile wait for it", async () => {
  const first = await startScriptedServer(breaksOffAfter(1));
  const { port } = first;
  const client = await connect([first]);
  const early = submitAll(client, 1);
  await new Promise((resolve) => client.once("disconnected", resolve));
  await first.close();
  const late = submitAll(client, 2);
  const again = await startScriptedServer(acceptAll, 0, port);
  cleanups.push(again.close);
  expect((await Promise.all([early, late])).flat().map(({ accepted }) => accepted)).toEqual([true, true]);
  expect(asked(again).map(([id]) => id)).toEqual([1, 2]);
});

test("a peer that takes requests and answers nothing is left for the next one", async () => {
  const silent = await serve((frame, socket) =>
    frame.type === MessageType.Hello ? acceptAll(frame, socket) : [],
  );
  const other = await serve(acceptAll);
  const client = await connect([silent, other], { silence_ms: 100 });
  expect((await submitAll(client, 1))[0].accepted).toBe(true);
  expect(asked(other)).toEqual(asked(silent));
});

test("an address where nobody listens, or nobody says Hello, is passed over", async () => {
  const gone = await startScriptedServer(acceptAll);
  await gone.close();
  const mute = await serve(() => []);
  const server = await serve(acceptAll);
  const client = await connect([gone, mute, server], { connectTimeout_ms: 200 });
  expect((await submitAll(client, 1))[0].accepted).toBe(true);
});

test("a refusal of the gateway is final for a request sent once, and none for one sent again", async () => {
  const refuses: Script = (frame, socket) =>
    frame.type === MessageType.Hello ? acceptAll(frame, socket) : [say.reject(frame.id, Reason.DiskFull)];
  const refusing = await serve(refuses);
  const client = await connect([refusing]);
  expect((await submitAll(client, 1))[0]).toMatchObject({ accepted: false, reason: "DiskFull" });
  const [first, second, third] = [
    await serve(breaksOffAfter(1)),
    await serve(refuses),
    await serve(acceptAll),
  ];
  const resumed = await connect([first, second, third]);
  const lost: string[] = [];
  resumed.on("disconnected", ({ message }) => lost.push(message));
  expect((await submitAll(resumed, 2))[0]).toMatchObject({ accepted: true });
  expect(asked(second)).toEqual(asked(third));
  // The client left: the exchange did nothing to the connection.
  expect(lost[1]).toBe(
    `the connection to 127.0.0.1:${second.port} was given up: it refused order 2 (DiskFull), which is asked again`,
  );
});

test("nothing that a connection says after it was given up is matched with a request", async () => {
  // Both are about order 1, the first is refused though it was sent before: the Ack behind is the second's.
  const first = await serve(breaksOffAfter(2));
  const second = await serve((frame, socket) => {
    if (frame.type === MessageType.Hello) return acceptAll(frame, socket);
    return frame.type === MessageType.NewOrder
      ? [new Uint8Array([...say.reject(1, Reason.DiskFull), ...say.ack(1, 99)])]
      : [];
  });
  const third = await serve(({ type, id }) =>
    type === MessageType.Hello ? [say.helloAck(id, 1)] : [say.ack(id, type === MessageType.NewOrder ? 5 : 6)],
  );
  const client = await connect([first, second, third]);
  const answers = await Promise.all([client.submit(order(1)), client.cancel({ id: 1, symbol: 0 })]);
  expect(answers).toEqual([
    { accepted: true, id: 1n, sequence: 5 },
    { accepted: true, id: 1n, sequence: 6 },
  ]);
});

describe("what ends it", () => {
  test("patience: what was sent is unknown, what was not is not sent, and there is one error", async () => {
    const server = await serve(breaksOffAfter(1));
    const client = await connect([server], { patience_ms: 300 });
    const closed = new Promise((resolve) => client.once("closed", resolve));
    const sent = client.submit(order(1));
    client.once("disconnected", () => void server.close());
    await expect(sent).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", cause: { code: "PATIENCE_OVER" } });
    expect(await closed).toMatchObject({ code: "PATIENCE_OVER" });
    expect(client.writable).toBe(false);
    await expect(client.submit(order(2))).rejects.toMatchObject({ code: "PATIENCE_OVER" });
    await expect(client.ready()).rejects.toMatchObject({ code: "PATIENCE_OVER" });
  });

  test("patience before the first connection is the error of connecting", async () => {
    const gone = await startScriptedServer(acceptAll);
    await gone.close();
    await expect(connect([gone], { patience_ms: 100 })).rejects.toMatchObject({
      code: "PATIENCE_OVER",
      message: expect.stringMatching(`^no answer from 127.0.0.1:${gone.port} within 100 ms: .*`),
    });
  });

  test("a request number that the exchange has forgotten", async () => {
    const server = await serve((frame, socket) =>
      frame.id === 2 ? [say.reject(2, Reason.RequestForgotten)] : acceptAll(frame, socket),
    );
    const client = await connect([server]);
    const answers = await Promise.allSettled([1, 2, 3].map((id) => client.submit(order(id))));
    expect(answers.map((answer) => (answer.status === "rejected" ? answer.reason.code : "answered"))).toEqual(
      ["answered", "REQUEST_FORGOTTEN", "OUTCOME_UNKNOWN"],
    );
    await expect(client.submit(order(4))).rejects.toMatchObject({ code: "REQUEST_FORGOTTEN" });
  });

  test("close, when all is answered, over a lost connection too; and nothing is taken any more", async () => {
    const client = await connect([await serve(breaksOffAfter(2)), await serve(acceptAll)]);
    const answers = submitAll(client, 1, 2);
    const closing = client.close();
    await expect(client.submit(order(3))).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await closing;
    expect((await answers).map(({ accepted }) => accepted)).toEqual([true, true]);
  });
});

test("256 requests may be unanswered; one more is refused, and ready() tells when it would not be", async () => {
  const waiting: (() => void)[] = [];
  const server = await serve((frame, socket) => {
    if (frame.type === MessageType.Hello) return acceptAll(frame, socket);
    waiting.push(() => socket.write(say.ack(frame.id, frame.id)));
    return [];
  });
  const client = await connect([server]);
  const answers = submitAll(client, ...Array.from({ length: 256 }, (_, i) => i + 1));
  expect([client.inFlight, client.writable]).toEqual([256, false]);
  await expect(client.submit(order(999))).rejects.toMatchObject({ code: "WINDOW_FULL" });
  const ready = client.ready();
  while (waiting.length < 256) await new Promise((resolve) => setTimeout(resolve, 5));
  waiting.shift()?.();
  await ready;
  expect(client.inFlight).toBe(255);
  for (const answer of waiting) answer();
  expect(await answers).toHaveLength(256);
});

test.each<[string, object]>([
  ["no addresses", { addresses: [] }],
  ["too many addresses", { addresses: Array.from({ length: 17 }, () => ({ port: 1 })) }],
  ["no list of them", { addresses: { port: 1 } }],
  ["an address without a port", { addresses: [{}] }],
  ["a host that is no text", { addresses: [{ host: 1, port: 1 }] }],
  ["an account that can't be", { addresses: [{ port: 1 }], account: -1 }],
  ["no patience", { addresses: [{ port: 1 }], patience_ms: 0 }],
  ["a timer that can't be", { addresses: [{ port: 1 }], silence_ms: 2 ** 31 }],
])("%s is refused before anything is sent", async (_name, options) => {
  await expect(connectResumingOrderEntry(options as never)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
});

import { afterEach, describe, expect, test } from "vitest";
import { connectOrderEntry, type FillEvent, OrderEntryClient } from "../../../src/client/index.ts";
import { MessageType, Reason } from "../../../src/protocol/index.ts";
import { acceptAll, type Script, type ScriptedServer, say, startScriptedServer } from "../scripted-server.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(script: Script, splitBytes = 0): Promise<ScriptedServer> {
  const server = await startScriptedServer(script, splitBytes);
  cleanups.push(server.close);
  return server;
}

async function connect(script: Script, options = {}): Promise<[OrderEntryClient, ScriptedServer]> {
  const server = await serve(script);
  return [await connectOrderEntry({ port: server.port, ...options }), server];
}

/** Accepts everything, but answers orders by `answer`. */
function answering(answer: Script): Script {
  return (frame, socket) =>
    frame.type === MessageType.NewOrder ? answer(frame, socket) : acceptAll(frame, socket);
}

const order = (id: number | bigint | string) =>
  ({ id, symbol: 0, side: "buy", price: 100, quantity: 5 }) as const;

test("connecting says Hello, and the exchange's answer names account and session", async () => {
  const [client] = await connect(acceptAll, { account: 7 });
  expect(client).toMatchObject({ account: 7, session: 77n, writable: true, inFlight: 0 });
  await client.close();
});

test("requests of one turn are answered each by its own answer, in order", async () => {
  let sequence = 10;
  const [client, server] = await connect(
    answering(({ id }) => (id === 2 ? [say.reject(2, Reason.InvalidPrice)] : [say.ack(id, ++sequence)])),
  );
  const answers = await Promise.all([
    client.submit(order(1)),
    client.submit(order(2)),
    client.submit(order("3")),
    client.modify({ id: 1n, symbol: 0, price: 101, quantity: 4 }),
    client.cancel({ id: 1, symbol: 0 }),
  ]);
  expect(answers).toEqual([
    { accepted: true, id: 1n, sequence: 11 },
    { accepted: false, id: 2n, reason: "InvalidPrice", code: 2 },
    { accepted: true, id: 3n, sequence: 12 },
    { accepted: true, id: 1n, sequence: expect.any(Number) },
    { accepted: true, id: 1n, sequence: expect.any(Number) },
  ]);
  expect(server.frames.map((frame) => frame.type)).toEqual([
    MessageType.Hello,
    MessageType.NewOrder,
    MessageType.NewOrder,
    MessageType.NewOrder,
    MessageType.Modify,
    MessageType.CancelOrder,
  ]);
  await client.close();
});

test("answers may be split anywhere", async () => {
  for (const splitBytes of [1, 2, 7, 15, 16, 17, 31]) {
    const server = await serve(
      answering(({ id }) => [say.ack(id, id), say.fill(id, 9, 100, 5, id + 1)]),
      splitBytes,
    );
    const client = await connectOrderEntry({ port: server.port });
    const fills: FillEvent[] = [];
    client.on("fill", (fill) => fills.push(fill));
    await Promise.all([client.submit(order(1)), client.submit(order(2))]);
    await client.close();
    expect(fills.map((fill) => fill.sequence)).toEqual([2, 3]);
  }
});

const LIMIT = { id: 1, symbol: 0, side: "buy", price: 5, quantity: 1 };
const MARKET = { id: 1, symbol: 0, side: "buy", type: "market", quantity: 1 };

test.each([
  [undefined, "an order must be an object, not undefined"],
  [{ ...LIMIT, price: undefined }, "price undefined is not a whole number of ticks"],
  [{ ...LIMIT, price: "5" }, 'price "5" is not a whole number of ticks'],
  [{ ...LIMIT, quantity: "1" }, 'quantity "1" is not an integer from 0 to 4294967295'],
  [{ ...LIMIT, id: null }, "order id null is not an integer from 0 to 2^64-1"],
  [{ ...LIMIT, id: [1] }, "order id {...} is not an integer from 0 to 2^64-1"],
  // It was passed over, and the order rested.
  [{ ...LIMIT, timeInforce: "ioc" }, 'an order has no field "timeInforce", is timeInForce meant?'],
  [{ ...LIMIT, colour: undefined }, 'an order has no field "colour"'],
  [{ ...MARKET, price: 5 }, "a market order has no price, but this one has 5"],
  [{ ...MARKET, timeInForce: "gtc" }, 'a market order never rests: its timeInForce can only be "ioc"'],
])("an order %j is refused before it is sent", async (order, message) => {
  const [client, server] = await connect(acceptAll);
  const sent = server.frames.length;
  const answer = client.submit(order as never);
  await expect(answer).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message });
  await client.submit(MARKET as never);
  expect(server.frames).toHaveLength(sent + 1);
});

test("the largest id arrives whole, and ids that are none are refused before anything is sent", async () => {
  const [client, server] = await connect(acceptAll);
  const sent = server.frames.length;
  for (const id of [-1, 1.5, 2 ** 53, 2n ** 64n, "01", "x", ""]) {
    await expect(client.submit(order(id))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  await expect(client.submit({ ...order(1), quantity: 2 ** 32 })).rejects.toThrow(/quantity 4294967296/);
  await expect(client.submit({ ...order(1), price: 0.5 })).rejects.toThrow(/price 0.5/);
  const misspelt = { ...order(1), side: "Buy" as "buy" };
  await expect(client.submit(misspelt)).rejects.toThrow('side "Buy" is not one of buy, sell');
  await expect(connectOrderEntry({ port: server.port, window: 0 })).rejects.toThrow(/window 0/);
  expect(server.frames).toHaveLength(sent);
  await client.close();
});

test("instruments are listed by symbol number", async () => {
  const [client] = await connect(acceptAll);
  expect((await client.instruments()).map(({ symbol, name }) => [symbol, name])).toEqual([
    [0, "A"],
    [1, "B"],
  ]);
  expect(client.inFlight).toBe(0);
  await client.close();
});

test("lists and hellos may be on their way together", async () => {
  const [client] = await connect(acceptAll);
  const hello = client.hello(0);
  const [first, again] = [client.instruments(), client.instruments()];
  const answer = client.submit(order(0));
  expect((await first).map(({ name }) => name)).toEqual(["A", "B"]);
  expect(await again).toBe(await first);
  expect((await client.instruments()).length).toBe(2);
  expect((await answer).accepted).toBe(true);
  await hello;
  await client.close();
});

test("a list asked for beside an unanswered Hello does not take its account back", async () => {
  const [client, server] = await connect(acceptAll);
  const hello = client.hello(8);
  const list = client.instruments();
  await Promise.all([hello, list]);
  expect(client.account).toBe(8);
  expect(server.frames.filter(({ type }) => type === MessageType.Hello).map(({ id }) => id)).toEqual([
    0, 8, 8,
  ]);
  await client.close();
});

test("a heartbeat overtakes the answer to an order", async () => {
  let held = 0;
  const [client] = await connect((frame, socket) => {
    if (frame.type === MessageType.NewOrder) {
      held = frame.id;
      return [];
    }
    if (frame.type !== MessageType.Heartbeat) return acceptAll(frame, socket);
    return [say.heartbeatAck(frame.id), say.ack(held, 1)];
  });
  const done: string[] = [];
  const submitted = client.submit(order(4)).then(() => done.push("order"));
  await client.heartbeat().then(() => done.push("heartbeat"));
  await submitted;
  expect(done).toEqual(["heartbeat", "order"]);
  await client.close();
});

describe("a refusal by the gateway, which may overtake,", () => {
  test("goes to the request with its id, wherever that stands", async () => {
    const [client] = await connect(
      answering(({ id }) =>
        id === 3 ? [say.reject(3, Reason.Throttled), say.ack(1, 1), say.ack(2, 2)] : [],
      ),
    );
    const answers = await Promise.all([1, 2, 3].map((id) => client.submit(order(id))));
    expect(answers.map((answer) => answer.accepted)).toEqual([true, true, false]);
    expect(client.inFlight).toBe(0);
    await client.close();
  });

  test("is of any request on its id: the outcome of all of them is unknown, and what follows is answered as ever", async () => {
    const orders: number[] = [];
    const [client] = await connect(
      answering(({ id }) => {
        orders.push(id);
        // The first was refused, the second, of the same id, rests.
        if (orders.length === 3) return [say.reject(1, Reason.Throttled), say.ack(1, 6), say.ack(2, 7)];
        return orders.length < 3 ? [] : [say.ack(id, 8)];
      }),
    );
    const code = "OUTCOME_UNKNOWN";
    const told = [1, 1, 2].map((id) => client.submit(order(id)).catch((error) => error));
    const [first, second, third] = await Promise.all(told);
    const message = expect.stringContaining("one of the requests on order 1 was refused (Throttled)");
    expect([first, second]).toMatchObject([
      { code, message },
      { code, message },
    ]);
    expect(third).toEqual({ accepted: true, id: 2n, sequence: 7 });
    expect(await client.submit(order(1))).toEqual({ accepted: true, id: 1n, sequence: 8 });
    expect(client.inFlight).toBe(0);
    await client.close();
  });
});

describe("fills", () => {
  const trading = answering(({ id }) => [
    say.ack(id, 1),
    say.fill(id, 50, 99, 2, 2),
    say.restingFill(60, id, 101, 3, 3),
  ]);
  const fill = { kind: "fill", takerId: 1n, makerId: 50n, price: 99, quantity: 2, sequence: 2 };
  const restingFill = {
    kind: "restingFill",
    takerId: 60n,
    makerId: 1n,
    price: 101,
    quantity: 3,
    sequence: 3,
  };

  test("come by callback and by iterator, and the iterator ends with the connection", async () => {
    const [client] = await connect(trading);
    const called: FillEvent[] = [];
    client.on("fill", (event) => called.push(event)).on("restingFill", (event) => called.push(event));
    const events = client.events();
    await client.submit(order(1));
    await client.close();
    const iterated: FillEvent[] = [];
    for await (const event of events) iterated.push(event);
    expect(iterated).toEqual([fill, restingFill]);
    expect(called).toEqual(iterated);
  });

  test("beyond an iterator's bound end it with an error after those it holds", async () => {
    const [client] = await connect(trading);
    const events = client.events(1);
    await client.submit(order(1));
    await client.close();
    expect(await events.next()).toEqual({ done: false, value: fill });
    await expect(events.next()).rejects.toMatchObject({ code: "EVENTS_OVERFLOW" });
  });

  test("an iterator that is left early holds nothing any more", async () => {
    const [client] = await connect(trading);
    for (let round = 0; round < 3; round++) {
      const submitted = client.submit(order(1));
      for await (const event of client.events()) {
        expect(event.kind).toBe("fill");
        break;
      }
      await submitted;
    }
    await client.close();
  });
});

describe("back-pressure:", () => {
  test("beyond the window a request is refused at once, and ready() resolves when an answer came", async () => {
    const held: (() => void)[] = [];
    const [client] = await connect(
      answering(({ id }, socket) => {
        held.push(() => socket.write(say.ack(id, 1)));
        return [];
      }),
      { window: 2 },
    );
    const first = client.submit(order(1));
    const second = client.submit(order(2));
    expect(client).toMatchObject({ writable: false, inFlight: 2 });
    await expect(client.submit(order(3))).rejects.toMatchObject({
      code: "WINDOW_FULL",
      message: "2 of 2 requests are unanswered: await ready()",
    });
    const ready = client.ready();
    while (held.length < 2) await new Promise(setImmediate);
    held[0]();
    await first;
    await ready;
    expect(client.writable).toBe(true);
    held[1]();
    await second;
    await client.close();
  });

  test("before the connection stands requests wait, in bounded memory, and then all are answered", async () => {
    const server = await serve(acceptAll);
    const client = new OrderEntryClient({ port: server.port, window: 65_536 });
    const before_bytes = process.memoryUsage().arrayBuffers;
    const answers: Promise<{ accepted: boolean }>[] = [];
    // One flush for each: 43 bytes, which must not take a chunk of 64 KiB each.
    for (let id = 0; client.writable; id++) {
      answers.push(client.submit(order(id)));
      await Promise.resolve();
    }
    expect(client.inFlight).toBe(Math.floor(1_048_576 / 43) + 1);
    expect(process.memoryUsage().arrayBuffers - before_bytes).toBeLessThan(4_000_000);
    const refused = client.submit(order(0));
    await expect(refused).rejects.toThrow(/has not taken what was sent: await ready\(\)$/);
    await client.ready();
    expect((await Promise.all(answers)).every(({ accepted }) => accepted)).toBe(true);
    await client.close();
  });

  test("more heartbeats than may be unanswered are refused with what that means", async () => {
    const [client] = await connect((frame, socket) =>
      frame.type === MessageType.Heartbeat ? [] : acceptAll(frame, socket),
    );
    const waiting = Array.from({ length: 16 }, () => client.heartbeat().catch(({ code }) => code));
    await expect(client.heartbeat()).rejects.toMatchObject({
      code: "HEARTBEATS_UNANSWERED",
      message: "16 heartbeats are unanswered: the exchange may be gone; await those first",
    });
    expect(client.writable).toBe(true);
    client.destroy();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["OUTCOME_UNKNOWN"]));
  });

  test("what a peer never answers fills the window, and is unknown when the connection is cut", async () => {
    const [client] = await connect(
      answering(() => []),
      { window: 5_000 },
    );
    const lost: Promise<unknown>[] = [];
    for (let id = 0; client.writable; id++) {
      lost.push(client.submit(order(id)).catch((error: { code: string }) => error.code));
    }
    expect([client.inFlight, lost.length]).toEqual([5_000, 5_000]);
    const ready = client.ready();
    client.destroy();
    await expect(ready).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(new Set(await Promise.all(lost))).toEqual(new Set(["OUTCOME_UNKNOWN"]));
  });
});

// It said WINDOW_FULL, await ready(), behind close(), and OUTCOME_UNKNOWN of what was never sent behind destroy().
test.each(["close", "destroy"] as const)("behind %s() requests are refused as what they are", async (end) => {
  const [client] = await connect(acceptAll);
  const ended = client[end]();
  expect(client.writable).toBe(false);
  for (const refused of [client.submit(order(1)), client.heartbeat(), client.instruments(), client.ready()])
    await expect(refused).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  await ended;
});

describe("connecting", () => {
  test("may be asked for again, on a client that is connected and on one that is gone", async () => {
    const timeout = { connectTimeout_ms: 1_000 };
    const [client] = await connect(acceptAll, timeout);
    await Promise.all([client.connected(), client.connected()]);
    // The time for connecting is over, and ends nothing that is connected.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await client.heartbeat();
    await client.close();
    await client.connected();
  });

  test("checks every argument before it opens anything", async () => {
    const server = await serve(acceptAll);
    const { port } = server;
    const wrong: [Parameters<typeof connectOrderEntry>[0], string][] = [
      [{ port, account: -1 }, "account -1 is not an integer from 0 to 4294967295"],
      [{ port, account: 2 ** 32 }, "account 4294967296 is not"],
      [{ port, window: 0 }, "window 0 is not"],
      [{ port, connectTimeout_ms: 0 }, "connectTimeout_ms 0 is not"],
      [{ port: 65_536 }, "port 65536 is not an integer from 1 to 65535"],
      [{ port: "9009" as never }, 'port "9009" is not an integer'],
      [{} as never, "port undefined is not an integer"],
      [{ port, host: "" }, 'host "" is not a text with anything in it'],
      [undefined as never, "options must be an object, not undefined"],
    ];
    for (const [options, message] of wrong) {
      await expect(connectOrderEntry(options)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(message),
      });
    }
    await (await connectOrderEntry({ port })).close();
    expect(server.sockets).toHaveLength(1);
  });

  test("to a server that accepts and says nothing fails in time, and leaves nothing open", async () => {
    const server = await serve(() => []);
    await expect(connectOrderEntry({ port: server.port, connectTimeout_ms: 50 })).rejects.toMatchObject({
      code: "ETIMEDOUT",
      message: `can't connect to 127.0.0.1:${server.port}: no answer to Hello within 50 ms`,
    });
    while (!server.sockets.every((socket) => socket.closed)) await new Promise(setImmediate);
  });
});

describe("a connection that is lost", () => {
  test("rejects what is outstanding as unknown, says why, and sends nothing again", async () => {
    const [client, server] = await connect(
      answering(({ id }, socket) => {
        if (id === 3) setImmediate(() => socket.destroy());
        return id === 1 ? [say.ack(1, 1)] : [];
      }),
    );
    const events = client.events();
    const closed = new Promise((resolve) => client.once("closed", resolve));
    const outcomes = await Promise.allSettled([1, 2, 3].map((id) => client.submit(order(id))));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({
      code: "OUTCOME_UNKNOWN",
      message: expect.stringMatching(
        /^the outcome of order 2 is unknown: the connection to 127.0.0.1:\d+ was lost: /,
      ),
    });
    expect(await closed).toMatchObject({ code: "CONNECTION_LOST" });
    await expect(events.next()).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await expect(client.events().next()).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await expect(client.submit(order(4))).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await expect(client.ready()).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await expect(client.heartbeat()).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(server.frames.filter((frame) => frame.type === MessageType.NewOrder)).toHaveLength(3);
  });

  test.each<[string, Uint8Array]>([
    ["a malformed frame", Uint8Array.of(0, 7, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ["the answer to another order", say.ack(99, 1)],
    ["an instrument nobody asked for", say.instrument(0, "A")],
    ["an account nobody named", say.helloAck(0, 1)],
    ["a heartbeat's answer nobody waits for", say.heartbeatAck(1)],
  ])("because it sent %s is not trusted any more", async (_what, bytes) => {
    // In one piece: what lay behind it in one read was trusted.
    const [client] = await connect(answering(() => [Buffer.concat([bytes, say.ack(1, 1)])]));
    await expect(client.submit(order(1))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(client.writable).toBe(false);
  });

  test("at Hello says that the exchange may lack the account", async () => {
    const server = await serve((_frame, socket) => {
      socket.end();
      return [];
    });
    await expect(connectOrderEntry({ port: server.port, account: 5 })).rejects.toMatchObject({
      code: "HELLO_REFUSED",
      message: expect.stringContaining("no Hello as account 5"),
    });
  });
});

test("a port that speaks something else is said to be no order port", async () => {
  const text = new TextEncoder().encode("seriatim-admin 1 0123456789abcdef0123456789abcdef\n");
  const server = await serve(() => [text]);
  await expect(connectOrderEntry({ port: server.port })).rejects.toThrow(
    `127.0.0.1:${server.port} is no order port: the first that it sent is a malformed frame (UnsupportedVersion)`,
  );
});

test("where nobody listens is one clear line", async () => {
  const server = await serve(acceptAll);
  await server.close();
  cleanups.pop();
  await expect(connectOrderEntry({ port: server.port })).rejects.toMatchObject({
    code: "ECONNREFUSED",
    message: `can't connect to 127.0.0.1:${server.port}: nothing listens there`,
  });
});

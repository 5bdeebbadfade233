// The signal that a program gives to what it connects, at each moment: before, while it connects, while it connects again, and later.

import { getEventListeners, once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  connectOrderEntry,
  connectOrderPipe,
  connectResumingOrderEntry,
  connectSession,
  connectTrading,
} from "../../src/client/index.ts";
import { acceptAll, startScriptedServer } from "./scripted-server.ts";
import { ALICE, startSessionServer } from "./session-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** One that takes connections and says nothing; `arrived`: it was said something. */
async function silentServer() {
  const server = createServer((socket) => socket.once("data", () => arrived.resolve()));
  const arrived = Promise.withResolvers<void>();
  await once(server.listen(0, "127.0.0.1"), "listening");
  cleanups.push(() => server.close());
  return { port: (server.address() as { port: number }).port, arrived: arrived.promise };
}

async function openServer(script = acceptAll) {
  const server = await startScriptedServer(script);
  cleanups.push(server.close);
  return server;
}

async function sessionServer() {
  const server = await startSessionServer({ frame: () => {} });
  cleanups.push(server.close);
  return server;
}

interface Client {
  destroy(): void;
}
type Connect = (port: number, signal: AbortSignal) => Promise<Client>;
const listener = {} as never;
const logon = { key: ALICE, account: 7 };
const connects = {
  connectOrderEntry: (port, signal) => connectOrderEntry({ port, signal }),
  connectOrderPipe: (port, signal) =>
    connectOrderPipe({ host: "127.0.0.1", port, signal, window: 8, listener }),
  connectResumingOrderEntry: (port, signal) => connectResumingOrderEntry({ addresses: [{ port }], signal }),
  connectSession: (port, signal) => connectSession({ port, signal, ...logon, listener }),
  connectTrading: (port, signal) => connectTrading({ addresses: [{ port }], signal, ...logon }),
} as const satisfies Record<string, Connect>;
const rows = Object.entries(connects) as [string, Connect][];
/** Those that wait for more than that a connection stands. */
const welcomed = rows.filter(([name]) => name !== "connectOrderPipe");

const order = { id: 1, symbol: 0, side: "buy", price: 100, quantity: 5 } as const;
const why = "the client's own signal ended it: enough";
const ended = { code: "ABORTED", message: why, cause: new Error("enough") };

test.each(rows)("%s connects to nobody when it was given before", async (_, connect) => {
  const server = await openServer();
  await expect(connect(server.port, AbortSignal.abort(new Error("enough")))).rejects.toMatchObject(ended);
  const { port } = server;
  const next = await connectOrderEntry({ port });
  next.destroy();
  expect(server.sockets).toHaveLength(1);
});

test.each(rows)("%s takes nothing else for it", async (_, connect) => {
  const wrong = { message: 'signal "now" is not an AbortSignal', code: "INVALID_ARGUMENT" };
  await expect((async () => connect(1, "now" as never))()).rejects.toMatchObject(wrong);
});

test.each(welcomed)("%s ends while it waits for an answer", async (_, connect) => {
  const { port, arrived } = await silentServer();
  const stop = new AbortController();
  const connected = connect(port, stop.signal);
  connected.catch(() => {});
  await arrived;
  stop.abort(new Error("enough"));
  await expect(connected).rejects.toMatchObject(ended);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});

test("a client that finds nobody ends in its waits", async () => {
  const { port } = await silentServer();
  await cleanups.pop()?.();
  const stop = new AbortController();
  const connected = connectResumingOrderEntry({ addresses: [{ port }], signal: stop.signal });
  connected.catch(() => {});
  setTimeout(() => stop.abort(new Error("enough")), 20);
  await expect(connected).rejects.toMatchObject(ended);
});

describe("later", () => {
  test("an open connection ends, and what was unanswered is unknown", async () => {
    const server = await openServer((frame, socket) => (frame.symbol === 0 ? [] : acceptAll(frame, socket)));
    const stop = new AbortController();
    const client = await connectOrderEntry({ port: server.port, signal: stop.signal });
    const closed = once(client, "closed");
    const answer = client.submit(order);
    stop.abort(new Error("enough"));
    await expect(answer).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", cause: ended });
    expect(await closed).toEqual([expect.objectContaining(ended)]);
  });

  test.each([
    ["a session", connects.connectTrading, sessionServer],
    ["a resuming client", connects.connectResumingOrderEntry, openServer],
  ] as const)("%s connects no more", async (_, connect, serve) => {
    const server = await serve();
    const stop = new AbortController();
    const client = await connect(server.port, stop.signal);
    const lost = once(client, "disconnected");
    const closed = once(client, "closed");
    await server.close();
    await lost;
    stop.abort(new Error("enough"));
    expect(await closed).toEqual([expect.objectContaining(ended)]);
    expect(client.writable).toBe(false);
  });

  test.each(rows)("%s: a signal that outlives its client knows it no more", async (name, connect) => {
    const isSession = name === "connectSession" || name === "connectTrading";
    const { port } = isSession ? await sessionServer() : await openServer();
    const { signal } = new AbortController();
    const client = await connect(port, signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    client.destroy();
    await expect.poll(() => getEventListeners(signal, "abort").length).toBe(0);
  });
});

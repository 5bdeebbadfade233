// TickClient on real sockets, against a server that does what a script says.

import { execFile } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { TickClient, type TickClientOptions } from "../../../src/feed-runtime/index.ts";
import { heartbeat, joined, quote, trade } from "../../feed/ticks/client/support.ts";
import { SilentAddress } from "../../support/silent-address.ts";
import { until } from "../../support/until.ts";
import { type Script, ScriptedServer } from "./scripted-server.ts";

/** What a program prints. */
async function printed(program: string): Promise<string> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  return (await promisify(execFile)(process.execPath, [path], { timeout: 100_000 })).stdout;
}

// Begun at once, so that they take their time beside the other tests.
const stopping = printed("stopping-worker.ts");
const throwing = printed("throwing-worker.ts");
const silent = new SilentAddress().fill();

const servers: ScriptedServer[] = [];
const clients: TickClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await ScriptedServer.started(script);
  servers.push(server);
  return server;
}

/** A client that keeps what it is told, each as a text; waits between connections are as short as may be. */
function connect(options: Omit<TickClientOptions, "host"> & { host?: string }) {
  const told: string[] = [];
  const client = new TickClient({
    host: "127.0.0.1",
    chance: () => 0,
    listener: {
      onTrade: (tick) => told.push(`trade ${tick.symbol} ${tick.price}`),
      onQuote: (tick) => told.push(`quote ${tick.symbol} ${tick.bid} ${tick.ask}`),
      onState: (state, why) => told.push(why === undefined ? state : `${state} ${why.code}`),
      onQuiet: (isQuiet) => told.push(isQuiet ? "quiet" : "not quiet"),
      onStale: () => told.push("stale"),
    },
    ...options,
  });
  clients.push(client);
  return { client, told };
}

test("its states from the first connection to the end, over a connection that the server closes", async () => {
  const server = await serve((socket, number) => {
    socket.write(joined(heartbeat(1), quote(2, 4, 9.5, 10)));
    if (number === 0) socket.end();
  });
  const { client, told } = connect({ port: server.port });
  expect(client.state).toBe("connecting");
  await until(() => server.sockets.length === 2 && client.state === "live");
  expect(await client.stop()).toBeUndefined();
  expect(told).toEqual([
    "open",
    "quote 4 9.5 10",
    "live",
    "stale",
    "waiting CONNECTION_LOST",
    "connecting",
    "open",
    "quote 4 9.5 10",
    "live",
    "stopped",
  ]);
  expect({ ...client.connections }).toMatchObject({ attempts: 2, connected: 2, lost: 1, subscribesSent: 0 });
});

test("of a host name the address is found that the server listens on, IPv4", async () => {
  const server = await serve((socket) => void socket.write(heartbeat(1)));
  const { client } = connect({ host: "localhost", port: server.port });
  await until(() => client.state === "live");
});

test("what is wanted is one write and the first thing said on each connection; of wishes within 250 ms the newest is said", async () => {
  const server = await serve((socket, number) => {
    // After the connection's first words, and the newest wish.
    const isSaid = () => server.reads[0].length === 2;
    if (number === 0) void until(isSaid).then(() => socket.destroy());
  });
  const { client } = connect({ port: server.port, subscription: [1, 2] });
  await until(() => client.state === "open");
  for (const symbol of [3, 4, 5]) client.subscribe([symbol]);
  await until(() => server.reads[1]?.length === 1);
  expect(server.reads).toEqual([["ff020001000200", "ff01000500"], ["ff01000500"]]);
  expect(client.connections.subscribesSent).toBe(3);
});

test("frames of symbols that are no longer wanted are dropped from the wish on, and their numbers count", async () => {
  let socket: Socket | undefined;
  const server = await serve((opened) => {
    socket = opened;
    opened.write(joined(trade(1, 7, 3), trade(2, 8, 4)));
  });
  const { client, told } = connect({ port: server.port });
  await until(() => client.counters.frames === 2);
  client.subscribe([8]);
  socket?.write(joined(trade(3, 7, 5), trade(4, 8, 6)));
  await until(() => client.counters.frames === 4);
  expect(told.filter((text) => text.startsWith("trade"))).toEqual(["trade 7 3", "trade 8 4", "trade 8 6"]);
  expect(client.counters).toMatchObject({ unwantedFrames: 1, gapIncidents: 0, unattributedGaps: 0 });
});

test("a connection that ends inside a frame leaves nothing to the next: no incident, no gap", async () => {
  const server = await serve((socket, number) => {
    const next = 1 + number * 1_000;
    socket.write(joined(trade(next, 1, 5), quote(next + 1, 1, 4, 6).subarray(0, 30)));
    if (number < 3) socket.end();
  });
  const { client } = connect({ port: server.port });
  await until(() => client.counters.frames === 4);
  expect({ ...client.counters }).toMatchObject({
    trades: 4,
    skippedBytes: 0,
    gapIncidents: 0,
    regressions: 0,
  });
  expect({ ...client.counters }).toMatchObject({
    checksumIncidents: 0,
    typeIncidents: 0,
    unattributedGaps: 0,
  });
});

test("the last values stay over a lost connection, stale until the next tick of their symbol", async () => {
  const server = await serve((socket, number) => {
    socket.write(number === 0 ? joined(trade(1, 1, 5), quote(2, 2, 6, 7)) : trade(1, 1, 8));
    if (number === 0) socket.end();
  });
  const { client } = connect({ port: server.port });
  await until(() => client.counters.trades === 2);
  expect(client.last(1)).toMatchObject({ trade: { price: 8 }, isStale: false });
  expect(client.last(2)).toMatchObject({ quote: { bid: 6, ask: 7 }, isStale: true });
  expect(client.last(3)).toBeUndefined();
});

test("a server that falls silent is quiet first, and given up when nothing it sends is a frame", async () => {
  const server = await serve((socket, number) => {
    if (number > 0) return;
    socket.write(heartbeat(1));
    setTimeout(() => socket.write(heartbeat(2)), 600);
    // Bytes that make no frame are no sign of life.
    const timer = setInterval(() => socket.write(Uint8Array.of(0xee)), 20);
    socket.once("close", () => clearInterval(timer));
  });
  const { client, told } = connect({ port: server.port, quiet_ms: 200, liveness_ms: 2_000 });
  await until(() => server.sockets.length === 2);
  const expected = ["open", "live", "quiet", "not quiet", "quiet", "stale", "waiting LIVENESS", "connecting"];
  expect(told.slice(0, expected.length)).toEqual(expected);
  expect({ ...client.connections }).toMatchObject({ livenessTimeouts: 1, lost: 1 });
  expect(client.connections.quietPeriods).toBeGreaterThanOrEqual(2);
});

test("a server of something else is closed after 65,536 bytes, and tried again", async () => {
  const server = await serve((socket) => void socket.write(new Uint8Array(70_000)));
  const { client, told } = connect({ port: server.port });
  await until(() => client.connections.notTicks === 2);
  expect(told.slice(0, 5)).toEqual(["open", "stale", "waiting NOT_TICKS", "connecting", "open"]);
  expect(client.counters).toMatchObject({ typeIncidents: 2, skippedBytes: 2 * 65_536, frames: 0 });
});

test("after so many attempts in vain it stops, and says why", async () => {
  const server = await serve(() => {});
  const { port } = server;
  await servers.pop()?.close();
  const { client, told } = connect({ port, maxAttempts: 2 });
  expect((await client.stopped)?.message).toBe(`can't connect to 127.0.0.1:${port}: nothing listens there`);
  expect(told).toEqual(["waiting ECONNREFUSED", "connecting", "stopped ECONNREFUSED"]);
});

test("who stops it from inside a delivery is told nothing more but that", async () => {
  const server = await serve(
    (socket) => void socket.write(joined(trade(1, 1, 5), trade(2, 1, 6), new Uint8Array(99))),
  );
  const told: string[] = [];
  const client: TickClient = new TickClient({
    host: "127.0.0.1",
    port: server.port,
    listener: {
      onTrade: (tick) => {
        told.push(`trade ${tick.sequence}`);
        client.stop();
      },
      onState: (state) => told.push(state),
    },
  });
  expect(await client.stopped).toBeUndefined();
  await until(() => server.sockets[0].destroyed);
  expect(told).toEqual(["open", "trade 1", "stopped"]);
  expect(client.connections).toMatchObject({ connected: 1, lost: 0, notTicks: 0 });
});

test("stopped in any state it leaves no timer and no socket", async () => {
  const expected = ["connecting", "open", "live", "waiting"].map((state) => `${state} stopped true 0\n`);
  expect(await stopping).toBe(expected.join(""));
});

// The rest of the read is not delivered, and what came next would have begun in the middle of a frame.
test("a listener that throws costs its connection, and the next one is read as if nothing had been", async () => {
  expect(await throwing).toBe("CONNECTION_LOST\nthrown\n1 2 3, 0 incidents\n");
});

test("an attempt that nobody answers is given up in time", async () => {
  const address = await silent;
  const { client, told } = connect({
    host: address.host,
    port: address.port,
    connectTimeout_ms: 50,
    maxAttempts: 2,
  });
  expect((await client.stopped)?.message).toMatch(/^can't connect to .*: no answer within 50 ms$/);
  expect(told).toEqual(["waiting ETIMEDOUT", "connecting", "stopped ETIMEDOUT"]);
  await address.end();
});

test.each<[Partial<TickClientOptions>, string]>([
  [{ host: "" }, "host is no text"],
  [{ port: 0 }, "port 0 is not an integer from 1 to 65535"],
  [{ maxSymbols: 65_537 }, "maxSymbols 65537 is"],
  [{ liveness_ms: 0.5 }, "liveness_ms 0.5 is"],
  [{ maxAttempts: 0 }, "maxAttempts 0 is"],
  [{ numbering: "none" as "auto" }, "numbering none is"],
  [{ subscription: [65_536] }, "symbol 65536 is"],
])("%j is refused before anything is opened", (options, why) => {
  expect(() => new TickClient({ host: "127.0.0.1", ...options })).toThrow(why);
});

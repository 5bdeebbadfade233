// WebSockets as a peer sees them: who gets in, how a connection ends, and with which code.

import { connect } from "node:net";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SeriatimError } from "../../../../src/base/index.ts";
import { StreamFigures } from "../../../../src/feed/index.ts";
import { AccountNames, createLog } from "../../../../src/node/index.ts";
import { type HttpFace, startHttp } from "../../../../src/node/web/http/http.ts";
import {
  attachWebSockets,
  type NodeFigures,
  type WebSockets,
} from "../../../../src/node/web/sockets/websockets.ts";
import { WebCounters, type WebLimits } from "../../../../src/node/web/web-limits.ts";
import { MessageType, type TapeReport } from "../../../../src/protocol/index.ts";
import {
  acceptAll,
  type Script,
  type ScriptedServer,
  say,
  startScriptedServer,
} from "../../../client/scripted-server.ts";
import { TestExchange, TIME_US } from "../exchange.ts";
import { type Message, Peer } from "../peer.ts";

const log = createLog({ level: "silent" });
let exchange: TestExchange;
let orders: ScriptedServer;
let http: HttpFace;
let status: () => Promise<NodeFigures>;
let port = 0;
let web: WebSockets;
let counters: WebCounters;

beforeEach(async () => {
  exchange = new TestExchange();
  counters = new WebCounters();
  orders = await startScriptedServer(acceptAll);
  const web = () => ({ feedPosition: 0, webSockets: counters, streams: new StreamFigures() });
  const noStatus = () => Promise.reject(new SeriatimError("NO_NODE", "there is no node here"));
  http = await startHttp({ host: "127.0.0.1", port: 0, files: new Map(), log, status: noStatus, web });
  status = async () => FIGURES;
  port = http.port;
});
afterEach(async () => {
  await web.close("the node stops");
  await http.close();
  await orders.close();
});

const FIGURES = {
  status: "ok",
  position: 812,
  durablePosition: 811,
  shownLag_us: 0,
  commandsPerSecond: 1980,
  latency: null,
  connections: 12,
  time_us: TIME_US,
  role: "primary",
} as const;

function attach(limits: Partial<WebLimits> = {}, orderPort = orders.port, isOpen = true): void {
  web = attachWebSockets(http.server, {
    access: { isOpen, isClaimed: () => false, grantOfToken: () => undefined },
    nodeKey: undefined,
    publisher: exchange.publisher,
    source: exchange.engine,
    host: "127.0.0.1",
    orderPort,
    accounts: new AccountNames(["alice=1", "bob=2"], 10),
    clock: exchange.clock,
    log,
    status: () => status(),
    sequence: async () => 0,
    counters,
    limits,
  });
}

const TAPE: TapeReport = {
  time_us: TIME_US,
  port: 9_400,
  connections: { publishers: 2, subscribers: 3, administrators: 0, paused: 1, opened: 9, refused: 4 },
  staging: { buffers: 32, inUse: 5, timesExhausted: 6 },
  delivery: { buffers: 16, inUse: 7 },
  commandsQueued: 8,
  batches: { drained: 30, committed: 20, acknowledged: 10 },
  bytes: { drained: 3_000, committed: 2_000, delivered: 1_000 },
  topics: Array.from({ length: 120 }, (_, i) => ({
    ...{ name: `topic-${i}`, order: i % 3, nextRecord: 500 + i, oldestRecord: 400, bytes: 1_000 * i },
    groups: Array.from({ length: 12 }, (_, group) => ({ name: `g${group}`, committed: 450, members: 1 })),
  })),
  topicsTotal: 120,
};

const BUY = { type: "submit", symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", quantity: 5 };

const HOST = "Host: 127.0.0.1:1";
const KEY = [
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==",
];

/** What a server answers to a plain upgrade request, to its end. */
async function upgrade(path: string, ...headers: string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${[`GET ${path} HTTP/1.1`, "Connection: Upgrade, close", ...headers].join("\r\n")}\r\n\r\n`);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

describe("a handshake", () => {
  test.each<[what: string, path: string, headers: string[], answer: RegExp]>([
    ["elsewhere", "/other", [HOST, ...KEY], /^HTTP\/1.1 404 Not Found\r\n.*not found\n$/s],
    [
      "from a page of another origin",
      "/ws",
      [HOST, "Origin: http://evil.example", ...KEY],
      /^HTTP\/1.1 403 Forbidden\r\n.*a page of another origin may not connect\n$/s,
    ],
    [
      "elsewhere, for a page that is there,",
      "/healthz",
      [HOST, "Upgrade: h2c"],
      /^HTTP\/1.1 503 .*there is no node here\n$/s,
    ],
    ["of another protocol", "/ws", [HOST, "Upgrade: h2c"], /^HTTP\/1.1 400 /],
    ["without a key", "/ws", [HOST, "Upgrade: websocket", "Sec-WebSocket-Version: 13"], /^HTTP\/1.1 400 /],
  ])("%s is refused", async (_what, path, headers, answer) => {
    attach();
    expect(await upgrade(path, ...headers)).toMatch(answer);
    expect(counters.opened).toBe(0);
  });

  test("of the node's own page is taken, with anything after the path", async () => {
    attach();
    const peer = await Peer.connect(port, { origin: `http://127.0.0.1:${port}` });
    peer.say({ type: "hello", schema: 1 });
    expect((await peer.next()).type).toBe("welcome");
  });

  test("beyond as many connections as may be is refused with 503, until one ends", async () => {
    attach({ connectionsMax: 2 });
    const [first] = [await Peer.connect(port), await Peer.connect(port)];
    await expect(Peer.connect(port)).rejects.toThrow("503");
    expect(counters).toMatchObject({ connections: 2, opened: 2, refusedFull: 1 });
    first.socket.close();
    await first.closed;
    await expect.poll(() => counters.connections).toBe(1);
    await Peer.connect(port);
  });

  test("where accounts need a token, one without a hello gives way, and who has said one stays", async () => {
    attach({ connectionsMax: 2 }, orders.port, false);
    const reader = await Peer.connect(port);
    reader.say({ type: "hello", schema: 1 });
    expect((await reader.next()).type).toBe("welcome");
    const silent = await Peer.connect(port);
    const third = await Peer.connect(port);
    await silent.closed;
    await expect.poll(() => counters.closes).toMatchObject({ GaveWay: 1 });
    third.say({ type: "hello", schema: 1 });
    expect(await third.next()).toMatchObject({ type: "error", code: "UNAVAILABLE" });
    expect(counters.refusedFull).toBe(0);
  });
});

describe("a connection is closed", () => {
  test("with 1001 when the node stops, and nobody gets in any more", async () => {
    attach();
    const peer = await Peer.greet(port);
    const closing = web.close("the node stops");
    await expect(Peer.connect(port)).rejects.toThrow("503");
    expect(await peer.closed).toEqual([1001, "the node stops"]);
    await closing;
  });

  test("also when the peer leaves out its half of the handshake: a node that stops does not wait for it", async () => {
    attach({ close_ms: 60_000 });
    const peer = connect(port, "127.0.0.1");
    peer.write(`${["GET /ws HTTP/1.1", "Connection: Upgrade", HOST, ...KEY].join("\r\n")}\r\n\r\n`);
    await expect.poll(() => counters.opened).toBe(1);
    // Its ping would end it after half a minute.
    expect(await Promise.race([web.close("the node stops"), sleep(10_000, "late")])).toBeUndefined();
    expect(counters.closes).toMatchObject({ GoingAway: 1 });
    peer.destroy();
  });

  test("with 1001 also while its order connection is being made", async () => {
    await orders.close();
    orders = await startScriptedServer(() => []);
    attach({ close_ms: 60_000 });
    const peer = await Peer.connect(port);
    peer.say({ type: "hello", schema: 1, account: "alice" });
    await expect.poll(() => orders.frames.length).toBe(1);
    await web.close("the node stops");
    expect(await peer.closed).toEqual([1001, "the node stops"]);
  });

  test.each<[code: number, what: string, send: (peer: Peer) => void, counted: string]>([
    [1003, "a binary frame", (peer) => peer.socket.send(Buffer.from("{}")), "BinaryFrame"],
    [
      1007,
      "bytes that are no text",
      (peer) => peer.socket.send(Buffer.from([0xff]), { binary: false }),
      "NoText",
    ],
    [1009, "a message of more than 64 KiB", (peer) => peer.say(" ".repeat(65_537)), "TooLong"],
    [
      4001,
      "an account that is not there",
      (peer) => peer.say({ type: "hello", schema: 1, account: "carol" }),
      "LogonRefused",
    ],
    [4001, "another schema", (peer) => peer.say({ type: "hello", schema: 2 }), "NoHello"],
    [
      4029,
      "more than 500 messages in a second",
      (peer) => {
        for (let i = 0; i <= 500; i++) peer.say("?");
      },
      "TooManyMessages",
    ],
    [
      4029,
      "pongs without end",
      (peer) => {
        for (let i = 0; i <= 500; i++) peer.socket.pong();
      },
      "TooManyMessages",
    ],
    [1000, "its own wish", (peer) => peer.socket.close(1000), "PeerEnded"],
    [1006, "being cut", (peer) => peer.socket.terminate(), "Broken"],
  ])("with %i for %s", async (code, _what, send, counted) => {
    attach();
    const peer = await Peer.connect(port);
    send(peer);
    const [closedWith, reason] = await peer.closed;
    expect(closedWith).toBe(code);
    // What is not its own doing is said in words too.
    if (code !== 1000 && code !== 1006) expect(reason).not.toBe("");
    await expect.poll(() => counters.closes).toMatchObject({ [counted]: 1 });
    expect(counters.connections).toBe(0);
  });

  test("with 4001 when no hello comes, whatever else does", async () => {
    attach({ hello_ms: 100 });
    const peer = await Peer.connect(port);
    peer.say("?");
    expect((await peer.next()).code).toBe("BAD_MESSAGE");
    expect(await peer.closed).toEqual([4001, "no hello within 100 ms"]);
  });

  test("with 4008 when its answers pile up because it does not read", async () => {
    attach({ messagesPerSecond: 1e6, output_bytes: 100_000, close_ms: 50 });
    const peer = await Peer.greet(port);
    peer.socket.pause();
    const question = JSON.stringify({ type: "x".repeat(1_000) });
    while (counters.closes.TooSlow === 0) {
      for (let i = 0; i < 500; i++) peer.say(question);
      await turn();
    }
    expect(counters.connections).toBe(0);
    peer.socket.terminate();
  });

  test("with 4012 when it sends a message by the byte, whatever pings and pongs it sends between", async () => {
    attach({ status_ms: 20 });
    const [slow, other] = [await Peer.greet(port), await Peer.greet(port)];
    slow.socket.send("{", { fin: false });
    while (slow.socket.readyState === slow.socket.OPEN) {
      exchange.now_us += 100_000;
      slow.socket.send(" ", { fin: false });
      slow.socket.ping();
      other.say({ type: "heartbeat" });
      await other.next("heartbeat");
    }
    expect(await slow.closed).toEqual([4012, "a message that was begun was not finished within 5000 ms"]);
    await expect.poll(() => counters.closes.MessageTimeout).toBe(1);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });

  test("when it answers no ping until the next", async () => {
    attach({ ping_ms: 200 });
    const [silent, other] = [await Peer.connect(port, { autoPong: false }), await Peer.connect(port)];
    expect((await silent.closed)[0]).toBe(1006);
    await expect.poll(() => counters.closes.Silent).toBe(1);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });

  test("not for a message of 64 KiB", async () => {
    attach();
    const peer = await Peer.connect(port);
    peer.say(`{"type":"${"x".repeat(65_536 - 11)}"}`);
    expect((await peer.next()).code).toBe("BAD_MESSAGE");
  });
});

describe("orders go over a connection of their own:", () => {
  async function withScript(script: Script): Promise<void> {
    await orders.close();
    orders = await startScriptedServer(script);
    attach();
  }

  test("it says whose they are", async () => {
    attach();
    const peer = await Peer.greet(port, "bob");
    peer.say({ ...BUY, request: 1 });
    expect(await peer.next()).toMatchObject({ type: "ack", request: 1, id: "1" });
    expect(orders.frames.map(({ type, id }) => [type, id])).toEqual([
      [MessageType.Hello, 2],
      [MessageType.NewOrder, 1],
    ]);
  });

  test("it ends with the session, behind what was sent", async () => {
    attach();
    const peer = await Peer.greet(port, "alice");
    peer.say(BUY);
    peer.socket.close();
    await peer.closed;
    await expect.poll(() => orders.sockets[0].readableEnded).toBe(true);
    expect(orders.frames.map(({ type }) => type)).toEqual([MessageType.Hello, MessageType.NewOrder]);
  });

  test("when it is lost, outcomes are unknown and the session ends with 1001", async () => {
    await withScript(({ type, id }, socket) => {
      if (type === MessageType.Hello) return [say.helloAck(id, 77)];
      if (id === 3) socket.destroy();
      return id === 1 ? [say.ack(1, 17)] : [];
    });
    const peer = await Peer.greet(port, "alice");
    for (const id of [1, 2, 3]) peer.say({ ...BUY, request: id, id: `${id}` });
    expect(await peer.closed).toEqual([1001, "the exchange is gone"]);
    const [first, ...unknown] = peer.rest();
    expect(first).toEqual({ type: "ack", request: 1, id: "1", sequence: "17" });
    expect(unknown.map(({ type, request, code }) => [type, request, code])).toEqual([
      ["error", 2, "OUTCOME_UNKNOWN"],
      ["error", 3, "OUTCOME_UNKNOWN"],
    ]);
    expect(unknown[0].text).toMatch(/^the outcome of order 2 is unknown: the connection to .* was lost/);
  });

  test("tokens beyond the rate are not looked for: UNAVAILABLE, and the session ends with 4001", async () => {
    attach({ attempts: { perAddress: 9, perOwnAddress: 2, total: 9 } });
    const codes: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const peer = await Peer.connect(port);
      peer.say({ type: "hello", schema: 1, token: "guessed" });
      codes.push((await peer.next()).code);
      expect((await peer.closed)[0]).toBe(4001);
    }
    expect(codes).toEqual(["NOT_AUTHORISED", "NOT_AUTHORISED", "UNAVAILABLE"]);
    expect(counters.throttledLogons).toBe(1);
    const peer = await Peer.connect(port);
    peer.say({ type: "hello", schema: 1 });
    expect(await peer.next()).toMatchObject({ type: "welcome" });
  });

  test("when it can't be made, hello is answered UNAVAILABLE and the session ends with 4001", async () => {
    const { port: orderPort } = orders;
    await orders.close();
    attach({}, orderPort);
    const peer = await Peer.connect(port);
    peer.say({ type: "hello", request: 1, schema: 1, account: "alice" });
    const text =
      "no order entry now: there are as many connections as may be (connections-max), or the node ends";
    expect(await peer.next()).toEqual({ type: "error", request: 1, code: "UNAVAILABLE", text });
    expect((await peer.closed)[0]).toBe(4001);
  });

  test("what is said while it is being made is done afterwards", async () => {
    attach();
    const peer = await Peer.connect(port);
    peer.say({ type: "hello", schema: 1, account: "alice" });
    for (let i = 1; i <= 99; i++) peer.say({ ...BUY, id: `${i}` });
    await peer.next("welcome");
    for (let i = 1; i <= 99; i++) expect(await peer.next()).toMatchObject({ type: "ack", id: `${i}` });
  });
});

test("the figures of the tape come to who subscribed to them, as many topics and groups as a message takes", async () => {
  status = async () => ({ ...FIGURES, tape: { ...TAPE, failure: "its disk is full" } });
  attach({ status_ms: 100 });
  const [peer, other] = [await Peer.greet(port), await Peer.greet(port)];
  peer.say({ type: "subscribe", channels: ["tape"] });
  other.say({ type: "subscribe", channels: ["status"] });
  await peer.next("subscribed");
  const message = (await peer.next("tape")) as Message & { topics: { groups: unknown[] }[] };
  const { time_us: _, topics: __, ...rest } = TAPE;
  expect(message).toMatchObject({ ...rest, failure: "its disk is full", time: String(TIME_US) });
  expect(message.topics.length).toBe(100);
  expect(message.topics[2].groups.length).toBe(8);
  const { groups, ...topic } = message.topics[2];
  expect(topic).toEqual({ name: "topic-2", order: 2, next: "502", oldest: "400", bytes: 2_000 });
  expect(groups[0]).toEqual({ name: "g0", committed: "450", members: 1 });
  expect(await typesUpTo(other, "status")).not.toContain("tape");
  peer.say({ type: "unsubscribe", channels: ["tape"] });
  await peer.next("unsubscribed");
});

test("of a node without a tape who subscribed to one hears nothing", async () => {
  attach({ status_ms: 50 });
  const peer = await Peer.greet(port);
  peer.say({ type: "subscribe", channels: ["tape", "status"] });
  await peer.next("status");
  expect(await typesUpTo(peer, "status")).not.toContain("tape");
});

/** The types of what comes, up to the first message of `last`. */
async function typesUpTo(peer: Peer, last: string): Promise<unknown[]> {
  const types: unknown[] = [];
  while (types.at(-1) !== last) types.push((await peer.next()).type);
  return types;
}

test("the status comes again and again to who subscribed, also while the node does not answer", async () => {
  attach({ status_ms: 100 });
  const [peer, other] = [await Peer.greet(port), await Peer.greet(port)];
  peer.say({ type: "subscribe", channels: ["status"] });
  const { time_us, position, durablePosition, ...figures } = FIGURES;
  expect(await peer.next("status")).toEqual({
    type: "status",
    ...figures,
    position: String(position),
    durablePosition: String(durablePosition),
    subscribers: 2,
    streams: { subscriptions: 0, conflated: 0 },
    time: String(time_us),
  });
  const reason = "the node's thread does not answer";
  status = () => Promise.reject(new SeriatimError("NODE_SILENT", reason));
  expect(await peer.next("status")).toMatchObject({ status: "degraded", reason, position: "812" });
  expect(other.rest()).toEqual([]);
});

test("a peer that reads nothing keeps getting nothing, and then the newest: market data does not pile up", async () => {
  attach();
  const peer = await Peer.greet(port);
  peer.say({ type: "subscribe", channels: ["quotes"], symbols: ["BTC-USD"] });
  await peer.next("quote");
  peer.socket.pause();
  let last = 0;
  const sent = counters.messagesSent;
  // A quote is some 130 bytes; the system's buffers hold some MB of them.
  while (counters.messagesSent === sent + last) {
    for (let i = 0; i < 100; i++) exchange.quote(++last);
    await turn();
  }
  exchange.quote(++last);
  peer.socket.resume();
  let message = await peer.next("quote");
  while ((message.bid as unknown[])[0] !== `${last}.00`) message = await peer.next("quote");
  expect(message.snapshot).toBe(true);
});

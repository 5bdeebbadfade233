import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { NodeStatus } from "../../../../src/node/index.ts";
import { createLog } from "../../../../src/node/log.ts";
import { AskedStatus } from "../../../../src/node/web/asked-status.ts";
import { type HttpFace, type HttpOptions, startHttp } from "../../../../src/node/web/http/http.ts";
import { readPageFiles } from "../../../../src/node/web/http/page-files.ts";
import { WebCounters } from "../../../../src/node/web/web-limits.ts";
import { STAGE_BOUNDS_S } from "../../../../src/runtime/index.ts";

const STATUS: NodeStatus = {
  status: "ok",
  hasFailed: false,
  takesOrders: true,
  role: "primary",
  node: "south",
  nodes: [
    {
      ...{ name: "north", role: "replica", epoch: 2, connected: false, since_us: 1_790_000_000_000_000 },
      ...{ inMemory: 11, persisted: 9, lag: 6, lag_us: 1_500_000 },
    },
    {
      ...{ name: "south", role: "primary", epoch: 2, connected: true, since_us: 1_790_000_000_000_000 },
      ...{ inMemory: 17, persisted: 15, lag: 0, lag_us: 0 },
    },
  ],
  position: 17,
  durablePosition: 15,
  visiblePosition: 15,
  eventSequence: 40,
  trades: 4,
  rejects: 3,
  ordersResting: 2,
  administration: {
    ...{
      epoch: 2,
      node: "node-a",
      promotedBy: "",
      cluster: [],
      clusterWarning: "",
      ackPolicy: "disk",
      ackPolicyWarning: "",
      forcedStarts: 0,
    },
    ...{ halted: false, haltedBy: "ann", switchedOff: 1, symbolsOff: 2, allOffBy: "" },
  },
  connections: 1,
  connectionsOpened: 6,
  sessions: 2,
  logons: 3,
  connectionsClosed: { malformed: 2, idle: 1 },
  acceptsLost: 6,
  connectionsMax: 1_024,
  timesFull: 2,
  logonsRefused: { NotAuthorised: 4 },
  framesReceived: 100,
  refused: 5,
  throttled: { session_orders: 12, logon: 0 },
  bytesReceived: 4_300,
  bytesSent: 3_200,
  load: { commandsPerSecond: 7, latency: { p50_us: 410, p99_us: 1_250 } },
  latency: { match: { count: 3, p50_us: 0.5, p99_us: 0.9 } },
  stageTotals: {
    match: { count: 3, sum_us: 2, below: STAGE_BOUNDS_S.map((bound) => (bound < 1e-6 ? 1 : 3)) },
  },
  gateWaits: { disk: 9 },
  time_us: 1_700_000_000_000_000,
  feedResyncs: 3,
  snapshot: { position: 12, failures: 1 },
  heap_bytes: 5_000_000,
};

const STREAMS = { subscriptions: 24, conflated: 7 };

const log = createLog({ level: "silent" });
const open: HttpFace[] = [];
afterEach(() => Promise.all(open.splice(0).map((face) => face.close())));

const optionsOf = (some: Partial<HttpOptions> = {}): HttpOptions => ({
  ...{ host: "127.0.0.1", port: 0, log, files: new Map() },
  status: async () => STATUS,
  web: () => ({ feedPosition: 14, webSockets: new WebCounters(), streams: STREAMS }),
  ...some,
});

async function start(some: Partial<HttpOptions> = {}): Promise<string> {
  const face = await startHttp(optionsOf(some));
  open.push(face);
  return `http://127.0.0.1:${face.port}`;
}

test.each([
  ["ok", 200],
  ["degraded", 200],
  ["halted", 503],
] as const)("health of a node that is %s is answered with %i", async (status, code) => {
  const url = await start({ status: async () => ({ ...STATUS, status, reason: "why" }) });
  const response = await fetch(`${url}/healthz`);
  expect(response.status).toBe(code);
  expect(await response.json()).toMatchObject({
    status,
    reason: "why",
    role: "primary",
    node: "south",
    nodes: STATUS.nodes,
    position: 17,
    durablePosition: 15,
    connections: 1,
    latency: STATUS.latency,
    uptime_s: expect.any(Number),
    version: expect.stringMatching(/^[0-9]+\.[0-9]+\.[0-9]+/),
  });
});

test.each<[name: string, some: Partial<NodeStatus>, code: number, says: object]>([
  ["takes orders, all well", {}, 200, { ready: true }],
  ["takes orders without a web", { status: "degraded", reason: "the web" }, 200, { ready: true }],
  [
    "lacks replicas",
    { status: "degraded", takesOrders: false, reason: "new orders are refused: why" },
    503,
    { ready: false, role: "primary", reason: "new orders are refused: why" },
  ],
  [
    "follows, all well",
    { role: "replica", takesOrders: false },
    503,
    { ready: false, role: "replica", reason: "this node is a replica: its primary takes orders" },
  ],
])("readiness of a node that %s", async (_, some, code, says) => {
  const url = await start({ status: async () => ({ ...STATUS, ...some }) });
  const response = await fetch(`${url}/readyz`);
  expect([response.status, await response.json()]).toEqual([code, says]);
});

test("metrics are the status of the moment, and counters don't add up over scrapes", async () => {
  let position = 17;
  const url = await start({ status: async () => ({ ...STATUS, position }) });
  await fetch(`${url}/metrics`);
  position = 18;
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const lines = (await response.text()).split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      "# TYPE seriatim_position gauge",
      "seriatim_position 18",
      "seriatim_durable_position 15",
      "seriatim_feed_position 14",
      "seriatim_feed_resyncs_total 3",
      'seriatim_release_latency_seconds{quantile="0.5"} 0.00041',
      'seriatim_release_latency_seconds{quantile="0.99"} 0.00125',
      "# TYPE seriatim_trades_total counter",
      "seriatim_trades_total 4",
      "seriatim_accounts_switched_off 1",
      "seriatim_symbols_switched_off 2",
      "seriatim_epoch 2",
      'seriatim_role{role="primary"} 1',
      'seriatim_role{role="replica"} 0',
      'seriatim_node_connected{node="north"} 0',
      'seriatim_node_connected{node="south"} 1',
      'seriatim_node_position{node="north"} 11',
      'seriatim_node_persisted_position{node="north"} 9',
      'seriatim_node_lag_positions{node="north"} 6',
      'seriatim_node_lag_seconds{node="north"} 1.5',
      'seriatim_connections_closed_total{reason="malformed"} 2',
      "seriatim_sessions 2",
      "seriatim_logons_total 3",
      'seriatim_connections_closed_total{reason="idle"} 1',
      'seriatim_gate_waits_total{held_by="disk"} 9',
      "# TYPE seriatim_stage_latency_seconds histogram",
      'seriatim_stage_latency_seconds_bucket{stage="match",le="5.12e-7"} 1',
      'seriatim_stage_latency_seconds_bucket{stage="match",le="0.000001024"} 3',
      'seriatim_stage_latency_seconds_bucket{stage="match",le="+Inf"} 3',
      'seriatim_stage_latency_seconds_sum{stage="match"} 0.000002',
      'seriatim_stage_latency_seconds_count{stage="match"} 3',
      "seriatim_websocket_subscriptions 24",
      "seriatim_websocket_messages_conflated_total 7",
      'seriatim_status{status="ok"} 1',
      'seriatim_status{status="halted"} 0',
    ]),
  );
});

test("a figure that is not there any more is not on the metrics page either", async () => {
  const loads = [STATUS.load, { commandsPerSecond: 0, latency: null }];
  const url = await start({ status: async () => ({ ...STATUS, load: loads.shift() ?? STATUS.load }) });
  const page = async () => (await fetch(`${url}/metrics`)).text();
  expect(await page()).toContain("seriatim_release_latency_seconds{");
  expect(await page()).not.toContain("seriatim_release_latency_seconds{");
});

test.each([
  ["GET", "/", 404],
  ["GET", "/healthz/x", 404],
  ["POST", "/healthz", 405],
  ["DELETE", "/metrics", 405],
  ["HEAD", "/metrics", 200],
  ["GET", "/healthz?verbose=1", 200],
])("%s %s is answered with %i", async (method, path, code) => {
  const url = await start();
  const response = await fetch(url + path, { method });
  expect(response.status).toBe(code);
  expect(response.headers.get("allow")).toBe(code === 405 ? "GET, HEAD" : null);
});

test("headers beyond the bound are refused and the next client is served", async () => {
  const url = await start();
  const response = await fetch(`${url}/healthz`, { headers: { "x-long": "x".repeat(10_000) } });
  expect(response.status).toBe(431);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test("a request that does not come to its end is answered with 408 and closed, within its time and a part of it", async () => {
  const face = await startHttp(optionsOf({ requestTimeout_ms: 100 }));
  open.push(face);
  const socket = connect(face.port, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\nhost: a"));
  let answer = "";
  socket.on("data", (part) => {
    answer += part.toString();
  });
  await new Promise((resolve) => socket.once("close", resolve));
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test("a peer that sends its request and the end gets its answer, and the end", async () => {
  const ended = Promise.withResolvers<void>();
  const status = async () => {
    await ended.promise;
    return STATUS;
  };
  const face = await startHttp(optionsOf({ status }));
  open.push(face);
  face.server.on("connection", (peer) => peer.once("end", () => setImmediate(ended.resolve)));
  const socket = connect({ port: face.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
  let answer = "";
  for await (const part of socket) answer += part;
  expect(answer).toMatch(/^HTTP\/1\.1 200 .*"status":"ok".*\n$/s);
});

/** What a connection is answered that sends so many requests for `path` at once. */
async function pipelined(port: number, path: string, count: number): Promise<number[]> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(count));
  let answers = "";
  socket.setEncoding("latin1").on("data", (part) => {
    answers += part;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return [...answers.matchAll(/^HTTP\/1\.1 ([0-9]{3}) /gm)].map(([, code]) => Number(code));
}

// Node takes every request that lies in a packet before one is answered: a packet of 64 KiB held the web up for seconds.
test("requests that come at once cost one page, and beyond a hundred the connection", async () => {
  let questions = 0;
  const status = async () => {
    questions++;
    return STATUS;
  };
  const face = await startHttp(optionsOf({ status }));
  open.push(face);
  expect(await pipelined(face.port, "/metrics", 101)).toEqual(new Array(100).fill(200));
  expect(questions).toBe(1);
  // Whoever sends far more is cut: not all that it was answered comes to it.
  let taken = 0;
  face.server.on("request", () => taken++);
  await pipelined(face.port, "/metrics", 2_000);
  expect(questions).toBeLessThan(5);
  expect(taken).toBe(100);
});

test("a peer that takes nothing of its answer is ended", async () => {
  const file = { contentType: "text/plain", bytes: Buffer.alloc(16_777_216), immutable: false };
  const face = await startHttp(optionsOf({ files: new Map([["/", file]]), requestTimeout_ms: 20 }));
  open.push(face);
  const socket = connect(face.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  socket.on("error", () => {});
  await once(face.server, "request");
  const connections = promisify(face.server.getConnections.bind(face.server));
  await expect.poll(() => connections()).toBe(0);
  socket.destroy();
});

test("close ends connections that a client keeps open", async () => {
  const face = await startHttp(optionsOf());
  const socket = connect(face.port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const ended = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  await face.close();
  await ended;
});

test("a port in use is named", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as { port: number };
  await expect(startHttp(optionsOf({ port }))).rejects.toMatchObject({
    code: "EADDRINUSE",
    message: `http-port ${port} on 127.0.0.1 is in use`,
    exitCode: 1,
  });
  holder.close();
});

describe("a node whose thread does not answer", () => {
  test("is said to be so with 503, after a second, to all that asked meanwhile", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let questions = 0;
    const asked = new AskedStatus(() => questions++);
    const url = await start({ status: () => asked.status() });
    const answers = ["/healthz", "/metrics", "/healthz"].map(async (path) => {
      const response = await fetch(url + path);
      return `${response.status} ${await response.text()}`;
    });
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(1_000);
    vi.useRealTimers();
    for (const answer of await Promise.all(answers))
      expect(answer).toBe("503 the node's thread does not answer\n");
    expect(questions).toBeLessThanOrEqual(3);
  });

  test("is not blamed for a second in which the asking thread was busy itself", async () => {
    // The answer of a worker lies in the port when the timer is late: that was told as a silent node.
    const echo =
      "const { parentPort: p } = require('node:worker_threads'); p.on('message', () => p.postMessage(0));";
    const worker = new Worker(echo, { eval: true });
    await once(worker, "online");
    const asked = new AskedStatus(() => worker.postMessage(0));
    worker.on("message", () => asked.answer(STATUS));
    // In the phase before timers, where the copy's turns are.
    await new Promise((resolve) => setImmediate(resolve));
    const answer = asked.status();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100);
    expect(await answer).toBe(STATUS);
    await worker.terminate();
  });

  test("and answers late answers what was asked then, not what is asked now", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate"] });
    const asked = new AskedStatus(() => {});
    const first = asked.status().catch(({ code }) => code);
    vi.advanceTimersByTime(1_001);
    vi.useRealTimers();
    expect(await first).toBe("NODE_SILENT");
    const second = asked.status();
    asked.answer(STATUS);
    const now = { ...STATUS, position: 18 };
    asked.answer(now);
    expect(await second).toBe(now);
  });

  // A list of open orders that went by such an answer lacked orders that its account's lost connection had sent.
  test("yet to what was asked before is asked again by who needs to know how it is now", async () => {
    let questions = 0;
    const asked = new AskedStatus(() => questions++);
    const health = asked.status();
    const sequence = asked.statusOfNow();
    asked.answer(STATUS);
    expect(await health).toBe(STATUS);
    await new Promise((resolve) => setImmediate(resolve));
    expect(questions).toBe(2);
    const now = { ...STATUS, eventSequence: 41 };
    asked.answer(now);
    expect(await sequence).toBe(now);
  });

  test("and then does is asked anew", async () => {
    const asked: AskedStatus = new AskedStatus(() => queueMicrotask(() => asked.answer(STATUS)));
    const url = await start({ status: () => asked.status() });
    for (let i = 0; i < 2; i++) expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe("the page", () => {
  let directory = "";
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function built(): ReturnType<typeof readPageFiles> {
    directory = mkdtempSync(join(tmpdir(), "seriatim-page-"));
    mkdirSync(join(directory, "web", "assets"), { recursive: true });
    writeFileSync(join(directory, "secret.txt"), "secret");
    writeFileSync(join(directory, "web", "index.html"), "<!doctype html>");
    writeFileSync(join(directory, "web", "assets", "index-1a2b.js"), "let a;");
    return readPageFiles(join(directory, "web"));
  }

  test.each([
    ["/", "text/html; charset=utf-8", "no-cache", "<!doctype html>"],
    ["/index.html?theme=dark", "text/html; charset=utf-8", "no-cache", "<!doctype html>"],
    [
      "/assets/index-1a2b.js",
      "text/javascript; charset=utf-8",
      "public, max-age=31536000, immutable",
      "let a;",
    ],
  ])("%s is served as what it is, from here only", async (path, type, cache, body) => {
    const response = await fetch((await start({ files: built() })) + path);
    expect(response.status).toBe(200);
    const headers = ["content-type", "cache-control", "x-content-type-options"].map((name) =>
      response.headers.get(name),
    );
    expect(headers).toEqual([type, cache, "nosniff"]);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'self'; /);
    expect(await response.text()).toBe(body);
  });

  test.each([
    ["GET", "/../secret.txt", 404],
    ["GET", "/assets/../../secret.txt", 404],
    ["GET", "/%2e%2e/secret.txt", 404],
    ["GET", "/assets/..%2f..%2fsecret.txt", 404],
    ["GET", "//etc/passwd", 404],
    ["GET", "/assets/\\..\\..\\secret.txt", 404],
    ["GET", "/assets", 404],
    ["GET", "http://a/../secret.txt", 404],
    ["GET", "http://a", 200],
    ["GET", "HTTPS://a:8080/index.html?theme=dark", 200],
    ["POST", "/", 405],
    ["HEAD", "/", 200],
  ])("%s %s, sent as it stands, is answered with %i and shows nothing else", async (method, path, code) => {
    const { port } = new URL(await start({ files: built() }));
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      const request = `${method} ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`;
      const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
      socket.on("data", (part) => {
        text += part.toString();
      });
      socket.on("close", () => resolve(text));
    });
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
    expect(answer).not.toContain("secret");
  });

  // A start ended with "the page can't be read" while another one built a newer page.
  test.each([1, 2])("that is replaced before file %i is read is the new one, whole", (at) => {
    built();
    const page = join(directory, "web");
    const next = join(directory, "next");
    mkdirSync(join(next, "assets"), { recursive: true });
    writeFileSync(join(next, "index.html"), "newer");
    writeFileSync(join(next, "assets", "index-3c4d.js"), "let b;");
    let reads = 0;
    const files = readPageFiles(page, (path) => {
      if (++reads === at) {
        renameSync(page, join(directory, "old"));
        renameSync(next, page);
      }
      return readFileSync(path);
    });
    expect([...files.keys()].sort()).toEqual(["/", "/assets/index-3c4d.js", "/index.html"]);
    expect(String(files.get("/")?.bytes)).toBe("newer");
  });

  test("that is not there says why, and nothing else does", async () => {
    const files = readPageFiles(join(tmpdir(), "no", "such", "page"));
    const at = await start({ files, noPage: "it was not built" });
    const answers = await Promise.all([at, new URL("other", at)].map((url) => fetch(url)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(texts).toEqual(["it was not built\n", "not found\n"]);
  });
});

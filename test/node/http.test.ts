import { connect, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createLog, type HttpFace, type NodeStatus, startHttp } from "../../src/node/index.ts";

const STATUS: NodeStatus = {
  status: "ok",
  role: "primary",
  position: 17,
  durablePosition: 15,
  eventSequence: 40,
  trades: 4,
  rejects: 3,
  ordersResting: 2,
  connections: 1,
  connectionsOpened: 6,
  connectionsClosed: { malformed: 2, idle: 1 },
  framesReceived: 100,
  refused: 5,
  bytesReceived: 4_300,
  bytesSent: 3_200,
};

const log = createLog({ level: "silent" });
const open: HttpFace[] = [];
afterEach(() => Promise.all(open.splice(0).map((face) => face.close())));

async function start(status: () => NodeStatus): Promise<string> {
  const face = await startHttp({ host: "127.0.0.1", port: 0, status, log });
  open.push(face);
  return `http://127.0.0.1:${face.port}`;
}

test.each([
  ["ok", 200],
  ["degraded", 200],
  ["halted", 503],
] as const)("health of a node that is %s is answered with %i", async (status, code) => {
  const url = await start(() => ({ ...STATUS, status, reason: "why" }));
  const response = await fetch(`${url}/healthz`);
  expect(response.status).toBe(code);
  expect(await response.json()).toMatchObject({
    status,
    reason: "why",
    role: "primary",
    position: 17,
    durablePosition: 15,
    connections: 1,
    uptime_s: expect.any(Number),
    version: expect.stringMatching(/^[0-9]+\.[0-9]+\.[0-9]+/),
  });
});

test("metrics are the status of the moment, and counters don't add up over scrapes", async () => {
  let position = 17;
  const url = await start(() => ({ ...STATUS, position }));
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
      "# TYPE seriatim_trades_total counter",
      "seriatim_trades_total 4",
      'seriatim_connections_closed_total{reason="malformed"} 2',
      'seriatim_connections_closed_total{reason="idle"} 1',
      'seriatim_status{status="ok"} 1',
      'seriatim_status{status="halted"} 0',
    ]),
  );
});

test.each([
  ["GET", "/", 404],
  ["GET", "/healthz/x", 404],
  ["POST", "/healthz", 405],
  ["DELETE", "/metrics", 405],
  ["HEAD", "/metrics", 200],
  ["GET", "/healthz?verbose=1", 200],
])("%s %s is answered with %i", async (method, path, code) => {
  const url = await start(() => STATUS);
  const response = await fetch(url + path, { method });
  expect(response.status).toBe(code);
  expect(response.headers.get("allow")).toBe(code === 405 ? "GET, HEAD" : null);
});

test("headers beyond the bound are refused and the next client is served", async () => {
  const url = await start(() => STATUS);
  const response = await fetch(`${url}/healthz`, { headers: { "x-long": "x".repeat(10_000) } });
  expect(response.status).toBe(431);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test("a request that does not come to its end is answered with 408 and closed, within its time and a part of it", async () => {
  const face = await startHttp({
    ...{ host: "127.0.0.1", port: 0, status: () => STATUS, log },
    requestTimeout_ms: 100,
  });
  open.push(face);
  const socket = connect(face.port, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\nhost: a"));
  let answer = "";
  socket.on("data", (part) => {
    answer += part.toString();
  });
  await new Promise((resolve) => socket.once("close", resolve));
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
}, 5_000);

test("close ends connections that a client keeps open", async () => {
  const face = await startHttp({ host: "127.0.0.1", port: 0, status: () => STATUS, log });
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
  await expect(startHttp({ host: "127.0.0.1", port, status: () => STATUS, log })).rejects.toMatchObject({
    code: "EADDRINUSE",
    message: `http-port ${port} on 127.0.0.1 is in use`,
    exitCode: 1,
  });
  holder.close();
});

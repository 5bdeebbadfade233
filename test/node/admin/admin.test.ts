// Administrators against a running node, over real sockets: who gets in, what their commands do, and that a restart knows it.

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { stdout } from "../../../src/cli/stdout.ts";
import { connectOrderEntry, type OrderEntryClient } from "../../../src/client/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../../src/node/index.ts";
import { adminStatement } from "../../../src/protocol/index.ts";
import { generateKey, readOwnKey } from "../../../src/runtime/index.ts";
import { type Message, Peer } from "../web/peer.ts";

let directory = "";
let node: RunningNode;
const clients: OrderEntryClient[] = [];
const sockets: Socket[] = [];
const lines: Record<string, unknown>[] = [];

const file = (name: string) => join(directory, name);

async function start(some: Partial<Configuration> = {}): Promise<void> {
  const ports = { orderPort: 0, httpPort: 0, adminPort: 0, segmentBytes: 2_097_152 };
  const data = { dataDir: file("data"), keys: file("keys.json"), accounts: ["alice=1"], accountsMax: 4 };
  const oneThread = { threads: "single" } as const;
  const write = (line: string) => lines.push(JSON.parse(line));
  const log = createLog({ level: "info", human: false, write });
  node = await startNode(configurationOf({ ...ports, ...data, ...oneThread, ...some }), log);
}

// One node for all: each test leaves it as it was.
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-admin-"));
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  generateKey("node-b", "replica", file("node-b.key"), file("keys.json"));
  generateKey("eve", "admin", file("eve.key"), file("other.json"));
  await start();
});
beforeEach(() => {
  lines.length = 0;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(clients.splice(0).map((client) => client.close().catch(() => {})));
});
afterAll(async () => {
  await node.stop();
  rmSync(directory, { recursive: true });
});

/** As the command line does it. */
async function admin(words: string, key = "ann.key") {
  const out = vi.spyOn(stdout, "write").mockImplementation(() => true);
  const err = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const at = `127.0.0.1:${node.adminPort}`;
  const status = await run(["admin", at, "--key", file(key), ...words.split(" ")]);
  const [said, failed] = [out, err].map((spy) => spy.mock.calls.map(([text]) => String(text)).join(""));
  out.mockRestore();
  err.mockRestore();
  return { status, answer: said === "" ? undefined : JSON.parse(said), failed: failed.replace(at, "NODE") };
}

async function trader(account: number): Promise<OrderEntryClient> {
  const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort, account });
  clients.push(client);
  return client;
}

const bid = (id: bigint) => ({ symbol: 0, id, side: "buy" as const, price: 100, quantity: 1 });

/** The next message of a type for which `holds`. */
async function until(peer: Peer, type: string, holds: (message: Message) => boolean): Promise<Message> {
  for (;;) {
    const message = await peer.next(type);
    if (holds(message)) return message;
  }
}

/** Longer than any bound of a connection but that on silence, also on a busy machine. */
const PATIENCE_MS = 30_000;

/** A connection of a program of its own. */
function raw() {
  const socket = connect({ port: node.adminPort, host: "127.0.0.1", allowHalfOpen: true });
  // Half open, as a program may be: it goes on writing whatever it was told.
  socket.on("end", () => socket.writableNeedDrain || socket.end());
  sockets.push(socket);
  let text = "";
  let ended = false;
  socket.setEncoding("latin1");
  socket.on("data", (more) => {
    text += more;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
  });
  return {
    socket,
    /** The n-th line, from 0, when it is there. */
    line: (n: number) =>
      vi.waitFor(() => JSON.parse(/^.*(?=\n)/.exec(text.split("\n").slice(n).join("\n"))![0]), PATIENCE_MS),
    ended: () => vi.waitFor(() => expect(ended).toBe(true), PATIENCE_MS),
  };
}

describe("commands", () => {
  test("a halt refuses new orders and lets cancels pass; a restart knows it; a resume ends it", async () => {
    const before = await trader(1);
    expect((await before.submit(bid(1n))).accepted).toBe(true);
    expect(await admin("halt")).toMatchObject({
      status: 0,
      answer: { ok: true, position: expect.any(Number) },
    });
    expect(await before.submit(bid(2n))).toMatchObject({ accepted: false, reason: "TradingHalted" });
    expect(node.status()).toMatchObject({
      status: "halted",
      reason: "by ann: new orders and changes are refused, cancels pass",
      hasFailed: false,
    });
    const health = await fetch(`http://127.0.0.1:${node.httpPort}/healthz`);
    expect([health.status, await health.json()]).toMatchObject([503, { status: "halted" }]);
    await node.stop();
    await start();
    const after = await trader(1);
    expect(await after.submit(bid(2n))).toMatchObject({ accepted: false, reason: "TradingHalted" });
    expect((await after.cancel({ symbol: 0, id: 1n })).accepted).toBe(true);
    expect((await admin("resume")).status).toBe(0);
    expect((await after.submit(bid(2n))).accepted).toBe(true);
    expect(node.status().status).toBe("ok");
    await after.cancel({ symbol: 0, id: 2n });
  });

  test("a kill switch cancels an account's orders, by number or name, and says how many", async () => {
    const [alice, other] = [await trader(1), await trader(2)];
    for (const id of [1n, 2n, 3n]) await alice.submit(bid(id));
    await other.submit(bid(1n));
    const told: unknown[] = [];
    for (const client of [alice, other]) client.on("cancelled", (event) => told.push(event));
    expect((await admin("kill-switch alice on")).answer).toMatchObject({ ok: true, cancelled: 3 });
    expect(node.status()).toMatchObject({ ordersResting: 1, administration: { switchedOff: 1 } });
    expect(await alice.submit(bid(4n))).toMatchObject({ accepted: false, reason: "AccountSwitchedOff" });
    expect(told).toMatchObject([1n, 2n, 3n].map((id) => ({ id, symbol: 0, quantity: 1 })));
    expect((await other.submit(bid(4n))).accepted).toBe(true);
    expect((await admin("kill-switch 1 off")).answer).toMatchObject({ ok: true, cancelled: 0 });
    expect((await alice.submit(bid(4n))).accepted).toBe(true);
    expect(lines.filter(({ msg }) => msg === "administration")).toMatchObject([
      { who: "ann", command: "kill-switch", account: "alice", on: true, cancelled: 3 },
      { who: "ann", command: "kill-switch", account: "1", on: false },
    ]);
    await alice.cancel({ symbol: 0, id: 4n });
    for (const id of [1n, 4n]) await other.cancel({ symbol: 0, id });
  });

  test("a kill switch of an instrument, and of all, takes orders out and refuses others until it is off", async () => {
    const alice = await trader(1);
    for (const id of [1n, 2n]) await alice.submit(bid(id));
    expect((await admin("kill-switch symbol BTC-USD on")).answer).toMatchObject({ ok: true, cancelled: 2 });
    expect(await alice.submit(bid(3n))).toMatchObject({ accepted: false, reason: "SymbolSwitchedOff" });
    expect(node.status().administration).toMatchObject({ symbolsOff: 1, switchedOff: 0, allOffBy: "" });
    await admin("kill-switch symbol 0 off");
    await alice.submit(bid(3n));
    expect((await admin("kill-switch all on")).answer).toMatchObject({ ok: true, cancelled: 1 });
    expect(await alice.submit(bid(4n))).toMatchObject({ accepted: false, reason: "ExchangeSwitchedOff" });
    expect(node.status()).toMatchObject({
      status: "halted",
      administration: { symbolsOff: 0, allOffBy: "ann" },
    });
    await admin("kill-switch all off");
    expect(node.status().status).toBe("ok");
    expect((await alice.submit(bid(4n))).accepted).toBe(true);
    await alice.cancel({ symbol: 0, id: 4n });
  });

  test("the page's connection is told of a halt and of orders that are gone", async () => {
    const alice = await Peer.greet(node.httpPort, "alice");
    alice.say({ type: "subscribe", channels: ["orders", "status"] });
    await alice.next("orders");
    const order = { type: "submit", symbol: "BTC-USD", id: "1", side: "buy", price: "100.00", quantity: 5 };
    alice.say(order);
    await alice.next("ack");
    await admin("kill-switch alice on");
    const gone = await until(alice, "order", ({ event }) => event === "cancelled");
    expect(gone).toMatchObject({ id: "1", symbol: "BTC-USD", side: "buy", price: "100.00", open: 0 });
    alice.say({ ...order, id: "2" });
    const text = "an administrator has switched the account off; its orders are cancelled";
    expect(await alice.next("reject")).toMatchObject({ code: 19, reason: "AccountSwitchedOff", text });
    await admin("kill-switch alice off");
    await admin("halt");
    const halted = await until(alice, "status", ({ status }) => status === "halted");
    expect(halted).toMatchObject({ reason: "by ann: new orders and changes are refused, cancels pass" });
    await admin("resume");
    expect(await until(alice, "status", ({ status }) => status === "ok")).toMatchObject({ status: "ok" });
    alice.socket.terminate();
  });

  test("a snapshot is taken on request, and the answer says where it is", async () => {
    const { answer } = await admin("snapshot");
    expect(answer).toMatchObject({ ok: true, position: node.status().position, path: expect.any(String) });
    expect([existsSync(answer.path), isAbsolute(answer.path)]).toEqual([true, true]);
  });

  test("the journal begins its next segment on request, and the answer says with which position", async () => {
    await (await trader(1)).submit({ ...bid(1n), quantity: 0 });
    const { position } = node.status();
    expect((await admin("rotate")).answer).toEqual({ ok: true, firstPosition: position + 1 });
    const segments = () => readdirSync(file("data/journal")).filter((name) => name.endsWith(".seg"));
    const before = segments();
    expect((await admin("rotate")).answer).toMatchObject({ firstPosition: position + 1 });
    expect([before.length, segments()]).toEqual([2, before]);
  });

  test("status says what the node is and what was administered", async () => {
    expect((await admin("status")).answer).toMatchObject({
      ok: true,
      status: "ok",
      ordersResting: 0,
      administration: { halted: false, switchedOff: 0 },
    });
  });

  test.each([
    ["kill-switch 4 on", 'NODE refuses: there is no account "4"'],
    ["kill-switch bob on", 'NODE refuses: there is no account "bob"'],
    ["kill-switch symbol EURUSD on", 'NODE refuses: there is no instrument "EURUSD"'],
    ["ack-policy ram", "NODE refuses: not available: this node has no replicas"],
    ["promote", "NODE refuses: not available: this node leads already"],
  ])("'%s' is refused, exit 1", async (words, says) => {
    const position = node.status().position;
    expect(await admin(words)).toEqual({ status: 1, answer: undefined, failed: `seriatim: ${says}\n` });
    expect(node.status().position).toBe(position);
  });

  test("a command that there is not is wrong usage, before anybody is asked", async () => {
    const { status, failed } = await admin("explode");
    expect([status, failed]).toEqual([
      2,
      expect.stringContaining('"explode" is no command; there are: status, halt'),
    ]);
  });
});

describe("who is no administrator of this node is refused after a second", () => {
  test.each([
    ["a key the node does not know", "eve.key"],
    ["a key of a node", "node-b.key"],
  ])("%s", async (_, key) => {
    const began = performance.now();
    const { status, failed } = await admin("halt", key);
    expect([status, failed]).toEqual([
      1,
      "seriatim: NODE refuses: no administrator has this name and this key\n",
    ]);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(node.status().administration.halted).toBe(false);
    expect(lines.some(({ msg, level }) => level === "warn" && /logon was refused/.test(String(msg)))).toBe(
      true,
    );
  });

  test("a proof of another connection", async () => {
    const [first, second] = [raw(), raw()];
    const { nonce } = await first.line(0);
    expect((await second.line(0)).nonce).not.toBe(nonce);
    second.socket.write(`${logonLine(nonce)}halt\n`);
    expect(await second.line(1)).toMatchObject({ ok: false, code: "NOT_AUTHORISED" });
    await second.ended();
    expect(node.status().administration.halted).toBe(false);
  });
});

function logonLine(nonce: string): string {
  const proof = readOwnKey(file("ann.key")).prove(adminStatement(Buffer.from(nonce, "hex")));
  return `logon ann ${Buffer.from(proof).toString("hex")}\n`;
}

describe("a connection is bounded", () => {
  async function loggedOn() {
    const peer = raw();
    const { nonce } = await peer.line(0);
    peer.socket.write(logonLine(nonce));
    expect(await peer.line(1)).toEqual({ ok: true, name: "ann" });
    return peer;
  }

  test("commands sent at once are answered one after another, in their order", async () => {
    const peer = await loggedOn();
    peer.socket.write("halt\nresume\nno\nkill-switch 2 on\nsta");
    peer.socket.write("tus\n");
    const answers = [await peer.line(2), await peer.line(3), await peer.line(4), await peer.line(5)];
    expect(answers).toMatchObject([
      { ok: true },
      { ok: true },
      { ok: false, code: "USAGE" },
      { cancelled: 0 },
    ]);
    expect(answers[1].position).toBe(answers[0].position + 1);
    expect(await peer.line(6)).toMatchObject({ ok: true, administration: { switchedOff: 1 } });
    await admin("kill-switch 2 off");
  });

  test.each(["x".repeat(257), "status\n"])("a first line that is no logon ends it", async (text) => {
    const peer = raw();
    await peer.line(0);
    peer.socket.write(text);
    expect(await peer.line(1)).toMatchObject({ ok: false, code: "USAGE" });
    await peer.ended();
  });

  test("a line that is too long ends it, also after a logon", async () => {
    const peer = await loggedOn();
    peer.socket.write("x".repeat(257));
    expect(await peer.line(2)).toEqual({ ok: false, code: "USAGE", error: "a line has at most 256 bytes" });
    await peer.ended();
  });

  test("who says nothing is gone after 5 s", async () => {
    const peer = raw();
    await peer.line(0);
    await peer.ended();
  });

  test("a stop ends it", async () => {
    const peer = await loggedOn();
    await node.stop();
    await peer.ended();
    await start();
  });

  test("of more than 8 that say nothing the oldest is closed: an administrator gets in", async () => {
    const first = raw();
    await first.line(0);
    await Promise.all(Array.from({ length: 7 }, () => raw().line(0)));
    expect((await admin("status")).status).toBe(0);
    await first.ended();
  });

  test.each([
    ["without a logon", raw],
    ["after a logon", loggedOn],
  ])("whoever writes on after its refusal, %s, is dropped, and what it writes", async (_, connected) => {
    const peer = await connected();
    await peer.line(0);
    const before = process.memoryUsage().rss;
    const more = Buffer.alloc(65_536, "x");
    // As long as the node reads, and the connection is there.
    const write = () => {
      while (!peer.socket.destroyed && peer.socket.write(more));
    };
    peer.socket.on("drain", write);
    write();
    await peer.ended();
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
  });

  test("after 8 administrators the next one is told so, also when all eight came behind its connection", async () => {
    const ninth = raw();
    const { nonce } = await ninth.line(0);
    for (let i = 0; i < 8; i++) await loggedOn();
    ninth.socket.write(logonLine(nonce));
    expect(await ninth.line(1)).toMatchObject({ ok: false, code: "BUSY" });
    await ninth.ended();
  });
});

test("a node whose keys name no administrator has no listener", async () => {
  await node.stop();
  generateKey("node-a", "replica", file("node-a.key"), file("nodes.json"));
  await start({ keys: file("nodes.json") });
  expect(node.adminPort).toBe(0);
});

test("a keys file that is not there stops the start, before anything is written", async () => {
  await node.stop();
  await expect(start({ keys: file("none.json"), dataDir: file("fresh") })).rejects.toThrow("none.json");
});

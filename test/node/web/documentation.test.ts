// docs/api/websocket.md, held against a whole node: its requests are said as they stand, and each message it shows comes
// with exactly the fields it shows.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configurationOf, createLog, type RunningNode, startNode } from "../../../src/node/index.ts";
import { makeEd25519Pair, makeToken, tokenDigest } from "../../../src/platform/index.ts";
import { ErrorCode } from "../../../src/protocol/index.ts";
import { KeyRing } from "../../../src/runtime/index.ts";
import { TapePublisher, TapeSubscriber } from "../../../src/tape-runtime/index.ts";
import { type Message, Peer } from "./peer.ts";

const page = readFileSync(fileURLToPath(new URL("../../../docs/api/websocket.md", import.meta.url)), "utf8");

/** The objects of a block of JSON, which stand there one after the other. */
function objectsOf(block: string): Message[] {
  const objects: Message[] = [];
  let text = "";
  for (const line of block.split("\n")) {
    text += line;
    try {
      objects.push(JSON.parse(text));
      text = "";
    } catch {
      // The object goes on in the next line.
    }
  }
  expect(text.trim()).toBe("");
  return objects;
}

const examples = [...page.matchAll(/```json\n(.*?)```/gs)].flatMap(([, block]) => objectsOf(block));
const REQUESTS = [
  ...["hello", "submit", "modify", "cancel", "massCancel", "orderStatus", "openOrders", "subscribe"],
  ...["heartbeat", "logout", "unsubscribe"],
];
/** Two requests have answers of the same type, with a field that they lack. */
const isRequest = ({ type, order, next, token }: Message): boolean =>
  REQUESTS.includes(type as string) && order === undefined && (next === undefined || token !== undefined);
const requests = examples.filter(isRequest);
const queueRequest = requests.find(({ side, type }) => type === "subscribe" && side !== undefined) as Message;
const answers = examples.filter((message) => !isRequest(message));

/** The fields of a message and of what is in them, and the kinds of their values; of a list, those of its elements. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((each) => JSON.stringify(shapeOf(each))))].sort();
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, each]) => [name, shapeOf(each)]));
}

/** The page's example of a request; of two kinds of hello the one with a token when asked. */
function request(type: string, withToken = false): Message {
  const found = requests.find((each) => each.type === type && "token" in each === withToken);
  if (found === undefined) throw new Error(`the page has no example of ${type}`);
  return found;
}

const token = makeToken();
const { public: publicKey } = makeEd25519Pair();
const rights = { accounts: [3], token: tokenDigest(token) };
const keys = new KeyRing([{ name: "carol", role: "trader", ...rights, public: publicKey }]);

const tape = mkdtempSync(join(tmpdir(), "seriatim-documentation-"));
let node: RunningNode;
const received: Message[] = [];

/** Takes the next message of a type, and keeps it and all before it. */
async function next(peer: Peer, type: string): Promise<Message> {
  for (;;) {
    const message = await peer.next();
    received.push(message);
    if (message.type === type) return message;
  }
}

/** An answer to a request of `peer`. */
async function ask(peer: Peer, message: Message, answer: string): Promise<Message> {
  peer.say(message);
  return next(peer, answer);
}

beforeAll(async () => {
  const settings = { orderPort: 0, httpPort: 0, durability: "off", tapePort: 0, tapeDataDir: tape } as const;
  const loaded = configurationOf({
    ...settings,
    symbols: ["BTC-USD:2:50"],
    accounts: ["alice=1", "bob=2", "carol=3"],
  });
  node = await startNode(loaded, createLog({ level: "silent" }), { keys });
  const [alice, bob] = [await Peer.connect(node.httpPort), await Peer.connect(node.httpPort)];
  await ask(alice, request("hello"), "welcome");
  await ask(bob, { ...request("hello"), account: "bob" }, "welcome");
  await tradeAndSubscribe(alice, bob);
  await followTheBook(alice, bob);
  await logOnAndTrade(bob);
  await waitForStatus(alice);
  await lookAtTheTape(alice);
  alice.socket.close();
  bob.socket.close();
});
afterAll(async () => {
  await node.stop();
  rmSync(tape, { recursive: true });
});

function sideOf(depth: Message, side: "bids" | "asks"): readonly unknown[] {
  return depth[side] as unknown[];
}

/** The page's orders, lists and errors, and the snapshots of all channels with something in each. */
async function tradeAndSubscribe(alice: Peer, bob: Peer): Promise<void> {
  const submit = request("submit");
  await ask(alice, submit, "ack");
  await ask(alice, submit, "reject");
  await ask(alice, { ...request("subscribe"), symbols: ["NOPE-USD"] }, "error");
  await ask(alice, request("subscribe"), "subscribed");
  await ask(alice, { type: "subscribe", channels: ["orders", "status"] }, "orders");
  // A first trade, so that candles have something to show; the second order rests above the first.
  await ask(bob, { ...submit, side: "sell", quantity: 1 }, "ack");
  await next(alice, "fill");
  await ask(bob, { ...submit, id: "2", side: "sell", price: "70000.50" }, "ack");
  // Market data may be 20 ms late, and snapshots with it.
  while (sideOf(await next(alice, "depth"), "asks").length === 0);
  await ask(alice, request("modify"), "ack");
  await ask(alice, request("openOrders"), "orders");
  const all = ["depth", "quotes", "trades", "candles", "statistics", "instruments"];
  await ask(alice, { type: "subscribe", channels: all }, "subscribed");
  // Two orders at one price, one of them not her own.
  await ask(bob, { ...submit, id: "5", price: "69998.00" }, "ack");
  await ask(alice, { ...submit, id: "6", price: "69998.00" }, "ack");
  await ask(alice, { ...queueRequest, price: "69998.00" }, "queue");
}

/** One command that takes a level of bids away and makes one of asks, and the page's cancel. */
async function followTheBook(alice: Peer, bob: Peer): Promise<void> {
  const { price, quantity } = request("modify");
  const sweep = { ...request("submit"), id: "3", side: "sell", price, quantity: (quantity as number) + 1 };
  await ask(bob, sweep, "ack");
  await next(alice, "fill");
  // What else changes within 20 ms is in the same message: both sides do in it, so it is waited for.
  const isWanted = (depth: Message) =>
    depth.snapshot === undefined && sideOf(depth, "bids").length > 0 && sideOf(depth, "asks").length > 0;
  while (!isWanted(await next(alice, "depth")));
  await ask(alice, request("submit"), "ack");
  await ask(alice, request("cancel"), "ack");
}

/** All that a session with a token says and is told. */
async function logOnAndTrade(bob: Peer): Promise<void> {
  const carol = await Peer.connect(node.httpPort);
  await ask(carol, { ...request("hello", true), token, account: "carol", next: "1" }, "welcome");
  // Above every other bid.
  const submit = { ...request("submit"), id: "7", price: "70000.00" };
  await ask(carol, submit, "ack");
  await ask(carol, submit, "reject");
  await ask(carol, { ...request("orderStatus"), id: "7" }, "orderStatus");
  await ask(carol, request("openOrders"), "orders");
  await ask(bob, { ...submit, side: "sell", quantity: 1 }, "ack");
  while ((await next(carol, "report")).event !== "traded");
  await ask(carol, request("heartbeat"), "heartbeat");
  await ask(carol, request("massCancel"), "ack");
  await next(carol, "report");
  carol.say(request("logout"));
  expect((await carol.closed)[0]).toBe(1000);
}

/** Status messages come once a second; one of a second in which something happened has a latency. */
async function waitForStatus(alice: Peer): Promise<void> {
  while ((await next(alice, "status")).latency === null) alice.say(request("cancel"));
}

/** A topic with a group, as soon as the figures have both. */
async function lookAtTheTape(alice: Peer): Promise<void> {
  const at = { port: node.tapePort, topic: "notes" };
  const publisher = await TapePublisher.connect({ ...at, publisher: 1 });
  await publisher.publish("one");
  const subscriber = await TapeSubscriber.connect({ ...at, from: "start", group: "readers" });
  await ask(alice, { type: "subscribe", channels: ["tape"] }, "subscribed");
  const hasGroup = ({ topics }: Message) => (topics as { groups: unknown[] }[])[0]?.groups.length === 1;
  let message = await next(alice, "tape");
  while (!hasGroup(message)) {
    // What came before the group was there has no elements to show.
    received.pop();
    message = await next(alice, "tape");
  }
  await Promise.all([publisher.close(), subscriber.close()]);
}

test("the page shows every request and every kind of message", () => {
  expect(new Set(requests.map(({ type }) => type))).toEqual(new Set(REQUESTS.slice(0, -1)));
  expect(answers.length).toBeGreaterThan(13);
});

test.each(answers.map((message, i) => [`${i + 1}: ${message.type}`, message] as const))(
  "example %s comes with exactly these fields",
  (_name, message) => {
    const kind = received.filter(({ type }) => type === message.type).map(shapeOf);
    expect(kind).toContainEqual(shapeOf(message));
  },
);

test("no message has a field that the page does not show", () => {
  const shown = new Map<unknown, Set<string>>();
  for (const message of answers) {
    const fields = shown.get(message.type) ?? new Set();
    for (const name of Object.keys(message)) fields.add(name);
    // Of market data the page says once, for all of it, that a message has one of the two.
    if (fields.has("snapshot") || fields.has("previous")) fields.add("snapshot").add("previous");
    shown.set(message.type, fields);
  }
  const unknown = received.flatMap((message) =>
    Object.keys(message)
      .filter((name) => shown.get(message.type)?.has(name) !== true)
      .map((name) => `${message.type}.${name}`),
  );
  expect([...new Set(unknown)]).toEqual([]);
});

describe("the page's tables", () => {
  test("have every error, and none that does not exist", () => {
    const table = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
    expect(table.sort()).toEqual(Object.values(ErrorCode).sort());
  });
});

// The web as a stage, on its own thread and on the node's: it follows a running node, it may fail to start, and when it
// ends the exchange goes on.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Clock, SeriatimError } from "../../../src/base/index.ts";
import { connectOrderEntry } from "../../../src/client/index.ts";
import type { MarketFeedOptions } from "../../../src/feed-runtime/index.ts";
import {
  type Configuration,
  configurationOf,
  type NodeStatus,
  type RunningNode,
  startNode,
} from "../../../src/node/index.ts";
import { createLog } from "../../../src/node/log.ts";
import type { Handover } from "../../../src/node/web/copy/command-feed.ts";
import { NodeWeb } from "../../../src/node/web/node-web.ts";
import { WebServer } from "../../../src/node/web/web-server.ts";
import { NO_PORTS, type WebPeer, type WebStage, webOf } from "../../../src/node/web/web-stage.ts";
import { WebThread } from "../../../src/node/web/web-thread.ts";
import { ChannelKind, COMMAND_BYTES } from "../../../src/protocol/index.ts";
import { createRing } from "../../../src/ring/index.ts";
import { CommandPath, type CommandTap, copySnapshot, NoJournal } from "../../../src/runtime/index.ts";
import { Sequencer } from "../../../src/sequencer/index.ts";
import { subscribe, TcpSubscriber } from "../../feed-runtime/serving/support.ts";
import { Peer } from "./peer.ts";
import { Primary } from "./support.ts";

const THREADS = ["spread", "single"] as const;
const CLOCK: Clock = { wallMicros: () => 1, monotonicMicros: () => 0 };

const lines: { readonly level: string; readonly msg: string }[] = [];
const log = createLog({ level: "debug", human: false, write: (line) => lines.push(JSON.parse(line)) });
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  lines.length = 0;
});

async function start(some: Partial<Configuration>): Promise<RunningNode> {
  const node = await startNode(
    configurationOf({ orderPort: 0, httpPort: 0, durability: "off", ...some }),
    log,
  );
  stops.push(() => node.stop());
  return node;
}

const PEER: WebPeer = {
  access: { isOpen: true, keys: [], nodeKey: undefined },
  orderPort: 9,
  status: () => ({ status: "ok" }) as NodeStatus,
};

/** A stage of its own, with the state it may follow. */
function stageOf(
  threads: (typeof THREADS)[number],
  some: Partial<Configuration> = {},
): { stage: WebStage; primary: Primary } {
  const { configuration } = configurationOf({ orderPort: 0, httpPort: 0, threads, ...some });
  const stage = webOf(configuration, { identity: undefined, expires_us: undefined, ca: undefined }, log);
  stops.push(() => stage.stop());
  return { stage, primary: new Primary(10, 64) };
}

// Its prices looked like those of now, however far back they were.
test("a web that does not come after its node says for how long it has not", async () => {
  const { stage, primary } = stageOf("single");
  const [handover] = primary.handovers;
  stage.follow(handover);
  let visiblePosition = handover.position;
  const status = () => ({ ...PEER.status(), visiblePosition });
  const { http: port } = await stage.listen({ ...PEER, status });
  const peer = await connected(port);
  peer.say({ type: "hello", schema: 1 });
  peer.say({ type: "subscribe", channels: ["status"] });
  expect(await peer.next("status")).toMatchObject({ shownLag_us: 0 });
  visiblePosition += 50;
  for (let told_us = 0; told_us === 0; ) told_us = (await peer.next("status")).shownLag_us as number;
  visiblePosition -= 50;
  expect(await peer.next("status")).toMatchObject({ shownLag_us: 0 });
  peer.socket.close();
});

/** Behind that state, a command that no engine can apply. */
function brokenBehind({ engine }: Primary): Handover {
  const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: 2 });
  const sequencer = new Sequencer(ring, 5, 0);
  ring.words[sequencer.claim()] = 77;
  sequencer.commit();
  sequencer.publish();
  return { snapshot: copySnapshot(engine), position: 5, ring: ring.shared };
}

/** Once the web's thread has taken what it is to follow. */
async function connected(port: number): Promise<Peer> {
  for (;;) {
    const peer = await Peer.connect(port).catch(() => undefined);
    if (peer !== undefined) return peer;
    await sleep(5);
  }
}

async function metric(node: RunningNode, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${node.httpPort}/metrics`);
  const line = (await response.text()).split("\n").find((each) => each.startsWith(`${name} `));
  return Number(line?.split(" ")[1]);
}

describe.each(THREADS)("threads %s", (threads) => {
  test("the web follows what is released, over real orders", async () => {
    const node = await start({ threads });
    const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });
    const orders = Array.from({ length: 1_000 }, (_, i) =>
      client.submit({ id: i + 1, symbol: i % 4, side: i % 3 ? "buy" : "sell", price: 100, quantity: 1 }),
    );
    await Promise.all(orders);
    const { position, durablePosition } = node.status();
    expect(position).toBe(5 + 1_000);
    expect(durablePosition).toBe(position);
    while ((await metric(node, "seriatim_feed_position")) < position) await sleep(1);
    expect(await metric(node, "seriatim_feed_position")).toBe(position);
    expect(await metric(node, "seriatim_feed_resyncs_total")).toBe(0);
    await client.close();
  });

  test("a port in use is one line that names it", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as { port: number };
    const { stage, primary } = stageOf(threads, { httpPort: port });
    stage.follow(primary.handovers[0]);
    await expect(stage.listen(PEER)).rejects.toMatchObject({
      code: "EADDRINUSE",
      message: `http-port ${port} on 127.0.0.1 is in use`,
    });
    await new Promise((resolve) => holder.close(resolve));
  });

  test("it listens before there is anything to follow, and shows it from then on", async () => {
    const { stage, primary } = stageOf(threads);
    const { http: port } = await stage.listen(PEER);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    await expect(Peer.connect(port)).rejects.toThrow("503");
    stage.follow(primary.handovers[0]);
    const peer = await connected(port);
    peer.say({ type: "hello", schema: 1 });
    expect(await peer.next("welcome")).toMatchObject({ instruments: expect.any(Array) });
    peer.socket.close();
  });

  test("where no orders are taken an account sees its own, and each is refused with why", async () => {
    const { stage, primary } = stageOf(threads);
    stage.follow(primary.handovers[0]);
    const { http: port } = await stage.listen({
      ...PEER,
      orderPort: 0,
      noOrders: "this node is a replica of north",
    });
    const peer = await connected(port);
    peer.say({ type: "hello", schema: 1, account: "7" });
    const { instruments } = (await peer.next("welcome")) as unknown as { instruments: { symbol: string }[] };
    peer.say({ type: "openOrders", request: 1 });
    expect(await peer.next("orders")).toMatchObject({ request: 1, last: true });
    const [{ symbol }] = instruments;
    peer.say({ type: "cancel", request: 2, symbol, id: "1" });
    expect(await peer.next("error")).toEqual({
      ...{ type: "error", request: 2 },
      ...{ code: "REPLICA", text: "this node is a replica of north" },
    });
    peer.socket.close();
  });

  test("a command that the copy can't apply is a failure of the web, told in one line", async () => {
    const { stage, primary } = stageOf(threads);
    stage.follow(primary.handovers[0]);
    await stage.listen(PEER);
    stage.follow(brokenBehind(primary));
    const { code, message } = await stage.failed;
    expect(code).toBe("WEB_FAILED");
    expect(message).toContain("command kind 77 can't follow the genesis entry");
  });

  // On the node's own thread it ended the node.
  test.each(["first", "second"])("a %s state that can't be restored is one too", async (which) => {
    const { stage, primary } = stageOf(threads);
    const [sound] = primary.handovers;
    if (which === "second") stage.follow(sound);
    stage.follow({ ...sound, snapshot: new Uint8Array(8) });
    const { code, message } = await stage.failed;
    expect(code).toBe("WEB_FAILED");
    expect(message).toMatch(/^the web's copy of the exchange can't go on, /);
  });

  // On the node's own thread binary feeds went on with heartbeats, as of a market that rests.
  test("with its copy every connection that it told of the market ends", async () => {
    const { stage, primary } = stageOf(threads, { mdPort: 0 });
    stage.follow(primary.handovers[0]);
    const ports = await stage.listen(PEER);
    const peer = await connected(ports.http);
    peer.say({ type: "hello", schema: 1 });
    await peer.next("welcome");
    const subscriber = await TcpSubscriber.connect(ports.md, subscribe(ChannelKind.Levels));
    await expect.poll(() => subscriber.packets.length).toBeGreaterThan(0);
    const ended = once(subscriber.socket, "close");
    stage.follow(brokenBehind(primary));
    await Promise.all([stage.failed, peer.closed, ended]);
  });

  test("a stop may come at any time and ends once", async () => {
    const early = stageOf(threads).stage;
    await Promise.all([early.stop(), early.stop()]);
    const { stage, primary } = stageOf(threads);
    stage.follow(primary.handovers[0]);
    await stage.stop();
    await stage.stop();
  });
});

// The port stayed open, with nobody to close it: what ended by then was taken for all of it.
describe("on the node's own thread a port that opens while the web ends is closed", () => {
  async function isRefused(port: number): Promise<void> {
    const [cause] = await once(connect(port, "127.0.0.1"), "error");
    expect(cause).toMatchObject({ code: "ECONNREFUSED" });
  }

  test("by a stop", async () => {
    const { stage, primary } = stageOf("single", { mdPort: 0 });
    stage.follow(primary.handovers[0]);
    const listening = stage.listen(PEER);
    await stage.stop();
    await isRefused((await listening).md);
  });

  test("or because there is nothing to show", async () => {
    const { stage, primary } = stageOf("single", { mdPort: 0 });
    stage.follow({ ...primary.handovers[0], snapshot: new Uint8Array(8) });
    await stage.failed;
    await isRefused((await stage.listen(PEER)).md);
  });
});

// Of an answer that all who ask share its list left out what the account's connection before it had sent.
test("an account's connection begins with how far the node is then, and not with an answer from before", async () => {
  const { orderPort } = await start({});
  const { configuration } = configurationOf({ orderPort: 0, httpPort: 0 });
  const server = new WebServer({ ...configuration, tls: undefined, feeds: undefined }, log, () => {});
  stops.push(() => server.close());
  server.follow(new Primary(10, 64).handovers[0]);
  const statusOfNow = vi.fn(async () => PEER.status());
  const { http: port } = await server.listen({
    ...PEER,
    orderPort,
    status: async () => PEER.status(),
    statusOfNow,
  });
  const peer = await connected(port);
  peer.say({ type: "hello", schema: 1, account: "7" });
  await peer.next("welcome");
  expect(statusOfNow).toHaveBeenCalledOnce();
  peer.socket.close();
});

test("a thread that dies has failed, also one that never listened", async () => {
  const { configuration } = configurationOf({ orderPort: 0, httpPort: 0 });
  const stage = new WebThread({ ...configuration, feeds: {} as MarketFeedOptions }, log);
  stops.push(() => stage.stop());
  const failure = await stage.failed;
  expect(failure.code).toBe("WEB_THREAD_DIED");
  await expect(stage.listen(PEER)).rejects.toBe(failure);
});

test("when the web ends the node says so, copies nothing more, and goes on", async () => {
  const { engine } = new Primary(10, 64);
  const sequencer = new Sequencer(createRing({ recordBytes: COMMAND_BYTES, capacity: 4 }), 5, 0);
  const path = new CommandPath(sequencer, engine, new NoJournal(new Int32Array(0)), CLOCK);
  const failed = Promise.withResolvers<SeriatimError>();
  const stage = {
    follow() {},
    listen: async () => ({ ...NO_PORTS, http: 1 }),
    failed: failed.promise,
    async stop() {},
  };
  const web = new NodeWeb(stage, { log, showsMarket: true });
  web.follow({ application: engine, path });
  expect(await web.listen(PEER)).toEqual({ http: 1, md: 0, feed: 0 });
  expect(web.failure).toBeUndefined();
  failed.resolve(new SeriatimError("WEB_THREAD_DIED", "the web's thread ended: exit code 1"));
  await sleep(0);
  expect(web.failure).toBe("the web's thread ended: exit code 1");
  expect(lines).toEqual([
    expect.objectContaining({
      level: "error",
      msg: "the web's thread ended: exit code 1; the node goes on",
    }),
  ]);
  await web.stop();
});

test("another history takes the place of the one that was followed, from its state of then on", () => {
  const [first, second] = [new Primary(10, 64), new Primary(10, 64)];
  const taps: (CommandTap | undefined)[] = [undefined, undefined];
  const sourceOf = ({ engine }: Primary, i: number) => ({
    application: engine,
    path: {
      position: 5,
      releasedPosition: 5,
      tap: (tap: CommandTap) => {
        taps[i] = tap;
      },
    },
  });
  const followed: number[] = [];
  const failed = new Promise<SeriatimError>(() => {});
  const stage = {
    follow: ({ snapshot }: Handover) => followed.push(snapshot?.length ?? 0),
    ...{ listen: async () => ({ ...NO_PORTS, http: 1 }), failed, stop: async () => {} },
  };
  const web = new NodeWeb(stage, { log, showsMarket: true });
  web.follow(sourceOf(first, 0));
  web.follow(sourceOf(second, 1));
  expect(followed).toHaveLength(2);
  // What is left of the first is of no use to anybody, and does no harm.
  taps[0]?.committed(new Int32Array(COMMAND_BYTES / 4), 0);
  taps[0]?.released(6);
  taps[1]?.committed(new Int32Array(COMMAND_BYTES / 4), 0);
  taps[1]?.released(6);
  expect(followed).toHaveLength(2);
  expect(web.resyncs).toBe(0);
});

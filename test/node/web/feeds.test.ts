// The binary feeds of a whole node: what its settings switch on, where it listens, and that they tell what happens to orders.

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connectOrderEntry } from "../../../src/client/index.ts";
import { TickClient } from "../../../src/feed-runtime/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../../src/node/index.ts";
import { connectTo } from "../../../src/platform/index.ts";
import {
  ChannelKind,
  encodeMdRequest,
  MarketDataReader,
  type MdRequest,
  MdType,
  packetCount,
} from "../../../src/protocol/index.ts";
import { subscribe, TcpSubscriber } from "../../feed-runtime/serving/support.ts";
import { TLS, TLS_FILES } from "../../support/tls.ts";
import { until } from "../../support/until.ts";
import { Peer } from "./peer.ts";

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(some: Partial<Configuration>): Promise<{ node: RunningNode; lines: string[] }> {
  const lines: string[] = [];
  const log = createLog({ level: "debug", human: false, write: (line) => lines.push(line) });
  const ports = { durability: "off", orderPort: 0, httpPort: 0, symbols: ["A", "B"] } as const;
  const node = await startNode(configurationOf({ ...ports, ...some }), log);
  closing.push(() => node.stop());
  return { node, lines };
}

/** Rests an order of account 1, and trades a part of it away. */
async function trade(port: number): Promise<void> {
  const client = await connectOrderEntry({ port, account: 1 });
  await client.submit({ id: 1, symbol: 1, side: "buy", price: 100, quantity: 5 });
  await client.submit({ id: 2, symbol: 1, side: "sell", price: 100, quantity: 2 });
  await client.close();
}

/** Packets of a WebSocket on /md, each message one; and how it ended. */
class SocketSubscriber {
  readonly socket: WebSocket;
  readonly messages: Uint8Array[] = [];
  closed: readonly [code: number, why: string] | undefined;

  constructor(port: number, options: object = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/md`, options);
    this.socket.on("message", (bytes: Buffer) => this.messages.push(Uint8Array.from(bytes)));
    this.socket.once("close", (code, why) => {
      this.closed = [code, why.toString()];
    });
    closing.push(() => this.socket.terminate());
  }

  async say(...requests: MdRequest[]): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) await once(this.socket, "open");
    for (const request of requests) this.socket.send(encodeMdRequest(request));
  }

  /** Without replies. */
  get packets(): Uint8Array[] {
    return this.messages.filter((bytes) => bytes[3] < 128);
  }
}

const REQUEST = encodeMdRequest(subscribe(ChannelKind.Levels));

/** What live packets say: the type of each message, with what matters of it. */
function said(packets: readonly Uint8Array[]): string[] {
  const reader = new MarketDataReader();
  const words: string[] = [];
  for (const packet of packets) {
    reader.bind(packet, 0, packet.length);
    if (reader.isSnapshot) continue;
    while (reader.next()) {
      if (reader.type === MdType.Level) words.push(`level ${reader.symbol} ${reader.price} ${reader.total}`);
      if (reader.type === MdType.Trade)
        words.push(`trade ${reader.symbol} ${reader.price} ${reader.quantity}`);
    }
  }
  return words;
}

describe.each(["spread", "single"] as const)("threads %s", (threads) => {
  test("TCP and WebSocket subscribers are told the same packets of what happens to orders; status and metrics say so", async () => {
    const { node } = await start({ threads, mdPort: 0, feedPort: 0 });
    const tcp = await TcpSubscriber.connect(node.mdPort, subscribe(ChannelKind.Levels));
    closing.push(() => tcp.socket.destroy());
    const web = new SocketSubscriber(node.httpPort);
    await web.say(subscribe(ChannelKind.Levels));
    await until(() => tcp.packets.length > 0 && web.packets.length > 0);
    const ticks: number[][] = [];
    const client = new TickClient({
      ...{ host: "127.0.0.1", port: node.feedPort },
      listener: { onTrade: ({ symbol, price, quantity }) => void ticks.push([symbol, price, quantity]) },
    });
    closing.push(() => client.stop());
    const metrics = async () => (await fetch(`http://127.0.0.1:${node.httpPort}/metrics`)).text();
    for (;;) if ((await metrics()).includes("\nseriatim_ticks_clients 1\n")) break;

    await trade(node.orderPort);
    const story = ["level 1 100 5", "trade 1 100 2", "level 1 100 3"];
    await until(() => said(tcp.packets).length === 3 && said(web.packets).length === 3 && ticks.length === 1);
    expect(said(tcp.packets)).toEqual(story);
    const live = (packets: readonly Uint8Array[]) =>
      packets
        .filter((packet) => said([packet]).length > 0)
        .map((packet) => Buffer.from(packet).toString("hex"));
    expect(live(web.packets)).toEqual(live(tcp.packets));
    expect(ticks).toEqual([[1, 1, 2]]);

    const text = await metrics();
    expect(text).toContain("\nseriatim_md_subscribers 2\n");
    expect(text).toMatch(/\nseriatim_md_next_sequence\{channel="levels"\} [4-9]/);
    const peer = await Peer.greet(node.httpPort);
    closing.push(() => peer.socket.terminate());
    peer.say({ type: "subscribe", channels: ["status"] });
    const { feeds } = (await peer.next("status")) as unknown as { feeds: Record<string, unknown> };
    expect(feeds).toMatchObject({ subscribers: 2, ticks: { clients: 1 } });

    await node.stop();
    await until(() => tcp.isClosed && web.closed !== undefined);
    expect(tcp.replies.at(-1)).toMatchObject({ type: 193, reason: 8 });
    expect(web.closed).toEqual([1001, "GoingAway"]);
  });

  test("a stop does not wait for who leaves a closing handshake unanswered", async () => {
    const { node } = await start({ threads, mdPort: 0 });
    const web = new SocketSubscriber(node.httpPort);
    await web.say(subscribe(ChannelKind.Levels));
    await until(() => web.packets.length > 0);
    web.socket.pause();
    // The library's own bound is half a minute.
    const stopped = await Promise.race([node.stop().then(() => "stopped"), sleep(10_000, "waits")]);
    expect(stopped).toBe("stopped");
  });
});

test("a WebSocket message that isn't one whole request ends the connection", async () => {
  const { node } = await start({ threads: "single", mdPort: 0 });
  const messages = [
    Buffer.concat([REQUEST, REQUEST]),
    Uint8Array.of(...REQUEST, 0),
    ...[1, 3, REQUEST.length - 1].map((length) => REQUEST.slice(0, length)),
    new Uint8Array(),
  ];
  const sockets = messages.map(() => new SocketSubscriber(node.httpPort));
  await Promise.all(sockets.map((web) => web.say(subscribe(ChannelKind.Top))));
  await until(() => sockets.every((web) => web.packets.length > 0));
  for (const [i, web] of sockets.entries()) web.socket.send(messages[i]);
  await until(() => sockets.every((web) => web.closed !== undefined));
  expect(sockets.map((web) => web.closed)).toEqual(messages.map(() => [4_000, "Malformed"]));
});

test("a WebSocket that sends text, or comes from a page of another origin, is not served", async () => {
  const { node, lines } = await start({ threads: "single", mdPort: 0 });
  const text = new SocketSubscriber(node.httpPort);
  await once(text.socket, "open");
  text.socket.send("hello");
  await until(() => text.closed !== undefined);
  expect(text.closed).toEqual([4000, "Malformed"]);
  const stranger = new SocketSubscriber(node.httpPort, { origin: "http://elsewhere.example" });
  const [error] = (await once(stranger.socket, "error")) as [Error];
  expect(error.message).toContain("403");
  await until(() => lines.some((line) => line.includes("a market-data subscriber ends: Malformed")));
});

test("as many WebSockets to binary feeds as may be keep no page and no other WebSocket out", async () => {
  const { node } = await start({ threads: "single", mdPort: 0 });
  const all = Array.from({ length: 128 }, () => new SocketSubscriber(node.httpPort));
  await Promise.all(all.map(({ socket }) => once(socket, "open")));
  const [error] = (await once(new SocketSubscriber(node.httpPort).socket, "error")) as [Error];
  expect(error.message).toContain("503");
  expect((await fetch(`http://127.0.0.1:${node.httpPort}/healthz`)).status).toBe(200);
  const peer = await Peer.greet(node.httpPort);
  peer.socket.terminate();
  all[0].socket.terminate();
  const metrics = async () => (await fetch(`http://127.0.0.1:${node.httpPort}/metrics`)).text();
  for (;;) if ((await metrics()).includes("\nseriatim_md_subscribers 127\n")) break;
  await once(new SocketSubscriber(node.httpPort).socket, "open");
});

test("nothing binary is there unless it is asked for", async () => {
  const { node } = await start({ threads: "single" });
  expect([node.mdPort, node.feedPort]).toEqual([0, 0]);
  const [error] = (await once(new SocketSubscriber(node.httpPort).socket, "error")) as [Error];
  expect(error.message).toContain("404");
  expect(await (await fetch(`http://127.0.0.1:${node.httpPort}/metrics`)).text()).not.toContain(
    '{channel="top"}',
  );
});

test("with a certificate the port speaks TLS, and plain TCP is not served", async () => {
  const { node } = await start({
    threads: "single",
    mdPort: 0,
    tlsCert: TLS_FILES.cert,
    tlsKey: TLS_FILES.key,
  });
  const socket = connectTo({ host: "localhost", port: node.mdPort }, TLS.cert);
  closing.push(() => socket.destroy());
  socket.write(encodeMdRequest(subscribe(ChannelKind.Top)));
  const [bytes] = (await once(socket, "data")) as [Buffer];
  expect([bytes[3], bytes[4]]).toEqual([192, 128]);
  const plain = await TcpSubscriber.connect(node.mdPort, subscribe(ChannelKind.Top));
  await until(() => plain.isClosed);
  expect([plain.replies, plain.packets.filter((packet) => packetCount(packet, 0) > 0)]).toEqual([[], []]);
});

test("a port that is taken is one line that names it, before anything is begun", async () => {
  const { node } = await start({ threads: "single", mdPort: 0 });
  const taken = configurationOf({ durability: "off", orderPort: 0, httpPort: 0, feedPort: node.mdPort });
  await expect(startNode(taken, createLog({ level: "silent" }))).rejects.toThrow(
    `feed-port ${node.mdPort} on 127.0.0.1 is in use`,
  );
});

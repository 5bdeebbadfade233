// The feed handler on real sockets, against a peer that speaks the protocol by hand: what it connects to, asks for, and goes on with.

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { FeedState, MarketDataListener } from "../../../src/feed/index.ts";
import { FeedHandler, type FeedHandlerOptions } from "../../../src/feed-runtime/index.ts";
import {
  ChannelKind,
  decodeMdRequest,
  encodeMdRequest,
  MdRefusal,
  type MdRequest,
  MdRequestType,
} from "../../../src/protocol/index.ts";
import { level, packet, snapshot } from "../../feed/handler/packets.ts";
import { until } from "../../support/until.ts";

class Prices extends MarketDataListener {
  readonly told: number[] = [];
  readonly stale: boolean[] = [];
  override channelStale(isStale: boolean): void {
    this.stale.push(isStale);
  }
  override level(_symbol: number, _side: number, price: number): void {
    this.told.push(price);
  }
}

/** A service whose every connection is in the hands of the test. */
class Peer {
  readonly sockets: Socket[] = [];
  readonly requests: MdRequest[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => {
        // Requests of these tests are short: each read holds whole ones.
        for (let at = 0; at < bytes.length; ) {
          const to = at + bytes.readUInt16LE(at);
          const request = decodeMdRequest(bytes, at, to);
          if (request !== undefined && request.type !== MdRequestType.Heartbeat) this.requests.push(request);
          at = to;
        }
      });
    });
  }

  async port(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test("a stream that breaks is opened again and goes on with the next sequence", async () => {
  const peer = new Peer();
  ends.push(() => peer.close());
  const listener = new Prices();
  const states: FeedState[] = [];
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port: await peer.port() },
    channels: [{ channel: ChannelKind.Levels, listener }],
    connection: { backoffMin_us: 1_000 },
    onState: (state) => states.push(state),
  });
  ends.push(() => handler.stop());
  await handler.start();
  await until(() => peer.requests.length === 1);
  expect(peer.requests[0]).toEqual({
    type: MdRequestType.Subscribe,
    channel: ChannelKind.Levels,
    conflate: false,
    epoch: 0,
    from: 0,
    symbols: [],
  });
  for (const part of snapshot(5, [{ symbol: 1, next: 3, prices: [2] }])) peer.sockets[0].write(part);
  peer.sockets[0].write(packet(5, [level(1, 3)]));
  await until(() => listener.told.length === 2);
  peer.sockets[0].destroy();
  await until(() => peer.requests.length === 2);
  expect(peer.requests[1]).toMatchObject({ epoch: 1, from: 6 });
  peer.sockets[1].write(packet(5, [level(1, 3), level(1, 4)]));
  await until(() => listener.told.length === 3);
  expect(listener.told).toEqual([2, 3, 4]);
  expect(listener.stale).toEqual([false, true, false]);
  await handler.stop();
  const { Connecting, Connected, Reconnecting, Disconnected } = FeedState;
  expect(states).toEqual([Connecting, Connected, Reconnecting, Connecting, Connected, Disconnected]);
});

// The second start opened another connection beside the first one, which nobody closed any more; both were read into one buffer.
test("it is started once, also when it was stopped", async () => {
  const peer = new Peer();
  ends.push(() => peer.close());
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port: await peer.port() },
    channels: [{ channel: ChannelKind.Levels, listener: new Prices() }],
  });
  ends.push(() => handler.stop());
  const again = { code: "INVALID_ARGUMENT", message: "a FeedHandler is started once: make another one" };
  await handler.start();
  await expect(handler.start()).rejects.toMatchObject(again);
  await until(() => peer.requests.length === 1);
  await handler.stop();
  await expect(handler.start()).rejects.toMatchObject(again);
  expect(peer.sockets).toHaveLength(1);
});

test("what goes on behind a lost connection is stale until it has all that happened meanwhile", async () => {
  const peer = new Peer();
  ends.push(() => peer.close());
  const listener = new Prices();
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port: await peer.port() },
    channels: [{ channel: ChannelKind.Levels, listener }],
    connection: { backoffMin_us: 1_000 },
  });
  ends.push(() => handler.stop());
  await handler.start();
  await until(() => peer.requests.length === 1);
  for (const part of snapshot(5, [{ symbol: 1, next: 3, prices: [2] }])) peer.sockets[0].write(part);
  await until(() => !handler.channels[0].isStale);
  peer.sockets[0].destroy();
  await until(() => peer.requests.length === 2);
  const accepted = { type: MdRequestType.Accepted, request: MdRequestType.Subscribe } as const;
  const where = { channel: ChannelKind.Levels, epoch: 1, next: 8 };
  peer.sockets[1].write(encodeMdRequest({ ...accepted, ...where }));
  peer.sockets[1].write(packet(5, [level(1, 3), level(1, 4)]));
  await until(() => listener.told.length === 3);
  expect([listener.stale, handler.channels[0].isStale]).toEqual([[false, true], true]);
  peer.sockets[1].write(packet(7, [level(1, 5)]));
  await until(() => listener.told.length === 4);
  expect(listener.stale).toEqual([false, true, false]);
});

test("a subscription to some symbols that finds garbage in its stream begins anew where it was", async () => {
  const peer = new Peer();
  ends.push(() => peer.close());
  const listener = new Prices();
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port: await peer.port() },
    channels: [{ channel: ChannelKind.Levels, listener, symbols: [1, 7] }],
    connection: { backoffMin_us: 1_000 },
  });
  ends.push(() => handler.stop());
  await handler.start();
  await until(() => peer.requests.length === 1);
  expect(peer.requests[0]).toMatchObject({ from: 0, symbols: [1, 7] });
  for (const part of snapshot(5, [{ symbol: 1, next: 3, prices: [2] }])) peer.sockets[0].write(part);
  await until(() => listener.told.length === 1);
  peer.sockets[0].write(new Uint8Array(100));
  await until(() => peer.requests.length === 2);
  expect(peer.requests[1]).toMatchObject({ from: 5, symbols: [1, 7] });
});

test("a peer that is not there is tried again until it is, and a stop ends that", async () => {
  const peer = new Peer();
  const port = await peer.port();
  await peer.close();
  const why: (string | undefined)[] = [];
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port },
    channels: [{ channel: ChannelKind.Top, listener: new Prices() }],
    connection: { backoffMin_us: 1_000, backoffMax_us: 2_000 },
    onState: (_, error) => why.push(error?.message),
  });
  await handler.start();
  await until(() => why.length >= 6);
  expect(why.slice(0, 3)).toEqual([
    undefined,
    `can't connect to 127.0.0.1:${port}: nothing listens there`,
    undefined,
  ]);
  await handler.stop();
  expect(handler.state).toBe(FeedState.Disconnected);
});

test("a subscription that is refused is told in words, and asked for again", async () => {
  const peer = new Peer();
  ends.push(() => peer.close());
  const why: string[] = [];
  const port = await peer.port();
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port },
    channels: [{ channel: ChannelKind.Levels, listener: new Prices(), symbols: [70] }],
    connection: { backoffMin_us: 1_000 },
    onState: (_, error) => {
      if (error !== undefined) why.push(`${error.code} ${error.message}`);
    },
  });
  ends.push(() => handler.stop());
  await handler.start();
  await until(() => peer.requests.length === 1);
  const refused = {
    type: MdRequestType.Refused,
    request: 128,
    channel: 2,
    reason: MdRefusal.Symbols,
  } as const;
  peer.sockets[0].write(encodeMdRequest(refused));
  await until(() => peer.requests.length === 2);
  const words = `the feed's connection to 127.0.0.1:${port}: it refused a subscription: it has no such symbol`;
  expect(why).toEqual([`SUBSCRIPTION_REFUSED ${words}`]);
});

test("a handler that is stopped while it starts leaves no socket open, and its start ends too", async () => {
  const peer = new Peer();
  ends.push(() => peer.close());
  const recovery = { host: "127.0.0.1", port: await peer.port() };
  const channels = [ChannelKind.Top, ChannelKind.Levels].map((channel) => ({
    channel,
    listener: new Prices(),
  }));
  const a = { host: "127.0.0.1", port: 20_000 + Math.floor(Math.random() * 20_000) };
  // In the middle of each of its steps, of which a socket takes a few turns.
  for (let turns = 0; turns < 12; turns++) {
    const handler = new FeedHandler({ lines: { a, recovery }, channels });
    const started = handler.start();
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await handler.stop();
    await started;
    expect(handler.state).toBe(FeedState.Disconnected);
    await until(
      () => !process.getActiveResourcesInfo().some((name) => /UDP|TCPSocket|TCPConnect/.test(name)),
    );
  }
});

test("what is left of a read when its listener stops the handler is not told, and makes nothing fresh", async () => {
  const peer = new Peer();
  ends.push(() => peer.close());
  class Stopping extends Prices {
    override level(symbol: number, side: number, price: number): void {
      super.level(symbol, side, price);
      if (price === 3) void handler.stop();
    }
  }
  const listener = new Stopping();
  const handler: FeedHandler = new FeedHandler({
    stream: { host: "127.0.0.1", port: await peer.port() },
    channels: [{ channel: ChannelKind.Levels, listener }],
  });
  ends.push(() => handler.stop());
  await handler.start();
  await until(() => peer.requests.length === 1);
  const packets = [packet(5, [level(1, 3)]), packet(6, [level(1, 4)])];
  peer.sockets[0].write(Buffer.concat([...snapshot(5, [{ symbol: 1, next: 3, prices: [2] }]), ...packets]));
  await until(() => handler.state === FeedState.Disconnected);
  expect(listener.told).toEqual([2, 3]);
  expect(listener.stale).toEqual([false, true]);
});

test.each(["192.0.2.1", "nonsense"])(
  "a group that can't be joined by %s is said so, and no line stays open",
  async (by) => {
    const a = { host: "239.255.77.9", port: 20_000 + Math.floor(Math.random() * 20_000) };
    const channels = [{ channel: ChannelKind.Top, listener: new Prices() }];
    const handler = new FeedHandler({ lines: { a, interface: by }, channels });
    await expect(handler.start()).rejects.toMatchObject({
      code: "UDP_FAILED",
      message: `can't listen to datagrams of ${a.host}:${a.port}: the group can't be joined, ${by} is no address of this machine`,
    });
    await until(() => !process.getActiveResourcesInfo().includes("UDPWrap"));
    await handler.stop();
  },
);

test("what has stopped does not start again", async () => {
  const peer = new Peer();
  ends.push(() => peer.close());
  const stream = { host: "127.0.0.1", port: await peer.port() };
  const channels = [{ channel: ChannelKind.Top, listener: new Prices() }];
  const handler = new FeedHandler({ stream, channels });
  await handler.stop();
  await handler.start();
  expect(handler.state).toBe(FeedState.Disconnected);
  expect(process.getActiveResourcesInfo()).not.toContain("TCPSocketWrap");
});

const listener = new Prices();
const stream = { host: "127.0.0.1", port: 1 };
const channels = [{ channel: ChannelKind.Top, listener }];
test.each<[string, FeedHandlerOptions]>([
  ["a feed has either a stream or lines", { channels }],
  ["a feed has at least one channel", { stream, channels: [] }],
  ["a feed has at least one channel", { stream } as never],
  ["channel 1 has no listener", { stream, channels: [{ channel: 1 } as never] }],
  [
    'a channel of FeedHandler has no option "conflated", is conflate meant?',
    { stream, channels: [{ channel: 1, listener, conflated: true } as never] },
  ],
  [
    'limits of FeedHandler has no option "silenceUs", is silence_us meant?',
    { stream, channels, limits: { silenceUs: 1 } as never },
  ],
  [
    "connection.backoffMax_us -1 is not an integer from 0 to 9007199254740991",
    { stream, channels, connection: { backoffMax_us: -1 } },
  ],
  ["channel 4 is none of 1 to 3", { stream, channels: [{ channel: 4, listener }] }],
  ["a channel is named twice", { stream, channels: [...channels, ...channels] }],
  ["port 70000 is not an integer from 1 to 65535", { stream: { host: "a", port: 70_000 }, channels }],
  ["host is no text", { stream: { host: "", port: 1 }, channels }],
  [
    "lines bring every symbol and every message: name no symbols, don't conflate",
    { lines: { a: stream }, channels: [{ channel: 1, listener, symbols: [1] }] },
  ],
  [
    "2049 symbols are more than 2048",
    { stream, channels: [{ channel: 1, listener, symbols: Array.from({ length: 2_049 }, (_, i) => i) }] },
  ],
  [
    "symbol BTC-USD is not an integer from 0 to 65535",
    { stream, channels: [{ channel: 1, listener, symbols: ["BTC-USD"] as never }] },
  ],
  ["port 65533 is not an integer from 1 to 65532", { lines: { a: { host: "a", port: 65_533 } }, channels }],
])("an option that can't be is refused: %s", (message, options) => {
  expect(() => new FeedHandler(options)).toThrow(message);
});

// It took 510 at most, which is ticks/1's bound.
test("a subscription has as many symbols as an exchange takes in one", () => {
  const symbols = Array.from({ length: 2_048 }, (_, i) => i);
  expect(() => new FeedHandler({ stream, channels: [{ channel: 1, listener, symbols }] })).not.toThrow();
});

test("a line's ports are four in a row, its recovery service's port is one", () => {
  const recovery = { host: "127.0.0.1", port: 65_535 };
  expect(
    () => new FeedHandler({ lines: { a: { ...recovery, port: 65_532 }, recovery }, channels }),
  ).not.toThrow();
});

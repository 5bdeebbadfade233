import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import {
  ChannelKind,
  PacketFlag,
  PacketLayout,
  packetCount,
  packetFirst,
} from "../../../src/protocol/index.ts";
import { expectBook, NaiveSubscriber } from "../../feed/channel/support.ts";
import { until } from "../../support/until.ts";
import { KINDS, ServedExchange } from "./support.ts";

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function served(...[options, more]: Parameters<typeof ServedExchange.open>): Promise<ServedExchange> {
  const exchange = await ServedExchange.open({ tcp: undefined, ...options }, more);
  closing.push(() => exchange.feeds.close());
  return exchange;
}

interface Heard {
  readonly port: number;
  readonly datagrams: Buffer[];
}

/** Listens on `count` ports in a row. */
async function hear(count: number, group?: string): Promise<Heard[]> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 20_000);
    try {
      return await Promise.all(Array.from({ length: count }, (_, i) => hearOne(first + i, group)));
    } catch (error) {
      // Somebody else's: another try.
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

async function hearOne(port: number, group: string | undefined): Promise<Heard> {
  const socket: Socket = createSocket({ type: "udp4", recvBufferSize: 1_000_000 });
  const datagrams: Buffer[] = [];
  socket.on("message", (bytes) => datagrams.push(bytes));
  socket.bind(port, group === undefined ? "127.0.0.1" : "0.0.0.0");
  await once(socket, "listening");
  closing.push(() => socket.close());
  if (group !== undefined) socket.addMembership(group, "127.0.0.1");
  return { port, datagrams };
}

const local = ([{ port }]: Heard[]) => ({ host: "127.0.0.1", port });
const withMessages = (datagrams: readonly Buffer[]) => datagrams.filter((bytes) => packetCount(bytes, 0) > 0);

test("lines A and B have the same datagrams, and each channel's make the engine's books from the first one on", async () => {
  const [a, b] = [await hear(4), await hear(4)];
  const exchange = await served({ udp: [local(a), local(b)] });
  for (let turn = 0; turn < 20; turn++) {
    exchange.run(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const kind of KINDS) {
    const naive = new NaiveSubscriber(kind);
    await until(() => {
      for (const bytes of withMessages(a[kind - 1].datagrams.splice(0, a[kind - 1].datagrams.length))) {
        expect(b[kind - 1].datagrams.some((other) => other.equals(bytes))).toBe(true);
        naive.take(Uint8Array.from(bytes));
      }
      return naive.next === exchange.next(kind);
    });
    for (const symbol of exchange.engine.instruments.keys()) expectBook(exchange.engine, naive, symbol);
  }
  expect(exchange.feeds.figures().udpErrors).toBe(0);
});

test("who comes late takes a snapshot run and goes on with the datagrams behind it", async () => {
  const heard = await hear(4);
  const exchange = await served({ udp: [local(heard)] });
  exchange.run(500);
  const kind = ChannelKind.Orders;
  await until(() => {
    exchange.clock.moved_us += 100_000;
    return runOf(heard[3].datagrams, kind) !== undefined;
  });
  exchange.run(300);
  const run = runOf(heard[3].datagrams, kind) as Buffer[];
  expect(run.map((bytes) => bytes.readUInt32LE(PacketLayout.part))).toEqual(run.map((_, i) => i));
  const naive = new NaiveSubscriber(kind);
  for (const bytes of run) naive.take(Uint8Array.from(bytes));
  const first = packetFirst(run[0], 0);
  const taken = new Set<Buffer>();
  await until(() => {
    for (const bytes of withMessages(heard[2].datagrams)) {
      if (taken.has(bytes) || packetFirst(bytes, 0) < first) continue;
      taken.add(bytes);
      naive.take(Uint8Array.from(bytes));
    }
    return naive.next === exchange.next(kind);
  });
  for (const symbol of exchange.engine.instruments.keys()) expectBook(exchange.engine, naive, symbol);
});

test("the snapshot channel goes on where nothing happens, however little of it may be made in a turn", async () => {
  const heard = await hear(4);
  const exchange = await served({ udp: [local(heard)] }, { limits: { snapshotPerTurn_bytes: 1 } });
  exchange.run(500);
  for (const kind of KINDS)
    await until(() => {
      exchange.clock.moved_us += 10_000;
      return runOf(heard[3].datagrams, kind) !== undefined;
    });
});

/** The first whole run of a channel, if there is one. */
function runOf(datagrams: readonly Buffer[], kind: ChannelKind): Buffer[] | undefined {
  const ofKind = datagrams.filter((bytes) => bytes[PacketLayout.channel] === kind);
  const from = ofKind.findIndex((bytes) => bytes.readUInt32LE(PacketLayout.part) === 0);
  const to = ofKind.findIndex(
    (bytes, i) => i >= from && (bytes[PacketLayout.flags] & PacketFlag.SnapshotLast) !== 0,
  );
  return from < 0 || to < 0 ? undefined : ofKind.slice(from, to + 1);
}

test("a channel that is silent for a second says its next sequence", async () => {
  const heard = await hear(4);
  const exchange = await served({ udp: [local(heard)], channels: [ChannelKind.Levels] });
  exchange.run(20);
  await until(() => {
    exchange.clock.moved_us += 1_000_000;
    return heard[1].datagrams.some((bytes) => packetCount(bytes, 0) === 0);
  });
  const beat = heard[1].datagrams.findLast((bytes) => packetCount(bytes, 0) === 0) as Buffer;
  expect(packetFirst(beat, 0)).toBeLessThanOrEqual(exchange.next(ChannelKind.Levels));
  expect(packetFirst(beat, 0)).toBeGreaterThan(1);
  expect([heard[0].datagrams, heard[2].datagrams]).toEqual([[], []]);
});

test("while what is published may be old silence stays silence, and snapshots go on", async () => {
  const heard = await hear(4);
  const exchange = await served({ udp: [local(heard)], channels: [ChannelKind.Levels] });
  exchange.run(20);
  exchange.feeds.isCurrent = false;
  const rounds = () =>
    heard[3].datagrams.filter((bytes) => bytes.readUInt32LE(PacketLayout.part) === 0).length;
  await until(() => {
    exchange.clock.moved_us += 1_000_000;
    return rounds() > 2;
  });
  const beats = () => heard[1].datagrams.filter((bytes) => packetCount(bytes, 0) === 0);
  expect(beats()).toEqual([]);
  exchange.feeds.isCurrent = true;
  await until(() => {
    exchange.clock.moved_us += 1_000_000;
    return beats().length > 0;
  });
});

test("version 1 is one message per datagram, byte for byte as order entry has them", async () => {
  const [one] = await hear(1);
  const exchange = await served({ udpV1: { host: "127.0.0.1", port: one.port } });
  const trades: (readonly number[])[] = [];
  exchange.onTrade = (symbol, price, quantity) => void trades.push([symbol, price, quantity]);
  exchange.run(400);
  await until(() => one.datagrams.filter((bytes) => bytes.readUInt16BE(0) === 3).length === trades.length);
  const tops = new Map<number, Buffer>();
  const told: number[][] = [];
  for (const [i, bytes] of one.datagrams.entries()) {
    const isTrade = bytes.readUInt16BE(0) === 3;
    // Type, version, body length, sequence; then the body.
    expect([bytes.readUInt16BE(2), bytes.readUInt32BE(4), bytes.length]).toEqual(
      isTrade ? [1, 16, 32] : [1, 22, 38],
    );
    expect(Number(bytes.readBigUInt64BE(8))).toBe(i + 1);
    if (isTrade)
      told.push([bytes.readUInt32BE(16), Number(bytes.readBigInt64BE(20)), bytes.readUInt32BE(28)]);
    else tops.set(bytes.readUInt32BE(16), bytes);
  }
  expect(told).toEqual(trades);
  expect(trades.length).toBeGreaterThan(10);
  for (const [symbol, bytes] of tops) {
    const { bids, asks } = exchange.engine.book(symbol);
    expect([
      bytes[20],
      Number(bytes.readBigInt64BE(21)),
      bytes[29],
      Number(bytes.readBigInt64BE(30)),
    ]).toEqual([
      ...[bids.length > 0 ? 1 : 0, bids[0]?.price ?? 0],
      ...[asks.length > 0 ? 1 : 0, asks[0]?.price ?? 0],
    ]);
  }
});

test("lines may be groups, sent to by the interface that is named", async () => {
  const group = "239.77.3.4";
  const heard = await hear(4, group);
  const exchange = await served({ udp: [{ host: group, port: heard[0].port }], interface: "127.0.0.1" });
  exchange.run(50);
  await until(() => heard[0].datagrams.length > 0 && heard[2].datagrams.length > 0);
  expect(exchange.feeds.figures().udpErrors).toBe(0);
});

test("where nobody listens datagrams are counted and told once per target, and nothing else is disturbed", async () => {
  const [gone] = await hear(1);
  for (const close of closing.splice(0)) await close();
  const exchange = await served({
    udp: [{ host: "127.0.0.1", port: gone.port }],
    channels: [ChannelKind.Top],
  });
  await until(() => {
    exchange.run(20);
    return exchange.feeds.figures().udpErrors > 2;
  });
  expect(exchange.udpErrors.filter((line) => line.includes(`:${gone.port} `))).toEqual([
    `datagrams to 127.0.0.1:${gone.port} are lost: nothing listens there`,
  ]);
});

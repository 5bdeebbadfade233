import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  ChannelKind,
  MarketDataReader,
  MdRefusal,
  MdType,
  PacketLayout,
  packetCount,
  packetFirst,
  TICK_SUBSCRIBE_COMMAND,
} from "../../../src/protocol/index.ts";
import { expectBook, NaiveSubscriber } from "../../feed/channel/support.ts";
import { heldBytes } from "../../support/held-bytes.ts";
import { until } from "../../support/until.ts";
import { KINDS, ServedExchange, subscribe, TcpSubscriber } from "./support.ts";

const CHECKSUMS = new NativeChecksums();
const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function served(...args: Parameters<typeof ServedExchange.open>): Promise<ServedExchange> {
  const exchange = await ServedExchange.open(...args);
  closing.push(() => exchange.feeds.close());
  return exchange;
}

async function joined(port: number, ...requests: Parameters<TcpSubscriber["say"]>): Promise<TcpSubscriber> {
  const subscriber = await TcpSubscriber.connect(port, ...requests);
  closing.push(() => subscriber.socket.destroy());
  return subscriber;
}

function expectBooks({ engine }: ServedExchange, naive: NaiveSubscriber): void {
  expect(naive.symbols.length).toBe(engine.instruments.length);
  for (const symbol of engine.instruments.keys()) expectBook(engine, naive, symbol);
}

function feed(subscriber: NaiveSubscriber, from: TcpSubscriber): void {
  for (const packet of from.packets.splice(0)) if (packetCount(packet, 0) > 0) subscriber.take(packet);
}

test.each(KINDS)(
  "channel %i: a snapshot and what follows it make the engine's books, with no hole",
  async (kind) => {
    const exchange = await served();
    exchange.run(500);
    const from = await joined(exchange.tcp, subscribe(kind));
    const naive = new NaiveSubscriber(kind);
    // This subscriber can't splice a snapshot that is made over several turns.
    await until(() => exchange.feeds.figures().snapshots === 1);
    for (let turn = 0; turn < 20; turn++) {
      exchange.run(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => {
      feed(naive, from);
      return naive.next === exchange.next(kind);
    });
    expectBooks(exchange, naive);
  },
);

test("the checksums and statistics of what happened last are said also when nothing follows", async () => {
  const exchange = await served();
  exchange.run(200);
  const levels = await joined(exchange.tcp, subscribe(ChannelKind.Levels));
  await until(() => exchange.feeds.figures().snapshots === 1);
  exchange.run(200);
  const said = new Set<number>();
  const reader = new MarketDataReader();
  await until(() => {
    exchange.clock.moved_us += 100_000;
    for (const packet of levels.packets.splice(0)) {
      reader.bind(packet, 0, packet.length);
      while (reader.next()) if (!reader.isSnapshot) said.add(reader.type);
    }
    return said.has(MdType.BookChecksum) && said.has(MdType.Statistics);
  });
});

test("who connects again resumes behind the last message that he has", async () => {
  const exchange = await served();
  const kind = ChannelKind.Orders;
  const naive = new NaiveSubscriber(kind);
  let epoch = 0;
  let from = 0;
  for (let round = 0; round < 4; round++) {
    const subscriber = await joined(exchange.tcp, subscribe(kind, { from, epoch }));
    await until(() => exchange.feeds.figures().snapshots === 1);
    exchange.run(200);
    await until(() => {
      feed(naive, subscriber);
      return naive.next === exchange.next(kind);
    });
    expect(subscriber.replies).toHaveLength(1);
    subscriber.socket.destroy();
    exchange.run(200);
    [epoch, from] = [naive.epoch, naive.next];
  }
  expect(exchange.feeds.figures()).toMatchObject({ snapshots: 1, opened: 4 });
});

test("retransmitted packets are the ones that were sent, but for their flag", async () => {
  const exchange = await served();
  const kind = ChannelKind.Levels;
  const live = await joined(exchange.tcp, subscribe(kind));
  await until(() => live.packets.length > 0);
  live.packets = [];
  exchange.run(300);
  await until(() => live.packets.length > 0 && nextOf(live) === exchange.next(kind));
  const again = await joined(exchange.tcp, {
    ...{
      type: 129,
      channel: kind,
      epoch: exchange.feeds.figures().epoch,
      first: 1,
      count: exchange.next(kind) - 1,
    },
  });
  await until(() => again.packets.length === live.packets.length);
  const plain = (packet: Uint8Array) => {
    const bytes = packet.slice();
    bytes[PacketLayout.flags] = 0;
    bytes.fill(0, PacketLayout.checksum, PacketLayout.checksum + 4);
    return bytes;
  };
  expect(again.packets.map(plain)).toEqual(live.packets.map(plain));
  expect(again.packets.every((packet) => packet[PacketLayout.flags] === 2)).toBe(true);
  expect(exchange.feeds.figures().retransmitted).toBe(exchange.next(kind) - 1);
});

function nextOf({ packets }: TcpSubscriber): number {
  const last = packets[packets.length - 1];
  return packetFirst(last, 0) + packetCount(last, 0);
}

describe("the service", () => {
  test("refuses what it can't give, and closes who sends no requests", async () => {
    const exchange = await served({ channels: [ChannelKind.Top] });
    const subscriber = await joined(exchange.tcp, subscribe(ChannelKind.Orders));
    await until(() => subscriber.replies.length === 1);
    expect(subscriber.replies).toMatchObject([{ type: 193, reason: MdRefusal.UnknownChannel }]);
    subscriber.socket.write("GET / HTTP/1.1\r\nhost: exchange\r\n\r\n");
    await until(() => subscriber.isClosed);
    expect(subscriber.replies.at(-1)).toMatchObject({ type: 193, reason: MdRefusal.Malformed });
    await until(() => exchange.ended.length > 0);
    expect(exchange.ended).toEqual([{ reason: "Malformed", address: "127.0.0.1" }]);
  });

  test("says the next sequence while nothing happens", async () => {
    const exchange = await served({ channels: [ChannelKind.Top] });
    exchange.run(10);
    const subscriber = await joined(exchange.tcp, subscribe(ChannelKind.Top));
    await until(() => exchange.feeds.figures().snapshots === 1 && subscriber.packets.length > 0);
    await until(() => {
      exchange.clock.moved_us += 1_000_000;
      return subscriber.packets.some((packet) => packetCount(packet, 0) === 0);
    });
    expect(nextOf(subscriber)).toBeGreaterThan(1);
  });

  test("tells everybody that it ends", async () => {
    const exchange = await served();
    const subscriber = await joined(exchange.tcp, subscribe(ChannelKind.Top));
    await until(() => subscriber.replies.length === 1);
    await exchange.feeds.close();
    await until(() => subscriber.isClosed);
    expect(subscriber.replies.at(-1)).toMatchObject({ type: 193, reason: MdRefusal.ShuttingDown });
  });

  test("is over for who takes nothing, too", async () => {
    const exchange = await served();
    exchange.run(12_000);
    const subscriber = await joined(exchange.tcp);
    subscriber.socket.pause();
    const { epoch } = exchange.feeds.figures();
    const request = { type: 129, channel: ChannelKind.Orders, epoch, first: 1, count: 5_000 } as const;
    for (let i = 0; i < 16; i++) subscriber.say(request);
    await until(() => exchange.feeds.figures().retransmitted > 50_000);
    await exchange.feeds.close();
    await until(() => exchange.ended.length > 0);
    expect(exchange.feeds.figures().subscribers).toBe(0);
  });

  test("closes at once who comes before there is an exchange, and who comes too many from one address", async () => {
    const limits = { addresses: { connections: 1, ownConnections: 1 } };
    const exchange = await served({}, { limits });
    const first = await joined(exchange.tcp, subscribe(ChannelKind.Top));
    await until(() => first.replies.length === 1);
    const second = await joined(exchange.tcp, subscribe(ChannelKind.Top));
    await until(() => second.isClosed);
    expect([first.isClosed, exchange.feeds.figures().closes.AddressFull]).toEqual([false, 1]);
  });
});

test("a new beginning of the publisher reaches everybody as a new epoch with a snapshot", async () => {
  const exchange = await served();
  exchange.run(300);
  const subscribers = await Promise.all(KINDS.map((kind) => joined(exchange.tcp, subscribe(kind))));
  await until(() => exchange.feeds.figures().snapshots === 3);
  exchange.run(100);
  const before = exchange.feeds.figures().epoch;
  exchange.feeds.onReset();
  exchange.feeds.flush();
  await until(() => exchange.feeds.figures().snapshots === 6);
  exchange.run(400);
  for (const [i, kind] of KINDS.entries()) {
    const naive = new NaiveSubscriber(kind);
    await until(() => {
      for (const packet of subscribers[i].packets.splice(0)) {
        const isNew = new DataView(packet.buffer).getBigUint64(PacketLayout.epoch, true) > BigInt(before);
        if (isNew && packetCount(packet, 0) > 0) naive.take(packet);
      }
      return naive.next === exchange.next(kind) && naive.epoch > before;
    });
    expectBooks(exchange, naive);
  }
});

/** Of an exchange, what one needs to go on from now. */
interface Followed {
  readonly tcp: number;
  readonly feeds: ServedExchange["feeds"];
  readonly next: (kind: ChannelKind) => number;
}

/** A subscriber of whose bytes only the number and the sum are kept. */
class Summing {
  bytes = 0;
  sum = 0;

  /** Of what follows now. */
  static async connect({ tcp, feeds, next }: Followed, kind: ChannelKind): Promise<Summing> {
    const { socket } = await joined(tcp, subscribe(kind, { from: next(kind), epoch: feeds.figures().epoch }));
    const summing = new Summing();
    socket.removeAllListeners("data").on("data", (bytes: Buffer) => {
      summing.bytes += bytes.length;
      summing.sum = CHECKSUMS.crc32c(bytes, summing.sum);
    });
    return summing;
  }
}

/** Price levels by what packets say last, of whatever kind they are; by symbol and side. */
class NewestLevels {
  readonly #levels = new Map<string, Map<number, number>>();
  readonly #reader = new MarketDataReader();

  take(packets: readonly Uint8Array[]): void {
    const reader = this.#reader;
    for (const packet of packets) {
      reader.bind(packet, 0, packet.length);
      while (reader.next()) {
        const { type, symbol, side, price, total } = reader;
        if (type === MdType.BookClear) for (const each of [0, 1]) this.#levels.delete(`${symbol} ${each}`);
        if (type !== MdType.Level) continue;
        const levels = this.#levels.get(`${symbol} ${side}`) ?? new Map<number, number>();
        this.#levels.set(`${symbol} ${side}`, levels);
        if (total > 0) levels.set(price, total);
        else levels.delete(price);
      }
    }
  }

  isBookOf({ engine }: ServedExchange): boolean {
    return [...engine.instruments.keys()].every((symbol) => {
      const { bids, asks } = engine.book(symbol);
      return [bids, asks].every((side, i) => {
        const known = this.#levels.get(`${symbol} ${i}`) ?? new Map();
        return known.size === side.length && side.every(({ price, total }) => known.get(price) === total);
      });
    });
  }
}

/** A ticks/1 client that says `bytes`, and whatever comes to it. */
async function ticksClient(port: number, ...bytes: number[]): Promise<{ socket: Socket; heard: number }> {
  const client = { socket: connect(port, "127.0.0.1"), heard: 0 };
  closing.push(() => client.socket.destroy());
  // Who is let go may hear of it by a reset.
  client.socket.on("error", () => {});
  client.socket.on("data", ({ length }: Buffer) => {
    client.heard += length;
  });
  await once(client.socket, "connect");
  client.socket.write(Uint8Array.from(bytes));
  return client;
}

test("over ticks/1, too, silence stays silence while what is published may be old", async () => {
  const exchange = await served({ ticks: { host: "127.0.0.1", port: 0 } });
  const port = exchange.ports.ticks as number;
  exchange.feeds.isCurrent = false;
  const client = await ticksClient(port);
  // Who does not finish what it says is let go after 5 s: the others have had their turn then, and what they had is here with the next one's end.
  for (let i = 0; i < 2; i++) {
    const late = await ticksClient(port, TICK_SUBSCRIBE_COMMAND);
    await until(() => {
      exchange.clock.moved_us += 1_000_000;
      return late.socket.closed;
    });
  }
  expect(client.heard).toBe(0);
  exchange.feeds.isCurrent = true;
  await until(() => client.heard > 0);
});

test("a stalled and a slow subscriber among 200 change nothing for the others, and memory stays bounded", async () => {
  const limits = { stalled_us: 60_000_000, heartbeat_us: 600_000_000, retransmitsWaiting: 40 };
  const exchange = await served({}, { limits });
  const kind = ChannelKind.Top;
  exchange.run(6_000);
  const followed = { tcp: exchange.tcp, feeds: exchange.feeds, next: (of: ChannelKind) => exchange.next(of) };
  const others = await Promise.all(Array.from({ length: 197 }, () => Summing.connect(followed, kind)));
  const reading = await joined(exchange.tcp, subscribe(kind));
  const stalled = await joined(exchange.tcp, subscribe(ChannelKind.Orders));
  const slow = await joined(exchange.tcp, subscribe(ChannelKind.Levels, { conflate: true }));
  await until(() => exchange.feeds.figures().snapshots === 3);
  const bytesOf = (of: ChannelKind) => exchange.feeds.figures().channels[KINDS.indexOf(of)].bytes;
  const began_bytes = bytesOf(kind);
  // More than the system's buffers hold, from the beginning.
  stalled.socket.pause();
  const { epoch } = exchange.feeds.figures();
  const count = Math.min(exchange.next(ChannelKind.Orders) - 1, 10_000);
  for (let i = 0; i < 36; i++)
    stalled.say({ type: 129, channel: ChannelKind.Orders, epoch, first: 1, count });
  slow.socket.on("data", () => {
    slow.socket.pause();
    setTimeout(() => slow.socket.resume(), 2);
  });
  const naive = new NaiveSubscriber(kind);
  const before = await heldBytes();
  // More than a history holds.
  while (bytesOf(ChannelKind.Orders) < 1_800_000) {
    exchange.run(6_000);
    await until(() => {
      feed(naive, reading);
      return naive.next === exchange.next(kind);
    });
  }
  expectBooks(exchange, naive);
  // The answer to the subscription, and every packet since.
  await until(() => others.every(({ bytes }) => bytes === 24 + bytesOf(kind) - began_bytes));
  expect(new Set(others.map(({ sum }) => sum)).size).toBe(1);
  // Of some 200 MB that were sent.
  expect((await heldBytes()) - before).toBeLessThan(32_000_000);
  stalled.socket.resume();
  await until(() => stalled.isClosed && exchange.feeds.figures().conflated > 0);
  // Who is closed may see it before the server has counted it.
  await until(() => exchange.feeds.figures().subscribers === 199);
  expect(exchange.feeds.figures()).toMatchObject({
    subscribers: 199,
    slowClosed: 1,
    closes: { FellBehind: 1 },
  });
  expect(slow.isClosed).toBe(false);
  // Conflated on the way, and the book all the same.
  const levels = new NewestLevels();
  await until(() => {
    levels.take(slow.packets.splice(0));
    return levels.isBookOf(exchange);
  });
});

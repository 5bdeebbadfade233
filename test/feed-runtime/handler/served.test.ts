// The feed handler against the exchange's own service, on real sockets: over a stream, over lines that lose, with and without a recovery
// service, and by multicast. It ends in the engine's books.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import {
  type ChannelSubscription,
  FeedState,
  LevelBooks,
  MarketDataListener,
  OrderBooks,
} from "../../../src/feed/index.ts";
import { FeedHandler, type FeedHandlerOptions, type LineAddress } from "../../../src/feed-runtime/index.ts";
import { ChannelKind, Side } from "../../../src/protocol/index.ts";
import { until } from "../../support/until.ts";
import { ServedExchange } from "../serving/support.ts";

const SIDES = [Side.Buy, Side.Sell] as const;
/** Of a line: top, levels, orders, snapshots. */
const PORTS = 4;
const SEED = Date.now() % 1_000_000_000;

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function served(options: Parameters<typeof ServedExchange.open>[0]): Promise<ServedExchange> {
  const exchange = await ServedExchange.open(options);
  ends.push(() => exchange.feeds.close());
  return exchange;
}

class Listening {
  readonly levels = new LevelBooks();
  readonly orders = new OrderBooks();
  readonly wishes: readonly ChannelSubscription[] = [
    { channel: ChannelKind.Levels, listener: this.levels },
    { channel: ChannelKind.Orders, listener: this.orders },
  ];
}

/** A line of free ports on this machine that `open` could listen to. */
async function onFreePorts<T>(host: string, open: (line: LineAddress) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await open({ host, port: 20_000 + Math.floor(Math.random() * 20_000) });
    } catch (error) {
      // Somebody else's: another try.
      if (!/in use/.test((error as Error).message)) throw error;
    }
  }
}

async function listening(options: FeedHandlerOptions): Promise<FeedHandler> {
  const handler = new FeedHandler(options);
  try {
    await handler.start();
  } catch (error) {
    await handler.stop();
    throw error;
  }
  ends.push(() => handler.stop());
  return handler;
}

/** A line behind which some datagrams are lost; the others go to `to`, as soon as it is known. */
class Relay {
  to: LineAddress | undefined;
  readonly line: LineAddress;
  readonly #sockets: Socket[] = [];
  readonly #loss: number;
  readonly #random: Prng;

  constructor(line: LineAddress, loss: number, random: Prng) {
    this.line = line;
    this.#loss = loss;
    this.#random = random;
    ends.push(() => this.#sockets.map((socket) => socket.close()));
  }

  async open(): Promise<this> {
    for (let i = 0; i < PORTS; i++) {
      const socket = createSocket({ type: "udp4", recvBufferSize: 1_000_000 });
      this.#sockets.push(socket);
      socket.bind(this.line.port + i, this.line.host);
      await once(socket, "listening").catch((cause) => {
        throw new Error("in use", { cause });
      });
      socket.on("message", (bytes) => {
        if (this.to !== undefined && !this.#random.chance(this.#loss))
          socket.send(bytes, this.to.port + i, this.to.host);
      });
    }
    return this;
  }
}

/** A while of trading, in which sockets have their turns. */
async function trade(exchange: ServedExchange, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    exchange.run(25);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function levelsOf({ bids, asks }: ReturnType<LevelBooks["book"]> | ReturnType<OrderBooks["book"]>) {
  return [bids, asks].map((side) =>
    Array.from({ length: side.count }, (_, depth) => ({
      price: side.price(depth),
      total: side.total(depth),
      orders: side.orders(depth),
    })),
  );
}

/** Waits until nothing is missing, and holds the books against the engine's. */
async function expectBooks(
  exchange: ServedExchange,
  handler: FeedHandler,
  listeners: Listening,
): Promise<void> {
  const [levels, orders] = handler.channels;
  await until(
    () =>
      levels.next === exchange.next(ChannelKind.Levels) &&
      orders.next === exchange.next(ChannelKind.Orders) &&
      !levels.isStale &&
      !orders.isStale,
  );
  const { engine } = exchange;
  for (const symbol of engine.instruments.keys()) {
    const { bids, asks } = engine.book(symbol);
    expect(levelsOf(listeners.levels.book(symbol))).toEqual([bids, asks]);
    const book = listeners.orders.book(symbol);
    expect(levelsOf(book)).toEqual([bids, asks]);
    const queued: number[][] = [];
    for (const side of SIDES)
      for (let depth = 0; depth < book.side(side).count; depth++)
        book.forEachOrder(side, depth, (_, quantity) =>
          queued.push([side, book.side(side).price(depth), quantity]),
        );
    const expected: number[][] = [];
    engine.forEachOrder(symbol, ({ side, price, quantity }) => expected.push([side, price, quantity]));
    expect(queued).toEqual(expected);
  }
  for (const { figures } of handler.channels) expect(figures.mismatches).toBe(0);
}

test("over a stream, from the middle of trading on, the books are the engine's", async () => {
  const exchange = await served({});
  exchange.run(500);
  const listeners = new Listening();
  const stream = { host: "127.0.0.1", port: exchange.tcp };
  const handler = await listening({ stream, channels: listeners.wishes });
  await trade(exchange, 20);
  await expectBooks(exchange, handler, listeners);
  for (const { figures } of handler.channels)
    expect(figures).toMatchObject({ gaps: 0, symbolGaps: 0, snapshots: 1, lost: 0 });
});

test("a subscriber of one symbol never sees a gap", async () => {
  const exchange = await served({});
  exchange.run(500);
  class Trades extends MarketDataListener {
    readonly symbols = new Set<number>();
    override trade(symbol: number): void {
      this.symbols.add(symbol);
    }
  }
  const listener = new Trades();
  const stream = { host: "127.0.0.1", port: exchange.tcp };
  const channels = [{ channel: ChannelKind.Levels, listener, symbols: [0] }];
  const handler = await listening({ stream, channels });
  const [receiver] = handler.channels;
  await until(() => receiver.figures.snapshots === 1);
  await trade(exchange, 20);
  const told = exchange.next(ChannelKind.Levels);
  // What is behind the last message of the symbol, a heartbeat says.
  await until(() => {
    exchange.clock.moved_us += 1_000_000;
    return receiver.next >= told;
  });
  expect([...listener.symbols]).toEqual([0]);
  expect(receiver.figures).toMatchObject({ symbolGaps: 0, snapshots: 1, snapshotsAsked: 0 });
});

test("a handler that comes back to who may not know how the market stands takes no other snapshot, and calls nothing fresh", async () => {
  const exchange = await served({ channels: [ChannelKind.Levels] });
  exchange.run(500);
  exchange.feeds.isCurrent = false;
  const told: boolean[] = [];
  class Staleness extends MarketDataListener {
    override channelStale(isStale: boolean): void {
      told.push(isStale);
    }
  }
  let connected = 0;
  const handler = await listening({
    stream: { host: "127.0.0.1", port: exchange.tcp },
    channels: [{ channel: ChannelKind.Levels, listener: new Staleness() }],
    limits: { silence_us: 300_000 },
    connection: { silence_us: 300_000, backoffMin_us: 1_000, backoffMax_us: 10_000 },
    onState: (state) => {
      if (state === FeedState.Connected) connected++;
    },
  });
  const [receiver] = handler.channels;
  await until(() => told.length === 2);
  const before = connected;
  await until(() => connected > before + 2);
  expect(told).toEqual([false, true]);
  expect(receiver.figures.snapshots).toBe(1);
  exchange.feeds.isCurrent = true;
  await until(() => {
    exchange.clock.moved_us += 1_000_000;
    return !receiver.isStale;
  });
});

test("over two lines that each lose a tenth, with recovery over TCP, the books are the engine's", async () => {
  const listeners = new Listening();
  const random = new Prng(SEED);
  const relays = [
    await onFreePorts("127.0.0.1", (line) => new Relay(line, 0.1, random).open()),
    await onFreePorts("127.0.0.1", (line) => new Relay(line, 0.1, random).open()),
  ];
  const exchange = await served({ udp: relays.map(({ line }) => line) });
  const handler = await onFreePorts("127.0.0.1", async (a) => {
    const b = { ...a, port: a.port + PORTS };
    const recovery = { host: "127.0.0.1", port: exchange.tcp };
    const found = await listening({ lines: { a, b, recovery }, channels: listeners.wishes });
    relays[0].to = a;
    relays[1].to = b;
    return found;
  });
  await trade(exchange, 60);
  exchange.clock.moved_us += 1_000_000;
  await expectBooks(exchange, handler, listeners);
  for (const { figures } of handler.channels) {
    expect(figures, `seed ${SEED}`).toMatchObject({ lost: 0, snapshots: 1 });
    expect(figures.packets[0]).toBeGreaterThan(0);
    expect(figures.packets[1]).toBeGreaterThan(0);
  }
});

test("over a line of a multicast group without recovery, the snapshot line brings who comes late up to date", async () => {
  const listeners = new Listening();
  let exchange: ServedExchange | undefined;
  const handler = await onFreePorts("239.255.77.7", async (a) => {
    const found = await listening({ lines: { a, interface: "127.0.0.1" }, channels: listeners.wishes });
    exchange = await served({ udp: [a], interface: "127.0.0.1" });
    return found;
  });
  if (exchange === undefined) throw new Error("there is an exchange");
  const { clock } = exchange;
  exchange.run(500);
  await trade(exchange, 10);
  await until(() => {
    clock.moved_us += 50_000;
    return handler.channels.every(({ figures }) => figures.snapshots > 0);
  });
  await trade(exchange, 10);
  clock.moved_us += 1_000_000;
  await expectBooks(exchange, handler, listeners);
  expect(handler.channels[0].figures.packets[3]).toBeGreaterThan(0);
});

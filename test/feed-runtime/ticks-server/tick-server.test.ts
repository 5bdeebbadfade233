// A server of ticks/1 over real sockets, read by a reader that shares nothing with it; its time is the test's.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TICK_STAGE_LIMITS, type TickFaults } from "../../../src/feed/index.ts";
import { type TickServerOptions, WallStamp } from "../../../src/feed-runtime/index.ts";
import { subscribeBytes, values } from "../../feed/ticks/support.ts";
import { readSequences } from "../../protocol/ticks/reference-reader.ts";
import { Peer, reached, TickVenue } from "./support.ts";

const KIB = 1_024;
const TRADE_BYTES = 32;
const HEARTBEAT_BYTES = 20;

const venues: TickVenue[] = [];
afterEach(async () => {
  await Promise.all(venues.splice(0).map((venue) => venue.end()));
});

async function serving(options?: Partial<TickServerOptions>): Promise<TickVenue> {
  const venue = await TickVenue.serving(options);
  venues.push(venue);
  return venue;
}

function trades(venue: TickVenue, count: number, symbols = 10): void {
  for (let i = 0; i < count; i++) {
    const symbol = i % symbols;
    venue.server.publish(
      values({ isTrade: true, symbol, price: 10 + i, quantity: 1, timeLow: 3, timeHigh: 4 }),
    );
  }
}

function sequences(peer: Peer): number[] {
  return peer.frames().map(({ sequence }) => sequence);
}

/** The same of a long stream. */
function manySequences(peer: Peer): number[] {
  return readSequences(peer.bytes());
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("connections", () => {
  test("each has numbers from 1, dense whatever it subscribed to, and a heartbeat takes one", async () => {
    const venue = await serving();
    const [all, some] = [await venue.connect(), await venue.connect()];
    await venue.subscribe(some, subscribeBytes(3, 4));
    trades(venue, 100);
    await all.untilBytes(100 * TRADE_BYTES);
    await some.untilBytes(20 * TRADE_BYTES);
    venue.pass(1_000);
    await all.untilBytes(100 * TRADE_BYTES + HEARTBEAT_BYTES);
    const late = await venue.connect();
    trades(venue, 10);
    await all.untilBytes(110 * TRADE_BYTES + HEARTBEAT_BYTES);
    await some.untilBytes(22 * TRADE_BYTES + HEARTBEAT_BYTES);
    await late.untilBytes(10 * TRADE_BYTES);
    expect(sequences(all)).toEqual(upTo(111));
    expect(sequences(some)).toEqual(upTo(23));
    expect(sequences(late)).toEqual(upTo(10));
    expect(all.frames()[100].type).toBe("heartbeat");
    expect(new Set(some.frames().map(({ symbol }) => symbol))).toEqual(new Set([0, 3, 4]));
  });

  test("numbers go on at 0 after the largest", async () => {
    const venue = await serving({ firstSequence: 4_294_967_290 });
    const peer = await venue.connect();
    trades(venue, 10);
    await peer.untilBytes(10 * TRADE_BYTES);
    expect(sequences(peer)).toEqual([...upTo(6).map((n) => 4_294_967_289 + n), 0, 1, 2, 3]);
  });

  test("trades and quotes arrive with what was published", async () => {
    const venue = await serving();
    const peer = await venue.connect();
    const tick = values({ isTrade: true, symbol: 7, price: 12.25, quantity: 300, timeLow: 5, timeHigh: 6 });
    venue.server.publish(tick);
    const quoted = { bid: 99.95, bidQuantity: 500, ask: 100.05, askQuantity: 4_294_967_295 };
    venue.server.publish(
      Object.assign(tick, { isTrade: false, symbol: 499, timeLow: 7, timeHigh: 8, ...quoted }),
    );
    await peer.untilBytes(32 + 44);
    expect(peer.frames()).toEqual([
      { type: "trade", sequence: 1, timestamp: (6n << 32n) | 5n, symbol: 7, values: [12.25, 300] },
      {
        ...{ type: "quote", sequence: 2, timestamp: (8n << 32n) | 7n, symbol: 499 },
        values: [99.95, 500, 100.05, 4_294_967_295],
      },
    ]);
  });

  test("a Subscribe in three pieces, and two in one write", async () => {
    const venue = await serving();
    const peer = await venue.connect();
    const bytes = subscribeBytes(1, 2);
    for (const piece of [bytes.slice(0, 1), bytes.slice(1, 4), bytes.slice(4)]) {
      peer.socket.write(Uint8Array.from(piece));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await reached(() => venue.server.counters().subscriptions === 1);
    trades(venue, 10);
    await peer.untilBytes(2 * TRADE_BYTES);
    peer.socket.write(Uint8Array.from([...subscribeBytes(3), ...subscribeBytes(5, 6, 7)]));
    await reached(() => venue.server.counters().subscriptions === 3);
    trades(venue, 10);
    await peer.untilBytes(5 * TRADE_BYTES);
    expect(peer.frames().map(({ symbol }) => symbol)).toEqual([1, 2, 5, 6, 7]);
  });

  test("a heartbeat after each idle second, none while it is busy", async () => {
    const venue = await serving();
    const peer = await venue.connect();
    const at: number[] = [];
    for (let time_ms = 50; time_ms <= 4_000; time_ms += 50) {
      const before = venue.server.counters().heartbeatsSent;
      venue.pass(50);
      if (venue.server.counters().heartbeatsSent > before) at.push(time_ms);
      if (time_ms > 1_500 && time_ms <= 2_500) {
        trades(venue, 1);
        venue.server.flush();
      }
    }
    expect(at).toEqual([1_000, 3_500]);
    await peer.untilBytes(20 * TRADE_BYTES + 2 * HEARTBEAT_BYTES);
    expect(sequences(peer)).toEqual(upTo(22));
  });

  test("no heartbeat while what is told may be old", async () => {
    const venue = await serving();
    await venue.connect();
    venue.server.isCurrent = false;
    venue.pass(5_000);
    expect(venue.server.counters().heartbeatsSent).toBe(0);
    venue.server.isCurrent = true;
    venue.pass(50);
    expect(venue.server.counters().heartbeatsSent).toBe(1);
  });

  test("a client that ends its side is let go", async () => {
    const venue = await serving();
    const peer = await venue.connect();
    peer.socket.end();
    await peer.untilOver();
    await reached(() => venue.server.clients === 0);
  });

  test("a client that ends its side and reads nothing is let go with what it did not take", async () => {
    const venue = await serving();
    const peer = await venue.connect();
    peer.socket.pause();
    while (venue.server.counters().queueBytes < 64 * KIB) {
      trades(venue, 1_000);
      venue.server.flush();
      await new Promise(setImmediate);
    }
    peer.socket.end();
    await reached(() => venue.server.clients === 0);
    expect(venue.transport.open).toBe(0);
    peer.socket.destroy();
  });

  test("the 65th client is closed at once, the others go on; its place comes with the next who leaves", async () => {
    const venue = await serving();
    for (let i = 0; i < 64; i++) await venue.connect();
    const refused = new Peer(venue.port);
    await refused.untilOver();
    expect(refused.length).toBe(0);
    expect(venue.server.clientsRefused).toBe(1);
    trades(venue, 1);
    await Promise.all(venue.peers.map((peer) => peer.untilBytes(TRADE_BYTES)));
    venue.peers[5].socket.destroy();
    await reached(() => venue.server.clients === 63);
    const next = await venue.connect();
    trades(venue, 1);
    await next.untilBytes(TRADE_BYTES);
  });

  test("who talks nonsense is broken off, and the others don't notice", async () => {
    const venue = await serving();
    const [peer, hostile] = [await venue.connect(), await venue.connect()];
    hostile.socket.write(Buffer.alloc(4_097, 1));
    await hostile.untilOver();
    trades(venue, 5);
    await peer.untilBytes(5 * TRADE_BYTES);
    expect(venue.server.counters()).toMatchObject({ inputIncidents: 1, inputSkippedBytes: 4_097 });
  });

  test("the end: what was published goes out first, then every connection ends, and nobody comes in", async () => {
    const venue = await serving();
    const [peer, silent] = [await venue.connect(), await venue.connect()];
    await venue.subscribe(silent, subscribeBytes(65_535));
    trades(venue, 2_000);
    await venue.server.close();
    venue.server.publish(values({ isTrade: true, price: 1 }));
    await Promise.all([peer.untilOver(), silent.untilOver()]);
    expect(sequences(peer)).toEqual(upTo(2_000));
    expect(silent.length).toBe(0);
    expect(venue.server.clients).toBe(0);
    const late = new Peer(venue.port);
    await late.untilOver();
    expect(late.length).toBe(0);
  });
});

describe("a client that reads nothing", () => {
  /** Publishes until `isReached`; `reader` keeps up with it. */
  async function publishUntil(venue: TickVenue, reader: Peer, isReached: () => boolean): Promise<number> {
    let published = 0;
    while (!isReached()) {
      trades(venue, 1_000);
      published += 1_000;
      venue.server.publish(values({ symbol: published % 500, bid: 10, ask: 11 }));
      const wanted = venue.server.clientCounters()[0].bytesSent;
      await reader.untilBytes(wanted);
      expect(published).toBeLessThan(2_000_000);
    }
    return published;
  }

  test("passes conflate and drop and is ended; nobody else loses a frame; memory stays bounded", async () => {
    const venue = await serving();
    const [reader, stalled] = [await venue.connect(), await venue.connect()];
    stalled.socket.pause();
    const of = () => venue.server.clientCounters()[1];
    const order: string[] = [];
    const note = (name: string) => {
      if (order.at(-1) !== name) order.push(name);
    };
    await publishUntil(venue, reader, () => {
      const { conflateEntries, dropEntries } = of();
      note(dropEntries > 0 ? "drop" : conflateEntries > 0 ? "conflate" : "normal");
      return of().framesDropped > 5_000;
    });
    expect(order).toEqual(["normal", "conflate", "drop"]);
    const { queueBytesMax } = of();
    venue.pass(9_000);
    expect(venue.server.clients).toBe(2);
    venue.pass(2_000);
    await reached(() => venue.server.clients === 1);
    expect(venue.server.counters().slowDisconnects).toBe(1);
    expect(queueBytesMax).toBeLessThan(1_024 * KIB + 32 * KIB);
    trades(venue, 10);
    await reader.untilBytes(venue.server.clientCounters()[0].bytesSent + 10 * TRADE_BYTES);
    const read = manySequences(reader);
    expect(read.length).toBe(venue.server.clientCounters()[0].framesSent);
    expect(read.every((sequence, i) => sequence === i + 1)).toBe(true);
    stalled.socket.destroy();
  });

  test("and goes on in time gets whole frames, and its gaps are what was dropped", async () => {
    const { conflate } = TICK_STAGE_LIMITS;
    // Small stages: what the kernel takes comes on top.
    const limits = { ...TICK_STAGE_LIMITS, drop: { above: conflate.above, below: conflate.below } };
    const venue = await serving({ limits });
    const [reader, slow] = [await venue.connect(), await venue.connect()];
    slow.socket.pause();
    await publishUntil(venue, reader, () => venue.server.clientCounters()[1].framesDropped > 5_000);
    slow.socket.resume();
    await reached(() => venue.server.clientCounters()[1].queueBytes === 0);
    trades(venue, 10);
    venue.server.flush();
    const { bytesSent, framesSent, framesDropped } = venue.server.clientCounters()[1];
    await slow.untilBytes(bytesSent);
    const read = manySequences(slow);
    expect(read.length).toBe(framesSent);
    expect(read.at(-1)! - read.length).toBe(framesDropped);
    expect(venue.server.counters().slowDisconnects).toBe(0);
  });
});

describe("faults on purpose", () => {
  const faulty = (faults: TickFaults) => serving({ faults, seed: 3 });

  test("gap: a number is left out before every 100th data frame, and nothing else", async () => {
    const venue = await faulty({ gap: { every: 100 } });
    const peer = await venue.connect();
    trades(venue, 1_000);
    await peer.untilBytes(1_000 * TRADE_BYTES);
    const read = sequences(peer);
    const gaps = read.flatMap((sequence, i) => (i > 0 && sequence !== read[i - 1] + 1 ? [i + 1] : []));
    expect(gaps).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
    expect(read.at(-1)).toBe(1_010);
    expect(venue.server.counters().injected.gaps).toBe(10);
  });

  test("fragment: the same bytes in pieces of 1 to 7", async () => {
    const venue = await faulty({ fragment: { maxChunk: 7 } });
    const peer = await venue.connect();
    trades(venue, 300);
    await peer.untilBytes(300 * TRADE_BYTES);
    expect(sequences(peer)).toEqual(upTo(300));
    const { fragments } = venue.server.counters().injected;
    expect(fragments).toBeGreaterThan((300 * TRADE_BYTES) / 7);
    expect(venue.server.counters().framesSent).toBe(300);
  });

  test.each([
    { where: "header", from: 0, to: 16 },
    { where: "payload", from: 16, to: 28 },
    { where: "checksum", from: 28, to: 32 },
    { where: "any", from: 0, to: 32 },
  ] as const)(
    "corrupt: one byte of the $where, never two within five frames",
    async ({ where, from, to }) => {
      const venue = await faulty({ corrupt: { probability: 0.3, where } });
      const peer = await venue.connect();
      const count = 1_000;
      trades(venue, count);
      await peer.untilBytes(count * TRADE_BYTES);
      const bytes = peer.bytes();
      const damaged: number[] = [];
      const places = new Set<number>();
      for (let i = 0; i < count; i++) {
        // The same trade from a server that does nothing wrong, one byte after the other.
        const frame = bytes.subarray(i * TRADE_BYTES, (i + 1) * TRADE_BYTES);
        const intact = intactTrade(i);
        if (Buffer.compare(frame, intact) === 0) continue;
        const wrong = [...frame.keys()].filter((at) => frame[at] !== intact[at]);
        expect(wrong.length).toBe(1);
        damaged.push(i);
        places.add(wrong[0]);
      }
      expect(damaged.length).toBe(venue.server.counters().injected.corruptions);
      expect(damaged[0]).toBeGreaterThanOrEqual(2);
      expect(damaged.every((i, n) => n === 0 || i - damaged[n - 1] > 4)).toBe(true);
      expect(damaged.length).toBeGreaterThan(100);
      expect([...places].every((at) => at >= from && at < to)).toBe(true);
      expect(places.size).toBe(to - from);
    },
  );

  /** What `trades` publishes as number i, by hand. */
  function intactTrade(i: number): Uint8Array {
    const frame = Buffer.alloc(TRADE_BYTES);
    frame.writeUInt16LE(1, 0);
    frame.writeUInt32LE(i + 1, 2);
    frame.writeUInt32LE(3, 6);
    frame.writeUInt32LE(4, 10);
    frame.writeUInt16LE(i % 10, 14);
    frame.writeDoubleLE(10 + i, 16);
    frame.writeUInt32LE(1, 24);
    for (let at = 0; at < 28; at++) frame[28 + (at % 4)] ^= frame[at];
    return frame;
  }

  test.each([
    { how: "finish", cut: false },
    { how: "finish", cut: true },
    { how: "reset", cut: false },
    { how: "reset", cut: true },
  ] as const)("disconnect: after 250 frames, by $how, within a frame: $cut", async ({ how, cut }) => {
    const venue = await faulty({ disconnect: { after: 250, cut, how } });
    const peer = await venue.connect();
    trades(venue, 240);
    await peer.untilBytes(240 * TRADE_BYTES);
    trades(venue, 100);
    await peer.untilOver();
    expect(peer.wasReset).toBe(how === "reset");
    // A reset may overtake what was on its way.
    if (how === "finish") {
      const rest = peer.length - 250 * TRADE_BYTES;
      expect(rest > 0).toBe(cut);
      expect(rest).toBeLessThan(TRADE_BYTES);
      expect(sequences(peer)).toEqual(upTo(250));
    }
    expect(venue.server.counters()).toMatchObject({ framesSent: 250, injected: { disconnects: 1 } });
    const next = await venue.connect();
    trades(venue, 1);
    await next.untilBytes(TRADE_BYTES);
    expect(sequences(next)).toEqual([1]);
  });

  test("stall: after 100 frames nothing for 5 s, heartbeats included, then all that waited", async () => {
    const venue = await faulty({ stall: { after: 100, duration_us: 5_000_000 } });
    const peer = await venue.connect();
    trades(venue, 150);
    await peer.untilBytes(100 * TRADE_BYTES);
    for (let i = 0; i < 49; i++) venue.pass(100);
    expect(venue.server.counters().framesSent).toBe(100);
    venue.pass(100);
    await peer.untilBytes(150 * TRADE_BYTES);
    expect(sequences(peer)).toEqual(upTo(150));
    expect(venue.server.counters()).toMatchObject({ heartbeatsSent: 0, injected: { stalls: 1 } });
    venue.pass(1_000);
    await peer.untilBytes(150 * TRADE_BYTES + HEARTBEAT_BYTES);
  });
});

describe("the simulator", () => {
  async function simulating(...options: Parameters<typeof TickVenue.simulating>): Promise<TickVenue> {
    const venue = await TickVenue.simulating(...options);
    venues.push(venue);
    return venue;
  }

  test("makes nothing without a client; the first client's stream follows from the seed", async () => {
    const streams: unknown[] = [];
    for (const waits of [false, true]) {
      const venue = await simulating({ seed: 7, symbols: 3, rate: 1_000 });
      if (waits) for (let i = 0; i < 20; i++) venue.pass(10);
      expect(venue.simulator?.made).toBe(0);
      const peer = await venue.connect();
      for (let i = 0; i < 10; i++) venue.pass(50);
      expect(venue.simulator?.made).toBe(500);
      await peer.untilBytes(venue.server.counters().bytesSent);
      streams.push(peer.frames().map(({ timestamp: _, ...frame }) => frame));
    }
    expect(streams[0]).toEqual(streams[1]);
    expect((streams[0] as { values: number[] }[])[0].values).toEqual([3230.99, 6730, 3234.72, 7497]);
  });

  test.each([
    { rate: 10_000, seconds: 5 },
    { rate: 100_000, seconds: 1 },
  ])("sends $rate ticks a second over $seconds s of steps", async ({ rate, seconds }) => {
    const venue = await simulating({ rate });
    const peer = await venue.connect();
    for (let time_ms = 0; time_ms < seconds * 1_000; time_ms += 10) {
      venue.pass(10);
      await peer.untilBytes(venue.server.counters().bytesSent);
    }
    const { framesSent, quotesConflated, framesDropped } = venue.server.counters();
    expect({ framesSent, quotesConflated, framesDropped }).toEqual({
      ...{ framesSent: seconds * rate, quotesConflated: 0, framesDropped: 0 },
    });
    expect(venue.simulator?.ticksSkipped).toBe(0);
    const read = manySequences(peer);
    expect(read.length).toBe(seconds * rate);
    expect(read.every((sequence, i) => sequence === i + 1)).toBe(true);
  });

  test("a step that comes too late makes 50 ms of ticks and counts the rest", async () => {
    const venue = await simulating({ rate: 100_000 });
    await venue.connect();
    venue.pass(80);
    expect(venue.simulator).toMatchObject({ made: 5_000, ticksSkipped: 3_000 });
  });

  test("what happened while nobody was there is not made up for", async () => {
    const venue = await simulating({ rate: 1_000 });
    const peer = await venue.connect();
    venue.pass(10);
    peer.socket.destroy();
    await reached(() => venue.server.clients === 0);
    venue.pass(60_000);
    await venue.connect();
    venue.pass(10);
    expect(venue.simulator).toMatchObject({ made: 20, ticksSkipped: 0 });
  });
});

describe("timestamps", () => {
  let wall_ms: number;
  let monotonic_ns: bigint;
  let stamp: WallStamp;
  beforeEach(() => {
    wall_ms = 1_700_000_000_000;
    monotonic_ns = 5_000n;
    stamp = new WallStamp(
      () => wall_ms,
      () => monotonic_ns,
    );
  });

  /** When the wall clock, were it finer than Date, says so many nanoseconds after the first one. */
  function stampAt(wall_ns: number): bigint {
    wall_ms = 1_700_000_000_000 + Math.floor(wall_ns / 1e6);
    stamp.take();
    return ((BigInt(stamp.high) << 32n) | BigInt(stamp.low)) - 1_700_000_000_000_000_000n;
  }

  test("go on with the monotonic clock, by the reading of the wall clock that lost least to whole milliseconds", () => {
    // The first reading has lost 0.7 ms.
    expect(stampAt(700_000)).toBe(0n);
    monotonic_ns += 1_200_000n;
    expect(stampAt(1_900_000)).toBe(1_200_000n);
    monotonic_ns += 105_000n;
    expect(stampAt(2_005_000)).toBe(2_000_000n);
    monotonic_ns += 59_000_123_456n;
    expect(stampAt(59_002_128_456)).toBe(59_002_123_456n);
    expect(stamp.high).toBe(Number(1_700_000_059_002_123_456n >> 32n));
  });

  test.each([
    ["ahead", 30_000_000_000],
    ["back", -30_000_000_000],
    ["back by little more than Date can lose", -1_000_001],
  ])("follow a wall clock that is set %s", (_, by_ns) => {
    expect(stampAt(0)).toBe(0n);
    monotonic_ns += 500_000n;
    expect(stampAt(500_000)).toBe(500_000n);
    const set_ns = 500_000 + by_ns;
    const followed_ns = Number(stampAt(set_ns));
    expect(set_ns - followed_ns).toBeGreaterThanOrEqual(0);
    expect(set_ns - followed_ns).toBeLessThan(1_000_000);
  });

  test("are right again after a pause between the readings of the two clocks, and never ahead", () => {
    let pause_ns = 40_000_000n;
    const paused = new WallStamp(
      () => wall_ms,
      () => {
        monotonic_ns += pause_ns;
        return monotonic_ns;
      },
    );
    const low = paused.low;
    pause_ns = 0n;
    wall_ms += 40;
    paused.take();
    expect(paused.low - low).toBe(40_000_000);
  });
});

// TickClient against our own server of ticks/1 with each of its faults: what was put in is what the client counts.

import { afterEach, expect, test } from "vitest";
import { CORRUPT_WHERE, type TickFaults } from "../../../src/feed/index.ts";
import { allFaults } from "./all-faults.ts";
import { FaultyFeed, type FeedTerms, falseOnes, until } from "./faulty-feed.ts";

const seed = 52_018;
const clean = {
  checksumIncidents: 0,
  typeIncidents: 0,
  skippedBytes: 0,
  gapIncidents: 0,
  framesLost: 0,
  regressions: 0,
  unattributedGaps: 0,
  invalidValues: 0,
  unknownSymbols: 0,
  unwantedFrames: 0,
};

let feed: FaultyFeed | undefined;
afterEach(async () => {
  await feed?.stop();
  feed = undefined;
});

async function start(faults: TickFaults, terms: Partial<FeedTerms> = {}): Promise<FaultyFeed> {
  feed = await FaultyFeed.start(faults, { seed, ...terms });
  return feed;
}

test(`a number skipped before every hundredth tick is one gap of one each (seed ${seed})`, async () => {
  const { client } = await start({ gap: { every: 100 } });
  await feed?.make(5_050);
  const injected = feed?.server.injected.gaps;
  expect(injected).toBeGreaterThanOrEqual(50);
  expect(client.counters).toMatchObject({ ...clean, framesLost: injected, gapIncidents: injected });
  expect(feed?.delivered).toEqual(feed?.made);
});

test(`numbers skipped by chance are lost frames (seed ${seed})`, async () => {
  const { client } = await start({ gap: { probability: 0.01 } });
  await feed?.make(5_000);
  const injected = feed?.server.injected.gaps ?? 0;
  expect(injected).toBeGreaterThan(20);
  expect(client.counters).toMatchObject({ ...clean, framesLost: injected, gapIncidents: expect.any(Number) });
  expect(client.counters.gapIncidents).toBeLessThanOrEqual(injected);
  expect(feed?.delivered).toEqual(feed?.made);
});

test(`writes of 1 to 7 bytes change nothing (seed ${seed})`, async () => {
  const { client } = await start({ fragment: { maxChunk: 7 } });
  await feed?.make(500);
  expect(feed?.server.injected.fragments).toBeGreaterThan(1_500);
  expect(client.counters).toMatchObject(clean);
  expect(feed?.delivered).toEqual(feed?.made);
});

test.each(CORRUPT_WHERE)(
  `each damaged frame is one incident and one lost frame: %s (seed ${seed})`,
  async (where) => {
    const { client } = await start({ corrupt: { probability: 0.01, where } });
    await feed?.make(3_000);
    await feed?.settle();
    const injected = feed?.server.injected.corruptions ?? 0;
    expect(injected).toBeGreaterThan(10);
    const { checksumIncidents, typeIncidents, framesLost, regressions } = client.counters;
    expect([checksumIncidents + typeIncidents, framesLost, regressions]).toEqual([injected, injected, 0]);
    const all = feed?.made ?? [];
    expect(feed?.delivered.length).toBe(all.length - injected);
    expect(falseOnes(feed?.delivered ?? [], all)).toBe(0);
  },
);

test.each<NonNullable<TickFaults["disconnect"]>>([
  { after: 200, cut: true, how: "finish" },
  { after: 200, cut: true, how: "reset" },
  { after: 200, cut: false, how: "finish" },
])(
  `connections that end, %j: it comes back and subscribes, and books nothing across them (seed ${seed})`,
  async (disconnect) => {
    const { client } = await start({ disconnect }, { client: { subscription: [0, 1, 2, 3, 4] } });
    while (client.connections.lost < 2) {
      feed?.makeSome(50);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until("it is back", () => client.connections.connected === 3);
    expect({ ...client.counters }).toMatchObject({ ...clean, unwantedFrames: expect.any(Number) });
    expect(client.connections).toMatchObject({ lost: 2, subscribesSent: 3 });
    expect(feed?.server.injected.disconnects).toBe(2);
    expect(falseOnes(feed?.delivered ?? [], feed?.made ?? [])).toBe(0);
  },
);

test("a server that stalls for a while is quiet, and then it is not", async () => {
  const stall = { after: 50, duration_us: 500_000 };
  const { client, told } = await start({ stall }, { client: { quiet_ms: 150 } });
  feed?.makeSome(100);
  await until("its data comes", () => client.counters.frames >= 100);
  expect(told).toEqual(["open", "live", "quiet", "not quiet"]);
  expect(client.counters).toMatchObject(clean);
});

test("a server that stalls for too long is given up and tried again", async () => {
  const stall = { after: 50, duration_us: 5_000_000 };
  const { client, told } = await start({ stall }, { client: { quiet_ms: 100, liveness_ms: 300 } });
  feed?.makeSome(100);
  await until("it is back", () => client.connections.connected === 2);
  expect(told).toEqual(["open", "live", "quiet", "waiting LIVENESS", "connecting", "open"]);
  expect(client.connections).toMatchObject({ livenessTimeouts: 1, lost: 1 });
  expect(client.counters).toMatchObject(clean);
});

test(`all faults together for a while: nothing false, and live again when they stop (seed ${seed})`, async () => {
  const figures = await allFaults({ seconds: 0.6, rate: 5_000, framesPerConnection: 700, seed });
  expect(figures).toMatchObject({ falseTicks: 0, isLiveAgain: true, countersAfter: clean });
  expect(figures.connections.lost).toBeGreaterThan(0);
  expect(figures.delivered).toBeGreaterThan(300);
});

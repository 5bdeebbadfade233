// A connection of ticks/1 without its socket: numbers, subscriptions, heartbeats, and the stages of a slow client.

import { describe, expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { TICK_STAGE_LIMITS, type TickStageLimits } from "../../../src/feed/index.ts";
import { stageAfter, TickStage } from "../../../src/feed/ticks/stages.ts";
import { assertCountsAddUp, DrivenSession, subscribeBytes } from "./support.ts";

const KIB = 1_024;
const TRADE_BYTES = 32;

describe("numbers", () => {
  test("each connection counts from 1, and a heartbeat takes a number", () => {
    const driven = new DrivenSession();
    driven.trade(1);
    driven.quote(2);
    driven.drain();
    driven.pass(1_000_000);
    driven.trade(3);
    driven.drain();
    expect(driven.frames().map(({ type, sequence }) => [type, sequence])).toEqual([
      ["trade", 1],
      ["quote", 2],
      ["heartbeat", 3],
      ["trade", 4],
    ]);
  });

  test("two connections that want different symbols are both dense", () => {
    const [one, other] = [new DrivenSession(), new DrivenSession()];
    one.receive(...subscribeBytes(0, 2));
    other.receive(...subscribeBytes(1));
    for (let i = 0; i < 30; i++) for (const driven of [one, other]) driven.trade(i % 3);
    for (const driven of [one, other]) driven.drain();
    expect(one.sequences()).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(other.sequences()).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
  });

  test("after the largest number comes 0", () => {
    const driven = new DrivenSession({ firstSequence: 4_294_967_294 });
    for (let i = 0; i < 4; i++) driven.trade(0);
    driven.drain();
    expect(driven.sequences()).toEqual([4_294_967_294, 4_294_967_295, 0, 1]);
    assertCountsAddUp(driven, 4_294_967_294);
  });
});

test("a gap on purpose before every frame spares the first: nobody expects a number there", () => {
  const driven = new DrivenSession({ faults: { gap: { every: 1 } } });
  for (let i = 0; i < 4; i++) driven.trade(0);
  driven.drain();
  expect(driven.sequences()).toEqual([1, 3, 5, 7]);
  expect(driven.session.counters.injected.gaps).toBe(3);
  assertCountsAddUp(driven);
});

describe("subscriptions", () => {
  /** The symbols of 0, 1, 7, 499 that come through. */
  function heard(driven: DrivenSession): number[] {
    driven.drain();
    const before = driven.frames().length;
    for (const symbol of [0, 1, 7, 499]) driven.trade(symbol);
    driven.drain();
    return driven
      .frames()
      .slice(before)
      .map(({ symbol }) => symbol);
  }

  test.each([
    { what: "nothing yet", bytes: [], symbols: [0, 1, 7, 499] },
    { what: "a list", bytes: subscribeBytes(1, 499), symbols: [1, 499] },
    {
      what: "a list that replaces another",
      bytes: [...subscribeBytes(1), ...subscribeBytes(7)],
      symbols: [7],
    },
    {
      what: "the empty list: all again",
      bytes: [...subscribeBytes(1), ...subscribeBytes()],
      symbols: [0, 1, 7, 499],
    },
    { what: "the same symbol twice", bytes: subscribeBytes(7, 7, 7), symbols: [7] },
    { what: "symbols that don't exist", bytes: subscribeBytes(500, 1, 65_534), symbols: [1] },
    { what: "heartbeats only", bytes: subscribeBytes(65_535), symbols: [] },
    {
      what: "junk before it",
      bytes: [1, 2, 3, ...subscribeBytes(7)],
      symbols: [7],
      incidents: 1,
      skipped: 3,
    },
    {
      what: "junk on both sides",
      bytes: [9, ...subscribeBytes(7), 8, 8, ...subscribeBytes(1)],
      symbols: [1],
      incidents: 2,
      skipped: 3,
    },
    {
      what: "511 symbols, and one that is whole behind them",
      bytes: [...subscribeBytes(...Array(511).fill(0xffff)), ...subscribeBytes(1)],
      symbols: [1],
      errors: 1,
    },
    {
      what: "511 symbols: nothing changes",
      bytes: [...subscribeBytes(7), ...subscribeBytes(...Array(511).fill(0))],
      symbols: [7],
      errors: 1,
    },
    { what: "510 symbols", bytes: subscribeBytes(...Array(509).fill(0), 499), symbols: [0, 499] },
  ])("$what: however its bytes are cut", ({ bytes, symbols, incidents = 0, skipped = 0, errors = 0 }) => {
    for (const size of [bytes.length, 1, 2, 7]) {
      const driven = new DrivenSession();
      for (let at = 0; at < bytes.length; at += size) driven.receive(...bytes.slice(at, at + size));
      expect(heard(driven)).toEqual(symbols);
      const { inputIncidents, inputSkippedBytes, subscribeErrors } = driven.session.counters;
      expect({ inputIncidents, inputSkippedBytes, subscribeErrors }).toEqual({
        ...{ inputIncidents: incidents, inputSkippedBytes: skipped, subscribeErrors: errors },
      });
      expect(driven.session.ending).toBeUndefined();
    }
  });

  test("what was queued before a change still arrives", () => {
    const driven = new DrivenSession();
    driven.trade(0);
    driven.receive(...subscribeBytes(1));
    driven.trade(0);
    driven.trade(1);
    driven.drain();
    expect(driven.frames().map(({ symbol }) => symbol)).toEqual([0, 1]);
  });

  test.each([
    { what: "begun and left", bytes: [0xff] },
    { what: "of which a symbol is missing", bytes: [0xff, 2, 0, 1, 0, 1] },
    { what: "too long and never at its end", bytes: [0xff, 0xff, 0xff, 1] },
  ])("a frame $what ends the connection 5 s after its first byte", ({ bytes }) => {
    const driven = new DrivenSession();
    driven.pass(60_000_000);
    driven.receive(...bytes);
    for (let i = 0; i < 49; i++) {
      driven.pass(100_000);
      driven.drain();
    }
    expect(driven.session.ending).toBeUndefined();
    driven.pass(100_000);
    expect(driven.session.ending).toBe("input");
  });

  test("junk ends the connection once it is more than 4,096 bytes", () => {
    const driven = new DrivenSession();
    driven.receive(...Array(4_000).fill(1));
    driven.receive(...subscribeBytes(7));
    driven.receive(...Array(96).fill(1));
    expect(driven.session.ending).toBeUndefined();
    driven.receive(1);
    expect(driven.session.ending).toBe("input");
  });
});

describe("heartbeats", () => {
  test("one for each second without a frame, none while frames go out", () => {
    const driven = new DrivenSession();
    const at: number[] = [];
    for (let i = 1; i <= 60; i++) {
      driven.pass(50_000);
      if (driven.session.load > 0) at.push(i * 50);
      driven.drain();
      // Busy from the second second to the third.
      if (i >= 22 && i <= 40) {
        driven.trade(0);
        driven.drain();
      }
    }
    expect(at).toEqual([1_000, 3_000]);
  });

  test("none while something waits, and none of symbols is needed for them", () => {
    const driven = new DrivenSession();
    driven.receive(...subscribeBytes(65_535));
    driven.pass(999_999);
    expect(driven.session.load).toBe(0);
    driven.pass(1);
    expect(driven.begin()).toBe(true);
    driven.pass(5_000_000);
    expect(driven.session.waitingFrames).toBe(0);
    driven.finish();
    driven.drain();
    expect(driven.frames().map(({ type }) => type)).toEqual(["heartbeat"]);
  });
});

describe("stages", () => {
  const { Normal, Conflate, Drop } = TickStage;
  test.each([
    [Normal, 256 * KIB, Normal],
    [Normal, 256 * KIB + 1, Conflate],
    [Normal, 1024 * KIB + 1, Drop],
    [Conflate, 128 * KIB, Conflate],
    [Conflate, 128 * KIB - 1, Normal],
    [Conflate, 1024 * KIB, Conflate],
    [Conflate, 1024 * KIB + 1, Drop],
    [Drop, 512 * KIB, Drop],
    [Drop, 512 * KIB - 1, Conflate],
    [Drop, 128 * KIB - 1, Normal],
  ])("after stage %i with a load of %i comes stage %i", (stage, load, next) => {
    expect(stageAfter(stage, load, TICK_STAGE_LIMITS)).toBe(next);
  });

  /** Small enough to be filled by hand; times as they are. */
  const small: TickStageLimits = {
    ...TICK_STAGE_LIMITS,
    conflate: { above: 10 * TRADE_BYTES, below: 5 * TRADE_BYTES },
    drop: { above: 20 * TRADE_BYTES, below: 12 * TRADE_BYTES },
    loadMax_bytes: 40 * TRADE_BYTES,
  };

  test("a client that reads nothing passes conflate and drop and is given up, and everything is accounted for", () => {
    const driven = new DrivenSession();
    const stages: TickStage[] = [];
    driven.trade(0);
    driven.begin();
    for (let i = 0; driven.session.ending === undefined; i++) {
      driven.trade(i % 500);
      driven.quote((i * 7) % 500, 10 + i);
      if (stages.at(-1) !== driven.session.stage) stages.push(driven.session.stage);
      if (i % 100 === 0) assertCountsAddUp(driven);
      driven.pass(200);
    }
    expect(stages).toEqual([Normal, Conflate, Drop]);
    assertCountsAddUp(driven);
    const { counters } = driven.session;
    expect(counters).toMatchObject({ conflateEntries: 1, dropEntries: 1, slowDisconnects: 1, framesSent: 1 });
    expect(counters.quotesConflated).toBeGreaterThan(10_000);
    expect(counters.framesDropped).toBeGreaterThan(10_000);
    // Not more than a quote for each symbol above where trades are dropped.
    expect(counters.queueBytesMax).toBeLessThan(1024 * KIB + 500 * 44 + TRADE_BYTES);
  });

  test("10 s in drop end the connection, a break in it begins them anew", () => {
    const driven = new DrivenSession({ limits: small });
    for (let i = 0; i < 22; i++) driven.trade(0);
    expect(driven.session.stage).toBe(Drop);
    driven.pass(9_999_999);
    expect(driven.session.ending).toBeUndefined();
    driven.drain();
    expect(driven.session.stage).toBe(Normal);
    for (let i = 0; i < 22; i++) driven.trade(0);
    driven.pass(9_999_999);
    expect(driven.session.ending).toBeUndefined();
    driven.pass(1);
    expect(driven.session.ending).toBe("slow");
    expect(driven.session.counters.dropEntries).toBe(2);
  });

  test("a write that takes 30 s ends the connection", () => {
    const driven = new DrivenSession();
    driven.trade(0);
    driven.begin();
    driven.pass(29_999_999);
    expect(driven.session.ending).toBeUndefined();
    driven.pass(1);
    expect(driven.session.ending).toBe("slow");
  });

  test("more load than there may be ends the connection", () => {
    const limits = { ...small, loadMax_bytes: small.drop.above };
    const driven = new DrivenSession({ limits });
    for (let i = 0; i < 20; i++) driven.trade(0);
    driven.quote(0);
    driven.quote(1);
    expect(driven.session.ending).toBe("slow");
    assertCountsAddUp(driven);
  });

  test("a client that takes up again in time gets whole frames, and the gaps are what was dropped", () => {
    const driven = new DrivenSession();
    driven.trade(0);
    driven.begin();
    for (let i = 0; i < 45_000; i++) driven.trade(i % 500);
    expect(driven.session.stage).toBe(Drop);
    driven.finish();
    driven.drain();
    driven.trade(1);
    driven.drain();
    const sequences = driven.sequences();
    let lost = 0;
    for (let i = 1; i < sequences.length; i++) lost += sequences[i] - sequences[i - 1] - 1;
    expect(lost).toBe(driven.session.counters.framesDropped);
    expect(lost).toBeGreaterThan(0);
    expect(driven.session.stage).toBe(Normal);
    expect(Math.max(...driven.writes.map(({ length }) => length))).toBeLessThanOrEqual(64 * KIB);
  });

  test("a conflated quote keeps place and number and has the newest values; one that is handed over stays as it was", () => {
    const driven = new DrivenSession({ limits: small });
    driven.quote(3, 100);
    driven.begin();
    driven.quote(3, 101);
    for (let i = 0; i < 8; i++) driven.trade(0);
    expect(driven.session.stage).toBe(Normal);
    driven.quote(4, 200);
    expect(driven.session.stage).toBe(Conflate);
    driven.quote(3, 102);
    driven.quote(3, 103);
    driven.quote(4, 201);
    driven.finish();
    driven.drain();
    const quotes = driven.frames().filter(({ type }) => type === "quote");
    expect(quotes.map(({ sequence, symbol, values }) => [sequence, symbol, values[0]])).toEqual([
      [1, 3, 100],
      [2, 3, 103],
      [11, 4, 201],
    ]);
    expect(driven.session.counters.quotesConflated).toBe(3);
    assertCountsAddUp(driven);
  });

  test("whatever comes in whatever order, everything is accounted for and frames are whole (seeds 1 to 10)", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const prng = new Prng(seed);
      const driven = new DrivenSession({ limits: small });
      for (let i = 0; i < 2_000; i++) {
        const dice = prng.between(0, 9);
        if (dice < 4) driven.trade(prng.between(0, 3));
        else if (dice < 8) driven.quote(prng.between(0, 3), 10 + i);
        else if (dice < 9) driven.begin();
        else driven.finish();
        driven.pass(prng.between(0, 2_000));
        assertCountsAddUp(driven);
      }
      driven.finish();
      driven.drain();
      expect(driven.session.ending, `seed ${seed}`).toBeUndefined();
      const sequences = driven.sequences();
      const lost = sequences.at(-1)! - sequences.length;
      expect(lost, `seed ${seed}`).toBeLessThanOrEqual(driven.session.counters.framesDropped);
    }
  });
});

// The exchange's own feed through lines and streams that lose, double, delay, reorder, damage and break: the handler ends in the engine's
// books, level by level, order by order and by their sums. `npm run feed-proxy` makes as many runs as one likes.

import { expect, test } from "vitest";
import { NO_FAULTS, proxyRun } from "./run.ts";

const FIXED_SEEDS = 90;
const FRESH_SEEDS = 10;
const FRESH = Date.now() % 1_000_000_000;
const SEEDS = [1, 2, 3];

test("a hundred seeded runs, ten of them new each time, end in the exact books of the engine", () => {
  const fresh = Array.from({ length: FRESH_SEEDS }, (_, i) => FRESH + i);
  for (const seed of [...Array(FIXED_SEEDS).keys(), ...fresh]) {
    const { wrong, scenario } = proxyRun(seed);
    expect(wrong, `seed ${seed}: ${JSON.stringify(scenario)}`).toEqual([]);
  }
});

/** From the first command on, with as much history as the run takes. */
const WHOLE = {
  isReset: false,
  historyBytes: 4_194_304,
  joins: 0,
  symbols: [],
  conflate: false,
  hasRecovery: true,
} as const;

test.each(SEEDS)(
  "with a twentieth of the datagrams lost, retransmission brings every message, seed %i",
  (seed) => {
    const faults = { ...NO_FAULTS, loss: 0.05 };
    const { wrong, client, datagramsLost } = proxyRun(seed, {
      ...WHOLE,
      carrier: "lines",
      lines: 1,
      faults,
      commands: 600,
    });
    expect(wrong).toEqual([]);
    expect(datagramsLost).toBeGreaterThan(10);
    for (const { figures } of client.intake.receivers) {
      expect(figures).toMatchObject({ lost: 0, snapshots: 1 });
      expect(figures.recoveredByRetransmission).toBeGreaterThan(0);
    }
  },
);

test.each(SEEDS)(
  "with a fifth lost on each line, only what neither line brought is retransmitted, seed %i",
  (seed) => {
    const faults = { ...NO_FAULTS, loss: 0.2, late: 0.1 };
    const { wrong, client, lostOnAll } = proxyRun(seed, {
      ...WHOLE,
      carrier: "lines",
      lines: 2,
      faults,
      commands: 600,
    });
    expect(wrong).toEqual([]);
    expect(lostOnAll).toBeGreaterThan(0);
    let [retransmitted, byLine] = [0, 0];
    for (const { figures } of client.intake.receivers) {
      expect(figures).toMatchObject({ lost: 0, snapshots: 1 });
      retransmitted += figures.recoveredByRetransmission;
      byLine += figures.recoveredByLine;
    }
    expect(retransmitted).toBe(lostOnAll);
    expect(byLine).toBeGreaterThan(0);
  },
);

test.each(SEEDS)(
  "a subscriber of one symbol of a stream without faults never sees a gap, seed %i",
  (seed) => {
    const { wrong, client } = proxyRun(seed, {
      ...WHOLE,
      carrier: "stream",
      lines: 0,
      symbols: [0],
      faults: NO_FAULTS,
      commands: 600,
    });
    expect(wrong).toEqual([]);
    for (const { figures } of client.intake.receivers) {
      expect(figures.messages).toBeGreaterThan(0);
      expect(figures).toMatchObject({
        symbolGaps: 0,
        gaps: 0,
        snapshots: 1,
        snapshotsAsked: 0,
        lost: 0,
      });
    }
  },
);

test("a recovery service that has nothing to say is left in peace", () => {
  const { wrong, client, time } = proxyRun(1, { ...WHOLE, carrier: "lines", lines: 2, faults: NO_FAULTS });
  time.run(time.now_us + 30_000_000);
  expect(wrong).toEqual([]);
  expect(client.connections).toBe(1);
  expect(client.isFresh).toBe(true);
});

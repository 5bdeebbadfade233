import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { TapeReason } from "../../../src/protocol/index.ts";
import { Bench, batch, batchesIn, bye, concat } from "./support.ts";

const RUNS = 400;
const seed = 20_261;

/** A stream of a few batches, with some bytes of it changed, left out or put in. */
function damaged(prng: Prng): Uint8Array {
  const batches = Array.from({ length: prng.between(1, 6) }, (_, i) => batch(i + 1, 8 * prng.between(2, 60)));
  let stream = concat(...batches, bye());
  for (let left = prng.between(0, 3); left > 0; left--) {
    const at = prng.between(0, stream.length - 1);
    const change = prng.between(0, 2);
    if (change === 0) stream[at] ^= 1 << prng.between(0, 7);
    else if (change === 1) stream = concat(stream.subarray(0, at), stream.subarray(at + prng.between(1, 40)));
    else
      stream = concat(stream.subarray(0, at), stream.subarray(0, prng.between(1, 40)), stream.subarray(at));
  }
  return stream;
}

test("whatever bytes come, in whatever pieces: what is handed over is whole, and every buffer comes back", () => {
  const prng = new Prng(seed);
  const bench = new Bench(2);
  let [taken, ended] = [0, 0];
  for (let run = 0; run < RUNS; run++) {
    const connection = bench.open(run % 8);
    const stream = damaged(prng);
    for (let at = 0; at < stream.length && !bench.transport.paused.has(connection); ) {
      const to = Math.min(stream.length, at + prng.between(1, 300));
      bench.receive(connection, stream.subarray(at, to));
      if (prng.chance(0.5)) bench.transport.turn();
      at = to;
    }
    bench.commitAll();
    bench.service.closed(connection);
    bench.commitAll();
    for (const part of bench.committed.get(connection) ?? []) {
      // Headers are judged here, payloads by the commit stage: lengths add up, numbers are of this session.
      const found = batchesIn(part);
      expect(
        found.reduce((sum, { length }) => sum + length, 0),
        `seed ${seed}, run ${run}`,
      ).toBe(part.length);
      taken += found.length;
    }
    const words = bench.told(connection);
    if (words.some((word) => word in TapeReason)) ended++;
    for (const kept of [bench.committed, bench.transport.sends]) kept.delete(connection);
    for (const set of [bench.transport.closed, bench.transport.paused]) set.delete(connection);
    expect([bench.pool.inUse, bench.pool.waiting], `seed ${seed}, run ${run}`).toEqual([0, 0]);
  }
  expect(taken).toBeGreaterThan(RUNS / 2);
  expect(ended).toBeGreaterThan(RUNS / 10);
});

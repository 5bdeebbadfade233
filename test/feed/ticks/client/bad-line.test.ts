// Streams of ticks/1 that a bad line has lost parts of, damaged, doubled, reordered and cut: what arrives whole is delivered, in
// its order, and nothing else; and the counters add up. 100 seeds; SERIATIM_SEEDS=A..B tries those too.

import { expect, test } from "vitest";
import { Prng } from "../../../../src/base/index.ts";
import type { TickFrame } from "../../../protocol/ticks/reference-reader.ts";
import { extraSeeds } from "../../../support/seeds.ts";
import { type BadStream, badStream } from "./bad-line.ts";
import { Recorded, textOf } from "./support.ts";

const FRAMES = 400;
const seeds = [...Array.from({ length: 100 }, (_, i) => 52_100 + i), ...extraSeeds()];

function received(stream: BadStream): Recorded {
  const reader = new Recorded();
  for (const bytes of stream.reads) reader.intake.push(bytes);
  return reader;
}

/** What numbers say, in BigInts and without any arithmetic of words. */
function stepsOf(frames: readonly TickFrame[]) {
  const steps = { gapIncidents: 0, framesLost: 0, regressions: 0 };
  for (let i = 1; i < frames.length; i++) {
    const step = BigInt.asIntN(32, BigInt(frames[i].sequence) - BigInt(frames[i - 1].sequence) - 1n);
    if (step > 0n) {
      steps.gapIncidents += 1;
      steps.framesLost += Number(step);
    } else if (step < 0n) steps.regressions += 1;
  }
  return steps;
}

test("lost and damaged frames: each is one that is missing, and all others are delivered", () => {
  let lostInAll = 0;
  for (const seed of seeds) {
    const stream = badStream(new Prng(seed), FRAMES, true);
    const reader = received(stream);
    expect(textOf(reader.frames), `seed ${seed}`).toBe(textOf(stream.whole));
    const { checksumIncidents, typeIncidents, framesLost, regressions } = reader.intake.counters;
    expect([checksumIncidents + typeIncidents, framesLost, regressions], `seed ${seed}`).toEqual([
      stream.damaged,
      stream.dropped + stream.damaged,
      0,
    ]);
    lostInAll += framesLost;
  }
  expect(lostInAll).toBeGreaterThan(1_000);
});

test("doubled and reordered frames beside them: delivered as they come, and counted as their numbers say", () => {
  let backInAll = 0;
  for (const seed of seeds) {
    const stream = badStream(new Prng(seed), FRAMES, false);
    const reader = received(stream);
    expect(textOf(reader.frames), `seed ${seed}`).toBe(textOf(stream.whole));
    const { checksumIncidents, typeIncidents, regressions } = reader.intake.counters;
    expect(checksumIncidents + typeIncidents, `seed ${seed}`).toBe(stream.damaged);
    expect(reader.intake.counters, `seed ${seed}`).toMatchObject(stepsOf(stream.whole));
    backInAll += regressions;
  }
  expect(backInAll).toBeGreaterThan(500);
});

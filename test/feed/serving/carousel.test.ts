// The snapshots of the datagrams: what a receiver may take together, because it leads up to the same sequence, must be one state.

import { expect, test } from "vitest";
import { MarketDataReader } from "../../../src/protocol/index.ts";
import { partsOf, rig } from "./support.ts";

const ROUND_US = 1_000_000;

function carouselOf() {
  const { market, clock, desk } = rig();
  market.symbols = 1;
  // More packets than it gives at once.
  market.snapshotMessages = 600;
  const carousel = desk.carousel([market.levels]);
  const reader = new MarketDataReader();
  const take = (): [first: number, part: number][] =>
    partsOf(carousel.take(clock.now_us) ?? new Uint8Array()).map((bytes) => {
      reader.bind(bytes, 0, bytes.length);
      return [reader.first, reader.part];
    });
  const round = () => {
    const all: [number, number][] = [];
    for (let some = take(); some.length > 0; some = take()) all.push(...some);
    return all;
  };
  const happen = (price: number) => {
    market.levels.level(0, price, 1);
    market.levels.seal();
  };
  return { clock, take, round, happen };
}

test("a run that leads up to where the one before did is that one again, or it is broken off and begun anew", () => {
  const { clock, take, round, happen } = carouselOf();
  const whole = round();
  expect(whole.length).toBeGreaterThan(16);
  clock.now_us += ROUND_US;
  expect(take()).toEqual(whole.slice(0, 8));
  happen(1);
  const anew = round();
  expect(anew).toEqual(whole.map(([first, part]) => [first + 1, part]));
});

test("a run whose end is the first of its kind goes on, whatever happens: on a busy market it would never end else", () => {
  const { clock, take, round, happen } = carouselOf();
  round();
  clock.now_us += ROUND_US;
  happen(1);
  const begun = take();
  expect(begun[0]).toEqual([2, 0]);
  happen(2);
  expect(take()[0]).toEqual([2, 8]);
});

// Run as a process of its own, so that nothing else allocates: prints the heap bytes per message of a warm intake of ticks/1 whose
// listeners read every field, in reads of changing length, of several stretches. Numbers and times are beyond small integers.

import { heapBytesPer } from "../../../../bench/allocations.ts";
import { Prng } from "../../../../src/base/index.ts";
import { allTickListeners, type Tick, TickIntake, TickLasts } from "../../../../src/feed/index.ts";
import { joined, randomFrame } from "./support.ts";

const FRAMES = 20_000;
const FIRST_NUMBER = 3_000_000_000;
const WARM = 2_000_000;
const STRETCH = 400_000;
const STRETCHES = 5;

const prng = new Prng(52_020);
const bytes = joined(...Array.from({ length: FRAMES }, (_, i) => randomFrame(prng, FIRST_NUMBER + i)));
const ends: number[] = [];
for (let at = 0; at < bytes.length; ) {
  at = Math.min(bytes.length, at + prng.between(1, 4_000));
  ends.push(at);
}

const sum = new Float64Array(1);
const add = (tick: Tick): void => {
  sum[0] += tick.sequence + tick.timestampLow + tick.timestampHigh + tick.symbol;
};
const fields = {
  onHeartbeat: add,
  onTrade(tick: Tick) {
    add(tick);
    sum[0] += tick.price + tick.quantity;
  },
  onQuote(tick: Tick) {
    add(tick);
    sum[0] += tick.bid + tick.bidQuantity + tick.ask + tick.askQuantity;
  },
};
const intake = new TickIntake({ listener: allTickListeners(new TickLasts(), fields) });
const run = (messages: number): void => {
  for (let done = 0; done < messages; done += FRAMES) {
    intake.begin();
    let from = 0;
    for (let i = 0; i < ends.length; i++) {
      intake.push(bytes, from, ends[i]);
      from = ends[i];
    }
  }
};
run(WARM);
const heap: number[] = [];
for (let i = 0; i < STRETCHES; i++) heap.push(await heapBytesPer(STRETCH, run));
const { frames, framesLost } = intake.counters;
console.log(JSON.stringify({ heap, frames, framesLost, sum: sum[0] }));

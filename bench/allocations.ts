// Bytes of JavaScript heap allocated per message: the heap's growth over a run in which the collector did not start. A run
// with a collection in it tells nothing and is repeated with fewer messages, so code that allocates is measured on fewer
// messages than code that doesn't, and never passes for it.

import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What reading the heap's size allocates itself. */
const READING_BYTES = 4_096;
/** Fewer messages than this say nothing beside READING_BYTES. */
const MESSAGES_MIN = 1_000;

/**
 * Runs `work(n)`, which must handle n messages and be warm, and returns the heap bytes it allocated per message, with
 * n = `count` or, when collections get in the way, less. NaN when even the smallest run had a collection in it.
 */
export async function heapBytesPer(count: number, work: (count: number) => void): Promise<number> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ["gc"] });
  try {
    for (let n = count; n >= MESSAGES_MIN; n = Math.floor(n / 4)) {
      collect();
      await reported();
      const before = collections;
      const start = process.memoryUsage().heapUsed;
      work(n);
      const growth = process.memoryUsage().heapUsed - start;
      await reported();
      if (collections === before) return Math.max(0, growth - READING_BYTES) / n;
    }
    return Number.NaN;
  } finally {
    observer.disconnect();
  }
}

/** Collections are reported from the event loop, shortly after they happened. */
async function reported(): Promise<void> {
  await sleep(20);
}

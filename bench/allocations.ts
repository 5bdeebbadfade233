// Bytes of JavaScript heap allocated per message: the heap's growth over a run short enough that the collector has no
// reason to start, on code that is already compiled. A collection in between would show as a negative growth, and the
// run is then repeated with fewer messages.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Runs `work(count)` and returns the heap bytes it allocated per unit of `count`. */
export function heapBytesPer(count: number, work: (count: number) => void): number {
  for (let n = count; n >= 1; n = Math.floor(n / 4)) {
    collect();
    const before = process.memoryUsage().heapUsed;
    work(n);
    const growth = process.memoryUsage().heapUsed - before;
    // Reading the memory allocates some hundred bytes itself.
    if (growth >= 0) return Math.max(0, growth - 2_048) / n;
  }
  return Number.NaN;
}

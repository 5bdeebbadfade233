// Market data: what is measured of feeds, each part in a file of its own.

import type { BenchResult } from "../harness.ts";
import { withScratch } from "../scratch.ts";
import { benchTickParser } from "./tick-parser.ts";

export function benchFeed(rounds: number): Promise<BenchResult> {
  return withScratch(async (scratch) => ({
    bench: "feed",
    about: "Market data: messages a second, and what they allocate",
    rounds,
    rows: await benchTickParser(scratch, rounds),
  }));
}

// What one subscriber that takes nothing and one that takes little cost the other 198: how late packets are at these, of an exchange at a
// steady rate, with those two among them and with two more that read.

import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../child.ts";
import { type BenchCase, measure, type RatioWanted, type Row } from "../harness.ts";
import type { FeedReadersOrder, FeedReadersResult } from "./feed-readers.ts";
import type { FeedSourceOrder } from "./feed-source.ts";

const READERS = 198;
const COMMANDS_PER_SECOND = 5_000;
const DURATION_MS = 2_000;
/** For snapshots to be read before it begins. */
const SETTLE_MS = 500;
const ALL_READ = "p99 at 198 subscribers, 2 more read";
const DISTURBED = "p99 at 198 subscribers, 1 more stalled and 1 slow";

export async function benchSlowSubscribers(rounds: number): Promise<Row[]> {
  const source = new Child(import.meta.url, "feed-source");
  const readers = new Child(import.meta.url, "feed-readers");
  const run = async (isDisturbed: boolean): Promise<number> => {
    const { port } = await source.ask<{ port: number }>({ open: true } satisfies FeedSourceOrder);
    await readers.ask({ port, readers: READERS, isDisturbed } satisfies FeedReadersOrder);
    await sleep(SETTLE_MS);
    const go = { duration_ms: DURATION_MS, commandsPerSecond: COMMANDS_PER_SECOND };
    await source.ask({ go } satisfies FeedSourceOrder);
    const { packets, p99_us } = await readers.ask<FeedReadersResult>({
      report: true,
    } satisfies FeedReadersOrder);
    if (packets === 0) throw new Error("nothing was read");
    return p99_us;
  };
  const caseOf = (name: string, isDisturbed: boolean): BenchCase => ({
    ...{ name, unit: "us", better: "lower" },
    run: () => run(isDisturbed),
  });
  const ratio: RatioWanted = {
    ...{ name: "with the stalled and the slow / without", of: DISTURBED, to: ALL_READ },
    better: "lower",
    aim: { atMost: 1.5 },
  };
  try {
    return await measure([caseOf(ALL_READ, false), caseOf(DISTURBED, true)], [ratio], rounds);
  } finally {
    await Promise.all([source.end(), readers.end()]);
  }
}

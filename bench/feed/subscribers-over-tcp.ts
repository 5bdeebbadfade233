// Subscribers over TCP, of an exchange at a steady rate. What they cost its process, sockets and all, for each event: none, ten, a thousand.
// And what one that takes nothing and one that takes little cost 198 others: how late packets are at these, with those two
// among them and with two more that read.

import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../child.ts";
import { type BenchCase, measure, type RatioWanted, type Row } from "../harness.ts";
import type { FeedReadersOrder, FeedReadersResult } from "./feed-readers.ts";
import type { FeedSourceOrder, FeedSourceResult } from "./feed-source.ts";

const READERS = 198;
const COMMANDS_PER_SECOND = 5_000;
const DURATION_MS = 2_000;
/** For snapshots to be read before it begins. */
const SETTLE_MS = 500;
const ALL_READ = "p99 at 198 subscribers, 2 more read";
const DISTURBED = "p99 at 198 subscribers, 1 more stalled and 1 slow";

const COUNTS = [0, 10, 1_000];
const NOBODY = costOf(0);

function costOf(count: number): string {
  return `engine and channels, ${count.toLocaleString("en")} subscribers over TCP`;
}

export async function benchSubscribersOverTcp(rounds: number): Promise<Row[]> {
  const source = new Child(import.meta.url, "feed-source");
  const readers = new Child(import.meta.url, "feed-readers");
  const go = { duration_ms: DURATION_MS, commandsPerSecond: COMMANDS_PER_SECOND };
  const begin = async (who: { readers: number; isDisturbed: boolean; others: number }): Promise<void> => {
    const { port } = await source.ask<{ port: number }>({ open: true } satisfies FeedSourceOrder);
    await readers.ask({ ...who, port } satisfies FeedReadersOrder);
    await sleep(SETTLE_MS);
  };
  const cost = async (count: number): Promise<number> => {
    await begin({ readers: count, isDisturbed: false, others: 0 });
    const { usPerEvent } = await source.ask<FeedSourceResult>({ go } satisfies FeedSourceOrder);
    await readers.ask({ report: true } satisfies FeedReadersOrder);
    return usPerEvent;
  };
  const run = async (isDisturbed: boolean): Promise<number> => {
    await begin({ readers: READERS, isDisturbed, others: 2 });
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
  const costs = COUNTS.map((count): BenchCase => {
    return { ...{ name: costOf(count), unit: "us/event", better: "lower" }, run: () => cost(count) };
  });
  const costRatios = COUNTS.slice(1).map((count): RatioWanted => {
    return {
      name: `${count.toLocaleString("en")} over TCP / none`,
      of: costOf(count),
      to: NOBODY,
      better: "lower",
    };
  });
  try {
    const cases = [...costs, caseOf(ALL_READ, false), caseOf(DISTURBED, true)];
    return await measure(cases, [...costRatios, ratio], rounds);
  } finally {
    await Promise.all([source.end(), readers.end()]);
  }
}

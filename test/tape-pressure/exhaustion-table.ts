// The figures of an exhaustion run as they stand in docs/RELIABILITY.md: a row for each minute, and how even the publishers fared.

import type { PublishersWord } from "./publishers-worker.ts";

/** At the end of a minute; batches and bytes as read, from the start on. */
export interface ExhaustionMinute {
  readonly minutes: number;
  readonly batches: number;
  readonly bytes: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly timesExhausted: number;
}

const COLUMNS = [
  "minute",
  "batches/s",
  "MB/s",
  "broker's memory, MiB",
  "its heap, MiB",
  "pool exhausted, times",
];
const MIB = 2 ** 20;

export function exhaustionTable(
  minutes: readonly ExhaustionMinute[],
  publishers: PublishersWord["publishers"],
  heldBackShare: number,
): string {
  const rows = minutes.map((minute, i) => {
    const before = minutes[i - 1] ?? { minutes: 0, batches: 0, bytes: 0, timesExhausted: 0 };
    const seconds = 60 * (minute.minutes - before.minutes);
    const [resident, heap] = [minute.residentBytes, minute.heapBytes].map((bytes) => Math.round(bytes / MIB));
    const perSecond = (minute.batches - before.batches) / seconds;
    const megabytes = (minute.bytes - before.bytes) / 1e6 / seconds;
    const exhausted = minute.timesExhausted - before.timesExhausted;
    return [minute.minutes.toFixed(1), perSecond.toFixed(0), megabytes.toFixed(0), resident, heap, exhausted];
  });
  const rule = COLUMNS.map(() => "---:");
  const table = [COLUMNS, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${table}\n\n${evenness(publishers)}; ${Math.round(100 * heldBackShare)} % of the time publishers waited for the subscriber`;
}

/** Markdown needs no more than two digits of it. */
function evenness(publishers: PublishersWord["publishers"]): string {
  const ratio = (values: readonly number[]) => (Math.max(...values) / Math.min(...values)).toFixed(2);
  const [batches, bytes] = [publishers.map(({ batches }) => batches), publishers.map(({ bytes }) => bytes)];
  const total = batches.reduce((sum, one) => sum + one, 0);
  return `${total} batches of ${publishers.length} publishers, none lost, doubled or out of order; the one that came furthest beside the one that came least far: ${ratio(batches)} in batches, ${ratio(bytes)} in bytes`;
}

// The lines above the table, the same for the screen and for pipes. Pure.

import { countText, latencyText } from "./columns.ts";
import type { MarketTable } from "./market-table.ts";
import type { WatchedFeed } from "./watched-feed.ts";

export interface SummaryLine {
  readonly text: string;
  readonly tone: "plain" | "good" | "bad";
}

export function summaryOf(feed: WatchedFeed, { rows, rate }: MarketTable): readonly SummaryLine[] {
  const { state, isLive, why } = feed.standing();
  const { messages, gaps, lost, faults, connects } = feed.figures();
  const reason = isLive || why === undefined ? "" : `: ${why}`;
  const stale = rows.filter(({ isStale }) => isStale).length;
  const missing = gaps === 0 ? "no gaps" : `${countText(gaps)} gaps, ${countText(lost)} messages lost`;
  const reconnects = connects > 1 ? [`connected ${connects} times`] : [];
  const symbols = `${rows.length} symbols${stale > 0 ? `, ${stale} stale` : ""}`;
  return [
    { text: `${feed.title}  ${state}${reason}`, tone: isLive ? "good" : "bad" },
    {
      text: [
        `${countText(isLive ? Math.round(rate) : 0)} updates/s`,
        `${countText(messages)} messages`,
        symbols,
        missing,
        ...faults,
        ...reconnects,
      ].join("  "),
      tone: gaps > 0 || faults.length > 0 ? "bad" : "plain",
    },
    { text: latencyText(feed.latency()), tone: "plain" },
  ];
}

// The lines above the table, the same for the screen and for pipes: what is most urgent comes first, because a narrow screen leaves out the
// rest. Pure.

import { countedText, latencyParts } from "./columns.ts";
import type { MarketTable } from "./market-table.ts";
import type { WatchedFeed } from "./watched-feed.ts";

export interface Summary {
  /** Which feed, and how its connection stands. */
  readonly head: string;
  /** Why it stands so, where it is not as it should be. */
  readonly why: string | undefined;
  readonly isLive: boolean;
  /** Figures, each with its words. */
  readonly counts: readonly string[];
  /** Something is missing or wrong. */
  readonly isBad: boolean;
  readonly latency: readonly string[];
}

/** Between two figures of a line. */
export const BETWEEN = "  ";

export function summaryOf(feed: WatchedFeed, { rows, rate }: MarketTable): Summary {
  const { state, isLive, why } = feed.standing();
  const { messages, gaps, lost, faults, connects } = feed.figures();
  const stale = rows.filter(({ isStale }) => isStale).length;
  const missing =
    gaps === 0 ? "no gaps" : `${countedText(gaps, "gap")}, ${countedText(lost, "message")} lost`;
  return {
    head: `${feed.title}${BETWEEN}${state}`,
    why: isLive ? undefined : why,
    isLive,
    counts: [
      missing,
      ...faults,
      `${countedText(rows.length, "symbol")}${stale > 0 ? `, ${stale} stale` : ""}`,
      `${countedText(isLive ? Math.round(rate) : 0, "update")}/s`,
      countedText(messages, "message"),
      ...(connects > 1 ? [`connected ${connects} times`] : []),
    ],
    isBad: gaps > 0 || faults.length > 0,
    latency: latencyParts(feed.latency()),
  };
}

/** The first line in full. */
export function headText({ head, why }: Summary): string {
  return why === undefined ? head : `${head}: ${why}`;
}

/** Why a connection is gone, in a client's words but for `peer`, which the title says. */
export function reasonOf(message: string, peer: string): string {
  const at = message.indexOf(peer);
  return at < 0 ? message : message.slice(at + peer.length).replace(/^(?: was lost)?: | /, "");
}

// Which parts of the page are looked at: the tab of a narrow screen, and what the lower panel shows on any. Market, feed and
// tape are tabs of both.

import { recall, recallInTab } from "./remembered.ts";
import { Topic } from "./topic.ts";

/** What the lower panel shows. */
export type Lower = "orders" | "fills" | "reports" | "market" | "feed" | "tape";

/** On a narrow screen one of these is shown at a time; elements say with `data-panel` where they belong. */
export const TABS = {
  trade: "Trade",
  chart: "Chart",
  trades: "Trades",
  orders: "Orders",
  market: "Market",
  feed: "Feed",
  tape: "Tape",
  nodes: "Nodes",
} as const;
export type Tab = keyof typeof TABS;

/** The tab of a narrow screen that shows the lower panel. */
export function tabOf(lower: Lower): "orders" | OwnTab {
  return isOwnTab(lower) ? lower : "orders";
}

/** What the lower panel shows that is a tab of its own. */
type OwnTab = "market" | "feed" | "tape";

function isOwnTab(shown: Lower | Tab): shown is OwnTab {
  return shown === "market" || shown === "feed" || shown === "tape";
}

export class Parts {
  readonly changed = new Topic();
  tab: Tab = "trade";
  /** Who has an account looks at it first. */
  lower: Lower = (recall("account") ?? recallInTab("token")) === undefined ? "market" : "orders";

  /** A tab of a narrow screen. */
  chooseTab(tab: Tab): void {
    this.tab = tab;
    if (isOwnTab(tab)) this.lower = tab;
    else if (tab === "orders" && tabOf(this.lower) !== "orders") this.lower = "orders";
    this.changed.changed();
  }

  chooseLower(lower: Lower): void {
    this.lower = lower;
    if (this.tab === "orders" || isOwnTab(this.tab)) this.tab = tabOf(lower);
    this.changed.changed();
  }
}

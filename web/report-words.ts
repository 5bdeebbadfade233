// What an execution report says, in a few words for a table. Pure.

import type { CancelCauseName, ReportMessage } from "../src/protocol/index.ts";

const CAUSES: Readonly<Record<CancelCauseName, string>> = {
  request: "Cancelled",
  massCancel: "Cancelled with others",
  disconnected: "Cancelled: connection lost",
  deadMan: "Cancelled: nothing heard",
  killSwitch: "Cancelled by an administrator",
};

/** What happened, and why where that is no matter of course. */
export function eventWords(report: ReportMessage): string {
  const { event, cause = "request", text = "", lastQuantity = 0, liquidity, leaves } = report;
  switch (event) {
    case "accepted":
      return "Accepted";
    case "modified":
      return leaves === 0 ? "Taken out" : "Changed";
    case "traded":
      return leaves === 0 ? `Filled as ${liquidity}` : `Traded as ${liquidity}`;
    case "cancelled":
      return CAUSES[cause];
    case "expired":
      return "Rest dropped";
    case "rejected":
      return `Rejected: ${text}`;
    case "massCancelled":
      return `Mass cancel of ${lastQuantity}`;
  }
}

/** The price it is about: traded at, or the order's limit. */
export function priceWords({ lastPrice, price }: ReportMessage): string {
  return lastPrice ?? (price === null ? "market" : (price ?? ""));
}

// What the page makes of its node's status.

import { expect, test } from "vitest";
import type { NodeReport, StatusMessage } from "../../src/protocol/index.ts";
import { noOrdersWords, oldWords } from "../../web/node-state.ts";

const STATUS = { status: "ok", role: "primary", shownLag_us: 0 } as StatusMessage;

function nodesOf(...nodes: readonly Partial<NodeReport>[]): Pick<StatusMessage, "nodes"> {
  return { nodes: nodes as NodeReport[] };
}

// While trading was halted the button went on asking for orders.
test.each<[what: string, status: Partial<StatusMessage> | undefined, words: string | undefined]>([
  ["that is not known yet", undefined, undefined],
  ["that is well", {}, undefined],
  ["that is degraded", { status: "degraded" }, undefined],
  ["that is halted", { status: "halted" }, "Trading is halted"],
  ["that is a replica", { role: "replica" }, "A replica takes no orders"],
  ["that waits to lead", { role: "waiting" }, "This node does not lead yet"],
])("of a node %s the button says: %s", (_what, status, words) => {
  expect(noOrdersWords(status && { ...STATUS, ...status })).toBe(words);
});

const SNAPSHOT = "it is sent its primary's snapshot of position 812, and follows when that has come";
const PRIMARY = { name: "north", role: "primary", connected: true } as const;

/** A replica's status: its primary's row and its own. */
function replica(primary: Partial<NodeReport>, own: Partial<NodeReport>, reason?: string) {
  const rows = nodesOf(
    { ...PRIMARY, ...primary },
    { name: "south", role: "replica", connected: true, ...own },
  );
  return { role: "replica", node: "south", reason, ...rows } as const;
}

// One that was sent a snapshot was said to have lost its primary, and one far behind showed its prices as those of now.
test.each<[what: string, status: Partial<StatusMessage>, words: RegExp | undefined]>([
  ["a node that is alone", {}, undefined],
  ["a primary that has lost a replica", nodesOf({ role: "replica", connected: false }), undefined],
  ["a primary with a replica far behind", nodesOf({ role: "replica", lag_us: 60_000_000 }), undefined],
  ["a node whose page follows", { shownLag_us: 1_999_999 }, undefined],
  ["a node whose page can't follow", { shownLag_us: 2_000_000 }, /old: it is too busy to show/],
  [
    "a replica whose page can't",
    { shownLag_us: 2_000_000, ...replica({}, { lag_us: 0 }) },
    /too busy to show/,
  ],
  ["a replica with its primary", replica({}, { lag_us: 1_999_999 }), undefined],
  ["a replica that is behind it", replica({}, { lag_us: 2_000_000 }), /old: it is behind its primary/],
  [
    "a replica without it",
    replica({ connected: false }, { lag_us: 0 }, "it is not connected to its primary"),
    /old: it is not connected to its primary/,
  ],
  ["a replica that is sent a snapshot", replica({ connected: false }, {}, SNAPSHOT), /old: it is sent/],
  ["a replica that never had one", { role: "replica", ...nodesOf() }, /old: it follows no primary/],
])("what %s shows is of before: %s", (_what, status, words) => {
  const said = oldWords({ ...STATUS, ...status });
  if (words === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(words);
});

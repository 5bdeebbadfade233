// What the page makes of its node's status.

import { expect, test } from "vitest";
import type { NodeReport, StatusMessage } from "../../src/protocol/index.ts";
import { isCutOff, noOrdersWords } from "../../web/node-state.ts";

const STATUS = { status: "ok", role: "primary" } as StatusMessage;

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

test.each<[what: string, status: Partial<StatusMessage>, isOld: boolean]>([
  ["a node that is alone", {}, false],
  ["a primary that has lost a replica", nodesOf({ role: "replica", connected: false }), false],
  [
    "a replica with its primary",
    { role: "replica", ...nodesOf({ role: "primary", connected: true }) },
    false,
  ],
  ["a replica without it", { role: "replica", ...nodesOf({ role: "primary", connected: false }) }, true],
  ["a replica that never had one", { role: "replica", ...nodesOf() }, true],
])("what %s shows is of before: %s", (_what, status, isOld) => {
  expect(isCutOff({ ...STATUS, ...status })).toBe(isOld);
});

import { expect, test } from "vitest";
import { healthOf, refusalOf, takesOrders } from "../../src/node/condition.ts";
import { type ReasonName, reasonName } from "../../src/protocol/index.ts";

const ok = {
  failure: undefined,
  stopping: false,
  haltedBy: undefined,
  switchedOffBy: undefined,
  shortage: undefined,
  ackShortage: undefined,
  stall: undefined,
  webFailure: undefined,
};

test.each<
  [what: string, some: Partial<typeof ok> | object, refusal: ReasonName, status: string, why?: string]
>([
  ["a node", {}, "None", "ok"],
  ["without room", { shortage: "full" }, "DiskFull", "degraded", "new orders are refused: full"],
  ["that stops", { stopping: true }, "ShuttingDown", "ok"],
  ["that stops without room", { stopping: true, shortage: "full" }, "ShuttingDown", "degraded"],
  [
    "without replicas",
    { ackShortage: "alone" },
    "ReplicaDisconnected",
    "degraded",
    "new orders are refused: alone",
  ],
  ["without replicas and room", { ackShortage: "alone", shortage: "full" }, "DiskFull", "degraded"],
  ["whose disk hangs", { stall: "nothing safe" }, "None", "degraded", "nothing safe"],
  [
    "whose disk hangs, without replicas",
    { stall: "hangs", ackShortage: "alone" },
    "ReplicaDisconnected",
    "degraded",
  ],
  ["that nobody can watch", { webFailure: "ended" }, "None", "degraded", "ended"],
  ["that the tape has ended", { tapeFailure: "the tape ended" }, "None", "degraded", "the tape ended"],
  [
    "that nobody can watch, nor the tape be used",
    { webFailure: "ended", tapeFailure: "x" },
    "None",
    "degraded",
    "ended",
  ],
  ["that nobody can watch without room", { webFailure: "ended", shortage: "full" }, "DiskFull", "degraded"],
  [
    "that ann halted",
    { haltedBy: "ann" },
    "None",
    "halted",
    "by ann: new orders and changes are refused, cancels pass",
  ],
  [
    "that bob switched off",
    { switchedOffBy: "bob" },
    "None",
    "halted",
    "kill switch of all, by bob: orders were cancelled, until it is off none are taken",
  ],
  [
    "that both stopped: resume is not enough",
    { haltedBy: "ann", switchedOffBy: "bob" },
    "None",
    "halted",
    "by ann: new orders and changes are refused, cancels pass; " +
      "kill switch of all, by bob: orders were cancelled, until it is off none are taken",
  ],
  ["that ann halted without room", { haltedBy: "ann", shortage: "full" }, "DiskFull", "halted"],
  ["that failed while halted", { haltedBy: "ann", failure: "broken" }, "Halted", "halted", "broken"],
  ["that failed", { failure: "broken" }, "Halted", "halted", "broken"],
  ["that failed and stops", { failure: "broken", stopping: true }, "Halted", "halted", "broken"],
  ["that failed without room", { failure: "broken", shortage: "full" }, "Halted", "halted", "broken"],
])("%s: what it refuses orders with, and what it says of itself", (_, some, refusal, status, why) => {
  const condition = { ...ok, ...some };
  expect(reasonName(refusalOf(condition))).toBe(refusal);
  expect(takesOrders(condition)).toBe(
    refusal === "None" && !("haltedBy" in some) && !("switchedOffBy" in some),
  );
  expect(healthOf(condition)).toMatchObject(why === undefined ? { status } : { status, reason: why });
});

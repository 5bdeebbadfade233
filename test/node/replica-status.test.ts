// What a replica says of its health, by what it follows, is sent, or has failed of.

import { beforeEach, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { collectReplicaStatus } from "../../src/node/status-source.ts";
import { type Replica, ReplicaView } from "../../src/runtime/index.ts";

let now_us = 0;
const clock = { wallMicros: () => 0, monotonicMicros: () => now_us };
beforeEach(() => {
  now_us = 0;
});

function statusOf(of: (view: ReplicaView) => void, failure?: SeriatimError, webFailure?: string) {
  const view = new ReplicaView("south", clock);
  of(view);
  const replica = { view, failure, position: 0, snapshots: undefined } as unknown as Replica;
  const { status, reason, hasFailed, takesOrders } = collectReplicaStatus({
    ...{ replica, engine: new ExchangeEngine(), named: [], primary: "a:1,b:2", commandsPerSecond: 0 },
    ...{ web: { failure: webFailure, resyncs: 0 }, time_us: 0, tape: undefined },
    certificateExpires_us: undefined,
  });
  expect([hasFailed, takesOrders]).toEqual([failure !== undefined, false]);
  return reason === undefined ? status : `${status}: ${reason}`;
}

const follows = (view: ReplicaView): void => view.follows("north", 3);
const receives = (view: ReplicaView): void => view.receives(90);
const lost = (view: ReplicaView): void => {
  follows(view);
  view.lost();
};
/** Its thread has `turns` of them in six seconds, at work or not. */
const runs =
  (turns: number, isAtWork = true) =>
  (view: ReplicaView): void => {
    follows(view);
    view.turned(1, isAtWork);
    now_us += 6_000_000;
    view.turned(1 + turns, isAtWork);
  };
const hasNoRoom = (view: ReplicaView): void => {
  follows(view);
  view.shortage = "no";
};
const SENT = "it is sent its primary's snapshot of position 90, and follows when that has come";
const LOOKS = "it is not connected to its primary, looked for at a:1, b:2";
const FULL = new SeriatimError("ENOSPC", "the disk is full");

test.each<
  [of: (view: ReplicaView) => void, failure: SeriatimError | undefined, web: string | undefined, is: string]
>([
  [follows, undefined, undefined, "ok"],
  [follows, undefined, "the web ended", "degraded: the web ended"],
  [receives, undefined, undefined, `degraded: ${SENT}`],
  [lost, undefined, "the web ended", `degraded: ${LOOKS}`],
  [() => {}, undefined, undefined, `degraded: ${LOOKS}`],
  // Without a word before it ended.
  [
    hasNoRoom,
    undefined,
    "the web ended",
    "degraded: no room for the log to grow, this replica ends when its file is full: no",
  ],
  // It was ok, and said that it followed, for as long as its disk hung.
  [
    runs(0),
    undefined,
    undefined,
    "degraded: this replica has done nothing for 6 s: its thread waits for its disk",
  ],
  [runs(1), undefined, undefined, "ok"],
  // It opens its journal, which says how far that is by itself.
  [runs(0, false), undefined, undefined, "ok"],
  [runs(0), FULL, undefined, "halted: the disk is full"],
  [lost, FULL, undefined, "halted: the disk is full"],
  [follows, FULL, "the web ended", "halted: the disk is full"],
])("after %o, with failure %o and of the web %o: %s", (of, failure, web, is) => {
  expect(statusOf(of, failure, web)).toBe(is);
});

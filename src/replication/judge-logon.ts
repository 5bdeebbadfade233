// What becomes of a node that logs on to follow: the specification's table (protocol/replication/replication.md), judged in
// its order. Pure, but for the one look into the journal that it asks for when everything else is settled.

import type { Position } from "../base/index.ts";
import { RefusalCode } from "../protocol/index.ts";
import { Comparison } from "./history.ts";

/** The node that is asked. */
export interface Asked {
  readonly isPrimary: boolean;
  readonly epoch: number;
  readonly position: Position;
  /** Whether the node that logs on is one of its replicas. */
  readonly hasSeat: boolean;
  /** Whether one of that name follows already, and was heard a moment ago. */
  readonly isNameInUse: boolean;
}

/** What the node that logs on has. */
export interface Claim {
  readonly epoch: number;
  readonly position: Position;
}

export type LogonVerdict =
  | "follow"
  /** It lacks what can't be had any more, retired or damaged: a snapshot is to take the place of what it has. */
  | "snapshot"
  | {
      readonly refuse: RefusalCode;
      /** The one that was asked must not go on serving: there is a newer tenure, or it lacks what it had. */
      readonly stop: boolean;
    };

/** `compare` compares the claim's chain value with the journal; called at most once. */
export function judgeLogon(asked: Asked, claim: Claim, compare: () => Comparison): LogonVerdict {
  if (claim.epoch > asked.epoch) return refuse(RefusalCode.StaleEpoch, true);
  if (!asked.isPrimary) return refuse(RefusalCode.NotPrimary);
  if (!asked.hasSeat) return refuse(RefusalCode.Full);
  const hasMore = claim.position > asked.position;
  // Of an older tenure: what the others never had. Of this one: what this node has lost.
  if (hasMore && claim.epoch === asked.epoch) return refuse(RefusalCode.Ahead, true);
  // Before its history is judged: whoever only has the name does not set his files aside.
  if (asked.isNameInUse) return refuse(RefusalCode.NameInUse);
  if (hasMore) return refuse(RefusalCode.Diverged);
  const comparison = compare();
  if (comparison === Comparison.Same) return "follow";
  return comparison === Comparison.Different ? refuse(RefusalCode.Diverged) : "snapshot";
}

function refuse(code: RefusalCode, stop = false): LogonVerdict {
  return { refuse: code, stop };
}

// One topic as its commit worker keeps it: its log while that is open, why not while it is not, its sessions, and what is
// due to be told or made safe at the end of the turn.

import type { TapeReason } from "../../protocol/index.ts";
import type { TopicLog } from "../log/topic-log.ts";
import type { Retention } from "../log/topic-place.ts";
import type { HoldMemory, OrderingLimits, OrderLevel } from "../ordering/limits.ts";
import { TopicSessions } from "../ordering/topic-sessions.ts";
import type { HeldCopy } from "./held-copy.ts";

export class CommitTopic {
  readonly id: number;
  readonly sessions: TopicSessions<HeldCopy>;
  retention: Retention;
  /** Undefined: it could not be opened, or failed. */
  log: TopicLog | undefined;
  /** Why it has no log. */
  reason: TapeReason;
  /** When opening it was tried last. */
  tried_us = 0;
  /** Subscribers may read further than they were told. */
  isVisibleDue = false;
  /** Somebody waits for what was written to be safe. */
  isSyncDue = false;
  /** When something was written that no sync has covered; meaningless when nothing was. */
  writtenSince_us = 0;

  constructor(
    id: number,
    orderLevel: OrderLevel,
    retention: Retention,
    limits: OrderingLimits,
    memory: HoldMemory,
    reason: TapeReason,
  ) {
    this.id = id;
    this.sessions = new TopicSessions(orderLevel, limits, memory);
    this.retention = retention;
    this.reason = reason;
  }
}

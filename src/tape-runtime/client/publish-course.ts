// What a publisher does about its session when a connection comes and goes: pure decisions as values.

import type { SeriatimError } from "../../base/index.ts";
import { type TapeAcceptedFields, TapeReason } from "../../protocol/index.ts";
import { TapeRefusedError } from "./errors.ts";

export interface SessionStanding {
  /** 0 before the first connection. */
  readonly epoch: number;
  /** Of the newest batch that was acknowledged, or that the session began with. */
  readonly acknowledged: number;
  /** The number that the next batch gets. */
  readonly nextBatch: number;
  readonly ack: number;
}

/** How a session goes on behind Accepted. */
export const Resume = {
  /** Batches count on from `lastBatch`: what is unacknowledged is renumbered, in the epoch that was accepted. */
  Renumber: 0,
  /** What is up to `lastBatch` is in the log; the rest is sent again as it is. */
  Resend: 1,
  /** The log lost what it had acknowledged (level 1, and a power cut): what follows can't be in order. */
  Lost: 2,
  /** Somebody else has written in this session. */
  Taken: 3,
} as const;
export type Resume = (typeof Resume)[keyof typeof Resume];

/** How the session of `standing` goes on with what was accepted. */
export function resumeOf(standing: SessionStanding, accepted: TapeAcceptedFields): Resume {
  const { epoch, acknowledged, nextBatch, ack } = standing;
  // At level 0 nobody knows what arrived: what is left is new.
  if (accepted.epoch !== epoch || ack === 0) return Resume.Renumber;
  if (accepted.lastBatch >= nextBatch) return Resume.Taken;
  return accepted.lastBatch < acknowledged && accepted.order === 2 ? Resume.Lost : Resume.Resend;
}

/** The last good batch of a session that was fenced, where the broker says it; undefined when this is no such end. */
export function lastGoodOf(failure: SeriatimError | undefined): number | undefined {
  const isFenced = failure instanceof TapeRefusedError && failure.reason === TapeReason.LeaseOver;
  return isFenced ? failure.detail : undefined;
}

// What a subscriber's session is made with: what it asked for, who carries its bytes, its topic's seat, and what all share.

import type { Clock } from "../../base/index.ts";
import type { TapeFrom } from "../../protocol/index.ts";
import type { CatalogTopic, GroupOffsets } from "../catalog/index.ts";
import type { DeliveryPool } from "./delivery-pool.ts";
import type { GroupSeat } from "./group-seat.ts";
import type { ServingLimits } from "./limits.ts";
import type { TopicProgress } from "./progress.ts";
import type { SubscriberSession } from "./subscriber-session.ts";

/** What its Hello said. */
export interface SubscriberWish {
  readonly topic: CatalogTopic;
  /** "": none. */
  readonly group: string;
  readonly fromKind: TapeFrom;
  /** A record's number, or microseconds since 1970. */
  readonly from: number;
  /** Bytes of batches that it may be sent before it gives more. */
  readonly credit: number;
}

/** What moves a session's bytes. No call of it calls the session. */
export interface SubscriberCarrier {
  /** False: they are held as they lie, and nothing more may be sent until the session's drained(). */
  send(bytes: Uint8Array, from: number, to: number): boolean;
  /** Bytes that were sent and the peer's system has not acknowledged, as seen a moment ago; -1 where that is not known. */
  unacknowledged(): number;
  /** Ends the connection once what was sent is out; of the session only closed() is called from then on. */
  close(): void;
  /** Breaks it off. */
  destroy(): void;
  /** The session is to be pumped, in a turn to come. */
  ready(): void;
  /** The session is over: its group goes on without it. */
  left(): void;
  /** Asks where in the topic a time is; the session's located() has the answer. False: too much waits, ask again. */
  locate(topic: number, time_us: number, end: TopicProgress): boolean;
}

/** A topic as its subscribers see it. */
export interface TopicSeat {
  progress: TopicProgress;
  readonly sessions: Set<SubscriberSession>;
  /** Those with members, by name. */
  readonly groups: Map<string, GroupSeat>;
}

/** Since the start. */
export interface ServingCounters {
  bytes: number;
  batches: number;
  /** Ended with a reason, of those: for taking or saying nothing. */
  ended: number;
  tooSlow: number;
}

export interface ServingParts {
  readonly clock: Clock;
  readonly limits: ServingLimits;
  readonly pool: DeliveryPool;
  readonly offsets: GroupOffsets;
  readonly counters: ServingCounters;
}

// What a broker is told, and refused for at its start: a bound that is misspelt or no number would be none, or be met in mid-work.

import { type Clock, checkOptions, type SeriatimError } from "../../base/index.ts";
import type { DirectoryLock, NetListenAddress } from "../../platform/index.ts";
import { logLimitsOf, STAGING_BUFFERS_MAX, type TapeAccess, TOPIC_LIMITS } from "../../tape/index.ts";
import { invalidArgument } from "../client/errors.ts";
import { checkedInteger } from "../client/options.ts";

export interface TapeBrokerOptions {
  /** The tape's data directory, made and locked by the caller (`openTapeDirectory`). */
  readonly directory: string;
  /** Of that directory: it is kept while a thread of the broker works there. */
  readonly lock: Pick<DirectoryLock, "keepUntil">;
  /** Where it listens; one at least. */
  readonly listeners: readonly NetListenAddress[];
  readonly access: TapeAccess;
  /** Buffers that publishers' batches are drained into, 2 MiB each: 1 to 1,024. */
  readonly stagingBuffers: number;
  /** Buffers that subscribers are sent from, 2 MiB each: 1 to 1,024. */
  readonly deliveryBuffers: number;
  /** Threads that write topics' logs: 1 to 16. */
  readonly workers: number;
  /** Of a file of a topic's log: a multiple of 4,096, with room for a checkpoint and a batch. */
  readonly segmentBytes: number;
  /** What a topic keeps that is made by its first publisher; 0 of either: no bound by it. */
  readonly retain: { readonly bytes: number; readonly age_us: number };
  /** How long a batch may be missing in a session of order level 2 before the session is fenced: 1 to 3,600,000. */
  readonly lease_ms: number;
  /** Connections of all roles at once: 1 to 65,536. */
  readonly connectionsMax: number;
  /** The system's when left out. */
  readonly clock?: Clock;
  /** Told when a topic's log can't be opened, can't be read somewhere, lost its end to a cut or takes nothing more; the broker goes on. */
  readonly onNotice?: (error: SeriatimError) => void;
}

const KNOWN_OPTIONS: Record<keyof TapeBrokerOptions, true> = {
  ...{ directory: true, lock: true, listeners: true, access: true, stagingBuffers: true },
  ...{ deliveryBuffers: true, workers: true, segmentBytes: true, retain: true, lease_ms: true },
  ...{ connectionsMax: true, clock: true, onNotice: true },
};
const KNOWN_OF_RETAIN: Record<keyof TapeBrokerOptions["retain"], true> = { bytes: true, age_us: true };

/** More than the disks of one machine keep busy. */
export const TAPE_WORKERS_MAX = 16;
const LEASE_MS_MAX = 3_600_000;
const CONNECTIONS_MAX = 65_536;

/** Throws `INVALID_ARGUMENT`, or SEGMENT_LIMITS. */
export function checkBrokerOptions(options: TapeBrokerOptions): void {
  checkOptions("TapeBroker.start", options, KNOWN_OPTIONS);
  checkOptions("retain of TapeBroker.start", options.retain, KNOWN_OF_RETAIN);
  const { stagingBuffers, deliveryBuffers, workers, segmentBytes, retain, lease_ms, connectionsMax } =
    options;
  checkedInteger("stagingBuffers", stagingBuffers, 1, STAGING_BUFFERS_MAX);
  checkedInteger("deliveryBuffers", deliveryBuffers, 1, STAGING_BUFFERS_MAX);
  checkedInteger("workers", workers, 1, TAPE_WORKERS_MAX);
  checkedInteger("retain.bytes", retain.bytes, 0, Number.MAX_SAFE_INTEGER);
  checkedInteger("retain.age_us", retain.age_us, 0, Number.MAX_SAFE_INTEGER);
  checkedInteger("lease_ms", lease_ms, 1, LEASE_MS_MAX);
  checkedInteger("connectionsMax", connectionsMax, 1, CONNECTIONS_MAX);
  logLimitsOf({ ...TOPIC_LIMITS, segmentBytes });
  if (options.listeners.length === 0) throw invalidArgument("listeners is empty: a broker listens somewhere");
}

// What a subscriber may be told, and what holds when it isn't.

import { checkOptions, SAFE_MAX, type SeriatimError } from "../../base/index.ts";
import { TapeFrom } from "../../protocol/index.ts";
import { invalidArgument } from "./errors.ts";
import {
  checkedInteger,
  checkedName,
  checkedPeer,
  checkedReconnect,
  PEER_OPTIONS,
  type TapePeerOptions,
  type TapeReconnectOptions,
} from "./options.ts";
import type { DamagedBatch } from "./received-batch.ts";

/** The oldest record that is kept, the next one that comes, a record by its number, or the first batch ordered at a time or later. */
export type TapeStart = "start" | "end" | { readonly record: number } | { readonly time_us: number };

/** What a `TapeSubscriber` is told. */
export interface TapeSubscriberOptions extends TapePeerOptions, TapeReconnectOptions {
  readonly topic: string;
  /** "end" by default. Of a group: where it begins when it has committed nothing. */
  readonly from?: TapeStart | undefined;
  /** A named group: one active member, the others stand by; it goes on where it has committed. */
  readonly group?: string | undefined;
  /** Whether to wait for records that are not there yet: true by default; false ends behind the last one there was when it connected. */
  readonly follow?: boolean | undefined;
  /** The most bytes of batches that are under way or wait to be taken, but for one batch: 8 MiB by default, 1 GiB at most. */
  readonly creditBytes?: number | undefined;
  /**
   * Told of a batch that nobody can read (its publisher sent it so: the tape does not open what is compressed), which is passed over, also for the
   * group. Called when it comes, which may be before the records ahead of it are taken. Without it such a batch ends the subscriber with
   * `BATCH_DAMAGED`.
   */
  readonly onDamaged?: ((batch: DamagedBatch) => void) | undefined;
  /** Whether there is a connection, who is the active member of its group, and why not. */
  readonly onState?: ((state: TapeSubscriberState, why: SeriatimError | undefined) => void) | undefined;
}

export type TapeSubscriberState = "active" | "standby" | "reconnecting" | "closed";

const KNOWN_OPTIONS: Record<keyof TapeSubscriberOptions, true> = {
  ...PEER_OPTIONS,
  ...{ reconnectFor_ms: true, topic: true, from: true, group: true, follow: true, creditBytes: true },
  ...{ onDamaged: true, onState: true },
};

const MIB = 1024 * 1024;

/** The options with all defaults; throws `INVALID_ARGUMENT`. */
export function checkedSubscriber(options: TapeSubscriberOptions) {
  checkOptions("TapeSubscriber.connect", options, KNOWN_OPTIONS);
  const { from = "end", group, creditBytes = 8 * MIB } = options;
  return {
    peer: checkedPeer(options),
    reconnectFor_us: checkedReconnect(options),
    topic: checkedName("topic", options.topic),
    group: group === undefined ? "" : checkedName("group", group),
    where: whereOf(from),
    follow: options.follow ?? true,
    creditBytes: checkedInteger("creditBytes", creditBytes, 1, 1024 * MIB),
    onDamaged: options.onDamaged,
    onState: options.onState ?? (() => {}),
  } as const;
}

/** Where to begin, as a Hello says it. */
export interface TapePlace {
  readonly fromKind: TapeFrom;
  readonly from: number;
}

function whereOf(from: TapeStart): TapePlace {
  if (from === "start") return { fromKind: TapeFrom.Start, from: 0 };
  if (from === "end") return { fromKind: TapeFrom.End, from: 0 };
  if (typeof from !== "object" || from === null)
    throw invalidArgument(`from "${String(from)}" is no place to begin`);
  if ("record" in from) {
    return { fromKind: TapeFrom.Record, from: checkedInteger("from.record", from.record, 1, SAFE_MAX) };
  }
  return { fromKind: TapeFrom.Time, from: checkedInteger("from.time_us", from.time_us, 0, SAFE_MAX) };
}

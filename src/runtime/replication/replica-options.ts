// What a replica is given, and what it leaves to whoever goes on in its place.

import { type Application, checkOptions } from "../../base/index.ts";
import type { ApplicationVersion } from "../../journal/index.ts";
import type { DataDirectory } from "../data-directory.ts";
import { readOwnKey } from "../key-files.ts";
import type { WarmState } from "../restore-snapshot.ts";
import type { ShadowStage, SnapshotListener } from "../snapshots.ts";
import type { ReplicaWorkerData } from "./replica-messages.ts";
import type { SaidInLog } from "./said-in-log.ts";
import type { ReplicaNews } from "./serving-thread.ts";

/** What a `Replica` is told. */
export interface ReplicaOptions
  extends Omit<ReplicaWorkerData, "records" | "turns" | "directory" | "from" | "incoming" | "version"> {
  /** A new one, which has applied nothing yet: at the start, and whenever it begins anew. */
  readonly application: () => Application;
  /** Whose snapshots are used, its own and the primary's; without it none are. */
  readonly version?: ApplicationVersion;
  /** Who takes snapshots, and after how many commands (Snapshots); without it nobody does. */
  readonly snapshots?: {
    readonly shadow: () => ShadowStage;
    readonly every: number;
    readonly listener: SnapshotListener;
  };
  /** Locked by openDataDirectory; the replica gives the lock back. */
  readonly directory: DataDirectory;
  /** Told in one line of what happens to it; a warning is for somebody to look at. */
  readonly news: ReplicaNews;
  /**
   * Told when the application has the state of a snapshot, and when it has applied more: what it throws (SeriatimError) ends
   * the replica, so that a history can be refused for what it says.
   */
  readonly applied?: (() => void) | undefined;
  /** Told when the replica has come further, some times a second at most. */
  readonly progress?: () => void;
  /** What its log says, as far as it was applied; left out: nothing. */
  readonly inLog?: () => SaidInLog;
}

const KNOWN_OPTIONS: Record<keyof ReplicaOptions, true> = {
  ...{ application: true, rules: true, directory: true, version: true, segmentBytes: true, snapshots: true },
  ...{ primaries: true, listen: true, tls: true, keys: true, ownKey: true, inLog: true },
  ...{ news: true, applied: true, progress: true },
};

/** The node's name, its key's. Throws `INVALID_ARGUMENT`, or what its key says, with the lock given back. */
export function nameOf(options: ReplicaOptions): string {
  try {
    checkOptions("Replica", options, KNOWN_OPTIONS);
    return readOwnKey(options.ownKey).name;
  } catch (error) {
    void options?.directory?.lock.release();
    throw error;
  }
}

/** What a replica leaves to a runtime that goes on in its place (openRuntime). */
export interface Inheritance {
  /** Still locked. */
  readonly directory: DataDirectory;
  readonly application: Application;
  readonly warm: WarmState;
}

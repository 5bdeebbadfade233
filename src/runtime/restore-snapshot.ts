// Giving an application the newest state that serves, before its log is opened behind it: on a primary and on a replica.

import type { Application, Position, Storage } from "../base/index.ts";
import {
  type ApplicationVersion,
  newestUsable,
  type SnapshotHeader,
  SnapshotStore,
} from "../journal/index.ts";
import { NativeChecksums, NodeStorage } from "../platform/index.ts";
import type { LogPoint } from "../segment/index.ts";
import type { DataDirectory } from "./data-directory.ts";

/** Where the state lies in its log that a replica has in memory, and what it is worth (replica-standing.ts). */
export interface WarmState extends LogPoint {
  /** The last position that its primary said may be seen. */
  readonly released: Position;
  /** Of the newest snapshot that it has taken, or began with; 0: there is none. */
  readonly snapshot: Position;
  /** The log's time there. */
  readonly timestamp_us: number;
  /** The highest high lane (u32) of the sessions up to there. */
  readonly session: number;
  readonly isWarm: boolean;
  readonly mayLack: boolean;
}

export interface SnapshotRestoring {
  /** It has applied nothing yet. */
  readonly application: Application;
  /** Whose snapshots are used; without it none are. */
  readonly version?: ApplicationVersion | undefined;
  /** Undefined: nothing is kept. */
  readonly directory: Pick<DataDirectory, "journal" | "snapshots"> | undefined;
  readonly storage?: Storage | undefined;
  /** As newestUsable has it: a replica's log may begin behind the snapshot that it was sent. */
  readonly mayBeginJournal?: boolean;
  /** Told of each snapshot that is passed over, and why, in one line. */
  readonly onSnapshotRefused?: ((why: string) => void) | undefined;
}

/** Which one it was; undefined: none serves. Throws JOURNAL_BEHIND_SNAPSHOT, or what the disk says. */
export function restoreSnapshot(options: SnapshotRestoring): SnapshotHeader | undefined {
  const { application, directory, version, storage = new NodeStorage() } = options;
  if (directory === undefined || version === undefined) return undefined;
  const parts = { storage, checksums: new NativeChecksums() };
  const store = new SnapshotStore({ ...parts, directory: directory.snapshots }, version);
  const journal = { ...parts, directory: directory.journal };
  const { mayBeginJournal = false } = options;
  const { usable, refused } = newestUsable(journal, store, application, { mayBeginJournal });
  for (const why of refused) options.onSnapshotRefused?.(why);
  return usable?.header;
}

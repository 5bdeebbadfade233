// A node's snapshots: when, where, and what its log says of them. A primary's and a replica's are taken alike.

import type { Storage } from "../base/index.ts";
import { writeBackLast } from "../platform/index.ts";
import {
  type DataDirectory,
  type Runtime,
  type SnapshotListener,
  Snapshots,
  type SnapshotTaken,
} from "../runtime/index.ts";
import { SEGMENT_SUFFIX } from "../segment/index.ts";
import type { Log } from "./log.ts";
import type { LogDamage } from "./log-damage.ts";
import { type Configuration, KEEP_ALL } from "./settings.ts";
import { InlineShadow, type NodeShadow, ShadowThread } from "./shadow.ts";

/** What a running exchange is asked for when its log can't be read. */
export interface ServingExchange {
  /** No command of its log names a higher one. */
  session(): number;
  readonly damage: LogDamage;
}

/** None for a node that keeps nothing. `storage`: the journal's disk, when it is not the real one. */
export function snapshotsOf(
  configuration: Configuration,
  runtime: Runtime,
  log: Log,
  storage: Storage | undefined,
  { session, damage }: ServingExchange,
): Snapshots | undefined {
  const { directory } = runtime;
  if (directory === undefined) return undefined;
  const shadow = shadowOf(configuration, directory, storage);
  const followed = {
    beganWith: runtime.recovered.newestSnapshot,
    get position() {
      return runtime.path.releasedPosition;
    },
    sync: async () => {
      // Without a sync behind each frame there is much to sync, and answers wait for the thread that does it.
      const isUnsynced = storage === undefined && configuration.durability !== "fsync";
      if (isUnsynced) await writeBackLast(directory.journal, SEGMENT_SUFFIX);
      return runtime.ask({ kind: "sync" });
    },
  };
  return new Snapshots({
    log: followed,
    shadow,
    every: configuration.snapshotEvery,
    listener: snapshotListener(log),
    fromMemory: {
      onDamage: (why) => damage.found(why),
      state: () => runtime.stateInMemory(session),
      keep: (state) => shadow.keep(state),
    },
  });
}

/** Who takes them, and removes the segments that they cover when the settings say so. */
export function shadowOf(
  { journalKeep, threads }: Configuration,
  directory: DataDirectory,
  storage?: Storage,
): NodeShadow {
  const isOwnThread = threads === "spread" && storage === undefined;
  const { journal, snapshots } = directory;
  const place = { journal, snapshots, journalKeep: journalKeep === KEEP_ALL ? undefined : journalKeep };
  if (journalKeep !== KEEP_ALL) directory.letOldestGo();
  return isOwnThread ? new ShadowThread(place, directory.lock) : new InlineShadow(place, storage);
}

export function snapshotListener(log: Log): SnapshotListener {
  const taken = (
    { position, applied, stateBytes, retired, refused, notRemoved }: SnapshotTaken,
    took_ms: number,
  ): void => {
    for (const why of refused) log.warn(`a snapshot is not used: ${why}`);
    log.info({ position, applied, bytes: stateBytes, took_ms }, "took a snapshot");
    if (notRemoved !== undefined)
      log.warn(`what the snapshot makes superfluous is not removed: ${notRemoved}`);
    if (retired.length > 0) log.info({ segments: retired }, "removed segments that two snapshots cover");
  };
  const notTaken = (error: unknown): void => {
    log.warn(`no snapshot was taken: ${error instanceof Error ? error.message : String(error)}`);
  };
  return { taken, notTaken };
}

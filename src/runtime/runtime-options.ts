// What openRuntime is told, and what it refuses before anything is opened: a name that it doesn't know would be a durability, or an
// ack policy, that is not in force.

import { type Application, type Clock, checkChoice, checkOptions, SeriatimError } from "../base/index.ts";
import { type ApplicationVersion, DURABILITY_MODES, type RecordVisitor } from "../journal/index.ts";
import { ACK_POLICIES } from "../replication/index.ts";
import type { DataDirectory } from "./data-directory.ts";
import type { JournalChoice } from "./journal-choice.ts";
import type { ReplicationOptions } from "./replication/primary.ts";
import type { Tenure } from "./replication/tenure.ts";
import type { WarmState } from "./restore-snapshot.ts";

/** What `openRuntime` is told; what is left out has the default of docs/runtime.md. */
export interface RuntimeOptions
  extends Pick<JournalChoice, "genesis" | "rules">,
    Partial<Omit<JournalChoice, "genesis" | "rules" | "directory" | "from" | "live">> {
  /** It has applied nothing yet, or all up to `warm`. */
  readonly application: Application;
  /** Where the application's state lies in the log, when it has one: no snapshot is restored then. */
  readonly warm?: WarmState | undefined;
  /** Whose snapshots are used; without it none are. */
  readonly version?: ApplicationVersion;
  /** Locked by openDataDirectory; the runtime gives the lock back. Undefined: nothing is kept. */
  readonly directory: DataDirectory | undefined;
  readonly clock?: Clock;
  /** Told of each snapshot that is passed over, and why, in one line. */
  readonly onSnapshotRefused?: (why: string) => void;
  /** Makes it a node of a cluster that is to lead; without it nobody else has its log. */
  readonly replication?: ReplicationOptions | undefined;
  /** The tenure to begin, where it is decided that this node leads; otherwise it waits until it is certain that it may. */
  readonly tenure?: Tenure | undefined;
  /** Told of what was applied from the log, a piece at a time. */
  readonly onReplayed?: RecordVisitor;
}

const KNOWN_OPTIONS: Record<keyof RuntimeOptions, true> = {
  ...{
    application: true,
    genesis: true,
    rules: true,
    directory: true,
    version: true,
    warm: true,
    tenure: true,
  },
  ...{ durability: true, threads: true, wait: true, segmentBytes: true, storage: true, clock: true },
  ...{ replication: true, onSnapshotRefused: true, onReplayed: true },
};

const KNOWN_OF_REPLICATION: Record<keyof ReplicationOptions, true> = {
  ...{
    host: true,
    port: true,
    tls: true,
    peers: true,
    keys: true,
    ownKey: true,
    ackPolicy: true,
    inLog: true,
  },
};

/** The options with all defaults that they have here; throws `INVALID_ARGUMENT`. */
export function checkedRuntimeOptions(options: RuntimeOptions) {
  checkOptions("openRuntime", options, KNOWN_OPTIONS);
  const { durability = "fsync", threads = "spread", wait = "block", replication, tenure } = options;
  checkChoice("durability", durability, DURABILITY_MODES);
  checkChoice("threads", threads, ["spread", "single"]);
  checkChoice("wait", wait, ["block", "spin"]);
  if (replication !== undefined) checkReplication(replication);
  if (replication === undefined && tenure !== undefined)
    throw invalid("a tenure is one of a node of a cluster: it needs replication");
  if (replication !== undefined && options.directory === undefined)
    throw invalid("a node of a cluster keeps its log: replication needs a directory");
  return { ...options, durability, threads, wait };
}

function checkReplication(replication: ReplicationOptions): void {
  checkOptions("replication of openRuntime", replication, KNOWN_OF_REPLICATION);
  const { ackPolicy } = replication;
  if (ackPolicy !== undefined) checkChoice("ackPolicy", ackPolicy, Object.keys(ACK_POLICIES));
}

function invalid(what: string): SeriatimError {
  return new SeriatimError("INVALID_ARGUMENT", what);
}

// What a replica and its thread say to each other (replica.ts, replica-worker.ts).

import type { ApplicationVersion } from "../../journal/index.ts";
import type { PeerTls } from "../../platform/index.ts";
import type { OwnLog, PeerStanding } from "../../replication/index.ts";
import type { LogPoint } from "../../segment/index.ts";
import type { HostPort } from "./asking.ts";
import type { FollowedSoFar } from "./replica-view.ts";

export interface ReplicaWorkerData {
  /** Where the primary may be: tried in turn. */
  readonly primaries: readonly HostPort[];
  /** Where other nodes can ask how it stands; left out: nowhere. */
  readonly listen?: HostPort | undefined;
  /** To the primary and other nodes, and for whoever asks here; plain TCP without. */
  readonly tls?: PeerTls | undefined;
  readonly keys: string;
  readonly ownKey: string;
  /** Of the journal. */
  readonly directory: string;
  /** Where a snapshot was taken: the application has its state, and only what follows is handed on. */
  readonly from: LogPoint | undefined;
  /** Where a snapshot of the primary's is put, and whose it must be; without a version none can be taken. */
  readonly incoming: string;
  readonly version: ApplicationVersion | undefined;
  readonly rules: string;
  readonly segmentBytes: number;
  readonly records: SharedArrayBuffer;
  /** One word of shared memory: how many turns the thread has had. */
  readonly turns: Int32Array;
}

export type ReplicaWorkerRequest =
  | { readonly kind: "stop" }
  /** All that is written becomes durable; answered with `durable`. */
  | { readonly kind: "sync"; readonly id: number }
  /** How does it stand, and, if `peers`, how do the others? Answered with `standings`. */
  | { readonly kind: "ask"; readonly id: number; readonly peers: boolean };

/** A node and those that it could hear. */
export interface Standings {
  readonly own: PeerStanding & Pick<OwnLog, "promised">;
  readonly peers: readonly PeerStanding[];
}

/** As in a Standing. */
export interface ReplicaEnd extends LogPoint {
  readonly isWarm: boolean;
  readonly mayLack: boolean;
}

export type ReplicaWorkerMessage =
  | {
      readonly kind: "opened";
      readonly position: number;
      readonly wasTorn: boolean;
      readonly mayLack: boolean;
      readonly finding: string;
    }
  | {
      readonly kind: "following";
      readonly primary: string;
      readonly epoch: number;
      readonly position: number;
    }
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "lost"; readonly how: string }
  | { readonly kind: "progress"; readonly progress: FollowedSoFar }
  /** Why its journal has no room to grow; undefined: it has again. */
  | { readonly kind: "shortage"; readonly why: string | undefined }
  | { readonly kind: "durable"; readonly id: number; readonly position: number }
  | { readonly kind: "standings"; readonly id: number; readonly standings: Standings }
  /** Its history is not the primary's; where it ends. The journal is closed. */
  | { readonly kind: "diverged"; readonly end: Pick<LogPoint, "position" | "chain"> }
  /** A snapshot of the primary's is coming. */
  | {
      readonly kind: "receiving";
      readonly epoch: number;
      readonly position: number;
      readonly bytes: number;
    }
  /** It stands in `incoming`. The journal is closed. */
  | { readonly kind: "received" }
  /** Where the journal ends, and what it is worth. */
  | { readonly kind: "closed"; readonly end: ReplicaEnd }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly exitCode: 1 | 2 };

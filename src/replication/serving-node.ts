// A node as the sessions of whoever connects to it know it (serving-session.ts): what it says of itself, what it is told, and,
// on a primary, what its replicas' sessions share.

import type { Position } from "../base/index.ts";
import type { RefusalCode, Standing } from "../protocol/index.ts";
import type { AckView } from "./ack-view.ts";
import type { PeerStanding } from "./decisions.ts";
import type { History } from "./history.ts";
import type { Peer } from "./peers.ts";
import type { ReplicaSeats } from "./replica-seats.ts";
import type { SnapshotSource } from "./snapshot-sender.ts";

/** What a node that is primary shares among the sessions of its replicas. */
export interface PrimarySide {
  readonly epoch: number;
  readonly segmentBytes: number;
  /** clusterSum() of all nodes, this one included. */
  readonly cluster: number;
  readonly history: History;
  /** The journal's newest frames (live-frames.ts). */
  readonly frames: SharedArrayBuffer;
  readonly view: AckView;
  readonly seats: ReplicaSeats;
  /** For a replica that lacks what the journal no longer has; without it such a one is refused. */
  readonly snapshots?: SnapshotSource | undefined;
  /** The last position that may be seen. */
  released(): Position;
}

export interface ServingNode extends Peer {
  /** Undefined on a node that is not primary: it can be asked, not followed. */
  readonly primary: PrimarySide | undefined;
  /** Where its log ends: told to anybody, so it costs nothing. */
  readonly log: { readonly epoch: number; readonly position: Position };
  /** What this node says of itself. */
  standing(now_us: number): Standing;
  /** A peer that has proved who it is wants to follow, and says what it has: told before it is judged. */
  claimed(peer: PeerStanding): void;
  /** A replica has acknowledged for the first time: it has promised, on its disk, to follow no epoch below this one. */
  promised(peer: PeerStanding): void;
  /** The replica `name` was welcomed in an epoch below one that it has promised: this node can't lead in that epoch. */
  outpromised(name: string, epoch: number): void;
  /** A peer has shown that this node is not, or must not be, the primary any more: nothing may be acknowledged from now on. */
  mustStop(
    code: RefusalCode,
    peer: { readonly name: string; readonly epoch: number; readonly position: Position },
  ): void;
}

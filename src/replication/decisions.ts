// Who may lead. A node that was primary and comes back, and a replica that is told to take over, both ask the others how
// they stand and decide here; what they hear is all that goes in.
//
// Histories are compared by epoch first: an older tenure's surplus was never acknowledged by the newer one's rules.

import type { Position } from "../base/index.ts";
import { NodeRole, type Standing } from "../protocol/index.ts";
import type { AckPolicy } from "./ack-policy.ts";
import { type Heard, isCertain, isEveryNodeHeard } from "./certainty.ts";
import type { ClusterChange } from "./membership.ts";
import { NODES_MAX } from "./node-rows.ts";
import { SILENCE_US } from "./peers.ts";

/** A peer that answered, which proved who it is. */
export type PeerStanding = { readonly name: string } & Standing;

/** Where a history ends. */
interface End {
  readonly epoch: number;
  readonly position: Position;
}

/** A node's own log, as it was found at the start. */
export interface OwnLog extends End {
  /** Whether it may lack what this node once said its disk had: it was begun anew, or its torn end was cut. */
  readonly mayLack?: boolean | undefined;
  /** The highest epoch that it has promised; 0, or left out: none. */
  readonly promised?: number;
}

/** A node that is to lead: by its log; or, a replica that was told to, as it stood. */
export type Candidate = OwnLog | (PeerStanding & Pick<OwnLog, "promised">);

export interface Cluster {
  /** In force when the last tenure acknowledged; the journal knows it. */
  readonly policy: AckPolicy;
  /** Replicas it had, heard or not. */
  readonly replicas: number;
  /** The log says another cluster than this node's keys file. */
  readonly change?: ClusterChange | undefined;
}

export type Decision =
  | { readonly kind: "lead"; readonly epoch: number }
  /** Not yet: asking again may change it. */
  | { readonly kind: "wait"; readonly because: string }
  /** Not this node. */
  | { readonly kind: "refuse"; readonly because: string };

/**
 * Whether a node that was primary when it went down may serve again. Its own disk may lack what copies elsewhere made
 * acknowledged. `seat`: nextEpoch().
 */
export function decideStart(
  own: OwnLog,
  seat: number,
  cluster: Cluster,
  peers: readonly PeerStanding[],
): Decision {
  const newer = peers.find((peer) => peer.epoch > own.epoch);
  if (newer !== undefined) {
    return refuse(
      `${newer.name} is of epoch ${newer.epoch}, this node of ${own.epoch}: it has been replaced`,
    );
  }
  const better = primaryAmong(peers) ?? whoHasMore(own, peers);
  if (better !== undefined) return refuse(better);
  const heard = heardOf(peers, cluster.replicas, diskOf(own));
  if (!isEnough(cluster, heard)) return { kind: "wait", because: tooFew(peers, cluster) };
  return { kind: "lead", epoch: nextEpoch(own, seat, peers) };
}

/** Whether a replica that was told to take over may. `isForced`: an administrator answers for what nobody could say. */
export function decidePromotion(
  own: PeerStanding & Pick<OwnLog, "promised">,
  seat: number,
  cluster: Cluster,
  peers: readonly PeerStanding[],
  isForced: boolean,
): Decision {
  if (own.position === 0) return refuse("this node has no log");
  const better = primaryAmong([own, ...peers]);
  if (better !== undefined) return refuse(better);
  // One that has just died looks alive for a while.
  const alive = primaryHeard([own, ...peers]);
  if (alive !== undefined) return { kind: "wait", because: alive };
  const more = whoHasMore(own, peers);
  if (more !== undefined) return refuse(more);
  const heard = heardOf([own, ...peers], cluster.replicas, "unheard");
  if (!isForced && !isEnough(cluster, heard)) return refuse(tooFew(peers, cluster));
  return { kind: "lead", epoch: nextEpoch(own, seat, peers) };
}

/**
 * Whether those that have promised to follow no older tenure are enough to begin one: every position that could have been
 * acknowledged is among theirs and this node's, and no other tenure can come to be without one of them.
 */
export function isPromised(own: Candidate, cluster: Cluster, promised: readonly PeerStanding[]): boolean {
  // A replica that leads now: the last primary's disk is another node's.
  if ("name" in own) return isEnough(cluster, heardOf([own, ...promised], cluster.replicas, "unheard"));
  return isEnough(cluster, heardOf(promised, cluster.replicas, diskOf(own)));
}

/** By the policy; of a cluster that changes, everybody: who goes by the old one must not find enough without the new. */
function isEnough({ policy, change }: Cluster, heard: Heard): boolean {
  if (change === undefined) return isCertain(policy, heard);
  return change.gone.length === 0 && isEveryNodeHeard(heard);
}

function diskOf({ position, mayLack }: OwnLog): Heard["primaryDisk"] {
  return position === 0 || mayLack ? "lacking" : "heard";
}

/** The next epoch, above all that were promised here, that only the node in `seat` (its place among the cluster's names) can choose: no two lead in one. */
export function nextEpoch(
  own: Pick<OwnLog, "epoch" | "promised">,
  seat: number,
  peers: readonly Pick<End, "epoch">[],
): number {
  const highest = Math.max(own.epoch, own.promised ?? 0, ...peers.map(({ epoch }) => epoch));
  return highest + 1 + ((((seat - highest - 1) % NODES_MAX) + NODES_MAX) % NODES_MAX);
}

function primaryAmong(nodes: readonly PeerStanding[]): string | undefined {
  const primary = nodes.find(({ role }) => role === NodeRole.Primary);
  return primary && `${primary.name} is the primary, in epoch ${primary.epoch}`;
}

function primaryHeard(nodes: readonly PeerStanding[]): string | undefined {
  const witness = nodes.find(({ primaryHeard_us }) => primaryHeard_us <= SILENCE_US);
  return (
    witness && `${witness.name} heard of a primary ${Math.floor(witness.primaryHeard_us / 1_000)} ms ago`
  );
}

function whoHasMore(own: End, peers: readonly PeerStanding[]): string | undefined {
  const better = peers.find((peer) => hasMore(peer, own));
  if (better === undefined) return undefined;
  return `${better.name} has more: position ${better.position} of epoch ${better.epoch}, this node has ${own.position} of ${own.epoch}`;
}

function hasMore(one: End, other: End): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.position > other.position);
}

function heardOf(replicas: readonly PeerStanding[], all: number, primaryDisk: Heard["primaryDisk"]): Heard {
  const withHistory = replicas.filter(({ position }) => position > 0);
  return {
    replicas: all,
    primaryDisk,
    replicasHeard: replicas.length,
    replicaDisks: withHistory.filter(({ mayLack }) => !mayLack).length,
    warmReplicas: withHistory.filter(({ isWarm }) => isWarm).length,
  };
}

function tooFew(peers: readonly PeerStanding[], { replicas, change }: Cluster): string {
  const names = peers.map(({ name }) => name).join(", ");
  const who = peers.length === 0 ? "no other node" : names;
  const heard = `heard from ${who} of a cluster of ${replicas + 1}`;
  if (change === undefined) return `${heard}: a node not heard may hold what was acknowledged`;
  return `${heard}, and ${change.words}: every node of both must be heard`;
}

function refuse(because: string): Decision {
  return { kind: "refuse", because };
}

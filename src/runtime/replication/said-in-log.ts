// What a log says of its cluster, as the application that applied it knows. A node is judged by this when it is to lead.

import type { Position } from "../../base/index.ts";
import {
  ACK_POLICIES,
  type AckPolicyName,
  type Cluster,
  clusterChange,
  type PeerStanding,
} from "../../replication/index.ts";
import type { NodeIdentity } from "./keys.ts";

/** The nodes of a cluster, by a node's keys file. */
type Named = Pick<NodeIdentity, "others" | "cluster">;

export interface SaidInLog {
  /** The policy in force; undefined: any may have been. */
  readonly ackPolicy?: AckPolicyName | undefined;
  /** Who gave that: the first is a node's own, a later one an administrator's. */
  readonly ackPolicyBy?: string | undefined;
  /** The nodes that the last Tenure names; left out, or empty: not said. */
  readonly cluster?: readonly string[] | undefined;
}

/** By what it is decided whether a node leads, for whoever asked. */
export interface Judgement {
  readonly policy: AckPolicyName;
  /** The other nodes that were heard, and how far each was. */
  readonly heard: readonly { readonly name: string; readonly epoch: number; readonly position: Position }[];
}

export function judgement(policy: AckPolicyName, peers: readonly PeerStanding[]): Judgement {
  return { policy, heard: peers.map(({ name, epoch, position }) => ({ name, epoch, position })) };
}

/** By which policy a node is judged that is to lead: of a log that names none, disk leaves most to be heard. */
export function judgedBy({ ackPolicy = "disk" }: SaidInLog): AckPolicyName {
  return ackPolicy;
}

export function clusterOf(said: SaidInLog, { others, cluster }: Named): Cluster {
  const policy = ACK_POLICIES[judgedBy(said)];
  return { policy, replicas: others.length, change: clusterChange(cluster, said.cluster ?? []) };
}

/** Whether the policy was changed since the log began: a node with an older log goes by another. */
export function policyWasChanged({ ackPolicyBy, cluster = [] }: SaidInLog, named: Named): boolean {
  if (ackPolicyBy === undefined || ackPolicyBy === "") return false;
  return !cluster.includes(ackPolicyBy) && !named.cluster.includes(ackPolicyBy);
}

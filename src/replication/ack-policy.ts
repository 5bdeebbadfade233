// When is a position safe enough to be acknowledged? A policy is a list of clauses `level >= count`, all of which must
// hold: so many nodes have it in that level. Pure: a view of the nodes in, a position out, nothing allocated.
//
//   clause's position = the count-th largest of its level over the nodes in the view
//   policy's position = the smallest of its clauses
//
// Too few nodes for a clause: nothing can be acknowledged (position 0), the node is degraded. A policy is never
// weakened on its own: that is an administrator's decision, and journaled.

import { SeriatimError } from "../base/index.ts";
import { NODES_MAX, type NodeRows } from "./node-rows.ts";

export type AckLevel = "persisted" | "in_memory";

/** At least `count` nodes have the position in `level`. */
export interface AckClause {
  readonly level: AckLevel;
  readonly count: number;
}

/** Made by ackPolicy(), which checks it. */
export interface AckPolicy {
  readonly clauses: readonly AckClause[];
}

/** A policy of `clauses`; throws ACK_POLICY (usage) for none, or for a count that no cluster has. */
export function ackPolicy(clauses: readonly AckClause[]): AckPolicy {
  if (clauses.length === 0) throw refusal("an ack policy has at least one clause");
  for (const { level, count } of clauses) {
    if (Number.isInteger(count) && count >= 1 && count <= NODES_MAX) continue;
    throw refusal(`the clause ${level}>=${count} does not name 1 to ${NODES_MAX} nodes`);
  }
  return { clauses: [...clauses] };
}

function refusal(why: string): SeriatimError {
  return new SeriatimError("ACK_POLICY", why, { exitCode: 2 });
}

const persisted = (count: number): AckClause => ({ level: "persisted", count });
const inMemory = (count: number): AckClause => ({ level: "in_memory", count });

/** The policies an operator names. */
export const ACK_POLICIES = {
  /** One disk has it, whichever. */
  disk: ackPolicy([persisted(1)]),
  /** Two machines have it, one of them on disk. */
  "disk+ram": ackPolicy([persisted(1), inMemory(2)]),
  "two-disks": ackPolicy([persisted(2)]),
  /** Two machines have it in memory: lost when both lose power. */
  ram: ackPolicy([inMemory(2)]),
} as const satisfies Readonly<Record<string, AckPolicy>>;
export type AckPolicyName = keyof typeof ACK_POLICIES;

/** Without replicas only `disk` can ever be met. */
export function defaultAckPolicy(replicas: number): AckPolicyName {
  return replicas === 0 ? "disk" : "disk+ram";
}

/** The policy called `name` in a cluster of one primary and `replicas`; throws ACK_POLICY (usage) when it can't be met. */
export function namedAckPolicy(name: AckPolicyName, replicas: number): AckPolicy {
  const policy = ACK_POLICIES[name];
  const nodes = replicas + 1;
  if (nodesNeeded(policy) <= nodes) return policy;
  const has = replicas === 0 ? "this node has no replica" : `this cluster has ${nodes}`;
  throw refusal(`ack policy ${name} needs ${nodesNeeded(policy)} nodes: ${has}`);
}

/** The fewest nodes, the primary included, by which the policy can be met. */
export function nodesNeeded(policy: AckPolicy): number {
  return Math.max(...policy.clauses.map(({ count }) => count));
}

/** Whether the view has too few nodes for the policy, so that nothing more can be acknowledged. */
export function isDegraded(policy: AckPolicy, rows: NodeRows): boolean {
  const { clauses } = policy;
  for (let i = 0; i < clauses.length; i++) if (clauses[i].count > rows.count) return true;
  return false;
}

/**
 * The last position that may be acknowledged by what `rows` says now; 0 when degraded. It can be lower than a moment ago
 * (a node left): what was acknowledged stays so, the caller never goes back. Infinity when only the primary's memory is
 * asked for: all that is sequenced.
 */
export function ackPosition(policy: AckPolicy, rows: NodeRows): number {
  if (isDegraded(policy, rows)) return 0;
  const { clauses } = policy;
  let position = Number.POSITIVE_INFINITY;
  for (let i = 0; i < clauses.length; i++) {
    const { level, count } = clauses[i];
    position = Math.min(
      position,
      nthLargest(level === "persisted" ? rows.persisted : rows.inMemory, 0, rows.count, count),
    );
  }
  return position;
}

/** Whether any clause is about `level`. */
export function asksFor({ clauses }: AckPolicy, level: AckLevel): boolean {
  for (let i = 0; i < clauses.length; i++) if (clauses[i].level === level) return true;
  return false;
}

/** As ackPosition, by the clauses on disks alone and as if the primary's own had everything; 0 when there are none. */
export function diskPosition(policy: AckPolicy, rows: NodeRows): number {
  const { clauses } = policy;
  let most = 0;
  for (let i = 0; i < clauses.length; i++)
    if (clauses[i].level === "persisted") most = Math.max(most, clauses[i].count);
  if (most === 0) return 0;
  // Behind the primary, which has everything.
  return most === 1 ? Number.POSITIVE_INFINITY : nthLargest(rows.persisted, 1, rows.count, most - 1);
}

/** The `nth` largest (from 1) of the values from `first` up to `end`, of which there are at most NODES_MAX. */
function nthLargest(values: Float64Array, first: number, end: number, nth: number): number {
  let found = 0;
  for (let i = first; i < end; i++) {
    // Each value stands before those that are smaller, equal ones by their place.
    let before = 0;
    for (let j = first; j < end; j++)
      if (values[j] > values[i] || (values[j] === values[i] && j < i)) before++;
    if (before === nth - 1) found = values[i];
  }
  return found;
}

// Have enough nodes been heard to know that nothing acknowledged is missing among them? Asked when the node that
// acknowledged is gone: by it when it comes back, and by whoever is to take its place.
//
// A position was acknowledged only when every clause of the policy held, so one clause is enough to find it:
//   persisted >= c: it is on c of the R + 1 disks, so not only on the R + 1 - c that any other set can leave out
//   in_memory >= c: the primary's memory always counts, and is gone; so c - 1 of the R replicas have it. Those that
//                   were restarted since may have lost it: only warm ones are counted
// With every node heard, the old primary as the replica that it is now or as itself, nothing more can be learned by waiting.

import type { AckPolicy } from "./ack-policy.ts";

/** Which nodes of the last tenure have been heard; the one that asks is among them. */
export interface Heard {
  /** Replicas of the cluster, heard or not. */
  readonly replicas: number;
  /** The disk of the tenure's primary: heard, heard but without all it once had (an empty one, a torn end), or not heard. */
  readonly primaryDisk: "heard" | "lacking" | "unheard";
  /** Replicas heard. */
  readonly replicasHeard: number;
  /** Of those, the ones whose disk holds a history. */
  readonly replicaDisks: number;
  /** Of those, the ones that have been up since the primary last heard from them. */
  readonly warmReplicas: number;
}

/** Whether every position that the policy could have acknowledged is known to one of those heard. */
export function isCertain(policy: AckPolicy, heard: Heard): boolean {
  const { replicas, primaryDisk, replicaDisks, warmReplicas } = heard;
  if (isEveryNodeHeard(heard)) return true;
  const disks = replicaDisks + (primaryDisk === "heard" ? 1 : 0);
  return policy.clauses.some(({ level, count }) =>
    level === "persisted" ? disks + count > replicas + 1 : warmReplicas + count - 1 > replicas,
  );
}

/** Nothing more can be learned by waiting. */
export function isEveryNodeHeard({ replicas, primaryDisk, replicasHeard }: Heard): boolean {
  return replicasHeard + (primaryDisk === "unheard" ? 0 : 1) > replicas;
}

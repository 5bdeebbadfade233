// By what a node is judged whose log does not say it.

import { expect, test } from "vitest";
import { ACK_POLICIES, isCertain } from "../../src/replication/index.ts";
import { clusterOf } from "../../src/runtime/index.ts";

const NAMES = ["north", "south", "west"];
const PRIMARY_DISKS = ["heard", "lacking", "unheard"] as const;

test("of a log that names no policy, enough is what is enough by any", () => {
  for (const nodes of [2, 3]) {
    const cluster = NAMES.slice(0, nodes);
    const { policy, replicas } = clusterOf({}, { cluster, others: cluster.slice(1) });
    for (const primaryDisk of PRIMARY_DISKS)
      for (let replicasHeard = 0; replicasHeard <= replicas; replicasHeard++)
        for (let replicaDisks = 0; replicaDisks <= replicasHeard; replicaDisks++)
          for (let warmReplicas = 0; warmReplicas <= replicaDisks; warmReplicas++) {
            const heard = { replicas, primaryDisk, replicasHeard, replicaDisks, warmReplicas };
            const byAny = Object.values(ACK_POLICIES).every((any) => isCertain(any, heard));
            expect({ heard, enough: isCertain(policy, heard) }).toEqual({ heard, enough: byAny });
          }
  }
});

// A node's own key and those of its cluster, as sessions ask for them.

import { SeriatimError } from "../../base/index.ts";
import { type NodeKeys, REPLICAS_MAX } from "../../replication/index.ts";
import { readKeyRing, readOwnKey } from "../key-files.ts";

export interface NodeIdentity {
  readonly name: string;
  readonly keys: NodeKeys;
  /** The other nodes of the cluster, by the ring: all with the role replica but this one. */
  readonly others: readonly string[];
  /** All of them with this one, in order: the same on every node that has the same ring. */
  readonly cluster: readonly string[];
  /** Its place among those. */
  readonly seat: number;
}

/** Reads both files; throws SeriatimError naming them. */
export function readIdentity(keysPath: string, ownKeyPath: string): NodeIdentity {
  const ring = readKeyRing(keysPath, "keys");
  const own = readOwnKey(ownKeyPath, "node-key");
  if (own.role !== "replica") {
    const what = `the key of ${own.name} has the role ${own.role}, a node's own has the role replica`;
    throw new SeriatimError("KEYS_INVALID", `${ownKeyPath}: ${what}`, { exitCode: 2 });
  }
  // Who is none of its own cluster, to the others, would wait for them for ever.
  const statement = new TextEncoder().encode(own.name);
  if (!ring.isProof(own.name, "replica", statement, own.prove(statement))) {
    const what = `has no node ${own.name} with the public key of ${ownKeyPath}`;
    throw new SeriatimError("KEYS_INVALID", `${keysPath}: ${what}`, { exitCode: 2 });
  }
  const others = ring.names("replica").filter((name) => name !== own.name);
  const cluster = [own.name, ...others].sort();
  return {
    name: own.name,
    keys: {
      prove: (statement) => own.prove(statement),
      isProof: (name, statement, proof) => ring.isProof(name, "replica", statement, proof),
    },
    others,
    cluster,
    seat: cluster.indexOf(own.name),
  };
}

/** Refuses keys by which this node could not lead, in their own words. */
export function refuseUnableToLead({
  keys,
  ownKey,
}: {
  readonly keys: string;
  readonly ownKey: string;
}): void {
  refuseClusterSize(keys, readIdentity(keys, ownKey));
}

/** Refuses a cluster that no node can lead: asked again by a replica that is to, for the file may have changed. */
export function refuseClusterSize(keysPath: string, { others }: Pick<NodeIdentity, "others">): void {
  if (others.length >= 1 && others.length <= REPLICAS_MAX) return;
  const what = `${keysPath} holds the keys of ${others.length} other nodes (role replica); a primary has 1 to ${REPLICAS_MAX}`;
  throw new SeriatimError("CLUSTER_SIZE", what, { exitCode: 2 });
}

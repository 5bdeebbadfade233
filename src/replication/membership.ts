// Who the nodes of the cluster are. A node's keys file says it, and so does its log: each Tenure names the cluster of the node
// that leads. How many must be heard follows from it, so two nodes with different ideas of it could each find enough.
//
//   a log and a keys file that differ   the node leads when every node of both was heard and has promised, or by force
//   two keys files that differ          neither node follows the other: a Welcome says whose cluster it is
//
// So whoever has promised has this keys file, and judges by it from then on, whatever its log says.

import { type Checksums, encodeUtf8, SeriatimError } from "../base/index.ts";

/** That a node's keys file and its log name different nodes. */
export interface ClusterChange {
  /** Of the log's, those that the keys file has not: nobody can hear them. */
  readonly gone: readonly string[];
  /** Both, in one line. */
  readonly words: string;
}

/** `named`: by the keys file; `logged`: by the log, empty where it does not say. Undefined: they agree. */
export function clusterChange(
  named: readonly string[],
  logged: readonly string[],
): ClusterChange | undefined {
  const gone = logged.filter((name) => !named.includes(name));
  if (logged.length === 0 || (gone.length === 0 && named.length === logged.length)) return undefined;
  const words = `this node's keys file has the nodes ${inOrder(named)}, its log the cluster ${inOrder(logged)}`;
  return { gone, words };
}

/** What stands for a cluster in a Welcome: never 0, which says nothing. */
export function clusterSum(names: readonly string[], checksums: Checksums): number {
  return checksums.crc32c(encodeUtf8([...names].sort().join(" "))) || 1;
}

/** Throws OTHER_CLUSTER for a Welcome by a node whose keys file has other nodes than `names`. */
export function refuseOtherCluster(
  { cluster }: { readonly cluster: number },
  primary: string,
  names: readonly string[],
  checksums: Checksums,
): void {
  if (cluster === 0 || cluster === clusterSum(names, checksums)) return;
  const what = `this node's keys file has the nodes ${inOrder(names)}, and that of ${primary}, which leads, has others`;
  throw new SeriatimError("OTHER_CLUSTER", `${what}: give both the same`, { exitCode: 2 });
}

function inOrder(names: readonly string[]): string {
  return [...names].sort().join(", ");
}

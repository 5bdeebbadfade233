// What the settings say of a node's cluster: alone, its primary, or a replica of another node.

import { SeriatimError } from "../base/index.ts";
import type { PeerTls } from "../platform/index.ts";
import { type AckPolicyName, NODES_MAX } from "../replication/index.ts";
import type { HostPort, ReplicationOptions } from "../runtime/index.ts";
import type { GivenSettings } from "./configuration.ts";
import { type Configuration, SETTINGS, type SettingName } from "./settings.ts";

/** How a primary serves its replicas; undefined for a node that is alone, or a replica itself. */
export function replicationOf(
  configuration: Configuration,
  tls: PeerTls | undefined,
): ReplicationOptions | undefined {
  const { host, replicationPort, keys, nodeKey, ackPolicy, replicaOf, peers } = configuration;
  if (nodeKey === "" || replicaOf !== "") return undefined;
  const policy = ackPolicy === "auto" ? undefined : (ackPolicy as AckPolicyName);
  const where = { host, port: replicationPort, tls, peers: addressesOf("peers", peers) };
  return { ...where, keys, ownKey: nodeKey, ackPolicy: policy };
}

/** Where a replica looks for its primary, in turn; undefined for a node that is none. */
export function primariesOf(
  { replicaOf }: Configuration,
  setting = "replica-of",
): readonly HostPort[] | undefined {
  return replicaOf === "" ? undefined : addressesOf(setting, replicaOf);
}

/** Of a setting of kind `addresses`; throws CONFIGURATION_INVALID for a port that can't be. */
export function addressesOf(setting: string, list: string): readonly HostPort[] {
  if (list === "") return [];
  return list.split(",").map((address) => addressOf(setting, address.trim()));
}

function addressOf(setting: string, address: string): HostPort {
  const match = /^(?:\[(.+)\]|([^:]+)):([0-9]{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) {
    const what = "HOST:PORT with a port from 1 to 65535, as 10.0.0.1:9029";
    throw invalid(`${setting}: ${JSON.stringify(address)} is not ${what}`);
  }
  return { host: match[1] ?? match[2], port };
}

/** Throws CONFIGURATION_INVALID for settings of a cluster that contradict one another. */
export function refuseHalfACluster(configuration: Configuration, given: GivenSettings): void {
  const { nodeKey, keys, replicaOf, peers, ackPolicy, durability, threads } = configuration;
  const isCluster = nodeKey !== "" || replicaOf !== "" || peers !== "";
  refuseAddresses(configuration, given);
  if (isCluster && (nodeKey === "" || keys === "")) {
    throw invalid(
      "a node of a cluster needs keys (of all nodes) and node-key (its own): seriatim keygen makes them",
    );
  }
  if (isCluster && durability !== "fsync") {
    throw invalid(
      `durability is ${durability}: what a node of a cluster says of its disk must be so (fsync)`,
    );
  }
  if (isCluster && threads !== "spread")
    throw invalid("threads is single: a node of a cluster needs its own (spread)");
  if (!isCluster && ackPolicy !== "auto" && ackPolicy !== "disk") {
    throw invalid(`ack-policy is ${ackPolicy}, which needs a replica: without node-key this node is alone`);
  }
  const port = given.get("replicationPort");
  if (!isCluster && port !== undefined && port.value !== defaultOf("replicationPort"))
    throw invalid(`${port.origin} is given, but no node-key: without it this node is alone`);
}

function defaultOf(name: SettingName): unknown {
  return SETTINGS.find((setting) => setting.name === name)?.default;
}

function refuseAddresses(configuration: Configuration, given: GivenSettings): void {
  const origin = (name: "replicaOf" | "peers", key: string): string => given.get(name)?.origin ?? key;
  const [primaries, others] = [origin("replicaOf", "replica-of"), origin("peers", "peers")];
  refuseTooMany(primaries, primariesOf(configuration, primaries) ?? []);
  refuseTooMany(others, addressesOf(others, configuration.peers));
}

function refuseTooMany(setting: string, { length }: readonly HostPort[]): void {
  if (length > NODES_MAX) throw invalid(`${setting} names ${length} nodes; a cluster has ${NODES_MAX}`);
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("CONFIGURATION_INVALID", message, { exitCode: 2 });
}

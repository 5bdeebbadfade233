// What a machine gives to the node that runs on it, and what a simulation sees of a node.

import type { Prng } from "../base/index.ts";
import type { ExchangeEngine } from "../engine/index.ts";
import type { ReplicaFiles } from "../journal/index.ts";
import type { SimulatedDisk } from "../lab/index.ts";
import type { AckPolicyName } from "../protocol/index.ts";
import { Promises } from "../runtime/index.ts";
import type { Bounded } from "./bounds.ts";
import type { SimulatedLimits } from "./limits.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import type { SimulatedHost } from "./simulated-network.ts";
import type { Witness } from "./witness.ts";

export const PROMISES_DIRECTORY = "promises";
export const ORDER_PORT = 9_001;
export const REPLICATION_PORT = 9_002;
/** Between two looks at sessions and deadlines, as on a real node. */
export const TICK_US = 50_000;

/** Accounts that only sessions with a logon trade for. */
export const SESSION_ACCOUNTS: readonly number[] = [4, 5];

/** What a node has promised, on its disk. */
export function promisesOn(disk: SimulatedDisk): Promises {
  disk.makeDirectory(PROMISES_DIRECTORY);
  return new Promises(disk, PROMISES_DIRECTORY);
}

/** What every node is told. */
export interface SimulatedCluster {
  /** Of all nodes, by this one's keys; one alone is no cluster. */
  readonly names: readonly string[];
  readonly policy: AckPolicyName;
  readonly limits: SimulatedLimits;
}

/** As a keys file of those names says. */
export function identityOf(name: string, { names }: Pick<SimulatedCluster, "names">) {
  const cluster = [...names].sort();
  const others = cluster.filter((other) => other !== name);
  return { name, cluster, others, seat: cluster.indexOf(name) };
}

/** How a node's process ended by itself. */
export type NodeEnd = "failed" | "fenced" | "diverged" | "received" | "refused";

export interface Site {
  readonly name: string;
  readonly cluster: SimulatedCluster;
  readonly host: SimulatedHost;
  readonly disk: SimulatedDisk;
  readonly clock: SimulatedClock;
  readonly prng: Prng;
  /** Where it keeps what it has. */
  readonly files: ReplicaFiles;
  readonly witness: Witness;
  /** Bytes that were never given before. */
  nonce(): Uint8Array;
  /** How long the disk takes for a wait of now. */
  syncTime_us(): number;
  /** Has `act` called unless the process has ended by then. */
  plan(delay_us: number, act: () => void): void;
  /** The process ends, of itself. */
  end(how: NodeEnd, why: string): void;
}

/** Where a node's journal ends. */
export interface NodeLog {
  readonly epoch: number;
  readonly position: number;
  readonly persisted: number;
  readonly chain: Uint8Array;
}

/** A node that is up. */
export interface SimulatedNode extends Bounded {
  readonly role: "primary" | "replica";
  readonly engine: ExchangeEngine;
  readonly log: NodeLog;
  /** The last position that the engine has applied. */
  readonly applied: number;
  /** What may be seen. */
  readonly releasedPosition: number;
  /** Whether it takes orders. */
  readonly isServing: boolean;
  /** The process is gone: nothing of it happens any more. */
  abandon(): void;
}

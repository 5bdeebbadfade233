// An exchange is started here, at the start of a primary or when a replica becomes one: what its thread and the others need
// is opened in order, and closed again if that fails.
//
//   settings agree with the log -> journal opened, replayed -> listen
//
// Once the exchange is made (exchange-node.ts) a start that fails is undone by its own stop.

import type { Clock } from "../base/index.ts";
import { NativeChecksums, NodeStorage } from "../platform/index.ts";
import type { DataDirectory, KeyRing, Tenure } from "../runtime/index.ts";
import { replicationOf } from "./cluster-settings.ts";
import type { LoadedConfiguration } from "./configuration.ts";
import { ExchangeNode } from "./exchange-node.ts";
import { encodeGenesisEntry } from "./exchange-records.ts";
import { genesisOf, refuseContradicted, refuseOthers } from "./genesis-settings.ts";
import { assertPortFree } from "./listening.ts";
import type { Log } from "./log.ts";
import type { NodeParts } from "./node.ts";
import { type InheritedExchange, recoverExchange } from "./recovery.ts";
import type { Configuration } from "./settings.ts";
import type { NodeTape } from "./tape-thread.ts";
import { type NodeTls, peerTlsOf } from "./tls.ts";
import { webOf } from "./web/web-stage.ts";

/** What a node is made from, whatever its role. */
export interface NodePlan {
  readonly loaded: LoadedConfiguration;
  readonly log: Log;
  readonly parts: NodeParts & {
    readonly clock: Clock;
    readonly keys: KeyRing | undefined;
    readonly tls: NodeTls;
  };
  /** Locked; lent to the node's parts: the lock is the node's to give back. Undefined: nothing is kept. */
  readonly directory: DataDirectory | undefined;
  /** Started, and stopped, by the node; undefined: there is none. */
  readonly tape: NodeTape | undefined;
}

/** Asked before anything is written. Throws as listenOn. */
export async function assertExchangePortsFree(configuration: Configuration): Promise<void> {
  const { host, orderPort, httpPort, nodeKey, replicationPort } = configuration;
  await assertPortFree("order-port", host, orderPort);
  await assertPortFree("http-port", host, httpPort);
  if (nodeKey !== "") await assertPortFree("replication-port", host, replicationPort);
}

/** With what a replica becomes a primary. */
interface Legacy {
  readonly inherited: InheritedExchange;
  readonly tenure: Tenure;
  /** Its page's port is free when this resolves. */
  readonly pageEnded: Promise<void>;
}

/** Throws SeriatimError naming what is wrong, with everything closed again. */
export async function startExchange(plan: NodePlan, legacy?: Legacy): Promise<ExchangeNode> {
  const { log, parts } = plan;
  const { configuration } = plan.loaded;
  const undo: (() => Promise<void>)[] = [];
  try {
    const isCompared = legacy !== undefined || refuseContradictedLog(plan);
    // Its thread begins while the log is read.
    const web = webOf(configuration, parts.tls, log, journalForWeb(plan));
    undo.push(() => web.stop());
    const options = { ...runtimeOptionsOf(plan), tenure: legacy?.tenure };
    const history = await recoverExchange(options, log, legacy?.inherited);
    undo.push(() => history.runtime.stop());
    // The log's first entry is in its first segment, which may be gone; a snapshot has it too.
    if (!isCompared && !history.runtime.recovered.created) refuseOthers(plan.loaded.given, history.engine);
    const exchange = new ExchangeNode(configuration, web, history, plan);
    undo.splice(0, undo.length, () => exchange.stop());
    await legacy?.pageEnded;
    await exchange.listen();
    return exchange;
  } catch (error) {
    // The first error is the one to report: what stopping then says follows from it.
    for (const step of undo.reverse()) await step().catch(() => {});
    throw error;
  }
}

/** Where its web reads what it misses; nowhere when nothing is kept, or on a disk of a test's own. */
function journalForWeb({ directory, parts }: Pick<NodePlan, "directory" | "parts">) {
  if (directory === undefined || parts.storage !== undefined) return undefined;
  const { journal, snapshots } = directory;
  return { journal, snapshots };
}

/** Whether there was a log to compare the settings with. */
function refuseContradictedLog({ loaded, parts, directory }: NodePlan): boolean {
  if (directory === undefined) return false;
  const storage = parts.storage ?? new NodeStorage();
  const place = { storage, checksums: new NativeChecksums(), directory: directory.journal };
  return refuseContradicted(loaded.given, place);
}

function runtimeOptionsOf({ loaded: { configuration }, parts, directory }: NodePlan) {
  const { segmentBytes, threads, wait, durability } = configuration;
  const { clock, storage, indexSeed } = parts;
  const genesis = encodeGenesisEntry(genesisOf(configuration, indexSeed), clock.wallMicros());
  const replication = replicationOf(configuration, peerTlsOf(parts.tls));
  const options = { directory, segmentBytes, threads, wait, genesis, clock, storage, replication };
  return durability === "off" ? options : { ...options, durability };
}

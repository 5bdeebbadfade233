// A node is started here: what its thread and the others need is opened in order, and closed again if a start fails.
//
//   ports free? -> data directory, lock -> settings agree with the log -> journal opened, replayed -> listen
//
// Once the node is made (exchange-node.ts) a start that fails is undone by its own stop.

import type { Clock, SeriatimError, Storage } from "../base/index.ts";
import { encodeGenesisEntry } from "../journal/index.ts";
import { NativeChecksums, NodeStorage, SystemClock } from "../platform/index.ts";
import {
  type DataDirectory,
  type KeyRing,
  openDataDirectory,
  type Recovered,
  readKeyRing,
  type SnapshotTaken,
} from "../runtime/index.ts";
import { ADMIN_HOST } from "./admin/admin-listener.ts";
import { hasAdministrator } from "./admin/node-admin.ts";
import { replicationOf } from "./cluster-settings.ts";
import type { LoadedConfiguration } from "./configuration.ts";
import { ExchangeNode } from "./exchange-node.ts";
import { genesisOf, refuseContradicted, refuseOthers } from "./genesis-settings.ts";
import { assertPortFree } from "./listening.ts";
import type { Log } from "./log.ts";
import { recoverExchange } from "./recovery.ts";
import type { Configuration } from "./settings.ts";
import { withTraders } from "./simulated-traders.ts";
import type { NodeStatus } from "./status.ts";
import { webOf } from "./web/web-stage.ts";

export interface RunningNode {
  readonly orderPort: number;
  readonly httpPort: number;
  /** 0 without an admin listener. */
  readonly adminPort: number;
  /** Where replicas connect; 0 for a node that is alone. */
  readonly replicationPort: number;
  /** Accounts are numbered from 0 to this less 1, by its log. */
  readonly accountsMax: number;
  /** What the journal said when it was opened. */
  readonly recovered: Recovered;
  /** Resolves with what stopped the node, if anything ever does; nothing is acknowledged from then on. */
  readonly failed: Promise<SeriatimError>;
  /** What /healthz and /metrics are made of, also when they can't be asked. */
  status(): NodeStatus;
  /**
   * Takes a snapshot of all that is durable by now, without waiting for `snapshot-every`; rejects with why none could be
   * taken. Whoever asks while one is taken gets the next.
   */
  requestSnapshot(): Promise<SnapshotTaken>;
  /**
   * Orderly: answers what is in flight, closes everything, within bounds. Resolves when all is closed; rejects, also
   * when all is closed, with what stopped the node before or failed on the way. Called again it gives the same answer.
   */
  stop(): Promise<void>;
}

/** What a test or a simulation may own; the real ones by default. */
export interface NodeParts {
  readonly clock?: Clock;
  /** The order index's seed in the genesis entry of a new log; random by default. */
  readonly indexSeed?: readonly [low: number, high: number];
  /** The journal's disk; only with `threads single`. */
  readonly storage?: Storage;
  /** Commands on their way to the web; a power of two. */
  readonly feedRingRecords?: number;
  /** Who may administer it; by default those of the configuration's keys file. */
  readonly keys?: KeyRing | undefined;
}

/** Starts a node; throws SeriatimError naming what is wrong, with everything closed again. */
export async function startNode(
  { configuration, given }: LoadedConfiguration,
  log: Log,
  parts: NodeParts = {},
): Promise<RunningNode> {
  await assertPortFree("order-port", configuration.host, configuration.orderPort);
  await assertPortFree("http-port", configuration.host, configuration.httpPort);
  const keys = parts.keys ?? (configuration.keys === "" ? undefined : readKeyRing(configuration.keys));
  if (hasAdministrator(keys)) await assertPortFree("admin-port", ADMIN_HOST, configuration.adminPort);
  const undo: (() => Promise<void>)[] = [];
  try {
    const { clock = new SystemClock(), storage } = parts;
    const genesis = encodeGenesisEntry(genesisOf(configuration, parts.indexSeed), clock.wallMicros());
    const directory = await directoryOf(configuration);
    let isCompared = false;
    if (directory !== undefined) {
      undo.push(() => directory.lock.release());
      const disk = storage ?? new NodeStorage();
      isCompared = refuseContradicted(given, {
        storage: disk,
        checksums: new NativeChecksums(),
        directory: directory.journal,
      });
    }
    // Its thread begins while the log is read.
    const web = webOf(configuration, log);
    undo.splice(0, undo.length, () => web.stop());
    const { segmentBytes, threads, wait, durability } = configuration;
    const kept = durability === "off" ? {} : { durability };
    const replication = replicationOf(configuration);
    const options = {
      ...{ directory, segmentBytes, threads, wait, genesis, clock, storage, replication },
      ...kept,
    };
    const history = await recoverExchange(options, log);
    undo.push(() => history.runtime.stop());
    // The log's first entry is in its first segment, which may be gone; a snapshot has it too.
    if (!isCompared && !history.runtime.recovered.created) refuseOthers(given, history.engine);
    const node = new ExchangeNode(configuration, web, history, log, { ...parts, clock, keys });
    undo.splice(0, undo.length, () => node.stop());
    await node.listen();
    return configuration.simulate === 0 ? node : withTraders(node, configuration, log);
  } catch (error) {
    // The first error is the one to report: what stopping then says follows from it.
    for (const step of undo.reverse()) await step().catch(() => {});
    throw error;
  }
}

/** Locked; none for a node that keeps nothing. */
async function directoryOf({ durability, dataDir }: Configuration): Promise<DataDirectory | undefined> {
  return durability === "off" ? undefined : await openDataDirectory(dataDir);
}

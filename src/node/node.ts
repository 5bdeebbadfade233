// A node as its user sees it, and its start.
//
//   ports free? -> data directory, lock -> the part of its role: an exchange (exchange-start.ts), or a replica
//
// A start that fails closes everything again.

import type { Clock, SeriatimError, Storage } from "../base/index.ts";
import { NodeStorage, SystemClock } from "../platform/index.ts";
import type { NodeRoleName } from "../protocol/index.ts";
import {
  type KeyRing,
  openDataDirectory,
  ownDirectory,
  readIdentity,
  readKeyRing,
  type SnapshotTaken,
} from "../runtime/index.ts";
import { ADMIN_HOST, hasAdministrator } from "./admin/admin-listener.ts";
import { ClusterNode } from "./cluster-node.ts";
import { primariesOf } from "./cluster-settings.ts";
import type { LoadedConfiguration } from "./configuration.ts";
import { refuseTooFewDescriptors } from "./descriptors.ts";
import { assertExchangePortsFree } from "./exchange-start.ts";
import { refuseExposed, refuseUnknownHost } from "./exposure.ts";
import { assertPortFree } from "./listening.ts";
import type { Log } from "./log.ts";
import { assertFeedPortsFree } from "./market-data-settings.ts";
import type { Configuration } from "./settings.ts";
import type { NodeStatus } from "./status.ts";
import type { NodeTape } from "./tape-thread.ts";
import { readTls } from "./tls.ts";

/** A node that `startNode` has started. Ports are those it got; `stop` ends it in order. */
export interface RunningNode {
  /** What it is now: a replica that is promoted becomes a primary. */
  readonly role: NodeRoleName;
  /** 0 while it takes no orders. */
  readonly orderPort: number;
  /** 0 without a page. */
  readonly httpPort: number;
  /** Of binary market data over TCP, and of ticks/1; each 0 where there is none. */
  readonly mdPort: number;
  readonly feedPort: number;
  /** 0 without a tape. */
  readonly tapePort: number;
  /** 0 without an admin listener. */
  readonly adminPort: number;
  /** Where replicas connect; 0 where none can. */
  readonly replicationPort: number;
  /** Accounts are numbered from 0 to this less 1, by its log. */
  readonly accountsMax: number;
  /** Resolves when it leads, or is alone: then it takes orders, as far as its health says. */
  readonly leads: Promise<void>;
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

/** Whoever gives a port for administrators expects somebody there. */
function warnOfNobody({ configuration, given }: LoadedConfiguration, log: Log): void {
  const port = given.get("adminPort");
  if (port === undefined) return;
  const { keys, adminPort } = configuration;
  const lacks = keys === "" ? "there is no keys file (keys)" : `${keys} has no key of role admin`;
  const makes = "seriatim keygen NAME --keys FILE makes one, read at the next start";
  const what = `${port.origin} is not listened on: ${lacks}, so nobody may administer this node; ${makes}`;
  log.warn({ adminPort }, what);
}

/** Starts a node; throws SeriatimError naming what is wrong, with everything closed again. */
export async function startNode(
  loaded: LoadedConfiguration,
  log: Log,
  parts: NodeParts = {},
): Promise<RunningNode> {
  const { configuration } = loaded;
  await refuseTooFewDescriptors(configuration);
  const { clock = new SystemClock() } = parts;
  const tls = readTls(configuration, clock.wallMicros());
  const keys =
    parts.keys ?? (configuration.keys === "" ? undefined : readKeyRing(configuration.keys, "keys"));
  await refuseUnknownHost("host", configuration.host);
  refuseExposed(configuration, keys);
  if (primariesOf(configuration) === undefined) await assertExchangePortsFree(configuration);
  else await assertPortFree("http-port", configuration.host, configuration.httpPort);
  await assertFeedPortsFree(configuration);
  const tape = await tapeOf(configuration, keys, log);
  if (hasAdministrator(keys)) await assertPortFree("admin-port", ADMIN_HOST, configuration.adminPort);
  else warnOfNobody(loaded, log);
  // Before a directory is made for it.
  const { durability, dataDir, nodeKey } = configuration;
  const own = nodeKey === "" ? undefined : readIdentity(configuration.keys, nodeKey).name;
  const directory = durability === "off" ? undefined : await openDataDirectory(dataDir);
  const node = new ClusterNode({ loaded, log, parts: { ...parts, clock, keys, tls }, directory, tape });
  try {
    await node.start();
    // A start that is refused has taken nothing.
    if (own !== undefined) takeDirectory(dataDir, own, log);
    return node;
  } catch (error) {
    // The first error is the one to report: what stopping then says follows from it.
    await node.stop().catch(() => {});
    throw error;
  }
}

/** What a node has promised and acknowledged goes by its name: one that comes to another's directory is told. */
function takeDirectory(dataDir: string, own: string, log: Log): void {
  const before = ownDirectory(new NodeStorage(), dataDir, own);
  if (before === undefined) return;
  const what = `${dataDir} was node ${before}'s until now and is ${own}'s from here on`;
  log.warn(`${what}: with a wrong data-dir or node-key, what ${own} has acknowledged may lie elsewhere`);
}

/** Not started yet; a node without one does not load it. Throws as refuseTape. */
async function tapeOf(
  configuration: Configuration,
  keys: KeyRing | undefined,
  log: Log,
): Promise<NodeTape | undefined> {
  if (configuration.tapePort < 0) return undefined;
  const { refuseTape } = await import("./tape-program.ts");
  await refuseTape(configuration, keys, "tape-");
  const { NodeTape } = await import("./tape-thread.ts");
  return new NodeTape(log);
}

// Whether this process may have as many sockets and files open as its settings can lead to. Asked at start: what Node can't
// hold it closes without a word, so that peers would be refused below the cap that was set.

import { SeriatimError } from "../base/index.ts";
import { openFilesMax } from "../platform/index.ts";
import { TAPE_TOPICS_MAX } from "../protocol/index.ts";
import type { Configuration } from "./settings.ts";

/** HTTP, WebSockets among them, and the order-entry connections that those have: both ends of each are in this process. */
const WEB = 320 + 256 + 256;
/** Administrators, replicas, peers that are asked, known or not, and as many TLS handshakes of each as there may be. */
const OTHERS = 48 + 128;
/** The journal's files, snapshots, the lock, what each thread needs for its event loop, simulated traders. */
const FILES = 128;

/**
 * Beside the tape's connections: of each topic the file that is written, which the helper of its commit worker may have open too, and
 * four that are read; the catalog, its listeners.
 */
const TAPE_FILES = 6 * TAPE_TOPICS_MAX + 128;

/** All that a node without feeds may have open beside the order-entry connections of others. */
export const DESCRIPTORS_BESIDE = WEB + OTHERS + FILES;

/** The same of a tape alone: its connections are the figure that can be lower. */
export function refuseTooFewForTape(
  connectionsMax: number,
  limit: number | undefined = openFilesMax(),
): void {
  const needed = connectionsMax + TAPE_FILES + FILES;
  if (limit === undefined || needed <= limit) return;
  const what = `connections-max ${connectionsMax} can need ${needed} open files and sockets, and this process may have ${limit}`;
  const remedy = `raise its limit (ulimit -n)`;
  throw new SeriatimError("TOO_FEW_DESCRIPTORS", `${what}: ${remedy}`, { exitCode: 2 });
}

/** Throws SeriatimError (exit 2) with the figures; `limit` undefined: nothing is known, and nothing refused. */
export async function refuseTooFewDescriptors(
  configuration: Configuration,
  limit: number | undefined = openFilesMax(),
): Promise<void> {
  const { connectionsMax, mdPort, feedPort, mdUdp, mdUdpV1, tapePort, tapeConnectionsMax } = configuration;
  const hasFeeds = mdPort >= 0 || feedPort >= 0 || mdUdp !== "" || mdUdpV1 !== "";
  // A node without feeds does not load them.
  const feeds = hasFeeds ? (await import("./feed-descriptors.ts")).feedDescriptors(configuration) : 0;
  const tape = tapePort >= 0 ? tapeConnectionsMax + TAPE_FILES : 0;
  const beside = DESCRIPTORS_BESIDE + feeds + tape;
  const needed = connectionsMax + beside;
  if (limit === undefined || needed <= limit) return;
  const most = limit - beside;
  const what = `connections-max ${connectionsMax} can need ${needed} open files and sockets (${beside} for all else), and this process may have ${limit}`;
  const remedy = most > 0 ? `raise its limit (ulimit -n) or give ${most}` : "raise its limit (ulimit -n)";
  throw new SeriatimError("TOO_FEW_DESCRIPTORS", `${what}: ${remedy}`, { exitCode: 2 });
}

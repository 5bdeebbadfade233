// Whether this process may have as many sockets and files open as its settings can lead to. Asked at start: what Node can't
// hold it closes without a word, so that peers would be refused below the cap that was set.

import { SeriatimError } from "../base/index.ts";
import { openFilesMax } from "../platform/index.ts";
import type { Configuration } from "./settings.ts";

/** HTTP, WebSockets among them, and the order-entry connections that those have: both ends of each are in this process. */
const WEB = 320 + 256 + 256;
/** Administrators, replicas, peers that are asked, known or not, and as many TLS handshakes of each as there may be. */
const OTHERS = 48 + 128;
/** The journal's files, snapshots, the lock, what each thread needs for its event loop, simulated traders. */
const FILES = 128;

/** All that a node may have open beside the order-entry connections of others. */
export const DESCRIPTORS_BESIDE = WEB + OTHERS + FILES;

/** Throws SeriatimError (exit 2) with the figures; `limit` undefined: nothing is known, and nothing refused. */
export function refuseTooFewDescriptors(
  { connectionsMax }: Configuration,
  limit: number | undefined = openFilesMax(),
): void {
  const needed = connectionsMax + DESCRIPTORS_BESIDE;
  if (limit === undefined || needed <= limit) return;
  const most = limit - DESCRIPTORS_BESIDE;
  const what = `connections-max ${connectionsMax} can need ${needed} open files and sockets (${DESCRIPTORS_BESIDE} for all else), and this process may have ${limit}`;
  const remedy = most > 0 ? `raise its limit (ulimit -n) or give ${most}` : "raise its limit (ulimit -n)";
  throw new SeriatimError("TOO_FEW_DESCRIPTORS", `${what}: ${remedy}`, { exitCode: 2 });
}

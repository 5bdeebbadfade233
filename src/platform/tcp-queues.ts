// How much of what was sent a peer has not acknowledged, as Linux tells it (/proc/net/tcp, tcp6). Node can't say: it
// knows only when the kernel takes more, which on a fast link is after a third of a send buffer of some MiB is out.
// A peer that reads 50 kB/s would look dead for half a minute.
//
// The kernel walks its whole table for one look, some milliseconds, so a worker thread of libuv does that, at most one look
// at a time and only while somebody asks. Elsewhere than on Linux nothing is known.

import { readFile } from "node:fs/promises";

/** `  0: 0100007F:2331 0100007F:B20C 01 00001A2B:00000000 ...`: addresses with ports, state, unsent and unread bytes. */
const LINE = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/gm;
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

export class TcpQueues {
  /** Unacknowledged bytes by both ports, of the last look. */
  #seen = new Map<number, number>();
  #isLooking = false;

  /**
   * Unacknowledged bytes of the connection between these ports at the last look, or -1; begins the next look. Peers on
   * several machines with the same port count as one: then one that moves lets the other one wait longer.
   */
  unacknowledgedBytes(localPort: number, remotePort: number): number {
    if (!this.#isLooking) void this.#look();
    return this.#seen.get(keyOf(localPort, remotePort)) ?? -1;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const texts = await Promise.all(TABLES.map((table) => readFile(table, "latin1").catch(() => "")));
    this.#seen = parseTcpTables(texts.join("\n"));
    this.#isLooking = false;
  }
}

/** Unacknowledged bytes by `keyOf` both ports. */
export function parseTcpTables(text: string): Map<number, number> {
  const bytes = new Map<number, number>();
  for (const [, local, remote, unacknowledged] of text.matchAll(LINE)) {
    const key = keyOf(Number.parseInt(local, 16), Number.parseInt(remote, 16));
    bytes.set(key, (bytes.get(key) ?? 0) + Number.parseInt(unacknowledged, 16));
  }
  return bytes;
}

export function keyOf(localPort: number, remotePort: number): number {
  return localPort * 65_536 + remotePort;
}

// The sockets that lines A and B and their snapshots come in by: one per channel and line, and one per line for snapshots. A group is joined, and
// several programs of this machine may listen to it; an address of this machine is listened to alone.

/// <reference types="node" preserve="true" />

import { createSocket, type Socket } from "node:dgram";
import { BlockList, isIP } from "node:net";
import { networkWords, SeriatimError } from "../../base/index.ts";
import { PacketSource } from "../../feed/index.ts";
import { CHANNEL_KIND_MAX } from "../../protocol/index.ts";
import type { FeedLines, LineAddress } from "./options.ts";

/** What the kernel keeps while this thread is busy: some thousand of the largest datagrams. It may grant less. */
const RECEIVE_BUFFER_BYTES = 4_194_304;

const groups = new BlockList();
groups.addSubnet("224.0.0.0", 4, "ipv4");
groups.addSubnet("ff00::", 8, "ipv6");

const NO_INTERFACE: readonly unknown[] = ["EADDRNOTAVAIL", "EINVAL", "ENODEV"];

/** Takes a datagram, lent for the call. */
export type DatagramTaker = (source: PacketSource, bytes: Uint8Array) => void;

export class LineSockets {
  readonly #sockets: Socket[] = [];
  #isClosed = false;

  /** Listens for these channels, unless it is closed. Throws SeriatimError (`UDP_FAILED`) naming the address; then nothing stays open. */
  async open(lines: FeedLines, channels: readonly number[], take: DatagramTaker): Promise<void> {
    try {
      for (const [line, source] of [
        [lines.a, PacketSource.LineA],
        [lines.b, PacketSource.LineB],
      ] as const) {
        if (line === undefined) continue;
        for (const channel of channels) await this.#listen(line, channel - 1, lines.interface, source, take);
        await this.#listen(line, CHANNEL_KIND_MAX, lines.interface, PacketSource.SnapshotLine, take);
      }
    } catch (error) {
      await this.#closeAll();
      throw error;
    }
  }

  /** For good: an `open` under way ends, and opens no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closeAll();
  }

  async #closeAll(): Promise<void> {
    const closed = this.#sockets
      .splice(0)
      .map((socket) => new Promise<void>((resolve) => socket.close(() => resolve())));
    await Promise.all(closed);
  }

  async #listen(
    { host, port: base }: LineAddress,
    offset: number,
    by: string | undefined,
    source: PacketSource,
    take: DatagramTaker,
  ): Promise<void> {
    if (this.#isClosed) return;
    const port = base + offset;
    const isV6 = isIP(host) === 6;
    const isGroup = isIP(host) !== 0 && groups.check(host, isV6 ? "ipv6" : "ipv4");
    const socket = createSocket({
      type: isV6 ? "udp6" : "udp4",
      reuseAddr: isGroup,
      recvBufferSize: RECEIVE_BUFFER_BYTES,
    });
    this.#sockets.push(socket);
    try {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      socket.once("error", reject);
      // Of a socket that is closed meanwhile `bind` says nothing.
      socket.once("close", resolve);
      socket.bind({ address: host, port }, resolve);
      await promise;
      if (this.#isClosed) return;
      if (isGroup) join(socket, host, by);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const line = `can't listen to datagrams of ${host}:${port}: ${networkWords(code, message)}`;
      throw new SeriatimError("UDP_FAILED", line, { cause });
    }
    socket.removeAllListeners("error");
    // A datagram that can't be read is one that was lost.
    socket.on("error", () => {});
    socket.on("message", (bytes: Buffer) => take(source, bytes));
  }
}

/** What the system says of an interface that is none is a call and a code. */
function join(socket: Socket, group: string, by: string | undefined): void {
  try {
    socket.addMembership(group, by);
  } catch (cause) {
    if (!NO_INTERFACE.includes((cause as NodeJS.ErrnoException).code)) throw cause;
    const why =
      by === undefined ? "no network of this machine has it" : `${by} is no address of this machine`;
    throw new Error(`the group can't be joined, ${why}`, { cause });
  }
}

// Copies of history in pieces that are given to connections. Everybody who has read up to the same place is given the same
// piece: a thousand subscribers that keep up cost one copy. A piece is memory of its own, so it may wait for a slow peer
// while the history goes on.

import { packetCount, packetFirst } from "../../protocol/index.ts";
import type { ServedChannel } from "./served-channel.ts";

export interface Chunk {
  /** Whole packets. */
  readonly bytes: Uint8Array;
  /** The sequence behind them. */
  readonly next: number;
}

interface CachedChunk extends Chunk {
  readonly epoch: number;
  readonly from: number;
}

export class SharedChunks {
  readonly #chunk_bytes: number;
  /** The last one of each kind of channel. */
  readonly #last: (CachedChunk | undefined)[] = [];

  constructor(chunk_bytes: number) {
    this.#chunk_bytes = chunk_bytes;
  }

  /** What follows from the packet that holds `from`, which is kept and less than `next`. */
  take(channel: ServedChannel, from: number): Chunk {
    const cached = this.#last[channel.kind];
    // What has been sealed since is what follows it.
    if (cached !== undefined && cached.epoch === channel.epoch && cached.from === from) return cached;
    const made = this.#copy(channel, from);
    this.#last[channel.kind] = made;
    return made;
  }

  #copy(channel: ServedChannel, from: number): CachedChunk {
    const { epoch } = channel;
    const length = this.#lengthOf(channel, from);
    const bytes = new Uint8Array(length);
    const cursor = channel.seek(from);
    let next = from;
    let at = 0;
    while (at < length && cursor.next()) {
      bytes.set(cursor.bytes.subarray(cursor.from, cursor.to), at);
      at += cursor.to - cursor.from;
      next = packetFirst(cursor.bytes, cursor.from) + packetCount(cursor.bytes, cursor.from);
    }
    return { bytes, next, epoch, from };
  }

  /** Of the packets from there on that fit; of one at least. */
  #lengthOf(channel: ServedChannel, from: number): number {
    const cursor = channel.seek(from);
    let length = 0;
    while (cursor.next()) {
      const bytes = cursor.to - cursor.from;
      if (length > 0 && length + bytes > this.#chunk_bytes) break;
      length += bytes;
    }
    return length;
  }
}

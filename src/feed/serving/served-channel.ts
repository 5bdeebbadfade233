// What serving needs of the publisher: channels whose packets are sealed and kept, and snapshots of symbols. Read between turns only,
// when everything that has happened is sealed.

import type { ChannelKind } from "../../protocol/index.ts";

/** Goes through sealed packets, oldest first. Lent: the next seek() of its channel moves it. */
export interface PacketCursor {
  /** Goes to the next packet; false: there is none yet. */
  next(): boolean;
  /** The current packet is `bytes[from, to)`; all packets of a channel lie in the same memory. */
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

export interface ServedChannel {
  readonly kind: ChannelKind;
  /** Microseconds since 1970 when this history began; sequences of another one mean nothing. */
  readonly epoch: number;
  /** The sequence of the next message. */
  readonly next: number;
  /** The oldest sequence that is kept; `next` when there is none. */
  readonly first: number;
  /** Sealed packets and their bytes, ever. */
  readonly packets: number;
  readonly bytes: number;
  /** The sequence of the last message of `symbol`, which may not be sealed yet; 0 when there is none. */
  lastOf(symbol: number): number;
  /** A cursor before the packet that holds `sequence`, which is from `first` to `next`. */
  seek(sequence: number): PacketCursor;
}

/** A snapshot of one symbol as it was when it was asked for. */
export interface SnapshotPieces {
  /** What was copied of the state: memory, and the time it took. */
  readonly copied_bytes: number;
  /** Gives the next packets, each lent for the call, until they are `max_bytes` or more; true: these were the last. */
  write(max_bytes: number, to: (bytes: Uint8Array, from: number, to: number) => void): boolean;
}

export interface ServedMarket {
  /** The channel of that kind; undefined when it is not published. */
  channel(kind: number): ServedChannel | undefined;
  /** Symbols are numbered from 0 to this less 1. */
  readonly symbols: number;
  /** A snapshot of one symbol as it is now, on a channel that is published. */
  snapshot(kind: ChannelKind, symbol: number): SnapshotPieces;
}

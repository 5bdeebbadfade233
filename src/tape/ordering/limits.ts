// The bounds of what a topic's ordering keeps, and the memory that all held batches of a worker share.

import { assert } from "../../base/index.ts";

/** Order levels of a topic. */
export const OrderLevel = {
  /** Nothing is promised between connections; one connection's batches keep their order. */
  None: 0,
  /** One order for all, by arrival. */
  Total: 1,
  /** That, and first in, first out within a session, whatever connections its batches come over; each exactly once. */
  Session: 2,
} as const;
export type OrderLevel = (typeof OrderLevel)[keyof typeof OrderLevel];

/**
 * The highest epoch that a publisher may name for a session that begins; beyond it they are only given out, one after the other. So
 * whoever names the highest takes a publisher's number from nobody for good. Microseconds since 1970 are below it until 2112.
 */
export const EPOCH_NAMED_MAX = 2 ** 52;

export interface OrderingLimits {
  /** A session whose next batch is missing for so long, while later ones wait for it, is fenced. In microseconds. */
  readonly lease_us: number;
  /** Connections of one session, where it may have several. */
  readonly sessionConnectionsMax: number;
  /** How far ahead of the missing batch a number may lie, so how many batches of a session can wait. */
  readonly heldBatchesMax: number;
  /** Of the batches of one session that wait. */
  readonly heldBytesMax: number;
  /** Fenced sessions of a topic that are remembered: beyond that the oldest is forgotten, and open again as after a restart. */
  readonly fencedMax: number;
}

export const ORDERING_LIMITS: OrderingLimits = {
  lease_us: 30_000_000,
  sessionConnectionsMax: 16,
  heldBatchesMax: 64,
  heldBytesMax: 16 * 1024 * 1024,
  fencedMax: 16_384,
};

/** Memory of the batches that all topics of one worker hold back: 64 MiB unless a test wants less. */
export class HoldMemory {
  readonly #bytesMax: number;
  #used_bytes = 0;

  constructor(bytesMax: number = 64 * 1024 * 1024) {
    this.#bytesMax = bytesMax;
  }

  get used_bytes(): number {
    return this.#used_bytes;
  }

  fits(bytes: number): boolean {
    return this.#used_bytes + bytes <= this.#bytesMax;
  }

  take(bytes: number): void {
    assert(this.fits(bytes), "held batches fit the memory for them");
    this.#used_bytes += bytes;
  }

  give(bytes: number): void {
    assert(bytes <= this.#used_bytes, "no more memory is given back than was taken");
    this.#used_bytes -= bytes;
  }
}

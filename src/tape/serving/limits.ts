// What a subscriber may make the broker keep, and for how long.

export interface ServingLimits {
  /** Who holds a delivery buffer and takes nothing for so long is closed. */
  readonly stalled_us: number;
  /** The same while others wait for a buffer. */
  readonly stalledWhileWanted_us: number;
  /** One piece is out within this while others wait, however steadily its subscriber takes it. */
  readonly pieceWhileWanted_us: number;
  /** A piece that took longer makes way for whoever waits before the next one of the same buffer. */
  readonly slowPiece_us: number;
  /** Given to a connection at once; one batch may be more. */
  readonly pieceBytes: number;
  /** A heartbeat, when nothing else was sent for so long. */
  readonly quiet_us: number;
  /** A subscriber that says nothing for so long is gone. */
  readonly silent_us: number;
}

const SECOND_us = 1_000_000;

export const SERVING_LIMITS: ServingLimits = {
  stalled_us: 10 * SECOND_us,
  stalledWhileWanted_us: SECOND_us,
  pieceWhileWanted_us: 10 * SECOND_us,
  slowPiece_us: SECOND_us / 10,
  // A few milliseconds of a gigabit: subscribers take turns without being held up by one another.
  pieceBytes: 256 * 1024,
  quiet_us: SECOND_us,
  silent_us: 30 * SECOND_us,
};

/** Credit is not counted beyond this: more than any topic has between two looks. */
export const CREDIT_MAX_BYTES = 2 ** 40;

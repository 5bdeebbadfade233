// A node's own history, as a peer's is compared with it and sent to it: the journal on the disk.

import { type Position, SeriatimError } from "../base/index.ts";
import { FrameFollower, isSameChain, type LogPlace, type LogPoint } from "../segment/index.ts";

/** What the journal says of another's position and chain value. */
export const Comparison = {
  Same: "same",
  /** No frame of this journal ends there, or with another chain value. */
  Different: "different",
  /** Older than the oldest segment. */
  Retired: "retired",
} as const;
export type Comparison = (typeof Comparison)[keyof typeof Comparison];

/** Reads nothing behind `written`, the last position that the journal's writer has written. */
export class History {
  readonly #place: LogPlace;

  constructor(place: LogPlace) {
    this.#place = place;
  }

  /** Compares a peer's history that ends with `point`, at or before `written`. */
  compare(point: Pick<LogPoint, "position" | "chain">, written: Position): Comparison {
    const follower = new FrameFollower(this.#place, point.position);
    try {
      const own = follower.seek(written);
      if (own === undefined) return Comparison.Different;
      return isSameChain(own.chain, point.chain) ? Comparison.Same : Comparison.Different;
    } catch (error) {
      if (error instanceof SeriatimError && error.code === "LOG_RETIRED") return Comparison.Retired;
      throw error;
    } finally {
      follower.close();
    }
  }

  /** The frames behind position `after`, from the disk. */
  follow(after: Position): FrameFollower {
    return new FrameFollower(this.#place, after);
  }
}

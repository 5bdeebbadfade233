// A node's own history, as a peer's is compared with it and sent to it: the journal on the disk. A disk can lose what it once
// called safe. Where that is found (`damage`), a peer that needs what lies there is sent a snapshot, as one that needs what
// was retired; its owner is told, and makes one behind it.

import { type Position, SeriatimError } from "../base/index.ts";
import {
  FrameFollower,
  type FrameVisitor,
  isSameChain,
  type LogPlace,
  type LogPoint,
} from "../segment/index.ts";

/** What the journal says of another's position and chain value. */
export const Comparison = {
  Same: "same",
  /** No frame of this journal ends there, or with another chain value. */
  Different: "different",
  /** Older than the oldest segment. */
  Retired: "retired",
  /** It can't be read there, or not what comes behind it. */
  Damaged: "damaged",
} as const;
export type Comparison = (typeof Comparison)[keyof typeof Comparison];

/** What reading says of a log that is not as it was written. */
const DAMAGED: readonly string[] = ["LOG_CORRUPT", "EIO"];

/** Reads nothing behind `written`, the last position that the journal's writer has written. */
export class History {
  readonly #place: LogPlace;
  readonly #onDamage: (why: string) => void;
  #damage: string | undefined;
  /** The last position that damage was met at: no frame between one before it and one behind it can be had. */
  #damaged: Position = 0;

  /** `onDamage`: told each time, in one line. */
  constructor(place: LogPlace, onDamage: (why: string) => void = () => {}) {
    this.#place = place;
    this.#onDamage = onDamage;
  }

  /** What was found first, in one line; undefined: nothing yet. */
  get damage(): string | undefined {
    return this.#damage;
  }

  /** Compares a peer's history that ends with `point`, at or before `written`. */
  compare(point: Pick<LogPoint, "position" | "chain">, written: Position): Comparison {
    const follower = new FrameFollower(this.#place, point.position);
    try {
      const own = follower.seek(written);
      if (own === undefined || !isSameChain(own.chain, point.chain)) return Comparison.Different;
      return point.position < this.#damaged ? Comparison.Damaged : Comparison.Same;
    } catch (error) {
      if (error instanceof SeriatimError && error.code === "LOG_RETIRED") return Comparison.Retired;
      if (!this.#isDamage(error)) throw error;
      return Comparison.Damaged;
    } finally {
      follower.close();
    }
  }

  /** The frames behind position `after`, from the disk. */
  follow(after: Position): FrameFollower {
    return new FrameFollower(this.#place, after);
  }

  /** Reads as FrameFollower does, and remembers where it met damage; throws that too. */
  read(follower: FrameFollower, bound: Position, visit: FrameVisitor, framesMax: number): number {
    try {
      return follower.read(bound, visit, framesMax);
    } catch (error) {
      if (this.#isDamage(error)) this.#damaged = Math.max(this.#damaged, follower.position + 1);
      throw error;
    }
  }

  #isDamage(error: unknown): boolean {
    if (!(error instanceof SeriatimError) || !DAMAGED.includes(error.code)) return false;
    this.#damage ??= error.message;
    this.#onDamage(error.message);
    return true;
  }
}

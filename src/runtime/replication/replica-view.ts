// What a replica can say of its cluster: itself and its primary, as far as it hears of it. Its primary's rows say more. For
// people: nothing is decided by it.

import type { Clock, Position } from "../../base/index.ts";
import type { NodeReport } from "../../protocol/index.ts";
import { PositionTimes } from "../../replication/index.ts";
import { StallWatch } from "../stall-watch.ts";

/** How far a replica's thread has come. */
export interface FollowedSoFar {
  readonly inMemory: Position;
  readonly persisted: Position;
  /** Commands up to here may be seen, as the primary says. */
  readonly released: Position;
  /** The primary had this at least. */
  readonly primary: Position;
}

const NOTHING: FollowedSoFar = { inMemory: 0, persisted: 0, released: 0, primary: 0 };

export class ReplicaView {
  /** This node's name. */
  readonly name: string;
  progress = NOTHING;
  /** Whether it follows a primary now. */
  isFollowing = false;
  /** The position of the snapshot that it is being sent, before it can follow; undefined: it is sent none. */
  receiving: Position | undefined;
  /** Why its journal has no room to grow, in one line; undefined: it has. */
  shortage: string | undefined;
  /** The primary that is followed, or was last; "": none was. */
  primary = "";
  #epoch = 0;
  readonly #clock: Clock;
  #times = new PositionTimes();
  readonly #thread: StallWatch;
  /** As it was told last. */
  #turns = 0;
  #isAtWork = false;
  readonly #begun_us: number;
  #since_us: number;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
    this.#begun_us = clock.wallMicros();
    this.#since_us = this.#begun_us;
    this.#thread = new StallWatch(clock.monotonicMicros());
  }

  /** To be told now and then how many turns its thread has had, and whether it has any to do: it opens no journal now. */
  turned(turns: number, isAtWork: boolean): void {
    this.#turns = turns;
    this.#isAtWork = isAtWork;
    this.#thread.look(turns, this.#turnsDue, this.#clock.monotonicMicros());
  }

  /** A thread that is at work has always one more turn to do. */
  get #turnsDue(): number {
    return this.#isAtWork ? this.#turns + 1 : this.#turns;
  }

  /** Why it neither stores nor says anything, in one line: its thread waits for its disk; undefined: it does not. */
  get stall(): string | undefined {
    const stalled_s = this.#thread.stalled_s(this.#turns, this.#turnsDue, this.#clock.monotonicMicros());
    if (stalled_s === undefined) return undefined;
    return `this replica has done nothing for ${stalled_s} s: its thread waits for its disk`;
  }

  follows(primary: string, epoch: number): void {
    if (!this.isFollowing || primary !== this.primary) this.#since_us = this.#clock.wallMicros();
    this.isFollowing = true;
    this.receiving = undefined;
    this.primary = primary;
    this.#epoch = epoch;
  }

  /** A snapshot of this position comes from a primary. */
  receives(position: Position): void {
    this.receiving = position;
  }

  lost(): void {
    if (this.isFollowing) this.#since_us = this.#clock.wallMicros();
    this.isFollowing = false;
    this.receiving = undefined;
  }

  /** Its history was another one: it begins with nothing. */
  beginAnew(): void {
    this.progress = NOTHING;
    this.shortage = undefined;
    // The new history's positions begin below those of the old one's surplus.
    this.#times = new PositionTimes();
  }

  came(progress: FollowedSoFar): void {
    this.progress = progress;
    this.#times.note(progress.primary, this.#clock.monotonicMicros());
  }

  /** By name. */
  get nodes(): readonly NodeReport[] {
    const { inMemory, persisted, primary } = this.progress;
    const lag_us = this.#times.lag_us(inMemory, primary, this.#clock.monotonicMicros());
    const own: NodeReport = {
      ...{ name: this.name, role: "replica", epoch: this.#epoch, connected: true, since_us: this.#begun_us },
      ...{ inMemory, persisted, lag: Math.max(0, primary - inMemory), lag_us: Math.round(lag_us) },
    };
    if (this.primary === "") return [own];
    const other: NodeReport = {
      ...{ name: this.primary, role: "primary", epoch: this.#epoch, connected: this.isFollowing },
      ...{ since_us: this.#since_us, inMemory: primary, persisted: null, lag: 0, lag_us: 0 },
    };
    return own.name < other.name ? [own, other] : [other, own];
  }
}

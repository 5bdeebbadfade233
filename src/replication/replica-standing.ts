// What a replica can say of itself to whoever asks or welcomes it, kept over all its connections.
//
//   warm       it has once, since it was started, had all that a primary had when that welcomed it, its Tenure included: whatever
//              it acknowledged from memory before it was started was there too, and what it has since it still has
//   may lack   its torn end was cut, or its log began with nothing (a new disk, another history set aside, a snapshot
//              received), and it has not had all of a primary's since, in this process or one before: its log knows

import { type Micros, SAFE_MAX } from "../base/index.ts";
import { NodeRole, type Standing, type Welcome } from "../protocol/index.ts";
import type { ReplicaLog } from "./following-session.ts";

/** What it stands on; keeps on its disk whether it may lack something. */
interface StandingLog extends Pick<ReplicaLog, "epoch" | "position" | "persisted" | "chain"> {
  readonly mayLack: boolean;
  /** Durable on return, with all that was stored. Throws what the disk says. */
  lacksNothing(): void;
}

export class ReplicaStanding {
  isWarm = false;
  readonly #log: StandingLog;
  /** What its last primary had when it welcomed this node, and in which epoch. */
  #primaryHad = { epoch: Number.POSITIVE_INFINITY, position: 0 };
  #heard_us: Micros | undefined;

  constructor(log: StandingLog) {
    this.#log = log;
  }

  get mayLack(): boolean {
    return this.#log.mayLack;
  }

  welcomed({ epoch, position }: Pick<Welcome, "epoch" | "position">): void {
    this.#primaryHad = { epoch, position };
  }

  /** Bytes came from a primary that it follows. Throws what the disk says. */
  heard(now_us: Micros): void {
    this.#heard_us = now_us;
    const { epoch, position } = this.#primaryHad;
    if (this.#log.epoch < epoch || this.#log.position < position) return;
    this.isWarm = true;
    if (this.#log.mayLack) this.#log.lacksNothing();
  }

  of(now_us: Micros): Standing {
    const { epoch, position, persisted } = this.#log;
    const primaryHeard_us = this.#heard_us === undefined ? SAFE_MAX : Math.max(0, now_us - this.#heard_us);
    const { isWarm, mayLack } = this;
    return { role: NodeRole.Replica, isWarm, mayLack, epoch, position, persisted, primaryHeard_us };
  }
}

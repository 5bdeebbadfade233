// What a replica can say of itself to whoever asks or welcomes it, kept over all its connections.
//
//   warm       it has once, since it was started, had all that a primary had when that welcomed it, its Tenure included: whatever
//              it acknowledged from memory before it was started was there too, and what it has since it still has
//   may lack   its torn end was cut, or it began on an empty disk, and it has not had all of a primary's since

import { type Micros, SAFE_MAX } from "../base/index.ts";
import { NodeRole, type Standing, type Welcome } from "../protocol/index.ts";
import type { ReplicaLog } from "./following-session.ts";

export class ReplicaStanding {
  isWarm = false;
  mayLack: boolean;
  readonly #log: ReplicaLog;
  /** What its last primary had when it welcomed this node, and in which epoch. */
  #primaryHad = { epoch: Number.POSITIVE_INFINITY, position: 0 };
  #heard_us: Micros | undefined;

  /** `mayLack`: of its log, as it was opened. */
  constructor(log: ReplicaLog, mayLack: boolean) {
    this.#log = log;
    this.mayLack = mayLack;
  }

  welcomed({ epoch, position }: Pick<Welcome, "epoch" | "position">): void {
    this.#primaryHad = { epoch, position };
  }

  /** Bytes came from a primary that it follows. */
  heard(now_us: Micros): void {
    this.#heard_us = now_us;
    const { epoch, position } = this.#primaryHad;
    if (this.#log.epoch < epoch || this.#log.position < position) return;
    this.isWarm = true;
    this.mayLack = false;
  }

  of(now_us: Micros): Omit<Standing, "proof"> {
    const { epoch, position, persisted, chain } = this.#log;
    const primaryHeard_us = this.#heard_us === undefined ? SAFE_MAX : Math.max(0, now_us - this.#heard_us);
    const { isWarm, mayLack } = this;
    return { role: NodeRole.Replica, isWarm, mayLack, epoch, position, persisted, chain, primaryHeard_us };
  }
}

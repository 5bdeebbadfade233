// What a replica can say of itself to whoever asks how it stands, kept over all its connections.
//
//   warm   it has had all that a primary had when that welcomed it, and has been up since: what it has acknowledged from
//          memory since then it still has, also when the connection was lost and made again

import { type Micros, SAFE_MAX } from "../base/index.ts";
import { NodeRole, type Standing, type Welcome } from "../protocol/index.ts";
import type { ReplicaLog } from "./following-session.ts";

export class ReplicaStanding {
  /** The highest epoch a primary has welcomed it in, or its log is of: no older one is followed. */
  highestEpoch: number;
  readonly #log: ReplicaLog;
  #isWarm = false;
  /** What its last primary had when it welcomed this node, which was not warm. */
  #primaryHad = Number.POSITIVE_INFINITY;
  #heard_us: Micros | undefined;

  constructor(log: ReplicaLog) {
    this.#log = log;
    this.highestEpoch = log.epoch;
  }

  welcomed({ epoch, position }: Pick<Welcome, "epoch" | "position">): void {
    this.highestEpoch = epoch;
    this.#primaryHad = position;
  }

  /** Bytes came from a primary that it follows. */
  heard(now_us: Micros): void {
    this.#heard_us = now_us;
    this.#isWarm ||= this.#log.position >= this.#primaryHad;
  }

  of(now_us: Micros): Omit<Standing, "proof"> {
    const { position, persisted, chain } = this.#log;
    const primaryHeard_us = this.#heard_us === undefined ? SAFE_MAX : Math.max(0, now_us - this.#heard_us);
    const where = { epoch: this.highestEpoch, position, persisted, chain };
    return { role: NodeRole.Replica, isWarm: this.#isWarm, ...where, primaryHeard_us };
  }
}

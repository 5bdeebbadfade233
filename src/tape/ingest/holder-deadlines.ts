// Who fills a buffer that others wait for, and for how long: a batch that is begun must be ended in time, or its connection gives the
// buffer back. It is looked at now and then, and only while somebody waits; the time begins anew with each batch.

import type { StagingPool } from "../staging/index.ts";
import { type BatchDrain, DrainState } from "./drain.ts";

/** For one batch, while others wait for a buffer: 2 MiB take less than that at 4 Mbit/s. */
export const BATCH_us = 5_000_000;

export class HolderDeadlines {
  readonly #pool: StagingPool;
  readonly #drainOf: (connection: number) => BatchDrain | undefined;
  /** By buffer: who filled it at the last look, how many batches it had drained, and since when that is so. */
  readonly #holders: Int32Array;
  readonly #batches: Float64Array;
  readonly #since_us: Float64Array;

  constructor(pool: StagingPool, drainOf: (connection: number) => BatchDrain | undefined) {
    this.#pool = pool;
    this.#drainOf = drainOf;
    this.#holders = new Int32Array(pool.buffers).fill(-1);
    this.#batches = new Float64Array(pool.buffers);
    this.#since_us = new Float64Array(pool.buffers);
  }

  /** Connections whose time is over. */
  overdue(now_us: number): number[] {
    const late: number[] = [];
    for (let buffer = 0; buffer < this.#pool.buffers; buffer++) {
      const holder = this.#pool.isWaitedFor(buffer) ? this.#pool.holderOf(buffer) : -1;
      const drain = holder < 0 ? undefined : this.#drainOf(holder);
      const isUnderWay = drain?.state === DrainState.WaitPayload;
      const isSame = this.#holders[buffer] === holder && this.#batches[buffer] === drain?.batches;
      if (isUnderWay && isSame && now_us - this.#since_us[buffer] > BATCH_us) late.push(holder);
      if (isUnderWay && isSame) continue;
      this.#holders[buffer] = isUnderWay ? holder : -1;
      this.#batches[buffer] = drain?.batches ?? 0;
      this.#since_us[buffer] = now_us;
    }
    return late;
  }
}

// What time does to publishers: heartbeats, who takes nothing or says nothing any more, who holds a buffer that others wait for too long,
// and who has sent more than its rate. It says who is late; what becomes of those is the service's.

import type { StagingPool } from "../staging/index.ts";
import type { BatchDrain } from "./drain.ts";
import { HolderDeadlines } from "./holder-deadlines.ts";
import type { Publisher } from "./publisher.ts";

/** Who takes not one small message for so long is gone. */
export const HELD_us = 10_000_000;
/** Who is read and says nothing for so long, not even Heartbeat, is gone: no end of its connection need ever come. */
export const SILENT_us = 30_000_000;
const BEAT_us = 1_000_000;

export class PublisherWatch {
  readonly #holders: HolderDeadlines;
  readonly #overRate = new Set<Publisher>();
  #beatAt_us = 0;

  constructor(pool: StagingPool, drainOf: (connection: number) => BatchDrain | undefined) {
    this.#holders = new HolderDeadlines(pool, drainOf);
  }

  /** So many bytes came of it: when that is more than it may send, it begins no batch until it is `withinRate`. */
  spend(publisher: Publisher, bytes: number, now_us: number): void {
    const { rate } = publisher.terms;
    if (rate === undefined) return;
    rate.spend(bytes, now_us);
    if (!rate.isExceeded(now_us)) return;
    publisher.drain.isHeld = true;
    this.#overRate.add(publisher);
  }

  /** It is over. */
  forget(publisher: Publisher): void {
    this.#overRate.delete(publisher);
  }

  /** Those whose rate lets them begin batches again. */
  withinRate(now_us: number): Publisher[] {
    const those = [...this.#overRate].filter(({ terms }) => terms.rate?.isExceeded(now_us) !== true);
    for (const publisher of those) {
      this.#overRate.delete(publisher);
      publisher.drain.isHeld = false;
    }
    return those;
  }

  /** Connections that hold a buffer in mid-batch for too long, while others wait for one. */
  overdue(now_us: number): number[] {
    return this.#holders.overdue(now_us);
  }

  /** Once a second says to all that the broker is there; those who don't take that, and those who say nothing themselves. */
  beat(publishers: readonly (Publisher | undefined)[], now_us: number) {
    const deaf: Publisher[] = [];
    const silent: Publisher[] = [];
    if (now_us - this.#beatAt_us < BEAT_us) return { deaf, silent };
    this.#beatAt_us = now_us;
    for (const publisher of publishers) {
      if (publisher === undefined) continue;
      publisher.beat(now_us);
      const { heldSince_us } = publisher;
      if (heldSince_us !== 0 && now_us - heldSince_us > HELD_us) deaf.push(publisher);
      else if (publisher.silence_us(now_us) > SILENT_us) silent.push(publisher);
    }
    return { deaf, silent };
  }
}

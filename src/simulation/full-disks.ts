// Disks that other programs fill, in runs whose limits are tight: there is room for so much more, then for a while for nothing. A primary
// refuses orders then, in time, and a node that needs room at once ends, and is started again until there is some.

import type { Prng } from "../base/index.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";

const BETWEEN_US = [50_000, 1_500_000] as const;
const LASTING_US = [200_000, 3_000_000] as const;
/** Up to a segment, and a snapshot. */
const LEFT_BYTES = 16_384;

export class FullDisks {
  count = 0;
  readonly #machines: readonly SimulatedMachine[];
  readonly #prng: Prng;
  readonly #queue: EventQueue;
  readonly #until_us: number;

  /** None begins from `until_us` on. */
  constructor(machines: readonly SimulatedMachine[], prng: Prng, queue: EventQueue, until_us: number) {
    this.#machines = machines;
    this.#prng = prng;
    this.#queue = queue;
    this.#until_us = until_us;
    this.#planNext();
  }

  #planNext(): void {
    this.#queue.plan(this.#prng.between(...BETWEEN_US), () => {
      if (this.#queue.now_us >= this.#until_us) return;
      const { disk } = this.#prng.pick(this.#machines);
      this.count++;
      disk.fillUp(this.#prng.between(0, LEFT_BYTES));
      this.#queue.plan(this.#prng.between(...LASTING_US), () => disk.freeUp());
      this.#planNext();
    });
  }
}

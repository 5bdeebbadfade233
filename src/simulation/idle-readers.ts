// Clients that read nothing for a while, now and then, in half of the runs: what they are told piles up, first in the sockets
// of both sides, then in the gateway's output, which is bounded, then in their accounts' streams of reports.

import type { Prng } from "../base/index.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

const CHANCE = 0.5;
/** From one to the next, at most. */
const BETWEEN_US = [10_000, 500_000] as const;
/** How long one reads nothing: now and then for longer than its peer, or itself, puts up with. */
const LASTING_US = [50_000, 2_000_000] as const;
const LONG_CHANCE = 0.1;
const LONG_US = 8_000_000;

export class IdleReaders {
  count = 0;
  readonly #names: readonly string[];
  readonly #network: SimulatedNetwork;
  readonly #prng: Prng;
  readonly #until_us: number;

  /** None begins from `until_us` on. */
  constructor(names: readonly string[], network: SimulatedNetwork, prng: Prng, until_us: number) {
    this.#names = names;
    this.#network = network;
    this.#prng = prng;
    this.#until_us = until_us;
    if (prng.chance(CHANCE)) this.#planNext();
  }

  #planNext(): void {
    const { queue } = this.#network;
    queue.plan(this.#prng.between(...BETWEEN_US), () => {
      if (queue.now_us >= this.#until_us) return;
      const host = this.#network.host(this.#prng.pick(this.#names));
      const lasting_us = this.#prng.chance(LONG_CHANCE) ? LONG_US : this.#prng.between(...LASTING_US);
      this.count++;
      host.pauseAll();
      queue.plan(lasting_us, () => host.resumeAll());
      this.#planNext();
    });
  }
}

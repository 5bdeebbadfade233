// A node with a wrong idea of its cluster, now and then, in some clusters: it is started with keys of other nodes than the rest
// has, and later again with the right ones. Whom it must hear before it leads follows from them; so it must not lead by them.
//
// Most often the primary is then out of everybody's sight, so that another node is to lead: also the one with the wrong idea,
// which nobody has been able to bring up to date.
//
// A node that its keys don't have ends when it asks to follow it; it is started again as after any failure.

import type { Prng } from "../base/index.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

const CHANCE = 0.5;
/** Between two of them, at most. */
const BETWEEN_US = 1_500_000;
/** Long enough, now and then, for a primary to be missed, and another node to be promoted. */
const LASTING_US = 6_000_000;
/** In which so much is answered that the node with the wrong idea lacks something. */
const LAG_US = [200_000, 1_000_000] as const;
const HIDE_CHANCE = 0.7;
/** A node that no cluster has. */
const NOBODY = "east";

export class WrongIdeas {
  count = 0;
  /** A node has one. */
  isOn = false;
  readonly #machines: readonly SimulatedMachine[];
  readonly #prng: Prng;
  readonly #queue: EventQueue;
  readonly #network: SimulatedNetwork;
  readonly #mayBegin: () => boolean;
  readonly #until_us: number;

  /** None begins from `until_us` on, nor while `mayBegin` says no. */
  constructor(
    machines: readonly SimulatedMachine[],
    prng: Prng,
    network: SimulatedNetwork,
    until_us: number,
    mayBegin: () => boolean,
  ) {
    this.#machines = machines;
    this.#prng = prng;
    this.#network = network;
    this.#queue = network.queue;
    this.#until_us = until_us;
    this.#mayBegin = mayBegin;
    if (machines.length > 1 && prng.chance(CHANCE)) this.#planNext();
  }

  #planNext(): void {
    this.#queue.plan(this.#prng.between(10_000, BETWEEN_US), () => {
      if (this.#queue.now_us >= this.#until_us) return;
      if (!this.#mayBegin()) return this.#planNext();
      this.count++;
      this.isOn = true;
      const primary = this.#machines.find(({ node }) => node?.isServing);
      if (primary !== undefined && this.#machines.length === 3 && this.#prng.chance(HIDE_CHANCE))
        return this.#hide(primary);
      const machine = this.#prng.pick(this.#machines);
      machine.mislead(this.#idea(machine.name));
      this.#queue.plan(this.#prng.between(10_000, LASTING_US), () => this.#mend(machine));
    });
  }

  /** The two that are left don't know each other, if it is by the one. */
  #hide(primary: SimulatedMachine): void {
    const others = this.#machines.filter((machine) => machine !== primary);
    const misled = this.#prng.pick(others);
    misled.mislead([primary.name, misled.name]);
    this.#queue.plan(this.#prng.between(...LAG_US), () => {
      this.#network.cutOff(
        primary.name,
        others.map(({ name }) => name),
      );
      this.#queue.plan(LASTING_US, () => this.#mend(misled));
    });
  }

  #mend(misled: SimulatedMachine): void {
    this.#network.healAll();
    misled.mislead(undefined);
    this.isOn = false;
    this.#planNext();
  }

  /** One node fewer, one more, or one for another: two or three. */
  #idea(own: string): readonly string[] {
    const names = this.#machines.map(({ name }) => name);
    const others = names.filter((name) => name !== own);
    if (names.length === 2) return this.#prng.chance(0.5) ? [...names, NOBODY] : [own, NOBODY];
    const without = this.#prng.pick(others);
    const fewer = names.filter((name) => name !== without);
    return this.#prng.chance(0.7) ? fewer : [...fewer, NOBODY];
  }
}

// A fault with a plot, in most clusters: the nodes are parted while clients trade, in a way and for so long that another node
// is to lead; then they meet again, the former primary with what it alone had. Chance alone ends most promotions before
// they are one, as everything else fails meanwhile. So other faults rest.
//
//   the primary alone           another node takes over; what the old one wrote last is another history
//   every node alone            nobody may lead, each may lack what the others have
//   the primary and one that lags; the third node alone   the two may lack what was acknowledged with its help
//
// The primary's disk may be slow before, so that it lacks what others made safe; and it may be killed, or lose its power. Or it
// is killed first, and comes back, and is alone from the moment on in which it has heard enough of the others to lead.

import type { Prng } from "../base/index.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

const CHANCE = 0.85;
/** Among other faults, or when they are over. */
const BEGINS_US = [50_000, 5_000_000] as const;
/** From one to the next; and none begins then any more. */
const BETWEEN_US = [100_000, 1_000_000] as const;
/** For a cluster that is whole, at most; and between two looks. */
const WHOLE_US = 10_000_000;
const LOOK_US = 20_000;
/** How long one replica falls behind, and the primary's disk is slow, before the nodes are parted. */
const LAG_US = [20_000, 600_000] as const;
const SLOW_SYNC_US = [20_000, 100_000] as const;
const QUICK_SYNC_US = [200, 2_000] as const;
/** Longer than it takes to miss a primary and promote another node, mostly. */
const PARTED_US = 7_000_000;
/** In so many of clusters of three the former primary is alone only once it has heard the others. */
const HEARD_CHANCE = 0.3;
/** The former primary goes on for so long before it is struck down: what it writes then nobody else has. */
const STRIKE_US = [0, 300_000] as const;
/** How long another node leads alone: mostly beyond where the former primary's log ends. */
const LEADS_US = [100_000, 3_000_000] as const;

export interface TakeoverParts {
  readonly machines: readonly SimulatedMachine[];
  readonly network: SimulatedNetwork;
  /** None begins from then on. */
  readonly until_us: number;
  readonly mayBegin: () => boolean;
  /** Kills a machine, or turns its power off where the policy outlives that. */
  readonly strike: (machine: SimulatedMachine) => void;
  readonly kill: (machine: SimulatedMachine) => void;
  readonly tell: (what: string) => void;
  /** Has `act` called with the name of each node that has heard enough to ask for promises. */
  readonly onGathering: (act: ((name: string) => void) | undefined) => void;
}

export class Takeover {
  count = 0;
  /** Nothing else is to happen. */
  isOn = false;
  readonly #parts: TakeoverParts;
  readonly #prng: Prng;

  constructor(parts: TakeoverParts, prng: Prng) {
    this.#parts = parts;
    this.#prng = prng;
    if (parts.machines.length > 1 && prng.chance(CHANCE)) this.#planNext(BEGINS_US);
  }

  #planNext(within_us: readonly [number, number]): void {
    const { until_us, mayBegin, network } = this.#parts;
    this.#plan(within_us, () => {
      if (network.queue.now_us >= until_us) return;
      if (!mayBegin()) return this.#planNext(BETWEEN_US);
      this.isOn = true;
      network.healAll();
      this.#onceWhole(WHOLE_US / LOOK_US);
    });
  }

  #onceWhole(looks: number): void {
    const { machines, network } = this.#parts;
    const primary = machines.find(({ node }) => node?.isServing);
    const others = machines.filter(({ node }) => node?.role === "replica" && node.log.position > 0);
    if (looks === 0) return this.#over();
    if (primary === undefined || others.length < machines.length - 1)
      return network.queue.plan(LOOK_US, () => this.#onceWhole(looks - 1));
    const late = this.#prng.pick(others);
    if (others.length > 1 && this.#prng.chance(0.5)) network.cutOff(primary.name, [late.name]);
    if (this.#prng.chance(0.5)) primary.syncTime_us = SLOW_SYNC_US;
    this.#plan(LAG_US, () => this.#part(primary, late));
  }

  #part(primary: SimulatedMachine, late: SimulatedMachine): void {
    const { machines, network, strike } = this.#parts;
    const third = machines.find((machine) => machine !== primary && machine !== late);
    this.count++;
    primary.syncTime_us = QUICK_SYNC_US;
    network.healAll();
    if (third !== undefined && this.#prng.chance(HEARD_CHANCE)) return this.#partOnceHeard(primary);
    this.#separate(this.#groups(primary, late, third));
    if (this.#prng.chance(0.5)) this.#plan(STRIKE_US, () => strike(primary));
    this.#onceLed(primary, PARTED_US / LOOK_US);
  }

  #partOnceHeard(primary: SimulatedMachine): void {
    const { machines, onGathering, kill } = this.#parts;
    onGathering((name) => {
      if (name !== primary.name) return;
      onGathering(undefined);
      this.#separate([[primary], machines.filter((machine) => machine !== primary)]);
    });
    kill(primary);
    this.#onceLed(primary, PARTED_US / LOOK_US);
  }

  #separate(groups: readonly (readonly SimulatedMachine[])[]): void {
    const { machines, network, tell } = this.#parts;
    for (const group of groups) {
      const others = machines.filter((other) => !group.includes(other)).map(({ name }) => name);
      for (const { name } of group) network.cutOff(name, others);
    }
    tell(groups.map((group) => group.map(({ name }) => name).join(" and ")).join("; "));
  }

  #groups(
    primary: SimulatedMachine,
    late: SimulatedMachine,
    third: SimulatedMachine | undefined,
  ): readonly (readonly SimulatedMachine[])[] {
    if (third === undefined) return [[primary], [late]];
    return this.#prng.pick([
      [[primary], [late, third]],
      [[primary], [late, third]],
      [[primary, late], [third]],
      [[primary], [late], [third]],
    ]);
  }

  /** The former primary is not to be mistaken for the new one. */
  #onceLed(former: SimulatedMachine, looks: number): void {
    const { machines, network } = this.#parts;
    const isLed = machines.some((machine) => machine !== former && machine.node?.isServing);
    if (isLed) return this.#plan(LEADS_US, () => this.#over());
    if (looks === 0) return this.#over();
    network.queue.plan(LOOK_US, () => this.#onceLed(former, looks - 1));
  }

  #over(): void {
    this.#parts.onGathering(undefined);
    this.#parts.network.healAll();
    this.isOn = false;
    this.#planNext(BETWEEN_US);
  }

  #plan(within_us: readonly [number, number], act: () => void): void {
    this.#parts.network.queue.plan(this.#prng.between(...within_us), act);
  }
}

// A fault with a plot, in half of the clusters: the nodes are parted while clients trade, in a way and for so long that another node
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
import { LOOK_US, Plot, type PlotParts } from "./plot.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";

const CHANCE = 0.85;
/** Among other faults, or when they are over. */
const BEGINS_US = [50_000, 5_000_000] as const;
/** From one to the next; and none begins then any more. */
const BETWEEN_US = [100_000, 1_000_000] as const;
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

export interface TakeoverParts extends PlotParts {
  readonly kill: (machine: SimulatedMachine) => void;
  /** Has `act` called with the name of each node that has heard enough to ask for promises. */
  readonly onGathering: (act: ((name: string) => void) | undefined) => void;
}

export class Takeover {
  count = 0;
  readonly #parts: TakeoverParts;
  readonly #prng: Prng;
  readonly #plot: Plot;

  constructor(parts: TakeoverParts, prng: Prng) {
    this.#parts = parts;
    this.#prng = prng;
    this.#plot = new Plot(parts, prng, BETWEEN_US, hasBegun, (primary, replicas) =>
      this.#begin(primary, replicas),
    );
    if (parts.machines.length > 1 && prng.chance(CHANCE)) this.#plot.planNext(BEGINS_US);
  }

  /** Nothing else is to happen. */
  get isOn(): boolean {
    return this.#plot.isOn;
  }

  #begin(primary: SimulatedMachine, replicas: readonly SimulatedMachine[]): void {
    const late = this.#prng.pick(replicas);
    if (replicas.length > 1 && this.#prng.chance(0.5)) this.#parts.network.cutOff(primary.name, [late.name]);
    if (this.#prng.chance(0.5)) primary.syncTime_us = SLOW_SYNC_US;
    this.#plot.plan(LAG_US, () => this.#part(primary, late));
  }

  #part(primary: SimulatedMachine, late: SimulatedMachine): void {
    const { machines, network, strike } = this.#parts;
    const third = machines.find((machine) => machine !== primary && machine !== late);
    this.count++;
    primary.syncTime_us = QUICK_SYNC_US;
    network.healAll();
    if (third !== undefined && this.#prng.chance(HEARD_CHANCE)) return this.#partOnceHeard(primary);
    this.#plot.separate(this.#groups(primary, late, third));
    if (this.#prng.chance(0.5)) this.#plot.plan(STRIKE_US, () => strike(primary));
    this.#onceLed(primary, PARTED_US / LOOK_US);
  }

  #partOnceHeard(primary: SimulatedMachine): void {
    const { machines, onGathering, kill } = this.#parts;
    onGathering((name) => {
      if (name !== primary.name) return;
      onGathering(undefined);
      this.#plot.separate([[primary], machines.filter((machine) => machine !== primary)]);
    });
    kill(primary);
    this.#onceLed(primary, PARTED_US / LOOK_US);
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
    if (isLed) return this.#plot.plan(LEADS_US, () => this.#over());
    if (looks === 0) return this.#over();
    network.queue.plan(LOOK_US, () => this.#onceLed(former, looks - 1));
  }

  #over(): void {
    this.#parts.onGathering(undefined);
    this.#plot.over();
  }
}

function hasBegun({ node }: SimulatedMachine): boolean {
  return node !== undefined && node.log.position > 0;
}

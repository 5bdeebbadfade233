// A plot, in some clusters: the nodes are parted while clients trade, and one is told to lead by force, most often one that lags. It
// goes by what it can hear, so what only the others have is given up, also what was acknowledged, by them before or in their
// older tenure meanwhile. Nothing else may be lost by it: forgiveness.ts. Now and then a second node is forced, out of sight of the first.
//
// Every node knows the ack policy when it begins: who goes by another one than the rest is warned of by the node itself.

import type { Prng } from "../base/index.ts";
import { Plot, type PlotParts } from "./plot.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";

const CHANCE = 0.4;
const BEGINS_US = [50_000, 2_000_000] as const;
/** From one to the next; and none begins then any more. */
const BETWEEN_US = [100_000, 2_000_000] as const;
/** How long one replica falls behind before the nodes are parted. */
const LAG_US = [20_000, 1_000_000] as const;
const LATE_CHANCE = 0.75;
/** The former primary goes on for so long before it is struck down, if it is. */
const STRIKE_US = [0, 2_000_000] as const;
/** From parting to the word: a primary that was heard may still be alive for two seconds. */
const WORD_US = [1_500_000, 4_000_000] as const;
/** The word is given again so often, and each time this much later. */
const TRIES = 6;
const AGAIN_US = 700_000;
const SECOND_CHANCE = 0.3;
/** How long it leads before the nodes meet. */
const LEADS_US = [100_000, 2_500_000] as const;

export interface ForcedStartParts extends PlotParts {
  /** Whether the node there knows the ack policy that is in force. */
  readonly knowsPolicy: (machine: SimulatedMachine) => boolean;
  /** `done` is told whether it leads. */
  readonly force: (machine: SimulatedMachine, done: (leads: boolean) => void) => void;
}

export class ForcedStarts {
  count = 0;
  /** False: there is none in this run. */
  readonly isPlanned: boolean;
  readonly #parts: ForcedStartParts;
  readonly #prng: Prng;
  readonly #plot: Plot;

  constructor(parts: ForcedStartParts, prng: Prng) {
    this.#parts = parts;
    this.#prng = prng;
    this.#plot = new Plot(parts, prng, BETWEEN_US, parts.knowsPolicy, (primary, replicas) =>
      this.#begin(primary, replicas),
    );
    this.isPlanned = parts.machines.length > 1 && prng.chance(CHANCE);
    if (this.isPlanned) this.#plot.planNext(BEGINS_US);
  }

  /** Nothing else is to happen. */
  get isOn(): boolean {
    return this.#plot.isOn;
  }

  #begin(primary: SimulatedMachine, replicas: readonly SimulatedMachine[]): void {
    const late = this.#prng.pick(replicas);
    if (this.#prng.chance(LATE_CHANCE)) this.#parts.network.cutOff(primary.name, [late.name]);
    this.#plot.plan(LAG_US, () => this.#part(primary, late));
  }

  #part(primary: SimulatedMachine, late: SimulatedMachine): void {
    const { machines, network, strike } = this.#parts;
    network.healAll();
    const third = machines.find((machine) => machine !== primary && machine !== late);
    const groups = this.#groups(primary, late, third);
    this.#plot.separate(groups);
    if (this.#prng.chance(0.5)) this.#plot.plan(STRIKE_US, () => strike(primary));
    const chosen = this.#prng.chance(LATE_CHANCE) ? late : this.#prng.pick(machines);
    const apart = groups.find((group) => !group.includes(chosen))?.[0];
    const second = this.#prng.chance(SECOND_CHANCE) ? apart : undefined;
    this.#plot.plan(WORD_US, () => this.#force(chosen, second, TRIES));
  }

  #groups(
    primary: SimulatedMachine,
    late: SimulatedMachine,
    third: SimulatedMachine | undefined,
  ): readonly (readonly SimulatedMachine[])[] {
    if (third === undefined) return [[primary], [late]];
    return this.#prng.pick([
      [[primary, third], [late]],
      [[primary], [third], [late]],
      [[primary], [third, late]],
    ]);
  }

  #force(chosen: SimulatedMachine, second: SimulatedMachine | undefined, tries: number): void {
    if (tries === 0) return this.#plot.over();
    this.#parts.force(chosen, (leads) => {
      if (!leads) return this.#plot.plan([0, AGAIN_US], () => this.#force(chosen, second, tries - 1));
      this.count++;
      if (second !== undefined)
        return this.#plot.plan(STRIKE_US, () => this.#force(second, undefined, TRIES));
      this.#plot.plan(LEADS_US, () => this.#plot.over());
    });
  }
}

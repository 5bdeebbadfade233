// A plot, in some clusters: the nodes are parted while clients trade, and one is told to lead by force, most often one that lags. It
// goes by what it can hear, so what only the others have is given up, also what was acknowledged, by them before or in their
// older tenure meanwhile. Nothing else may be lost by it: forgiveness.ts. Now and then a second node is forced, out of sight of the first.
//
// Every node knows the ack policy when it begins: who goes by another one than the rest is warned of by the node itself.

import type { Prng } from "../base/index.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

const CHANCE = 0.8;
const BEGINS_US = [50_000, 4_000_000] as const;
/** From one to the next; and none begins then any more. */
const BETWEEN_US = [100_000, 2_000_000] as const;
/** For a cluster that is whole, at most; and between two looks. */
const WHOLE_US = 10_000_000;
const LOOK_US = 20_000;
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

export interface ForcedStartParts {
  readonly machines: readonly SimulatedMachine[];
  readonly network: SimulatedNetwork;
  /** None begins from then on. */
  readonly until_us: number;
  readonly mayBegin: () => boolean;
  /** Whether the node there knows the ack policy that is in force. */
  readonly knowsPolicy: (machine: SimulatedMachine) => boolean;
  /** Kills a machine, or turns its power off where the policy outlives that. */
  readonly strike: (machine: SimulatedMachine) => void;
  /** `done` is told whether it leads. */
  readonly force: (machine: SimulatedMachine, done: (leads: boolean) => void) => void;
  readonly tell: (what: string) => void;
}

export class ForcedStarts {
  count = 0;
  /** Nothing else is to happen. */
  isOn = false;
  /** False: there is none in this run. */
  readonly isPlanned: boolean;
  readonly #parts: ForcedStartParts;
  readonly #prng: Prng;

  constructor(parts: ForcedStartParts, prng: Prng) {
    this.#parts = parts;
    this.#prng = prng;
    this.isPlanned = parts.machines.length > 1 && prng.chance(CHANCE);
    if (this.isPlanned) this.#planNext(BEGINS_US);
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
    const { machines, network, knowsPolicy } = this.#parts;
    const primary = machines.find(({ node }) => node?.isServing);
    const others = machines.filter((machine) => machine.node?.role === "replica" && knowsPolicy(machine));
    if (looks === 0) return this.#over();
    if (primary === undefined || others.length < machines.length - 1)
      return network.queue.plan(LOOK_US, () => this.#onceWhole(looks - 1));
    const late = this.#prng.pick(others);
    if (this.#prng.chance(LATE_CHANCE)) network.cutOff(primary.name, [late.name]);
    this.#plan(LAG_US, () => this.#part(primary, late));
  }

  #part(primary: SimulatedMachine, late: SimulatedMachine): void {
    const { machines, network, strike } = this.#parts;
    network.healAll();
    const third = machines.find((machine) => machine !== primary && machine !== late);
    const groups = this.#groups(primary, late, third);
    this.#separate(groups);
    if (this.#prng.chance(0.5)) this.#plan(STRIKE_US, () => strike(primary));
    const chosen = this.#prng.chance(LATE_CHANCE) ? late : this.#prng.pick(machines);
    const apart = groups.find((group) => !group.includes(chosen))?.[0];
    const second = this.#prng.chance(SECOND_CHANCE) ? apart : undefined;
    this.#plan(WORD_US, () => this.#force(chosen, second, TRIES));
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

  #separate(groups: readonly (readonly SimulatedMachine[])[]): void {
    const { machines, network, tell } = this.#parts;
    for (const group of groups) {
      const others = machines.filter((other) => !group.includes(other)).map(({ name }) => name);
      for (const { name } of group) network.cutOff(name, others);
    }
    tell(groups.map((group) => group.map(({ name }) => name).join(" and ")).join("; "));
  }

  #force(chosen: SimulatedMachine, second: SimulatedMachine | undefined, tries: number): void {
    if (tries === 0) return this.#over();
    this.#parts.force(chosen, (leads) => {
      if (!leads) return this.#plan([0, AGAIN_US], () => this.#force(chosen, second, tries - 1));
      this.count++;
      if (second !== undefined) return this.#plan(STRIKE_US, () => this.#force(second, undefined, TRIES));
      this.#plan(LEADS_US, () => this.#over());
    });
  }

  #over(): void {
    this.#parts.network.healAll();
    this.isOn = false;
    this.#planNext(BETWEEN_US);
  }

  #plan(within_us: readonly [number, number], act: () => void): void {
    this.#parts.network.queue.plan(this.#prng.between(...within_us), act);
  }
}

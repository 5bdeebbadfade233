// What plots have in common: each waits until the cluster is whole, lets one replica fall behind, parts the nodes, and lets them meet again
// in the end. One at a time; nothing else is to happen meanwhile, as chance alone ends most of it before it has come to anything.

import type { Prng } from "../base/index.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

/** For a cluster that is whole, at most; and between two looks. */
const WHOLE_US = 10_000_000;
export const LOOK_US = 20_000;

export type Within_us = readonly [number, number];

export interface PlotParts {
  readonly machines: readonly SimulatedMachine[];
  readonly network: SimulatedNetwork;
  /** None begins from then on. */
  readonly until_us: number;
  readonly mayBegin: () => boolean;
  /** Kills a machine, or turns its power off where the policy outlives that. */
  readonly strike: (machine: SimulatedMachine) => void;
  readonly tell: (what: string) => void;
}

export class Plot {
  /** Nothing else is to happen. */
  isOn = false;
  readonly #parts: PlotParts;
  readonly #prng: Prng;
  /** From the end of one to the beginning of the next. */
  readonly #between_us: Within_us;
  /** Whether that replica is one of a whole cluster. */
  readonly #isReady: (replica: SimulatedMachine) => boolean;
  readonly #act: (primary: SimulatedMachine, replicas: readonly SimulatedMachine[]) => void;

  /** `act`: the cluster is whole; it ends with `over`. */
  constructor(
    parts: PlotParts,
    prng: Prng,
    between_us: Within_us,
    isReady: (replica: SimulatedMachine) => boolean,
    act: (primary: SimulatedMachine, replicas: readonly SimulatedMachine[]) => void,
  ) {
    this.#parts = parts;
    this.#prng = prng;
    this.#between_us = between_us;
    this.#isReady = isReady;
    this.#act = act;
  }

  planNext(within_us: Within_us): void {
    const { until_us, mayBegin, network } = this.#parts;
    this.plan(within_us, () => {
      if (network.queue.now_us >= until_us) return;
      if (!mayBegin()) return this.planNext(this.#between_us);
      this.isOn = true;
      network.healAll();
      this.#onceWhole(WHOLE_US / LOOK_US);
    });
  }

  #onceWhole(looks: number): void {
    const { machines, network } = this.#parts;
    const primary = machines.find(({ node }) => node?.isServing);
    const replicas = machines.filter((machine) => machine.node?.role === "replica" && this.#isReady(machine));
    if (looks === 0) return this.over();
    if (primary === undefined || replicas.length < machines.length - 1)
      return network.queue.plan(LOOK_US, () => this.#onceWhole(looks - 1));
    this.#act(primary, replicas);
  }

  /** Nobody hears who is in another group. */
  separate(groups: readonly (readonly SimulatedMachine[])[]): void {
    const { machines, network, tell } = this.#parts;
    for (const group of groups) {
      const others = machines.filter((other) => !group.includes(other)).map(({ name }) => name);
      for (const { name } of group) network.cutOff(name, others);
    }
    tell(groups.map((group) => group.map(({ name }) => name).join(" and ")).join("; "));
  }

  over(): void {
    this.#parts.network.healAll();
    this.isOn = false;
    this.planNext(this.#between_us);
  }

  plan(within_us: Within_us, act: () => void): void {
    this.#parts.network.queue.plan(this.#prng.between(...within_us), act);
  }
}

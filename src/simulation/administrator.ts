// Who looks after the cluster of a simulation: starts machines that are down, as their units say, and when the primary has not
// been there for a while has a replica take over. He sees no more than who is up and who says what about it; so he may be
// wrong, and the nodes must refuse.

import type { Prng } from "../base/index.ts";
import type { EventQueue } from "./event-queue.ts";
import { Heeded } from "./heeded.ts";
import type { PolicyChanges } from "./policy-changes.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";

/** A machine that is down is started within this. */
const START_US = 400_000;
/** One in so many is away for longer: a new primary is wanted meanwhile. */
const LATE_CHANCE = 0.2;
const LATE_US = 8_000_000;
/** Between two looks at the cluster. */
const LOOK_US = 300_000;
/** How long he waits for the primary before he promotes; drawn each time. */
const PATIENCE_US = 2_500_000;
/** A promotion of which nothing is heard for so long is over: the answers of the others, and the hand-over. */
const PROMOTION_US = 4_000_000;
/** One promotion in so many is not the only one: another administrator has chosen another node. */
const SECOND_CHANCE = 0.3;
const SECOND_WITHIN_US = 1_000_000;
/** A node that was replaced and still runs is started again as a replica after this, at most. */
const REPLACED_US = 3_000_000;

/** His name in the log. */
const WHO = "ann";

export class Administrator {
  promotions = 0;
  readonly #machines: readonly SimulatedMachine[];
  readonly #prng: Prng;
  readonly #queue: EventQueue;
  readonly #say: (problem: string) => void;
  #missing_us = 0;
  #patience_us = 0;
  #isAsking = false;
  #underWay = 0;
  /** Undefined: the policy is never changed. */
  policyChanges: PolicyChanges | undefined;

  /** `say` is told of a promotion that should have been refused. */
  constructor(
    machines: readonly SimulatedMachine[],
    prng: Prng,
    queue: EventQueue,
    say: (problem: string) => void,
  ) {
    this.#machines = machines;
    this.#say = say;
    this.#prng = prng;
    this.#queue = queue;
    this.#patience_us = prng.between(0, PATIENCE_US);
    for (const machine of machines) this.#watch(machine);
    if (machines.length > 1) this.#look();
  }

  get isPromoting(): boolean {
    return this.#underWay > 0;
  }

  #watch(machine: SimulatedMachine): void {
    const within_us = this.#prng.chance(LATE_CHANCE) ? LATE_US : START_US;
    this.#queue.plan(this.#prng.between(10_000, within_us), () => {
      if (machine.refused !== undefined && machine.isSpoiled) machine.replaceDisk();
      if (!machine.isUp && machine.refused === undefined) machine.start();
      this.#watch(machine);
    });
  }

  #look(): void {
    this.#queue.plan(LOOK_US, () => {
      this.#judge();
      this.#look();
    });
  }

  #judge(): void {
    const leader = this.#machines.find(({ node }) => node?.role === "primary");
    if (leader?.node?.isServing) {
      this.#missing_us = 0;
      this.#patience_us = this.#prng.between(0, PATIENCE_US);
      return;
    }
    this.#missing_us += LOOK_US;
    if (this.#missing_us < this.#patience_us || this.#isAsking) return;
    const candidates = this.#machines.filter((machine) => this.#mayPromote(machine));
    if (candidates.length === 0) return;
    const chosen = this.#prng.pick(candidates);
    this.#promote(chosen, false);
    const other = candidates.find((machine) => machine !== chosen);
    if (other === undefined || !this.#prng.chance(SECOND_CHANCE)) return;
    this.#queue.plan(this.#prng.between(0, SECOND_WITHIN_US), () => {
      if (this.#mayPromote(other)) this.#promote(other, false);
    });
  }

  #mayPromote(machine: SimulatedMachine): boolean {
    return machine.node?.role === "replica" && this.policyChanges?.mayPromote(machine) !== false;
  }

  /** By force: whatever only those that can't be heard have is given up. */
  force(machine: SimulatedMachine, done: (leads: boolean) => void): void {
    this.#promote(machine, true, done);
  }

  #promote(machine: SimulatedMachine, isForced: boolean, done: (leads: boolean) => void = () => {}): void {
    this.#isAsking = true;
    this.#underWay++;
    // An answer that never comes: the machine went down over it.
    let isOver = false;
    const over = (leads: boolean): void => {
      if (isOver) return;
      isOver = true;
      this.#isAsking = false;
      this.#underWay--;
      done(leads);
    };
    this.#queue.plan(PROMOTION_US, () => over(false));
    const heeded = new Heeded(machine, this.#machines);
    machine.promote({ who: WHO, isForced }, (refusal) => {
      const problem = refusal === undefined ? heeded.problem : undefined;
      if (problem !== undefined) this.#say(problem);
      over(refusal === undefined);
      if (refusal === undefined) this.#replaced(machine);
    });
  }

  /** Whoever else was to be primary is to be a replica from now on; one that still runs as one is ended some time later. */
  #replaced(by: SimulatedMachine): void {
    this.promotions++;
    this.#missing_us = 0;
    for (const machine of this.#machines) {
      if (machine === by || machine.unit.role !== "primary") continue;
      machine.unit = { role: "replica" };
      this.#queue.plan(this.#prng.between(0, REPLACED_US), () => {
        if (machine.unit.role === "replica" && machine.node?.role === "primary") machine.kill();
      });
    }
  }
}

// A fault with a plot, in half of the clusters that promise to outlive a disk and have a replica to spare: one replica lags, the
// other one has a new disk, and before that is filled the primary is out of sight. Two nodes of three are there then, and
// neither has all that was acknowledged: nobody may lead. Chance alone brings this together too seldom; other faults rest meanwhile.

import type { Prng } from "../base/index.ts";
import type { Troubled } from "./faults.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNode } from "./site.ts";
import type { Witness } from "./witness.ts";

const CHANCE = 0.5;
const BEGINS_US = [200_000, 3_000_000] as const;
/** For a cluster that is whole, at most; and between two looks. */
const WHOLE_US = 15_000_000;
const WHOLE_LOOK_US = 20_000;
/** How long the one replica falls behind: less than it takes to notice the silence, or somewhat more. */
const LAG_US = [300_000, 2_500_000] as const;
/** A broken connection is noticed within this, and no new one is made. */
export const RESET_US = 1_000;
/** For the first frames on the new disk, at most; and between two looks, shorter than a wait for the disk. */
const FILLING_US = 3_000_000;
const FILLING_LOOK_US = 100;
/** Longer than it takes until another node may be promoted. */
const HIDDEN_US = 8_000_000;

export class NewDisk {
  readonly #troubled: Troubled;
  readonly #witness: Witness;
  readonly #prng: Prng;
  readonly #onReplaced: (name: string) => void;
  #state: "planned" | "on" | "over" = "over";

  /** `onReplaced`: told whose disk it was. */
  constructor(troubled: Troubled, witness: Witness, prng: Prng, onReplaced: (name: string) => void) {
    this.#troubled = troubled;
    this.#witness = witness;
    this.#prng = prng;
    this.#onReplaced = onReplaced;
    const { cluster, network } = troubled;
    if (cluster.names.length < 3 || cluster.policy !== "two-disks" || !prng.chance(CHANCE)) return;
    this.#state = "planned";
    network.queue.plan(prng.between(...BEGINS_US), () => {
      this.#state = "on";
      network.healAll();
      this.#lagOnceWhole(WHOLE_US / WHOLE_LOOK_US);
    });
  }

  /** The one disk that such a cluster outlives is spoken for. */
  get isPlanned(): boolean {
    return this.#state !== "over";
  }
  /** Nothing else is to happen. */
  get isOn(): boolean {
    return this.#state === "on";
  }

  #lagOnceWhole(looks: number): void {
    const { machines, network } = this.#troubled;
    const primary = machines.find(({ node }) => node?.isServing);
    const replicas = machines.filter(({ node }) => node?.role === "replica" && knowsPolicy(node));
    if (looks === 0) return this.#over();
    if (primary === undefined || replicas.length < machines.length - 1) {
      return network.queue.plan(WHOLE_LOOK_US, () => this.#lagOnceWhole(looks - 1));
    }
    const late = this.#prng.pick(replicas);
    network.cutOff(primary.name, [late.name]);
    network.queue.plan(this.#prng.between(...LAG_US), () => this.#replace(primary, late));
  }

  #replace(primary: SimulatedMachine, late: SimulatedMachine): void {
    const { machines, network } = this.#troubled;
    const { acknowledged } = this.#witness;
    const replica = machines.find((machine) => machine !== primary && machine !== late);
    const lags = (late.node?.log.position ?? acknowledged) < acknowledged;
    const isServing = primary.node?.isServing === true && this.#witness.isOnDiskOf(primary.name);
    if (replica === undefined || !lags || !isServing) return this.#over();
    // What the old disk made safe is not to be heard when it is gone.
    replica.host.reset(primary.name);
    network.queue.plan(RESET_US, () => this.#fill(primary, replica));
  }

  #fill(primary: SimulatedMachine, replica: SimulatedMachine): void {
    if (!this.#witness.isOnDiskOf(primary.name)) return this.#over();
    this.#onReplaced(replica.name);
    replica.isSpoiled = true;
    replica.replaceDisk();
    replica.start();
    this.#hideOnceBegun(primary, replica, FILLING_US / FILLING_LOOK_US);
  }

  #hideOnceBegun(primary: SimulatedMachine, replica: SimulatedMachine, looks: number): void {
    const { machines, network } = this.#troubled;
    const position = replica.node?.log.position ?? 0;
    if (looks === 0 || position >= this.#witness.acknowledged) return this.#over();
    if (position === 0) {
      return network.queue.plan(FILLING_LOOK_US, () => this.#hideOnceBegun(primary, replica, looks - 1));
    }
    this.#witness.tell("fault", `${primary.name} is out of sight, ${replica.name} has ${position}`);
    network.healAll();
    const others = machines.filter((machine) => machine !== primary);
    network.cutOff(
      primary.name,
      others.map(({ name }) => name),
    );
    network.queue.plan(HIDDEN_US, () => this.#over());
  }

  #over(): void {
    this.#troubled.network.healAll();
    this.#state = "over";
  }
}

/** Without it in its log a node that is to lead waits for every other one. */
function knowsPolicy({ log, engine }: SimulatedNode): boolean {
  return log.position > 0 && engine.administration.ackPolicy !== undefined;
}

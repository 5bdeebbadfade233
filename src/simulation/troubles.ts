// What befalls a run beside the faults of every run (faults.ts): plots, wrong ideas, an administrator's halts and changes of the ack
// policy, clients that read nothing, full disks. Each by chance of its own, so that whatever is added leaves the others what they are.

import { Prng } from "../base/index.ts";
import type { Administrator } from "./administrator.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Faults } from "./faults.ts";
import { ForcedStarts } from "./forced-starts.ts";
import { FullDisks } from "./full-disks.ts";
import { IdleReaders } from "./idle-readers.ts";
import { Interventions } from "./interventions.ts";
import { PolicyChanges } from "./policy-changes.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import { Takeover } from "./takeover.ts";
import type { Witness } from "./witness.ts";
import { WrongIdeas } from "./wrong-ideas.ts";

/** What chance has to do with each is drawn from the run's seed and one of these. */
const POLICY_SEED = 0xac9_0c1;
const IDEAS_SEED = 0x1dea_5;
const TAKEOVER_SEED = 0x7a4e_0e5;
const INTERVENTIONS_SEED = 0x4a17_0ff;
const FULL_SEED = 0xf0_11d;
const FORCE_SEED = 0xf0_4ce;
const READERS_SEED = 0x1d1e_0ad;
/** The ack policy changes, and halts are given, until then: for a while after the last fault, too. */
const CHANGES_US = 12_000_000;
/** No plot begins from then on: most do when nothing else fails any more. */
const PLOTS_US = 12_000_000;

export interface TroubledRun {
  readonly seed: number;
  readonly machines: readonly SimulatedMachine[];
  readonly network: SimulatedNetwork;
  readonly queue: EventQueue;
  readonly witness: Witness;
  readonly faults: Faults;
  readonly administrator: Administrator;
  /** Programs that trade, and the accounts they trade for: 1 .. `accounts`. */
  readonly clients: readonly string[];
  readonly accounts: number;
  /** Others fill its disks. */
  readonly isTight: boolean;
  /** Other faults happen until then. */
  readonly until_us: number;
}

export class Troubles {
  readonly policyChanges: PolicyChanges;
  readonly wrongIdeas: WrongIdeas;
  readonly interventions: Interventions;
  readonly idleReaders: IdleReaders;
  readonly fullDisks: FullDisks | undefined;
  readonly #run: TroubledRun;

  constructor(run: TroubledRun) {
    const { machines, network, queue, faults, accounts, isTight, until_us } = run;
    this.#run = run;
    this.policyChanges = this.#changePolicy();
    run.administrator.policyChanges = this.policyChanges;
    this.wrongIdeas = this.#mislead();
    const prng = this.#chance(INTERVENTIONS_SEED);
    this.interventions = new Interventions(machines, prng, queue, CHANGES_US, accounts);
    this.idleReaders = new IdleReaders(run.clients, network, this.#chance(READERS_SEED), until_us);
    if (isTight) this.fullDisks = new FullDisks(machines, this.#chance(FULL_SEED), queue, until_us);
    faults.forcedStarts = this.#force();
    // One plot is enough: each waits for a cluster that is whole.
    if (!faults.forcedStarts.isPlanned) faults.takeover = this.#takeOver();
  }

  #chance(seed: number): Prng {
    return new Prng(this.#run.seed ^ seed);
  }

  #changePolicy(): PolicyChanges {
    const { machines, queue, faults, administrator } = this.#run;
    const mayChange = () => faults.mayChangePolicy && !administrator.isPromoting;
    return new PolicyChanges(machines, this.#chance(POLICY_SEED), queue, CHANGES_US, mayChange);
  }

  #mislead(): WrongIdeas {
    const { machines, network, faults, until_us, witness } = this.#run;
    const mayBegin = () => witness.acknowledged > 0 && faults.mayMislead;
    return new WrongIdeas(machines, this.#chance(IDEAS_SEED), network, until_us, mayBegin);
  }

  #force(): ForcedStarts {
    const { machines, network, faults, administrator, witness } = this.#run;
    const prng = this.#chance(FORCE_SEED);
    const mayBegin = () => witness.acknowledged > 0 && faults.mayForce && !this.wrongIdeas.isOn;
    const knowsPolicy = (machine: SimulatedMachine) => this.policyChanges.isKnownTo(machine);
    const strike = (machine: SimulatedMachine) => faults.strikeDown(machine, prng);
    const force = (machine: SimulatedMachine, done: (leads: boolean) => void) =>
      administrator.force(machine, done);
    const tell = (what: string) => faults.toldOfForce(what);
    const acts = { mayBegin, knowsPolicy, strike, force, tell };
    return new ForcedStarts({ machines, network, until_us: PLOTS_US, ...acts }, prng);
  }

  #takeOver(): Takeover {
    const { machines, network, faults, witness } = this.#run;
    const prng = this.#chance(TAKEOVER_SEED);
    const mayBegin = () => witness.acknowledged > 0 && faults.mayTakeOver && !this.#disksAlone;
    const strike = (machine: SimulatedMachine) => faults.strikeDown(machine, prng);
    const kill = (machine: SimulatedMachine) => faults.kill(machine);
    const tell = (what: string) => faults.told(what);
    const onGathering = (act: ((name: string) => void) | undefined) => {
      witness.onGathering = act;
    };
    const acts = { mayBegin, strike, kill, tell, onGathering };
    return new Takeover({ machines, network, until_us: PLOTS_US, ...acts }, prng);
  }

  /** Whether the policy is one by which nobody takes a hidden primary's place. */
  get #disksAlone(): boolean {
    const leader = this.#run.machines.find(({ node }) => node?.isServing);
    return leader?.node?.engine.administration.ackPolicy === "disk";
  }
}

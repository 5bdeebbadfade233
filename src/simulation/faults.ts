// What goes wrong in a run, and when: drawn from the seed. Faults stop at a time, and everything is mended by then or soon
// after, so that a run which makes no progress afterwards shows a fault of ours.
//
// Nothing is done that the policy in force does not promise to outlive: under `ram` the power fails nowhere while what was
// acknowledged is in that machine's memory alone.

import type { Prng } from "../base/index.ts";
import type { DiskFault } from "../lab/index.ts";
import type { EventQueue } from "./event-queue.ts";
import type { ForcedStarts } from "./forced-starts.ts";
import { NewDisk, RESET_US } from "./new-disk.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedCluster } from "./site.ts";
import type { Takeover } from "./takeover.ts";
import type { Witness } from "./witness.ts";

/** Between two faults, at most. */
const BETWEEN_US = 300_000;
/** How long a partition, a slow disk or a machine that is off lasts, at most. */
const LASTING_US = 400_000;
/** Of partitions one in so many lasts longer, until it is noticed everywhere. */
const LONG_CHANCE = 0.3;
const LONG_US = 5_000_000;
/** A wall clock jumps by up to this, either way. */
const JUMP_US = 10_000_000;
/** The changing call of a disk that fails is one of so many from now on. */
const CALLS_AHEAD = 12;
const SLOW_SYNC_US = [20_000, 100_000] as const;
const QUICK_SYNC_US = [200, 2_000] as const;
/** Between two looks at the states of all nodes. */
const LOOK_US = 100_000;

const DISK_FAULTS: readonly DiskFault[] = ["EIO", "ENOSPC", "short", "stuck", "halt"];

/** What becomes of a disk without a word. */
const SPOILS = ["bit rot", "writes gone astray", "blank disks"] as const;

export interface Troubled {
  readonly machines: readonly SimulatedMachine[];
  readonly clients: readonly string[];
  readonly network: SimulatedNetwork;
  readonly cluster: SimulatedCluster;
}

/** Counts of what was done, by name. */
export type FaultCounts = Record<string, number>;

export class Faults {
  readonly counts: FaultCounts = {};
  readonly #troubled: Troubled;
  readonly #witness: Witness;
  readonly #prng: Prng;
  readonly #queue: EventQueue;
  readonly #until_us: number;
  readonly #newDisk: NewDisk;
  /** Undefined: there is none. */
  takeover: Takeover | undefined;
  forcedStarts: ForcedStarts | undefined;

  constructor(troubled: Troubled, witness: Witness, prng: Prng, until_us: number) {
    this.#troubled = troubled;
    this.#witness = witness;
    this.#prng = prng;
    this.#queue = troubled.network.queue;
    this.#until_us = until_us;
    this.#newDisk = new NewDisk(troubled, witness, prng, (name) =>
      this.#count("new disks while another replica lags", name),
    );
    this.#planNext();
    this.#look();
  }

  #planNext(): void {
    this.#queue.plan(this.#prng.between(1_000, BETWEEN_US), () => {
      const isOn = this.#newDisk.isOn || this.#isPlotOn;
      if (this.#queue.now_us >= this.#until_us && !isOn) return this.#mend();
      if (!isOn) this.#strike();
      this.#planNext();
    });
  }

  /** Somebody is to lead: other faults rest. */
  get #isPlotOn(): boolean {
    return this.takeover?.isOn === true || this.forcedStarts?.isOn === true;
  }

  #look(): void {
    for (const machine of this.#troubled.machines) machine.noteHash();
    this.#queue.plan(LOOK_US, () => this.#look());
  }

  #strike(): void {
    const machine = this.#prng.pick(this.#troubled.machines);
    switch (this.#prng.between(0, 8)) {
      case 0:
        return this.#powerOff([machine], "power failures");
      case 1:
        return this.kill(machine);
      case 2:
        return this.#failDisk(machine);
      case 3:
        return this.#partition(machine);
      case 4:
        this.#count("resets");
        return machine.host.reset(this.#prng.pick(this.#othersOf(machine)));
      case 5:
        this.#count("clock jumps");
        return machine.clock.jump(this.#prng.between(-JUMP_US, JUMP_US));
      case 6:
        return this.#powerOff(
          this.#troubled.machines.filter(() => this.#prng.chance(0.6)),
          "power failures of several",
        );
      case 7:
        return this.#spoil(machine);
      default:
        return this.#slowDisk(machine);
    }
  }

  /** A spoiled disk is one that `two-disks` must outlive, in the log and in force, to the end of the run. */
  get mayChangePolicy(): boolean {
    const isSpokenFor = this.#newDisk.isPlanned || this.#isPlotOn;
    return !isSpokenFor && !this.#troubled.machines.some(({ isSpoiled }) => isSpoiled);
  }

  /** While a disk is replaced, or another node is to take over, nothing else is to happen. */
  get mayMislead(): boolean {
    return !this.#newDisk.isPlanned && !this.#isPlotOn;
  }

  /** One plot at a time. */
  get mayTakeOver(): boolean {
    return !this.#newDisk.isPlanned && !this.#isPlotOn;
  }

  /** A disk that is replaced forgets what it has promised: the node could choose an epoch that it had before. */
  get mayForce(): boolean {
    return this.mayTakeOver && !this.#troubled.machines.some(({ isSpoiled }) => isSpoiled);
  }

  /** Ends the node of that machine, by a kill or by its power. */
  strikeDown(machine: SimulatedMachine, prng: Prng): void {
    if (prng.chance(0.5)) return this.#powerOff([machine], "power failures");
    this.kill(machine);
  }

  kill(machine: SimulatedMachine): void {
    machine.noteHash();
    this.#count("kills");
    machine.kill();
  }

  told(what: string): void {
    this.#count("partitions for another to lead", what);
  }

  toldOfForce(what: string): void {
    this.#count("partitions for a start by force", what);
  }

  /** Everything at once, if the policy outlives that; what is planned for later does not come any more. */
  end(): void {
    this.#mend();
    this.#powerOff(this.#troubled.machines, "power failures of all at the end");
  }

  #powerOff(machines: readonly SimulatedMachine[], what: string): void {
    for (const machine of machines) {
      if (!this.#isKeptWithout(machine)) {
        this.kill(machine);
        continue;
      }
      machine.noteHash();
      this.#count(what);
      machine.powerOff();
    }
  }

  /** Whether what was acknowledged is anywhere but in this machine's memory: on a disk, or in another's. */
  #isKeptWithout(machine: SimulatedMachine): boolean {
    if (!this.#witness.hasUsed("ram")) return true;
    return this.#troubled.machines.some(({ node }) => {
      if (node === undefined) return false;
      const { epoch, position, persisted } = node.log;
      return this.#witness.hasAll(epoch, node === machine.node ? persisted : position);
    });
  }

  #othersOf(machine: SimulatedMachine): string[] {
    const { machines, clients } = this.#troubled;
    return [...clients, ...machines.map(({ name }) => name).filter((name) => name !== machine.name)];
  }

  #failDisk(machine: SimulatedMachine): void {
    const fault = this.#prng.pick(DISK_FAULTS);
    this.#count(`disk: ${fault}`, machine.name);
    machine.disk.failAt(machine.disk.calls + this.#prng.between(1, CALLS_AHEAD), fault);
  }

  #partition(machine: SimulatedMachine): void {
    const { network } = this.#troubled;
    const others = this.#othersOf(machine);
    const isAlone = this.#prng.chance(0.3);
    const cutOff = isAlone ? others : [this.#prng.pick(others)];
    const ways = this.#prng.between(1, 3);
    this.#count(
      ways === 3 ? "partitions" : "one-way partitions",
      `${machine.name} ${ways} ${cutOff.join(" ")}`,
    );
    for (const other of cutOff) {
      if ((ways & 1) !== 0) network.cut(machine.name, other);
      if ((ways & 2) !== 0) network.cut(other, machine.name);
    }
    const lasting_us = this.#prng.chance(LONG_CHANCE) ? LONG_US : LASTING_US;
    this.#queue.plan(this.#prng.between(1_000, lasting_us), () => {
      this.#witness.tell("fault", "the network heals");
      network.healAll();
    });
  }

  /** One disk of a cluster that promises to outlive one, while all that was let out is on another one too. */
  #spoil(machine: SimulatedMachine): void {
    const { machines, cluster } = this.#troubled;
    const { disk } = machine;
    const others = machines.filter((other) => other !== machine);
    const hasBegun = this.#witness.acknowledged > 0;
    const isOutlived = hasBegun && others.some(({ name }) => this.#witness.isOnDiskOf(name));
    if (
      cluster.policy !== "two-disks" ||
      this.#witness.policyHasChanged ||
      this.#witness.forcedEpoch > 0 ||
      !isOutlived ||
      machines.some(({ isSpoiled }) => isSpoiled)
    )
      return;
    if (machine.segments.length === 0 || this.#newDisk.isPlanned) return;
    machine.isSpoiled = true;
    machine.archive();
    const kind = this.#prng.pick(SPOILS);
    this.#count(kind, machine.name);
    if (kind === "blank disks") return this.#replaceDisk(machine, others);
    if (kind === "writes gone astray")
      return disk.failAt(disk.calls + this.#prng.between(1, CALLS_AHEAD), "astray");
    const path = this.#prng.pick(machine.segments);
    const bits = 1 << this.#prng.between(0, 7);
    disk.rot(path, this.#prng.between(0, disk.contents(path).length - 1), bits);
  }

  /** What the old disk made safe is not to be heard when it is gone. */
  #replaceDisk(machine: SimulatedMachine, others: readonly SimulatedMachine[]): void {
    for (const { name } of others) machine.host.reset(name);
    this.#queue.plan(RESET_US, () => {
      if (others.some(({ name }) => this.#witness.isOnDiskOf(name))) machine.replaceDisk();
    });
  }

  #slowDisk(machine: SimulatedMachine): void {
    this.#count("slow disks", machine.name);
    machine.syncTime_us = SLOW_SYNC_US;
    this.#queue.plan(this.#prng.between(1_000, LASTING_US), () => {
      machine.syncTime_us = QUICK_SYNC_US;
    });
  }

  #mend(): void {
    this.#troubled.network.healAll();
    for (const machine of this.#troubled.machines) machine.syncTime_us = QUICK_SYNC_US;
  }

  #count(what: string, whom = ""): void {
    this.#witness.tell("fault", `${what} ${whom}`);
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

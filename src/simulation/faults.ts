// What goes wrong in a run, and when: drawn from the seed. Faults stop at a time, and everything is mended by then or soon
// after, so that a run which makes no progress afterwards shows a fault of ours.

import type { Prng } from "../base/index.ts";
import type { DiskFault } from "../lab/index.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

/** Between two faults, at most. */
const BETWEEN_US = 300_000;
/** How long a partition, a slow disk or a machine that is off lasts, at most. */
const LASTING_US = 400_000;
/** A wall clock jumps by up to this, either way. */
const JUMP_US = 10_000_000;
/** The changing call of a disk that fails is one of so many from now on. */
const CALLS_AHEAD = 12;
const SLOW_SYNC_US = [20_000, 100_000] as const;
const QUICK_SYNC_US = [200, 2_000] as const;

const DISK_FAULTS: readonly DiskFault[] = ["EIO", "ENOSPC", "short", "stuck", "halt"];

export interface Troubled {
  readonly machines: readonly SimulatedMachine[];
  readonly clients: readonly string[];
  readonly network: SimulatedNetwork;
}

/** Counts of what was done, by name. */
export type FaultCounts = Record<string, number>;

export class Faults {
  readonly counts: FaultCounts = {};
  readonly #troubled: Troubled;
  readonly #prng: Prng;
  readonly #queue: EventQueue;
  readonly #until_us: number;

  constructor(troubled: Troubled, prng: Prng, until_us: number) {
    this.#troubled = troubled;
    this.#prng = prng;
    this.#queue = troubled.network.queue;
    this.#until_us = until_us;
    this.#planNext();
    for (const machine of troubled.machines) this.#watch(machine);
  }

  #planNext(): void {
    this.#queue.plan(this.#prng.between(1_000, BETWEEN_US), () => {
      if (this.#queue.now_us >= this.#until_us) return this.#mend();
      this.#strike();
      this.#planNext();
    });
  }

  /** A machine that is down, for whatever reason, is started again some time later. */
  #watch(machine: SimulatedMachine): void {
    this.#queue.plan(this.#prng.between(10_000, LASTING_US), () => {
      if (!machine.isUp && machine.refused === undefined) machine.start();
      this.#watch(machine);
    });
  }

  #strike(): void {
    const machine = this.#prng.pick(this.#troubled.machines);
    switch (this.#prng.between(0, 6)) {
      case 0:
        machine.noteHash();
        this.#count("power failures");
        return machine.powerOff();
      case 1:
        machine.noteHash();
        this.#count("kills");
        return machine.kill();
      case 2:
        return this.#failDisk(machine);
      case 3:
        return this.#partition(machine);
      case 4:
        this.#count("resets");
        return machine.host.reset(this.#prng.pick(this.#troubled.clients));
      case 5:
        this.#count("clock jumps");
        return machine.clock.jump(this.#prng.between(-JUMP_US, JUMP_US));
      default:
        return this.#slowDisk(machine);
    }
  }

  #failDisk(machine: SimulatedMachine): void {
    const fault = this.#prng.pick(DISK_FAULTS);
    this.#count(`disk: ${fault}`);
    machine.disk.failAt(machine.disk.calls + this.#prng.between(1, CALLS_AHEAD), fault);
  }

  #partition(machine: SimulatedMachine): void {
    const { network, clients } = this.#troubled;
    const other = this.#prng.pick(clients);
    const ways = this.#prng.between(1, 3);
    this.#count(ways === 3 ? "partitions" : "one-way partitions");
    if ((ways & 1) !== 0) network.cut(machine.name, other);
    if ((ways & 2) !== 0) network.cut(other, machine.name);
    this.#queue.plan(this.#prng.between(1_000, LASTING_US), () => network.healAll());
  }

  #slowDisk(machine: SimulatedMachine): void {
    this.#count("slow disks");
    machine.syncTime_us = SLOW_SYNC_US;
    this.#queue.plan(this.#prng.between(1_000, LASTING_US), () => {
      machine.syncTime_us = QUICK_SYNC_US;
    });
  }

  #mend(): void {
    this.#troubled.network.healAll();
    for (const machine of this.#troubled.machines) machine.syncTime_us = QUICK_SYNC_US;
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

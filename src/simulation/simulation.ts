// One run: machines, clients and faults of one seed, until every client has had its say or the time is up; then the judgement.
// The same seed gives the same run: its trace is a checksum over everything that arrived anywhere, and when.
//
// The parts of a node use the event loop (setImmediate, promises) for what comes "at the end of the turn"; nothing of a run
// uses its timers or sockets. So after each simulated event the loop is let run until they are done.

import { Prng, SeriatimError } from "../base/index.ts";
import { EXCHANGE_RECORDS, openJournal } from "../journal/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import { EventQueue } from "./event-queue.ts";
import { type FaultCounts, Faults } from "./faults.ts";
import { Judge } from "./judge.ts";
import { SimulatedClient } from "./simulated-client.ts";
import { JOURNAL_DIRECTORY, ORDER_PORT, SIMULATED_GENESIS, SimulatedMachine } from "./simulated-machine.ts";
import { SimulatedNetwork } from "./simulated-network.ts";

const CLIENTS = 3;
/** Faults happen until then; afterwards there must be progress. */
const FAULTS_US = 3_000_000;
/** All that is left must be done by then. */
const END_US = 60_000_000;
/** Turns of the event loop after which a node's part of one event is done. */
const TURNS = 3;

export interface SimulationOptions {
  readonly seed: number;
  /** Requests of all clients together. */
  readonly requests: number;
}

export interface SimulationResult {
  readonly seed: number;
  /** Empty when everything held. */
  readonly problems: readonly string[];
  /** Of everything that arrived anywhere: the same for the same seed. */
  readonly trace: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
  readonly positions: number;
  readonly simulated_us: number;
  readonly faults: FaultCounts;
}

/** Runs one seed; what goes wrong in it, a crash included, is a problem of the result. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const run = new Run(options);
  await run.toTheEnd();
  return run.result();
}

class Run {
  readonly #seed: number;
  readonly #queue = new EventQueue();
  readonly #network: SimulatedNetwork;
  readonly #machine: SimulatedMachine;
  readonly #clients: readonly SimulatedClient[];
  readonly #faults: Faults;
  readonly #problems: string[] = [];

  constructor({ seed, requests }: SimulationOptions) {
    this.#seed = seed;
    const prng = new Prng(seed);
    const branch = () => new Prng(prng.u32());
    const network = new SimulatedNetwork(this.#queue, branch(), {
      delay_us: [20, prng.pick([200, 2_000, 20_000])],
      lossChance: prng.pick([0, 0.001, 0.02]),
      retransmission_us: 200_000,
    });
    this.#network = network;
    this.#machine = new SimulatedMachine(network.host("node"), branch(), SIMULATED_GENESIS);
    const address = [{ host: this.#machine.name, port: ORDER_PORT }];
    this.#clients = Array.from({ length: CLIENTS }, (_, i) => {
      const wanted = Math.floor((requests + i) / CLIENTS);
      return new SimulatedClient(network.host(`client${i + 1}`), branch(), i + 1, wanted, address);
    });
    const clients = this.#clients.map(({ name }) => name);
    this.#machine.start();
    this.#faults = new Faults({ machines: [this.#machine], clients, network }, branch(), FAULTS_US);
  }

  get #isDone(): boolean {
    return this.#clients.every((client) => client.isDone);
  }

  /** Until every client is done, the time is up, or something crashes; then the power fails once more. */
  async toTheEnd(): Promise<void> {
    try {
      while (!this.#isDone && this.#queue.now_us < END_US && this.#queue.step()) await settled();
      const { refused } = this.#machine;
      if (refused !== undefined) this.#problems.push(`the disk was refused: ${refused.message}`);
      else if (!this.#isDone) this.#problems.push("no progress after the faults had ended");
    } catch (error) {
      this.#problems.push(`a crash: ${error instanceof Error ? error.message : String(error)}`);
    }
    for (const client of this.#clients) client.stop();
    this.#machine.noteHash();
    this.#machine.powerOff();
  }

  result(): SimulationResult {
    const positions = this.#judge();
    const outcomes = this.#clients.flatMap(({ requests }) => requests.map(({ outcome }) => outcome));
    const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
    return {
      ...{ seed: this.#seed, problems: this.#problems, trace: this.#network.trace, positions },
      ...{ accepted: count("accepted"), rejected: count("rejected"), unknown: count("unknown") },
      ...{ simulated_us: this.#queue.now_us, faults: this.#faults.counts },
    };
  }

  /** Opens what the disk holds, and compares; returns the log's last position. */
  #judge(): number {
    const judge = new Judge(this.#machine.hashes);
    try {
      const place = {
        storage: this.#machine.disk,
        checksums: new NativeChecksums(),
        directory: JOURNAL_DIRECTORY,
        rules: EXCHANGE_RECORDS,
      };
      const { journal } = openJournal(place, judge.visit);
      for (const client of this.#clients) judge.check(client);
      this.#problems.push(...judge.problems);
      return journal.position;
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#problems.push(`the log can't be opened at the end: ${error.message}`);
      return 0;
    }
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

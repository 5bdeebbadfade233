// One run: machines, clients and faults of one seed, until every client has had its say or the time is up; then the power
// fails everywhere, the nodes start once more and come together, and the log that is left is judged.
// The same seed gives the same run: its trace is a checksum over everything that arrived anywhere, and when.
//
// The parts of a node use the event loop (setImmediate, promises) for what comes "at the end of the turn"; nothing of a run
// uses its timers or sockets. So after each simulated event the loop is let run until they are done.

import { Prng } from "../base/index.ts";
import type { ExchangeEngine } from "../engine/index.ts";
import {
  ACK_POLICY_NAMES,
  ALL_SYMBOLS,
  isGatewayRefusal,
  readReport,
  reasonName,
} from "../protocol/index.ts";
import { ACK_POLICIES, nodesNeeded } from "../replication/index.ts";
import { Administrator } from "./administrator.ts";
import { EventQueue } from "./event-queue.ts";
import { type FaultCounts, Faults } from "./faults.ts";
import { judgeLog } from "./judgement.ts";
import { tightLimits, USUAL_LIMITS } from "./limits.ts";
import { SimulatedClient } from "./simulated-client.ts";
import { SimulatedMachine } from "./simulated-machine.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { SimulatedSession, sessionTerms } from "./simulated-session.ts";
import { ORDER_PORT, SESSION_ACCOUNTS, type SimulatedCluster } from "./site.ts";
import { Troubles } from "./troubles.ts";
import { Witness } from "./witness.ts";

const CLIENTS = 3;
/** What chance has to do with sessions is drawn from the seed and this. */
const SESSIONS_SEED = 0x5e55_1045;
/** The same of limits. */
const LIMITS_SEED = 0x11_317;
const TIGHT_CHANCE = 0.25;
const NAMES = ["north", "south", "west"];
/** Faults happen until then; afterwards there must be progress. */
const FAULTS_US = 6_000_000;
/** All that is left must be done by then. */
const END_US = 120_000_000;
/** From the last answer to a cluster that is one again, at most. */
const TOGETHER_US = 60_000_000;
/** Turns of the event loop after which a node's part of one event is done. */
const TURNS = 3;

export interface SimulationOptions {
  readonly seed: number;
  /** Requests of all clients together. */
  readonly requests: number;
  /** False: the ack policy stays what it is, and every node knows its cluster, for seeds that show something without that. */
  readonly isAdministered?: boolean;
}

export interface SimulationResult {
  readonly seed: number;
  /** Empty when everything held. */
  readonly problems: readonly string[];
  /** Of everything that arrived anywhere: the same for the same seed. */
  readonly trace: number;
  readonly nodes: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
  readonly positions: number;
  readonly simulated_us: number;
  readonly faults: FaultCounts;
  /** Replicas that took over. */
  readonly promotions: number;
  /** Nodes that were told to lead by force, and did. */
  readonly forcedStarts: number;
  /** Answers that were given up by that. */
  readonly forgiven: number;
  /** What else was: "a report" or "a request" of a session, "a command" of an administrator. */
  readonly excused: readonly string[];
  /** Of the ack policy. */
  readonly policyChanges: number;
  /** Nodes that were started with a wrong idea of their cluster. */
  readonly wrongIdeas: number;
  /** Halts and kill switches that were in force for a while. */
  readonly interventions: number;
  /** Clients that read nothing for a while. */
  readonly idleReaders: number;
  /** Disks that others filled for a while. */
  readonly fullDisks: number;
  /** Bounds of nodes that were met, and limits of the log, by name. */
  readonly met: readonly string[];
  /** Execution reports that sessions got. */
  readonly told: number;
  /** What happened, in words. */
  readonly story: readonly string[];
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
  readonly #cluster: SimulatedCluster;
  readonly #witness: Witness;
  readonly #machines: readonly SimulatedMachine[];
  readonly #clients: readonly SimulatedClient[];
  /** In every second seed. */
  readonly #sessions: readonly SimulatedSession[];
  readonly #faults: Faults;
  /** Whose log is judged. */
  #last: SimulatedMachine;
  readonly #administrator: Administrator;
  readonly #troubles: Troubles | undefined;

  constructor({ seed, requests, isAdministered = true }: SimulationOptions) {
    this.#seed = seed;
    const prng = new Prng(seed);
    const branch = () => new Prng(prng.u32());
    const isTight = isAdministered && new Prng(seed ^ LIMITS_SEED).chance(TIGHT_CHANCE);
    const programs = CLIENTS + (seed % 2 === 0 ? 0 : SESSION_ACCOUNTS.length + 1);
    const limits = isTight ? tightLimits(programs) : USUAL_LIMITS;
    const network = new SimulatedNetwork(this.#queue, branch(), {
      delay_us: [20, prng.pick([200, 2_000, 20_000])],
      lossChance: prng.pick([0, 0.001, 0.02]),
      retransmission_us: 200_000,
      byte_us: prng.pick([0, 0, 10]),
      window_bytes: limits.window_bytes,
    });
    this.#network = network;
    this.#cluster = { ...drawCluster(prng), limits };
    this.#witness = new Witness(this.#cluster, this.#queue);
    this.#machines = this.#cluster.names.map((name, i) => {
      const unit = { role: i === 0 ? ("primary" as const) : ("replica" as const) };
      return new SimulatedMachine(network.host(name), branch(), this.#cluster, this.#witness, unit);
    });
    this.#last = this.#machines[0];
    const addresses = this.#machines.map(({ name }) => ({ host: name, port: ORDER_PORT }));
    this.#clients = Array.from({ length: CLIENTS }, (_, i) => {
      const wanted = Math.floor((requests + i) / CLIENTS);
      return new SimulatedClient(network.host(`client${i + 1}`), branch(), i + 1, wanted, addresses, isTight);
    });
    const clients = this.#clients.map(({ name }) => name);
    for (const machine of this.#machines) machine.start();
    this.#sessions = this.#openSessions(Math.floor(requests / 4), addresses);
    this.#administrator = new Administrator(this.#machines, branch(), this.#queue, (problem) =>
      this.#witness.say(problem),
    );
    const troubled = { machines: this.#machines, clients, network, cluster: this.#cluster };
    this.#faults = new Faults(troubled, this.#witness, branch(), FAULTS_US);
    if (!isAdministered) return;
    this.#troubles = new Troubles({
      ...{ seed, network, isTight, machines: this.#machines, queue: this.#queue, witness: this.#witness },
      ...{ faults: this.#faults, administrator: this.#administrator, until_us: FAULTS_US },
      clients: [...this.#clients, ...this.#sessions].map(({ name }) => name),
      accounts: CLIENTS + SESSION_ACCOUNTS.length,
    });
  }

  /** Of chance of its own, so that runs without sessions are what they were before there were any. */
  #openSessions(wanted: number, addresses: readonly { host: string; port: number }[]): SimulatedSession[] {
    if (this.#seed % 2 === 0) return [];
    const prng = new Prng(this.#seed ^ SESSIONS_SEED);
    return sessionTerms(wanted).map((terms, i) => {
      const host = this.#network.host(`session${i + 1}`);
      const watch = {
        say: (problem: string) => this.#witness.say(problem),
        told: (from: string, account: number, number: number) => this.#told(from, account, number),
        loggedOn: (from: string, position: number) =>
          this.#letOut(from, position, `the answer to a logon at ${position}`),
      };
      return new SimulatedSession(host, new Prng(prng.u32()), terms, addresses, watch);
    });
  }

  /** Whoever tells a report, and is still there, has let out its position. */
  #told(from: string, account: number, number: number): void {
    const node = this.#machines.find(({ name }) => name === from)?.node;
    const stream = node?.engine.reports.of(account);
    if (stream === undefined || number < stream.first || number >= stream.next) return;
    const { position } = readReport(stream.words(number), stream.at(number));
    this.#letOut(from, position, `report ${number} of account ${account}, of position ${position},`);
  }

  #letOut(from: string, position: number, what: string): void {
    const node = this.#machines.find(({ name }) => name === from)?.node;
    // A tenure that a start by force gives up goes on letting out until it hears of that.
    if (node !== undefined && position > Math.max(this.#witness.acknowledged, node.releasedPosition))
      this.#witness.say(`${what} came before it was let out`);
  }

  /** Until every client is done, the time is up, or something crashes; then once more from what the disks hold. */
  async toTheEnd(): Promise<void> {
    const { problems } = this.#witness;
    try {
      await this.#until(
        () => [...this.#clients, ...this.#sessions].every(({ isDone }) => isDone),
        END_US,
        "no progress after the faults had ended",
      );
      this.#faults.end();
      if (problems.length > 0) return;
      for (const session of this.#sessions) if (session.takesOrdersAlong) session.hangUp();
      const until_us = this.#queue.now_us + TOGETHER_US;
      await this.#until(() => this.#areTogether(), until_us, "the nodes don't come together in the end");
    } catch (error) {
      this.#witness.say(
        `a crash: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    } finally {
      this.#last = this.#leader ?? this.#machines[0];
      for (const client of [...this.#clients, ...this.#sessions]) client.stop();
      for (const machine of this.#machines) {
        machine.noteHash();
        machine.kill();
      }
    }
  }

  async #until(isSo: () => boolean, until_us: number, otherwise: string): Promise<void> {
    const { problems } = this.#witness;
    while (!isSo()) {
      for (const machine of this.#machines) {
        if (machine.refused !== undefined && !machine.isSpoiled)
          return this.#witness.say(`${machine.name} was refused: ${machine.refused}`);
      }
      if (problems.length > 0) return;
      if (this.#queue.now_us >= until_us || !this.#queue.step()) return this.#witness.say(otherwise);
      await settled();
      for (const { name, node } of this.#machines) {
        if (node === undefined) continue;
        this.#witness.look(name, node);
        node.bounds(this.#witness.boundOf(name));
      }
    }
  }

  /** Who leads and can acknowledge; one that only waits to lead takes no orders. */
  get #leader(): SimulatedMachine | undefined {
    return this.#machines.find(({ node }) => node?.isServing);
  }

  /** Every node has the log of the one that leads, and all of it is safe to be seen. */
  #areTogether(): boolean {
    const leader = this.#leader?.node;
    if (leader === undefined || leader.releasedPosition < leader.applied) return false;
    if (!this.#machines.every(({ node }) => node?.log.persisted === leader.applied)) return false;
    return this.#sessions.every((session) => hasSettled(session, leader.engine));
  }

  /** Of the gateway, by name. */
  #refusalsMet(): ReadonlySet<string> {
    const refused = this.#clients.flatMap(({ requests }) =>
      requests.filter(({ outcome, value }) => outcome === "rejected" && isGatewayRefusal(value)),
    );
    return new Set(refused.map(({ value }) => reasonName(value)));
  }

  result(): SimulationResult {
    const problems = [...this.#witness.problems];
    const {
      position: positions,
      forgiven,
      excused,
      limitsMet,
    } = judgeLog(
      this.#last,
      this.#machines,
      this.#witness,
      this.#clients,
      this.#sessions,
      this.#troubles?.interventions,
      this.#cluster.limits.genesis.genesis,
      problems,
    );
    const told = this.#sessions.reduce((sum, session) => sum + session.told.length, 0);
    const outcomes = this.#clients.flatMap(({ requests }) => requests.map(({ outcome }) => outcome));
    const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
    return {
      ...{ seed: this.#seed, problems, trace: this.#network.trace, positions },
      ...{ accepted: count("accepted"), rejected: count("rejected"), unknown: count("unknown") },
      ...{ simulated_us: this.#queue.now_us, faults: this.#faults.counts, nodes: this.#machines.length },
      ...{ forcedStarts: this.#faults.forcedStarts?.count ?? 0, forgiven, excused: [...excused] },
      policyChanges: this.#troubles?.policyChanges.count ?? 0,
      wrongIdeas: this.#troubles?.wrongIdeas.count ?? 0,
      interventions: this.#troubles?.interventions.inForce.length ?? 0,
      idleReaders: this.#troubles?.idleReaders.count ?? 0,
      fullDisks: this.#troubles?.fullDisks?.count ?? 0,
      met: [...this.#witness.boundsMet, ...limitsMet.keys(), ...this.#refusalsMet()],
      ...{ promotions: this.#administrator.promotions, told, story: this.#witness.story },
    };
  }
}

/** One that takes its orders along has hung up, and is not known any more with none left; the others have been told everything. */
function hasSettled(session: SimulatedSession, engine: ExchangeEngine): boolean {
  const { account, who } = session.terms;
  if (!session.takesOrdersAlong) return session.next === (engine.reports.of(account)?.next ?? 1);
  for (const known of engine.sessions) if (known.account === account && known.who === who) return false;
  return engine.forEachOwnOrder(account, ALL_SYMBOLS, 0, () => {});
}

/** One to three nodes, and a policy that so many can keep. */
function drawCluster(prng: Prng): Pick<SimulatedCluster, "names" | "policy"> {
  const names = NAMES.slice(0, prng.pick([1, 2, 3, 3]));
  const policies = ACK_POLICY_NAMES.filter((name) => nodesNeeded(ACK_POLICIES[name]) <= names.length);
  return { names, policy: prng.pick(policies) };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

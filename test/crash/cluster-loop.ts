// SIGKILL of the primary of a cluster, of replicas, or of all its nodes at once, again and again, under policies that an
// administrator changes, and the load of clients that resume. Judged by what those were told, against the primary's log
// computed again, and at the end by the files and the states of all nodes. Every draw comes from the seed; when the signal arrives does not.
//
//   maybe a promotion -> the dead start again -> maybe wait until orders are accepted -> maybe another policy -> load -> SIGKILL
//
// A promotion that is refused is no breach: whoever may hold what was acknowledged is dead, and the old primary comes back.

import { setTimeout as sleep } from "node:timers/promises";
import { Prng } from "../../src/base/index.ts";
import { ClusterProcesses, type NodeName } from "./cluster.ts";
import { ClusterFigures } from "./cluster-figures.ts";
import type { KillPlan } from "./kill-loop.ts";
import { recount } from "./recount.ts";
import { ResumingCrowd } from "./resuming-crowd.ts";

const CLIENTS = 4;
/** From the start, or from the first order accepted, to the kill. */
const LOAD_MS = [20, 600] as const;
/** Of so many rounds one kills without waiting for the cluster to have gone on. */
const ROUNDS_PER_HASTE = 4;
/** Of so many rounds one is judged; all are at the end. */
const ROUNDS_PER_JUDGEMENT = 20;
/** Of so many rounds that wait one changes the policy. */
const ROUNDS_PER_POLICY = 6;
const POLICIES = ["disk+ram", "disk+ram", "two-disks", "ram", "disk"] as const;

/** What is killed, and whether another node is told to lead then. */
const KILLS = [
  { what: "the primary, which comes back", primary: true, replicas: 0, promotes: false },
  { what: "the primary, and a replica is promoted", primary: true, replicas: 0, promotes: true },
  { what: "a replica", primary: false, replicas: 1, promotes: false },
  { what: "all nodes", primary: true, replicas: 2, promotes: false },
] as const;
/** Of three nodes: whether the one that is left may lead follows from the policy. */
const KILL_OF_TWO = {
  what: "the primary and a replica",
  primary: true,
  replicas: 1,
  promotes: true,
} as const;

interface Kill {
  readonly what: string;
  readonly at_ms: number;
}

export class ClusterLoop {
  readonly figures = new ClusterFigures();
  readonly #cluster: ClusterProcesses;
  readonly #prng: Prng;
  #policy: (typeof POLICIES)[number];
  #primary: NodeName = "north";
  #crowd: ResumingCrowd | undefined;
  #accepted = 0;
  #rounds = 0;
  #lastKill: Kill | undefined;
  #promotionIsDue = false;

  private constructor(cluster: ClusterProcesses, seed: number) {
    this.#cluster = cluster;
    this.#prng = new Prng(seed);
    this.#policy = this.#prng.pick([...POLICIES]);
  }

  static async make({ directory, seed }: KillPlan, nodes: number): Promise<ClusterLoop> {
    return new ClusterLoop(await ClusterProcesses.make(directory, nodes), seed);
  }

  /** One more round: one kill, of one node or of several. */
  async round(): Promise<void> {
    const isHasty = this.#crowd !== undefined && this.#prng.between(1, ROUNDS_PER_HASTE) === 1;
    await this.#recover(isHasty);
    await sleep(this.#prng.between(...LOAD_MS));
    await this.#kill(isHasty);
    if (++this.#rounds % ROUNDS_PER_JUDGEMENT === 0) this.#judge();
  }

  async #recover(isHasty: boolean): Promise<void> {
    const isLed = this.#promotionIsDue && (await this.#promote());
    this.#promotionIsDue = false;
    // Those that are left go on without the dead, if they can.
    const areEnough = isLed && this.#cluster.names.filter((name) => this.#cluster.runs(name)).length > 1;
    if (!areEnough) this.#startDead();
    if (!isHasty) await this.#goOn();
    this.#startDead();
    if (!isHasty && this.#prng.between(1, ROUNDS_PER_POLICY) === 1) await this.#changePolicy();
  }

  /** Under load, with all nodes there; known to all of them on return: whoever is promoted decides by it. */
  async #changePolicy(): Promise<void> {
    await this.#cluster.allFollow(this.#primary);
    const policy = this.#prng.pick([...POLICIES]);
    const said = await this.#cluster.admin(this.#primary, `ack-policy ${policy}`);
    const { position } = said as { position?: number };
    if (position === undefined) throw new Error(`ack-policy ${policy}: ${JSON.stringify(said)}`);
    this.#policy = policy;
    const { names } = this.#cluster;
    await Promise.all(names.map((name) => this.#cluster.reaches(name, position)));
  }

  /** Tells one replica after the other to lead; false when none may. */
  async #promote(): Promise<boolean> {
    const running = this.#inAnyOrder(this.#cluster.names.filter((name) => this.#cluster.runs(name)));
    for (const name of running) {
      try {
        await this.#cluster.node(name).ready();
        await this.#cluster.admin(name, "promote");
        this.#primary = name;
        return true;
      } catch (error) {
        if ((error as { code?: string }).code !== "REFUSED") throw error;
        this.figures.refused++;
      }
    }
    return false;
  }

  #startDead(): void {
    const dead = this.#cluster.names.filter((name) => !this.#cluster.runs(name));
    for (const name of dead) this.#start(name);
  }

  #start(name: NodeName): void {
    const others = this.#cluster.names.filter((other) => other !== name);
    const addresses = others.map((other) => `127.0.0.1:${this.#cluster.ports(other).replication}`).join(",");
    const role = name === this.#primary ? ["--peers", addresses] : ["--replica-of", addresses];
    this.#cluster.launch(name, ...role, "--ack-policy", this.#policy);
  }

  /** Until orders are accepted again. */
  async #goOn(): Promise<void> {
    if (this.#crowd === undefined) {
      await this.#cluster.becomes(this.#primary, "ok");
      const ports = this.#cluster.names.map((name) => this.#cluster.ports(name).order);
      this.#crowd = await ResumingCrowd.start(ports, CLIENTS);
    }
    await this.#cluster.within(this.#crowd.nextAccepted(), "no order was accepted");
    if (this.#lastKill === undefined) return;
    const { what, at_ms } = this.#lastKill;
    this.figures.wentOn(what, performance.now() - at_ms);
  }

  async #kill(isHasty: boolean): Promise<void> {
    const kinds = this.#cluster.names.length > 2 ? [...KILLS, KILL_OF_TWO] : KILLS;
    const drawn = this.#prng.pick([...kinds]);
    const what = `${drawn.what}, policy ${this.#policy}`;
    const accepted = this.#crowd?.accepted ?? 0;
    this.figures.killed(what, accepted - this.#accepted);
    this.#accepted = accepted;
    // One that came in haste had the kill before to get over too.
    this.#lastKill = isHasty ? undefined : { what, at_ms: performance.now() };
    const replicas = this.#inAnyOrder(this.#cluster.names.filter((name) => name !== this.#primary));
    const victims = [...(drawn.primary ? [this.#primary] : []), ...replicas.slice(0, drawn.replicas)];
    await Promise.all(victims.map((name) => this.#cluster.end(name, "SIGKILL")));
    this.#promotionIsDue = drawn.promotes;
    // What is on its way to the clients is no sign of going on.
    if (drawn.primary)
      await this.#cluster.within(this.#crowd?.alone(), "a client is connected to a node that was killed");
  }

  /** Two at most. */
  #inAnyOrder(names: readonly NodeName[]): readonly NodeName[] {
    return this.#prng.chance(0.5) ? names : names.toReversed();
  }

  #judge(): void {
    const found = this.#crowd?.judge(() => recount(this.#cluster.data(this.#primary)));
    this.figures.wrong.push(...(found ?? []));
  }

  /** Lets all be answered, ends the nodes in order, and compares what they keep. */
  async finish(): Promise<void> {
    await this.#recover(false);
    await this.#cluster.within(this.#crowd?.end(), "orders were not answered");
    await this.#cluster.allHave(this.#primary);
    // A replica has all before it is ready, and a signal before that ends it as a kill does: without the mark of an orderly end.
    await Promise.all(this.#cluster.names.map((name) => this.#cluster.node(name).ready()));
    this.figures.unknown = this.#crowd?.unknown ?? 0;
    const replicas = this.#cluster.names.filter((name) => name !== this.#primary);
    const [ours, ...theirs] = await Promise.all(
      [this.#primary, ...replicas].map((name) => this.#cluster.state(name)),
    );
    for (const [i, state] of theirs.entries())
      if (state !== ours) this.figures.wrong.push(`${replicas[i]} has another state: ${state}, not ${ours}`);
    for (const name of [this.#primary, ...replicas]) {
      const said = this.#cluster.node(name);
      const status = await this.#cluster.end(name, "SIGTERM");
      if (status !== 0) this.figures.wrong.push(`${name} ended with ${status} at last: ${said.stderr}`);
    }
    this.#judge();
    for (const name of replicas)
      for (const file of this.#cluster.differences(this.#primary, name))
        this.figures.wrong.push(`${file} is not the same file on ${this.#primary} and ${name}`);
  }
}

// Three nodes of one exchange on this machine: started together, watched by what they say of themselves, ended together.
// A node that ends while another one leads is started again, as a replica; the one that led stays down until an administrator
// has promoted another: that is what this is for. Of who answers on their ports only own nodes are believed: on one that a node
// could not have, or has left, another exchange may answer.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKey } from "../../src/runtime/index.ts";
import { Member, type Say } from "./member.ts";
import { argumentsOf, type ClusterPlan, type NodePlan } from "./plan.ts";

/** Whose orders need the trader's key: none that the page offers. */
const TRADERS_ACCOUNT = 77;
/** Its order is still being worked when somebody has read what to type, and lost the primary. */
const TRADE_LOTS = 1_000;
/** Between two looks at who leads. */
const WATCH_MS = 500;
/** Long enough to see on the pages that a node is gone. */
const RESTART_MS = 5_000;

/** What is asked of /healthz. */
interface Health {
  readonly status: string;
  readonly role: string;
  readonly position: number;
}

export class Cluster {
  readonly plan: ClusterPlan;
  /** Of the nodes that have not ended, by name. */
  readonly members = new Map<string, Member>();
  /** The node that leads, or led last. */
  leader: NodePlan;
  readonly #leaderFile: string;
  readonly #simulate: number;
  readonly #say: Say;
  readonly #watcher: NodeJS.Timeout;
  #traders: Member | undefined;
  #isStopping = false;
  /** Nodes that have ended and will be started again. */
  #awaited = 0;
  readonly #lost = Promise.withResolvers<void>();

  constructor(plan: ClusterPlan, directory: string, simulate: number, say: Say) {
    this.plan = plan;
    this.#simulate = simulate;
    this.#say = say;
    this.#leaderFile = join(directory, "leader");
    if (!existsSync(plan.keys)) makeKeys(plan);
    const led = existsSync(this.#leaderFile) ? readFileSync(this.#leaderFile, "utf8") : "";
    this.leader = plan.nodes.find(({ name }) => name === led) ?? plan.nodes[0];
    this.#watcher = setInterval(() => void this.#watch(), WATCH_MS);
  }

  /** Resolves when no node is left, and none will be started again. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  /** Resolves when all nodes are there and orders are taken, or it is stopped before; rejects when a node ends before. */
  async start(): Promise<void> {
    const started = this.plan.nodes.map((node) => this.#startNode(node));
    const ends = started.map(async (member) => {
      throw new Error(`${member.name} ended before the cluster was there: ${await member.ended}`);
    });
    await Promise.race([this.#whenServing(), ...ends]);
    if (this.#isStopping) return;
    writeFileSync(this.#leaderFile, this.leader.name);
    if (this.#simulate > 0) this.#startTraders();
  }

  async #whenServing(): Promise<void> {
    while (!this.#isStopping && !(await this.#isServing()))
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }

  async #isServing(): Promise<boolean> {
    const areThere = this.plan.nodes.every(({ name }) => this.members.get(name)?.isThere);
    return areThere && (await this.#healthOf(this.leader))?.status === "ok";
  }

  /** What a node of this cluster says of itself; undefined when it is not there or does not answer. */
  async #healthOf(node: NodePlan): Promise<Health | undefined> {
    const member = this.members.get(node.name);
    if (!member?.isThere) return undefined;
    const health = await askHealth(node);
    return this.members.get(node.name) === member ? health : undefined;
  }

  #startNode(node: NodePlan): Member {
    const member = new Member(node.name, argumentsOf(this.plan, node, this.leader), this.#say);
    this.members.set(node.name, member);
    member.ended.then((how) => this.#nodeEnded(node, member, how));
    return member;
  }

  #nodeEnded(node: NodePlan, { isThere }: Member, how: string): void {
    this.members.delete(node.name);
    if (this.#isStopping) return;
    // What it lacked when it began, a port say, it would lack again.
    this.#say("cluster", `${node.name} has ended: ${how}${isThere ? "" : "; it is not started again"}`);
    if (node === this.leader) setTimeout(() => void this.#sayWhoMayLead(), WATCH_MS);
    else if (isThere) this.#restartSoon(node);
    if (this.members.size === 0 && this.#awaited === 0) this.#lost.resolve();
  }

  /** Another one that has less would be refused. */
  async #sayWhoMayLead(): Promise<void> {
    const left = this.plan.nodes.filter(({ name }) => this.members.has(name));
    const asked = left.map(async (node) => ({
      node,
      position: (await this.#healthOf(node))?.position ?? -1,
    }));
    const [most] = (await Promise.all(asked)).sort((a, b) => b.position - a.position);
    if (most === undefined || this.#isStopping) return;
    const what = `${most.node.name} has position ${most.position}, to let it lead`;
    this.#say("cluster", `${what}: ${promoteCommand(this.plan, most.node)}`);
  }

  #restartSoon(node: NodePlan): void {
    this.#awaited++;
    const later = setTimeout(() => {
      this.#awaited--;
      if (this.#isStopping || this.members.has(node.name) || node === this.leader) return;
      this.#say("cluster", `${node.name} is started again, as a replica of ${this.leader.name}`);
      this.#startNode(node);
    }, RESTART_MS);
    later.unref();
  }

  /** Who says that it is the primary, and was not, leads now. */
  async #watch(): Promise<void> {
    for (const node of this.plan.nodes) {
      if (node === this.leader || (await this.#healthOf(node))?.role !== "primary" || this.#isStopping)
        continue;
      const before = this.leader;
      this.leader = node;
      writeFileSync(this.#leaderFile, node.name);
      this.#say("cluster", `${node.name} is the primary now: http://127.0.0.1:${node.ports.http}`);
      if (!this.members.has(before.name)) this.#restartSoon(before);
      await this.#traders?.stop();
      if (this.#simulate > 0 && !this.#isStopping) this.#startTraders();
    }
  }

  #startTraders(): void {
    const { orders } = this.leader.ports;
    const rate = ["--rate", String(this.#simulate), "--every", "3600"];
    this.#traders = new Member("traders", ["traders", `127.0.0.1:${orders}`, ...rate], this.#say);
  }

  /** Traders first, so that their quotes are cancelled; then the primary, then who follows it. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#watcher);
    await this.#traders?.stop();
    await this.members.get(this.leader.name)?.stop();
    await Promise.all([...this.members.values()].map((member) => member.stop()));
  }
}

/** What lets `node` lead. */
export function promoteCommand({ adminKey }: ClusterPlan, { ports }: NodePlan): string {
  return `bin/seriatim admin 127.0.0.1:${ports.admin} --key ${shellWord(adminKey)} promote`;
}

/** What trades through it with a logon, whoever leads. */
export function tradeCommand({ nodes, traderKey }: ClusterPlan): string {
  const ports = nodes.map(({ ports }) => ports.orders).join(",");
  return `npm run example examples/trading-session.ts ${shellWord(traderKey)} ${ports} ${TRADE_LOTS}`;
}

/** A path that a shell takes for one word. */
function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function makeKeys({ nodes, keys, adminKey, traderKey }: ClusterPlan): void {
  generateKey("admin", "admin", adminKey, keys);
  generateKey("trader", "trader", traderKey, keys, { accounts: [TRADERS_ACCOUNT] });
  for (const { name, key } of nodes) generateKey(name, "replica", key, keys);
}

/** What is said on a node's port; undefined when nobody answers. */
async function askHealth({ ports }: NodePlan): Promise<Health | undefined> {
  try {
    const signal = AbortSignal.timeout(WATCH_MS);
    return (await (await fetch(`http://127.0.0.1:${ports.http}/healthz`, { signal })).json()) as Health;
  } catch {
    return undefined;
  }
}

// Who sees everything in a simulation, and judges it as it happens:
//
//   what is let out   is on as many nodes, in memory and on disk, as the policy in force says, as a part of the same history;
//                     by one node in each epoch
//   what nodes have   is one state for one history: a position and a chain value have one hash
//   who is followed   has all that its replica has
//   what nodes hold   is within its bounds
//
// What a node once had of its history counts, also when it is down: what an acknowledgement was worth is judged in the end,
// by the log that is left.

import type { AckPolicyName } from "../protocol/index.ts";
import { ACK_POLICIES } from "../replication/index.ts";
import { Archive } from "./archive.ts";
import type { BoundCheck } from "./bounds.ts";
import type { EventQueue } from "./event-queue.ts";
import type { NodeLog, SimulatedCluster, SimulatedNode } from "./site.ts";

/** How far a node has had entries of one epoch. */
interface Mark {
  inMemory: number;
  persisted: number;
}

/**
 * What a node has had, by epoch. One node alone writes in an epoch, so whoever has one of its entries has all before it too: two
 * nodes share their histories as far as both have entries of one epoch. A position alone says nothing: in another history it
 * is another command.
 */
type Marks = Map<number, Mark>;

/** In force on a node once its disk has `position`. */
interface PolicyFrom {
  readonly policy: AckPolicyName;
  readonly position: number;
}

/** A state that a node had. */
export interface StateNote {
  readonly position: number;
  readonly chain: Uint8Array;
  readonly hash: string;
}

/** As many say enough. */
const PROBLEMS_MAX = 20;
const STORY_MAX = 10_000;

export class Witness {
  readonly problems: string[] = [];
  readonly notes: StateNote[] = [];
  /** What was retired anywhere. */
  readonly archive = new Archive();
  /** What happened, in words, for whoever repeats a seed. */
  readonly story: string[] = [];
  /** A node had keys of other nodes than the rest: it, and those that it did not know, may have been refused. */
  keysWereWrong = false;
  /** What any node has had as much of as it may. */
  readonly boundsMet = new Set<string>();
  /** Told the name of each node that has heard enough to ask for promises. */
  onGathering: ((name: string) => void) | undefined;
  /** The last position that anybody has let out, and no start by force has given up since. */
  acknowledged = 0;
  /** The highest epoch that was begun by force; 0: none was. */
  forcedEpoch = 0;
  readonly #queue: EventQueue;
  /** What a node goes by that says nothing else. */
  readonly #policy: AckPolicyName;
  /** Of the process that runs as primary on each node, oldest first. */
  readonly #policies = new Map<string, PolicyFrom[]>();
  /** Every one that anybody has gone by. */
  readonly #everUsed: Set<AckPolicyName>;
  /** The last position that was found to be where the policy says, and what the node had that it was found of. */
  #checked = 0;
  #checkedOf: Marks = new Map();
  readonly #marks = new Map<string, Marks>();
  /** What the node had that let out the last position that anybody has, when it did: it may come back with less. */
  #acknowledgedBy: Marks = new Map();
  readonly #hashes = new Map<string, string>();
  readonly #leaders = new Map<number, string>();

  constructor({ names, policy }: Pick<SimulatedCluster, "names" | "policy">, queue: EventQueue) {
    this.#queue = queue;
    this.tell("cluster", `${names.join(", ")}; ack policy ${policy}`);
    this.#policy = policy;
    this.#everUsed = new Set([policy]);
    for (const name of names) this.forget(name);
  }

  say(problem: string): void {
    this.tell("witness", problem);
    if (this.problems.length < PROBLEMS_MAX) this.problems.push(problem);
  }

  tell(who: string, what: string): void {
    if (this.story.length >= STORY_MAX) return;
    this.story.push(`${(this.#queue.now_us / 1e6).toFixed(6)} ${who}: ${what}`);
  }

  /** The node has nothing of its history any more: its disk is blank, or it has set it aside. */
  forget(name: string): void {
    this.#marks.set(name, new Map());
  }

  /** After every step. */
  look(name: string, { log: { epoch, position, persisted } }: Pick<SimulatedNode, "log">): void {
    const marks = this.#marks.get(name);
    if (marks === undefined) return;
    const mark = marks.get(epoch);
    if (mark === undefined) {
      marks.set(epoch, { inMemory: position, persisted });
    } else {
      mark.inMemory = Math.max(mark.inMemory, position);
      mark.persisted = Math.max(mark.persisted, persisted);
    }
  }

  /** Judges what is said of that node. */
  boundOf(name: string): BoundCheck {
    return (what, now, most) => {
      if (now === most && most > 0) this.boundsMet.add(what);
      if (now > most || Number.isNaN(now)) this.say(`${name} has ${now} ${what}, at most ${most}`);
    };
  }

  /** Whether all that was ever let out has been safe on that node's disk, the beginning of the log at least. */
  isOnDiskOf(name: string): boolean {
    return (
      sharedBy(this.#marks.get(name), this.#acknowledgedBy, "persisted") >= Math.max(1, this.acknowledged)
    );
  }

  /** Whether a log that ends there has all that was ever let out. */
  hasAll(epoch: number, position: number): boolean {
    const marks: Marks = new Map([[epoch, { inMemory: position, persisted: position }]]);
    return this.#isSame(marks, this.#acknowledgedBy, this.acknowledged);
  }

  /** Whether two have one history up to there: by what they have had themselves, or with what a third has had of both. */
  #isSame(marks: Marks, other: Marks, position: number): boolean {
    if (sharedBy(marks, other, "inMemory") >= position) return true;
    return [...this.#marks.values()].some(
      (third) =>
        sharedBy(marks, third, "inMemory") >= position && sharedBy(third, other, "inMemory") >= position,
    );
  }

  /** A replica is welcomed to go on where its own log ends: all of that must be the primary's. */
  follows(name: string, primary: string, { epoch, position }: Pick<NodeLog, "epoch" | "position">): void {
    const has = Math.min(position, this.#marks.get(primary)?.get(epoch)?.inMemory ?? 0);
    if (has < position)
      this.say(
        `${name} follows ${primary} behind position ${position} of epoch ${epoch}, which that has not`,
      );
  }

  /** The node begins to run as primary, with a log of so many positions and that policy in it: what it once had behind them is none of its history. */
  begins(name: string, policy: AckPolicyName | undefined, position: number): void {
    for (const mark of this.#marks.get(name)?.values() ?? []) {
      mark.inMemory = Math.min(mark.inMemory, position);
      mark.persisted = Math.min(mark.persisted, position);
    }
    this.#policies.set(name, []);
    if (policy !== undefined) this.changes(name, policy, 0);
  }

  /** The node leads by force: what was let out in older epochs, and is not in its history, is given up, and whatever will be. */
  forces(name: string, epoch: number): void {
    if (epoch < this.forcedEpoch) return;
    const own = copyOf(this.#marks.get(name) ?? new Map());
    const kept = sharedBy(own, this.#acknowledgedBy, "inMemory");
    if (kept < this.acknowledged) this.tell(name, `gives up ${this.acknowledged - kept} positions`);
    this.acknowledged = Math.min(this.acknowledged, kept);
    this.#acknowledgedBy = own;
    this.forcedEpoch = epoch;
  }

  /** The command at `position` changes the policy there, once that node's disk has it. */
  changes(name: string, policy: AckPolicyName, position: number): void {
    if (position > 0) this.tell(name, `has ack policy ${policy} from position ${position} on`);
    this.#policies.get(name)?.push({ policy, position });
    this.#everUsed.add(policy);
  }

  /** Whether anything may have been let out by it. */
  hasUsed(policy: AckPolicyName): boolean {
    return this.#everUsed.has(policy);
  }

  get policyHasChanged(): boolean {
    return this.#everUsed.size > 1;
  }

  /** The node lets out what commands up to `position` caused; its disk has `durable`. */
  released(name: string, epoch: number, position: number, durable: number): void {
    if (position > this.acknowledged && epoch >= this.forcedEpoch) {
      this.acknowledged = position;
      this.#acknowledgedBy = copyOf(this.#marks.get(name) ?? new Map());
    }
    const leader = this.#leaders.get(epoch) ?? name;
    this.#leaders.set(epoch, leader);
    if (leader !== name) this.say(`epoch ${epoch}: both ${leader} and ${name} acknowledge in it`);
    const inForce = this.#policies.get(name)?.findLast((change) => change.position <= durable);
    this.#check(name, position, "let out", [inForce?.policy ?? this.#policy]);
  }

  /** A replica was told that commands up to `position` may be seen: when, and so by which policy, is not known here. */
  seen(name: string, position: number): void {
    this.#check(name, position, "shown", [...this.#everUsed]);
  }

  /** By one of `policies`. Once it is so it stays so, whatever becomes of the nodes. */
  #check(name: string, position: number, what: string, policies: readonly AckPolicyName[]): void {
    const own = this.#marks.get(name) ?? new Map();
    if (position <= this.#checked && this.#isSame(own, this.#checkedOf, position)) return;
    this.#checked = position;
    this.#checkedOf = copyOf(own);
    const short = policies.map((policy) => this.#shortOf(policy, name, position));
    if (short.every((why) => why !== undefined))
      this.say(`position ${position} was ${what} by ${name} with ${short[0]}`);
  }

  /** How many nodes have `position`, when that is too few for the policy. */
  #shortOf(policy: AckPolicyName, name: string, position: number): string | undefined {
    const own = this.#marks.get(name);
    for (const { level, count } of ACK_POLICIES[policy].clauses) {
      const at = level === "persisted" ? "persisted" : "inMemory";
      const have = [...this.#marks].filter(
        ([node, marks]) => sharedBy(marks, own, at) >= position || (level === "in_memory" && node === name),
      ).length;
      if (have < count) return `${have} nodes that have it ${level}, not ${count}`;
    }
    return undefined;
  }

  /** A node's state behind the last frame of its journal. */
  note(name: string, position: number, chain: Uint8Array, hash: string): void {
    const key = `${position} ${Buffer.from(chain).toString("hex")}`;
    const known = this.#hashes.get(key);
    if (known === undefined) {
      this.#hashes.set(key, hash);
      this.notes.push({ position, chain: chain.slice(), hash });
    } else if (known !== hash) this.say(`position ${position}: ${name} has another state than another node`);
  }
}

function copyOf(marks: Marks): Marks {
  return new Map([...marks].map(([epoch, mark]) => [epoch, { ...mark }]));
}

/** The last position up to which `marks` are of the same history as `reference`, in memory or on the disk. */
function sharedBy(marks: Marks | undefined, reference: Marks | undefined, level: keyof Mark): number {
  let shared = 0;
  for (const [epoch, mark] of marks ?? []) {
    const other = reference?.get(epoch)?.inMemory ?? 0;
    shared = Math.max(shared, Math.min(mark[level], other));
  }
  return shared;
}

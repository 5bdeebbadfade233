// An administrator who changes the ack policy now and then, in most clusters: while all nodes follow, and while some are
// away. He does it where he knows the primary, never while a promotion is under way; and he heeds what the answer warns of: while
// too few nodes have a change, no replica is promoted that lacks it; and of two nodes that led while they were cut off from each other
// he asks the one of the higher epoch, as the other one ends when it hears of that (docs/replication.md).

import type { Prng } from "../base/index.ts";
import { ACK_POLICY_NAMES, type AckPolicyName } from "../protocol/index.ts";
import { ACK_POLICIES, nodesNeeded } from "../replication/index.ts";
import type { EventQueue } from "./event-queue.ts";
import { PrimaryNode } from "./primary-node.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNode } from "./site.ts";

const CHANCE = 0.75;
/** Between two changes, or tries of one, at most; and between two looks whether the last ones are known. */
const BETWEEN_US = 400_000;
const LOOK_US = 50_000;
/** One change in so many is followed by another one so soon that one wait for the disk may be for both. */
const AGAIN_CHANCE = 0.5;
const AGAIN_US = 3_000;
const WHO = "ann";

/** One that too few nodes may have; `by`: whoever took it. */
interface UnknownChange {
  readonly by: PrimaryNode;
  readonly epoch: number;
  readonly position: number;
}

export class PolicyChanges {
  count = 0;
  readonly #machines: readonly SimulatedMachine[];
  readonly #prng: Prng;
  readonly #queue: EventQueue;
  readonly #mayChange: () => boolean;
  readonly #until_us: number;
  readonly #names: readonly AckPolicyName[];
  #unknown: UnknownChange[] = [];
  #last: UnknownChange | undefined;
  /** The highest that any node's status has said. */
  #highestEpoch = 0;

  /** None is made from `until_us` on, nor while `mayChange` says no. */
  constructor(
    machines: readonly SimulatedMachine[],
    prng: Prng,
    queue: EventQueue,
    until_us: number,
    mayChange: () => boolean,
  ) {
    this.#machines = machines;
    this.#prng = prng;
    this.#queue = queue;
    this.#until_us = until_us;
    this.#mayChange = mayChange;
    this.#names = ACK_POLICY_NAMES.filter((name) => nodesNeeded(ACK_POLICIES[name]) <= machines.length);
    if (machines.length === 1 || !prng.chance(CHANCE)) return;
    this.#planNext();
    this.#look();
  }

  /** Whether that replica has every change that too few others may have: it has followed again, or a later primary. */
  mayPromote({ node }: SimulatedMachine): boolean {
    return node !== undefined && this.#unknown.every((change) => has(node, change));
  }

  /** Whether that node has every change there was. */
  isKnownTo({ node }: SimulatedMachine): boolean {
    return node !== undefined && (this.#last === undefined || has(node, this.#last));
  }

  #planNext(): void {
    this.#queue.plan(this.#prng.between(10_000, BETWEEN_US), () => {
      if (this.#queue.now_us >= this.#until_us) return;
      this.#change();
      if (this.#prng.chance(AGAIN_CHANCE))
        this.#queue.plan(this.#prng.between(0, AGAIN_US), () => this.#change());
      this.#planNext();
    });
  }

  #change(): void {
    const primaries = this.#machines.filter(({ unit }) => unit.role === "primary");
    const by = primaries.at(0)?.node;
    if (primaries.length !== 1 || !(by instanceof PrimaryNode) || !this.#mayChange()) return;
    this.#seeEpochs();
    if (by.log.epoch < this.#highestEpoch) return;
    const position = by.changePolicy(this.#prng.pick(this.#names), WHO);
    if (position === undefined) return;
    this.count++;
    this.#last = { by, epoch: by.log.epoch, position };
    this.#unknown.push(this.#last);
  }

  /** The answers: a change that is let out, and of which there is no warning (any more), is known. */
  #look(): void {
    this.#seeEpochs();
    this.#unknown = this.#unknown.filter(
      ({ by, position }) =>
        by.releasedPosition < position || by.mayBeUnknown || this.#machines.every(({ node }) => node !== by),
    );
    this.#queue.plan(LOOK_US, () => this.#look());
  }

  #seeEpochs(): void {
    for (const { node } of this.#machines)
      this.#highestEpoch = Math.max(this.#highestEpoch, node?.log.epoch ?? 0);
  }
}

function has({ log }: SimulatedNode, { epoch, position }: UnknownChange): boolean {
  return log.epoch > epoch || (log.epoch === epoch && log.position >= position);
}

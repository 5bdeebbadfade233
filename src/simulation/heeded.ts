// What a promotion must heed, also one by force: who can be heard and leads, or has more. Looked at from outside: a node counts that
// was there all the while, nothing cut between the two, so that whoever asks hears it within the second that he waits.

import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedNode } from "./site.ts";

interface End {
  readonly epoch: number;
  readonly position: number;
}

interface Audible {
  readonly machine: SimulatedMachine;
  readonly node: SimulatedNode;
  readonly leads: boolean;
  /** Of its log, when the question was asked. */
  readonly end: End;
}

export class Heeded {
  readonly #asking: SimulatedMachine;
  /** Where its log ends: of one that waits to lead, when it was told; of a replica, which goes on following, when it has stopped. */
  readonly #end: () => End;
  readonly #cuts: number;
  readonly #audible: readonly Audible[];

  /** `asking` is told to lead now. */
  constructor(asking: SimulatedMachine, machines: readonly SimulatedMachine[]) {
    this.#asking = asking;
    this.#end = endKnownTo(asking.node);
    this.#cuts = asking.host.network.cuts;
    this.#audible = machines.flatMap((machine) => {
      const { node } = machine;
      if (machine === asking || node === undefined || !this.#hears(machine)) return [];
      return [{ machine, node, leads: node.isServing, end: endOf(node) }];
    });
  }

  #hears({ name }: SimulatedMachine): boolean {
    const { network, name: own } = this.#asking.host;
    return !network.isCut(own, name) && !network.isCut(name, own);
  }

  /** It leads: why it should not, if so. */
  get problem(): string | undefined {
    const { node: leading } = this.#asking;
    if (leading === undefined || this.#asking.host.network.cuts !== this.#cuts) return undefined;
    const own = this.#end();
    for (const { machine, node, leads, end } of this.#audible) {
      if (machine.node !== node) continue;
      const what = `${this.#asking.name} was told to lead, and does, though ${machine.name}, which it can hear,`;
      if (leads) return `${what} leads`;
      const hasMore = end.epoch > own.epoch || (end.epoch === own.epoch && end.position > own.position);
      if (hasMore) return `${what} has more`;
    }
    return undefined;
  }
}

/** What a replica had is still to be read of it when it has closed its journal; its successor's log may be of the next epoch by then. */
function endKnownTo(node: SimulatedNode | undefined): () => End {
  if (node === undefined) return () => ({ epoch: 0, position: 0 });
  const end = endOf(node);
  return node.role === "primary" ? () => end : () => endOf(node);
}

function endOf({ log: { epoch, position } }: SimulatedNode): End {
  return { epoch, position };
}

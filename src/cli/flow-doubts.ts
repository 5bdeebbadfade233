// Commands of a flow of which the exchange has refused some, and nothing says which: such a refusal names an order id, and may overtake the
// answers to others. When as many on an id were refused as are in doubt, and none had another answer, all of them were: then
// each refusal is known again, as refusals keep the order of the commands among themselves.

import { SeriatimError } from "../base/index.ts";
import { type FlowOrderCommand, type Reason, reasonName } from "../protocol/index.ts";

export interface RefusedCommand {
  readonly command: FlowOrderCommand;
  readonly reason: Reason;
}

/** On one order id. */
interface Doubt {
  /** Oldest first. */
  readonly commands: Set<FlowOrderCommand>;
  readonly reasons: Reason[];
  /** One of them was answered otherwise: which, nobody will know. */
  isLasting: boolean;
  readonly error: SeriatimError;
}

/** Bounded by the flow: a command is in doubt at most once. */
export class FlowDoubts {
  readonly #byId = new Map<bigint, Doubt>();
  readonly #inDoubt = new WeakSet<FlowOrderCommand>();

  has(command: FlowOrderCommand): boolean {
    return this.#inDoubt.has(command);
  }

  /** A refusal of any one of these, on one id. Returns what is known now to have been refused, oldest first. */
  refuse(commands: readonly FlowOrderCommand[], reason: Reason): readonly RefusedCommand[] {
    const { id } = commands[0];
    const doubt = this.#byId.get(id) ?? newDoubt(commands, reason);
    this.#byId.set(id, doubt);
    for (const command of commands) {
      doubt.commands.add(command);
      this.#inDoubt.add(command);
    }
    doubt.reasons.push(reason);
    if (doubt.isLasting || doubt.reasons.length < doubt.commands.size) return [];
    this.#byId.delete(id);
    return [...doubt.commands].map((command, i) => {
      this.#inDoubt.delete(command);
      return { command, reason: doubt.reasons[i] };
    });
  }

  /** An answer that is no such refusal, to this one or another one in doubt on its id. */
  answer({ id }: FlowOrderCommand): void {
    const doubt = this.#byId.get(id);
    if (doubt !== undefined) doubt.isLasting = true;
  }

  /** The first one that is left. */
  get first(): SeriatimError | undefined {
    return this.#byId.values().next().value?.error;
  }
}

function newDoubt(commands: readonly FlowOrderCommand[], reason: Reason): Doubt {
  const what = `one of ${commands.length} unanswered commands on order ${commands[0].id}`;
  const why = `${what} was refused (${reasonName(reason)}), and nothing says which; --window 1 leaves no doubt`;
  const error = new SeriatimError("OUTCOME_UNKNOWN", why);
  return { commands: new Set(), reasons: [], isLasting: false, error };
}

// How far each replica has come, for the gate's attribution and the stage `replicate`: the rows of the gate's last look under
// the names of their replicas. A replica that is not connected has nothing: what waits for it to come back was held by it.
// A level that the policy in force does not ask for holds nobody back.

import type { Position } from "../../base/index.ts";
import { type AckLevel, type NodeRows, REPLICAS_MAX } from "../../replication/index.ts";
import type { GateWaits } from "../gate-waits.ts";
import type { ReplicaProgress } from "../load-meter.ts";

const NOBODY = -1;

/** What of a gate is looked at; its rows are of its last look, whenever that was. */
interface GateSeen {
  readonly rows: NodeRows;
  asksFor(level: AckLevel): boolean;
}

export class GateHolders implements ReplicaProgress {
  readonly #waits: GateWaits;
  readonly #gate: GateSeen;
  /** Among the holders, by row of the view: the replica's memory; its disk is the next one. */
  readonly #memory = new Int8Array(REPLICAS_MAX).fill(NOBODY);

  constructor(waits: GateWaits, gate: GateSeen) {
    this.#waits = waits;
    this.#gate = gate;
  }

  /** The replica called `name` has row `row` from now on. */
  seat(row: number, name: string): void {
    this.#memory[row] = this.#waits.holder(`${name} memory`);
    this.#waits.holder(`${name} disk`);
  }

  get replicated(): Position {
    const { count, inMemory } = this.#gate.rows;
    let most = 0;
    for (let i = 1; i < count; i++) most = Math.max(most, inMemory[i]);
    return most;
  }

  look(held: Float64Array): void {
    const gate = this.#gate;
    held.fill(0, 1);
    const { count, replica, inMemory, persisted } = gate.rows;
    for (let i = 1; i < count; i++) {
      const memory = this.#memory[replica[i]];
      if (memory === NOBODY) continue;
      held[memory] = inMemory[i];
      held[memory + 1] = persisted[i];
    }
    if (!gate.asksFor("in_memory")) this.#forgive(held, 0);
    if (!gate.asksFor("persisted")) this.#forgive(held, 1);
  }

  /** Nobody is behind in the level whose holder is so many behind the memory's. */
  #forgive(held: Float64Array, level: 0 | 1): void {
    for (let row = 0; row < REPLICAS_MAX; row++)
      if (this.#memory[row] !== NOBODY) held[this.#memory[row] + level] = Number.POSITIVE_INFINITY;
  }
}

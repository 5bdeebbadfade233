// How far each replica has come, for the gate's attribution and the stage `replicate`: the rows of the gate's last look under
// the names of their replicas. A replica that is not connected has nothing: what waits for it to come back was held by it.

import type { Position } from "../../base/index.ts";
import { type NodeRows, REPLICAS_MAX } from "../../replication/index.ts";
import type { GateWaits } from "../gate-waits.ts";
import type { ReplicaProgress } from "../load-meter.ts";

const NOBODY = -1;

export class GateHolders implements ReplicaProgress {
  readonly #waits: GateWaits;
  readonly #rows: NodeRows;
  /** Among the holders, by row of the view: the replica's memory; its disk is the next one. */
  readonly #memory = new Int8Array(REPLICAS_MAX).fill(NOBODY);

  /** `rows`: as of the gate's last look, whenever that was. */
  constructor(waits: GateWaits, rows: NodeRows) {
    this.#waits = waits;
    this.#rows = rows;
  }

  /** The replica called `name` has row `row` from now on. */
  seat(row: number, name: string): void {
    this.#memory[row] = this.#waits.holder(`${name} memory`);
    this.#waits.holder(`${name} disk`);
  }

  get replicated(): Position {
    const { count, inMemory } = this.#rows;
    let most = 0;
    for (let i = 1; i < count; i++) most = Math.max(most, inMemory[i]);
    return most;
  }

  look(held: Float64Array): void {
    held.fill(0, 1);
    const { count, replica, inMemory, persisted } = this.#rows;
    for (let i = 1; i < count; i++) {
      const memory = this.#memory[replica[i]];
      if (memory === NOBODY) continue;
      held[memory] = inMemory[i];
      held[memory + 1] = persisted[i];
    }
  }
}

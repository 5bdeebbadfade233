// Who the gate waited for. Of every batch that is not safe at the first look, those are counted that were behind then, were
// still behind at the last look before it left, and no more when it did: the gate waited for them. Who fell behind later, or
// was not needed in the end, held nobody back. Two that come between the same two looks are both counted.
//
// Pure: positions in, counts out. Positions are those that the ack policy looks at, by holder.

import { assert, type Position } from "../base/index.ts";

/** One bit per holder: more than a node can ever have, its own disk and two replicas' memories and disks. */
export const HOLDERS_MAX = 8;

export class GateWaits {
  readonly #holders: string[] = [];
  /** Waits by holder. */
  readonly #counts = new Float64Array(HOLDERS_MAX);
  /** By slot of a batch: who was behind at every look so far. */
  readonly #behind: Uint8Array;

  /** `slots`: batches that wait at once. */
  constructor(slots: number) {
    this.#behind = new Uint8Array(slots);
  }

  /** The place of the holder called `name` in positions; a new one has held nobody back yet. */
  holder(name: string): number {
    const known = this.#holders.indexOf(name);
    if (known >= 0) return known;
    assert(this.#holders.length < HOLDERS_MAX, "a bit per holder");
    return this.#holders.push(name) - 1;
  }

  /** The first look at the batch in `slot`, which ends with `position`. */
  begin(slot: number, position: Position, positions: Float64Array): void {
    this.#behind[slot] = this.#whoIsBehind(position, positions);
  }

  /** A later look at it, at which it can't leave yet. */
  again(slot: number, position: Position, positions: Float64Array): void {
    this.#behind[slot] &= this.#whoIsBehind(position, positions);
  }

  /** It leaves. */
  end(slot: number, position: Position, positions: Float64Array): void {
    const held = this.#behind[slot] & ~this.#whoIsBehind(position, positions);
    for (let i = 0; i < this.#holders.length; i++) if ((held & (1 << i)) !== 0) this.#counts[i]++;
    this.#behind[slot] = 0;
  }

  #whoIsBehind(position: Position, positions: Float64Array): number {
    let behind = 0;
    for (let i = 0; i < this.#holders.length; i++) if (positions[i] < position) behind |= 1 << i;
    return behind;
  }

  /** Batches that had to wait, by who held them back. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#holders.map((holder, i) => [holder, this.#counts[i]]));
  }
}

// What a node has promised, on its disk: to follow, or to lead, in no epoch below this one. It is the name of an empty file
// in the data directory, `epoch-12`, so that it is there whole or not at all.
//
// Hearing how a node stands is no promise of it: it may follow an older tenure again a moment later, and acknowledge there
// what a newer one knows nothing of. So a tenure begins on promises (tenure.ts).

import type { Storage } from "../../base/index.ts";

const NAME = /^epoch-([1-9][0-9]{0,15})$/;

/** Whether a file of a data directory is such a promise. */
export function isPromise(name: string): boolean {
  return NAME.test(name);
}

function epochOf(promise: string): number {
  return Number(NAME.exec(promise)?.[1]);
}

export class Promises {
  readonly #storage: Storage;
  readonly #directory: string;
  #epoch: number;

  /** `directory`: a node's data directory. Throws what the disk says. */
  constructor(storage: Storage, directory: string) {
    this.#storage = storage;
    this.#directory = directory;
    const names = storage.list(directory).filter(isPromise);
    this.#epoch = Math.max(0, ...names.map(epochOf));
    if (this.#epoch === 0) return;
    // A process that was killed between two calls of keep() has left a name that no disk may hold yet, or a lower one.
    storage.syncDirectory(directory);
    for (const name of names) if (epochOf(name) < this.#epoch) storage.remove(`${directory}/${name}`);
  }

  /** The highest epoch promised; 0: none. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Durable on return; nothing to do for one that is not higher. Throws what the disk says. */
  keep(epoch: number): void {
    if (epoch <= this.#epoch) return;
    const [storage, directory] = [this.#storage, this.#directory];
    storage.create(`${directory}/epoch-${epoch}`).close();
    storage.syncDirectory(directory);
    if (this.#epoch > 0) storage.remove(`${directory}/epoch-${this.#epoch}`);
    this.#epoch = epoch;
  }
}

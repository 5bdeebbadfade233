// From an instrument's name to its number, for requests. Instruments are only ever added, so their count says whether
// the index is up to date.

import type { Instrument } from "../../../protocol/index.ts";

export class SymbolNames {
  readonly #source: { readonly instruments: readonly Instrument[] };
  readonly #numbers = new Map<string, number>();

  /** `source.instruments` is read anew each time: it may be another list after a reset. */
  constructor(source: { readonly instruments: readonly Instrument[] }) {
    this.#source = source;
  }

  get instruments(): readonly Instrument[] {
    return this.#source.instruments;
  }

  /** The number of the instrument with this name, or undefined. */
  find(name: string): number | undefined {
    const { instruments } = this.#source;
    for (let i = this.#numbers.size; i < instruments.length; i++) this.#numbers.set(instruments[i].name, i);
    return this.#numbers.get(name);
  }
}

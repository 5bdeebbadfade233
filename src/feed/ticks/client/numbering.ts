// What the numbers of a stream tell: what is missing, and what came twice. Numbers are u32 and go round: 0 follows 4,294,967,295, so
// a difference is read as a signed word, and a step of half the circle counts as one back.
//
// A server that numbers each connection by itself numbers only what it sends, so each step forward is a loss. One that numbers all it
// makes, for everybody, skips for a filtered client what was never meant for it: there a step forward proves nothing.

import type { TickCounters } from "./counters.ts";

/** How the server numbers: "auto" takes a first number of 1 for "connection", any other for "global". */
export type TickNumberingOption = "connection" | "global" | "auto";

export class TickNumbering {
  /** Whether the wanted subscription leaves symbols out. */
  isFiltered = false;
  readonly #option: TickNumberingOption;
  readonly #counters: TickCounters;
  /** As a signed word, which is never on the heap. */
  #expected = 0;
  #isFirst = true;
  #isGlobal = false;

  constructor(option: TickNumberingOption, counters: TickCounters) {
    this.#option = option;
    this.#counters = counters;
  }

  /** A new connection begins: its first number is taken as given. */
  begin(): void {
    this.#isFirst = true;
  }

  /** The next accepted frame; its number is u32. */
  take({ sequence }: { readonly sequence: number }): void {
    const step = (sequence - this.#expected) | 0;
    this.#expected = (sequence + 1) | 0;
    if (this.#isFirst) this.#takeFirst(sequence === 1);
    else if (step > 0) this.#missing(step);
    else if (step < 0) this.#counters.regressions += 1;
  }

  #takeFirst(isOne: boolean): void {
    this.#isFirst = false;
    this.#isGlobal = this.#option === "global" || (this.#option === "auto" && !isOne);
  }

  #missing(count: number): void {
    if (this.#isGlobal && this.isFiltered) {
      this.#counters.unattributedGaps += 1;
      return;
    }
    this.#counters.gapIncidents += 1;
    this.#counters.framesLost += count;
  }
}

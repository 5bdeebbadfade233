// Which messages of a symbol come next, by its own sequence: how a snapshot is spliced without hole or repeat (what it leads up to is
// passed over, what follows is taken), and how a subscriber of some symbols sees what is missing.
//
// Bounds: SYMBOLS_MAX symbols, 9 bytes each, as many as were heard of; a number beyond that is a stranger's and is passed over.

import { powerOfTwoAtLeast } from "../../base/index.ts";

/** As many as an exchange can have. */
const SYMBOLS_MAX = 65_536;
const SYMBOLS_AT_FIRST = 64;
const VOID = -1;

export const Verdict = {
  /** It comes next. */
  Take: 0,
  /** It is part of what the symbol has already. */
  Repeat: 1,
  /** Something before it is missing: the symbol is stale from here on. */
  Hole: 2,
  /** The symbol is stale: only a snapshot helps. */
  Stale: 3,
  Stranger: 4,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

export class SymbolGate {
  /** Symbols that are stale. */
  stale = 0;
  /** One above the largest number heard of. */
  count = 0;
  /** The sequence that was last: 0 for a symbol that nothing was heard of, VOID for what another epoch knew. */
  #last = new Float64Array(SYMBOLS_AT_FIRST);
  #isStale = new Uint8Array(SYMBOLS_AT_FIRST);

  isStale(symbol: number): boolean {
    return symbol < this.count && this.#isStale[symbol] !== 0;
  }

  /** The first symbol that is stale; there is one. */
  firstStale(): number {
    return this.#isStale.indexOf(1);
  }

  /** What becomes of the message `sequence` of `symbol`; `mayJump`: some are left out on purpose. */
  judge(symbol: number, sequence: number, mayJump: boolean): Verdict {
    if (!this.#has(symbol)) return Verdict.Stranger;
    if (this.#isStale[symbol] !== 0) return Verdict.Stale;
    const expected = this.#last[symbol] + 1;
    if (sequence < expected) return Verdict.Repeat;
    if (sequence > expected && !mayJump) {
      this.setStale(symbol);
      return Verdict.Hole;
    }
    this.#last[symbol] = sequence;
    return Verdict.Take;
  }

  /** A snapshot of the symbol leads up to `next`. How many messages it passes over; -1: what is known is newer, and whole. */
  begin(symbol: number, next: number): number {
    if (!this.#has(symbol)) return -1;
    const last = this.#last[symbol];
    if (this.#isStale[symbol] === 0 && last >= next) return -1;
    this.#last[symbol] = next - 1;
    return Math.max(0, next - 1 - Math.max(0, last));
  }

  /** The snapshot of the symbol is complete. */
  end(symbol: number): void {
    if (this.#isStale[symbol] === 0) return;
    this.#isStale[symbol] = 0;
    this.stale--;
  }

  setStale(symbol: number): void {
    if (!this.#has(symbol) || this.#isStale[symbol] !== 0) return;
    this.#isStale[symbol] = 1;
    this.stale++;
  }

  /** Nothing that is known counts any more: another epoch. */
  restart(): void {
    for (let symbol = 0; symbol < this.count; symbol++) {
      this.setStale(symbol);
      this.#last[symbol] = VOID;
    }
  }

  /** A snapshot of all symbols is through: those of another epoch that it did not have are none of this one, unless they begin. */
  forgetOthers(): void {
    for (let symbol = 0; symbol < this.count; symbol++) {
      if (this.#last[symbol] !== VOID) continue;
      this.#last[symbol] = 0;
      this.end(symbol);
    }
  }

  #has(symbol: number): boolean {
    if (symbol < this.count) return true;
    if (symbol >= SYMBOLS_MAX) return false;
    if (symbol >= this.#last.length) this.#grow(symbol + 1);
    this.count = symbol + 1;
    return true;
  }

  #grow(symbols: number): void {
    const last = new Float64Array(powerOfTwoAtLeast(symbols));
    const isStale = new Uint8Array(last.length);
    last.set(this.#last);
    isStale.set(this.#isStale);
    this.#last = last;
    this.#isStale = isStale;
  }
}

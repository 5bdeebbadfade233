// What subscribers of some symbols are given. Whose symbols have said nothing is told nothing and reads nothing; those who want the same few
// symbols and have read up to the same place share what was picked out for the first of them. The rest read the history each for itself,
// and that counts against the turn.

import type { Repacker, RepackWish } from "./repacker.ts";
import type { ServedChannel } from "./served-channel.ts";
import type { Chunk } from "./shared-chunks.ts";

/** Symbols of a filter that may be shared: with more, two subscribers hardly want the same. */
const SHARED_SYMBOLS_MAX = 16;
const NOTHING = new Uint8Array(0);

/** The symbols of one subscription. */
export class SymbolFilter {
  readonly symbols: ReadonlySet<number>;
  /** The same for the same symbols; undefined: it is not shared. */
  readonly name: string | undefined;

  constructor(symbols: readonly number[]) {
    this.symbols = new Set(symbols);
    const isShared = this.symbols.size <= SHARED_SYMBOLS_MAX;
    this.name = isShared ? [...this.symbols].sort((a, b) => a - b).join() : undefined;
  }

  /** Whether any of them has said something from `sequence` on. */
  isConcerned(channel: ServedChannel, sequence: number): boolean {
    for (const symbol of this.symbols) if (channel.lastOf(symbol) >= sequence) return true;
    return false;
  }
}

export class FilteredChunks {
  readonly #repacker: Repacker;
  /** Of this turn. */
  readonly #made = new Map<string, Chunk>();

  constructor(repacker: Repacker) {
    this.#repacker = repacker;
  }

  /** What follows from `from`, which is kept and less than the channel's next. */
  take(channel: ServedChannel, from: number, filter: SymbolFilter, wish: RepackWish, now_us: number): Chunk {
    if (!filter.isConcerned(channel, from)) return { bytes: NOTHING, next: channel.next };
    if (filter.name === undefined || wish.conflates) return this.#repacker.take(channel, from, wish, now_us);
    const name = `${channel.kind} ${from} ${filter.name}`;
    const made = this.#made.get(name) ?? this.#repacker.take(channel, from, wish, now_us);
    this.#made.set(name, made);
    return made;
  }

  /** A turn is over: what was made in it is behind everybody. */
  clear(): void {
    this.#made.clear();
  }
}

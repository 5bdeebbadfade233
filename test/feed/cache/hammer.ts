// What the sides of the cache's stress test do, on whatever thread. Every figure of a symbol follows from the number of the
// write and the figure's place, and all 52 bits of it change from one write to the next: figures of two writes in one
// snapshot can't look like one write's.

import { CacheReader, CacheWriter, SymbolCache } from "../../../src/feed/index.ts";

/** Crosses threads. */
export interface HammerPlan {
  readonly shared: SharedArrayBuffer;
  /** `naked`: reads without looking at the lock, until it sees a torn symbol. */
  readonly side: "write" | "read" | "naked";
  readonly writes: number;
  readonly symbols: number;
}

export interface HammerReport {
  /** Snapshots that were checked, or writes made. */
  readonly done: number;
  /** Reads that gave up. */
  readonly refused: number;
  readonly torn: number;
}

/** A naked reader that has seen nothing after so long will not. */
const NAKED_MS_MAX = 20_000;

/** The figure that belongs at `place` of write `number`: sixteen bits of each half change with every write. */
function figureOf(number: number, place: number): number {
  return (number * 65_537 + 1) * (place + 3) * (1 + (number % 7)) + number / 1024;
}

/** Write `number` to a slot. */
function writeSlot(writer: CacheWriter, slot: number, number: number): void {
  writer.quote(
    slot,
    figureOf(number, 0),
    figureOf(number, 1),
    figureOf(number, 2),
    figureOf(number, 3),
    number,
    figureOf(number, 4),
  );
}

/** Whether what the reader holds is exactly one write: the one its sequence names, of the symbol it should be. */
function isWhole(reader: CacheReader, slot: number): boolean {
  const number = reader.sequence;
  return (
    reader.id === slot * 1_000 &&
    reader.updates === number &&
    (number === 0 ||
      (reader.bid === figureOf(number, 0) &&
        reader.bidQuantity === figureOf(number, 1) &&
        reader.ask === figureOf(number, 2) &&
        reader.askQuantity === figureOf(number, 3) &&
        reader.timestamp_us === figureOf(number, 4)))
  );
}

export function hammer(plan: HammerPlan): HammerReport {
  const cache = SymbolCache.attach(plan.shared);
  if (plan.side === "write") return write(new CacheWriter(cache), plan);
  return plan.side === "read" ? read(new CacheReader(cache), plan) : readNaked(cache, plan);
}

/** All symbols in turn, at full speed. The first symbol's last write is the end for everybody. */
function write(writer: CacheWriter, { symbols, writes }: HammerPlan): HammerReport {
  for (let slot = 0; slot < symbols; slot++) writer.define(slot * 1_000, `S${slot}`, 2);
  for (let number = 1; number <= writes; number++) {
    for (let slot = symbols - 1; slot >= 0; slot--) writeSlot(writer, slot, number);
  }
  return { done: writes, refused: 0, torn: 0 };
}

function read(reader: CacheReader, { symbols, writes }: HammerPlan): HammerReport {
  let done = 0;
  let refused = 0;
  const newest = new Float64Array(symbols);
  while (newest[0] < writes) {
    for (let slot = 0; slot < reader.count; slot++) {
      if (!reader.read(slot)) {
        refused++;
        continue;
      }
      if (!isWhole(reader, slot)) return { done, refused, torn: 1 };
      if (reader.sequence < newest[slot]) throw new Error(`symbol ${slot} went back in time`);
      newest[slot] = reader.sequence;
      done++;
    }
  }
  return { done, refused, torn: 0 };
}

/** The same memory copied without asking, given to the same check. */
function readNaked(cache: SymbolCache, { symbols, writes }: HammerPlan): HammerReport {
  const copy = new Int32Array(new SharedArrayBuffer(cache.shared.byteLength));
  let done = 0;
  const until = performance.now() + NAKED_MS_MAX;
  while (performance.now() < until) {
    copy.set(cache.words);
    // Every lock even: a reader of the copy takes what it finds.
    for (let slot = 0; slot < symbols; slot++) copy[32 * (slot + 1)] = 0;
    const reader = new CacheReader(SymbolCache.attach(copy.buffer));
    for (let slot = 0; slot < reader.count; slot++) {
      reader.read(slot);
      if (!isWhole(reader, slot)) return { done, refused: 0, torn: 1 };
      done++;
    }
    if (reader.count > 0 && reader.sequence >= writes) break;
  }
  return { done, refused: 0, torn: 0 };
}

// What the sides of the cache's stress test do, on whatever thread. Every figure of a symbol follows from the number of the
// write and the figure's place, and all 52 bits of it change from one write to the next: figures of two writes in one
// snapshot can't look like one write's.

import { CacheReader, CacheWriter, SymbolCache } from "../../../src/feed/index.ts";

/** Crosses threads. */
export interface HammerPlan {
  readonly shared: SharedArrayBuffer;
  /** Words: over (1: the writer has written its last), then how many checks each reader has behind it. */
  readonly progress: SharedArrayBuffer;
  /** `naked`: reads without looking at the lock, until it sees a torn symbol. */
  readonly side: "write" | "read" | "naked";
  /** Of this reader, from 1 on. */
  readonly number: number;
  readonly symbols: number;
  /** Checks that each reader is to have behind it before the writer ends, however a busy machine schedules them. */
  readonly checks: number;
}

export interface HammerReport {
  /** The last write that was seen or made, of the first symbol. */
  readonly last: number;
  /** Snapshots that were checked. */
  readonly checked: number;
  readonly torn: number;
}

/** The writer ends by then, whether everybody has read enough or not. */
const WRITING_MS_MAX = 30_000;
/** Writes of all symbols between two looks at the readers. */
const WRITES_PER_LOOK = 1_000;

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
  const progress = new Int32Array(plan.progress);
  if (plan.side === "write") return write(new CacheWriter(cache), plan, progress);
  return plan.side === "read"
    ? read(new CacheReader(cache), plan, progress)
    : readNaked(cache, plan, progress);
}

/** All symbols in turn, at full speed, until every reader has checked enough. The first symbol's last write is the last of all. */
function write(writer: CacheWriter, { symbols, checks }: HammerPlan, progress: Int32Array): HammerReport {
  for (let slot = 0; slot < symbols; slot++) writer.define(slot * 1_000, `S${slot}`, 2);
  const until = performance.now() + WRITING_MS_MAX;
  let number = 0;
  while (progress.some((done, at) => at > 0 && done < checks) && performance.now() < until) {
    for (const end = number + WRITES_PER_LOOK; number < end; ) {
      number++;
      for (let slot = symbols - 1; slot >= 0; slot--) writeSlot(writer, slot, number);
    }
  }
  Atomics.store(progress, 0, 1);
  return { last: number, checked: 0, torn: 0 };
}

function read(reader: CacheReader, { symbols, number }: HammerPlan, progress: Int32Array): HammerReport {
  const newest = new Float64Array(symbols);
  let checked = 0;
  for (let isOver = false; !isOver; ) {
    // Looked at first: what is read behind it is the last.
    isOver = Atomics.load(progress, 0) === 1;
    for (let slot = 0; slot < reader.count; slot++) {
      if (!reader.read(slot)) continue;
      if (!isWhole(reader, slot)) {
        Atomics.store(progress, number, 2 ** 31 - 1);
        return { last: newest[0], checked, torn: 1 };
      }
      if (reader.sequence < newest[slot]) throw new Error(`symbol ${slot} went back in time`);
      newest[slot] = reader.sequence;
      checked++;
    }
    Atomics.store(progress, number, checked);
  }
  return { last: newest[0], checked, torn: 0 };
}

/** The same memory copied without asking, given to the same check. */
function readNaked(cache: SymbolCache, { symbols, number }: HammerPlan, progress: Int32Array): HammerReport {
  const copy = new Int32Array(new SharedArrayBuffer(cache.shared.byteLength));
  for (let checked = 0; Atomics.load(progress, 0) === 0; ) {
    copy.set(cache.words);
    // Every lock even: a reader of the copy takes what it finds.
    for (let slot = 0; slot < symbols; slot++) copy[32 * (slot + 1)] = 0;
    const reader = new CacheReader(SymbolCache.attach(copy.buffer));
    for (let slot = 0; slot < reader.count; slot++, checked++) {
      reader.read(slot);
      if (isWhole(reader, slot)) continue;
      Atomics.store(progress, number, 2 ** 31 - 1);
      return { last: 0, checked, torn: 1 };
    }
  }
  return { last: 0, checked: 0, torn: 0 };
}

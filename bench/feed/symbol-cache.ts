// The symbol cache: a quote written, a symbol read, and read while another thread writes that very symbols at full speed. Beside it
// the same figures stored and copied without a lock, which no other thread could trust.

import { Worker } from "node:worker_threads";
import { CacheReader, CacheWriter, createCache, type SymbolCache } from "../../src/feed/index.ts";
import { entryBeside } from "../../src/platform/index.ts";
import { heapBytesPer } from "../allocations.ts";
import { type BenchCase, measure, nanosecondsPer, type Row, summarize } from "../harness.ts";

const SYMBOLS = 64;
const WRITES = 1_000_000;
const READS = 2_000_000;
/** Words of a slot: what a plain copy of one copies. */
const SLOT_WORDS = 32;

/** A quote per call, all symbols in turn; all figures change. */
export class QuoteSource {
  readonly #writer: CacheWriter;
  #number = 0;

  constructor(cache: SymbolCache) {
    this.#writer = new CacheWriter(cache);
    for (let symbol = 0; symbol < SYMBOLS; symbol++) this.#writer.define(symbol, `SYM${symbol}`, 2);
  }

  quotes(count: number): void {
    for (let i = 0; i < count; i++) {
      const n = ++this.#number;
      this.#writer.quote(n % SYMBOLS, 100 + n / 64, n & 1_023, 101 + n / 64, n & 511, n, 1.7e15 + n);
    }
  }
}

function plainQuotes(figures: Float64Array, count: number): void {
  for (let n = 1; n <= count; n++) {
    const at = (n % SYMBOLS) * (SLOT_WORDS / 2);
    figures[at + 4] = 100 + n / 64;
    figures[at + 5] = n & 1_023;
    figures[at + 6] = 101 + n / 64;
    figures[at + 7] = n & 511;
    figures[at + 12]++;
    figures[at + 13] = n;
    figures[at + 14] = 1.7e15 + n;
  }
}

function reads(reader: CacheReader, count: number): void {
  let sum = 0;
  let refused = 0;
  for (let i = 0; i < count; i++) {
    if (reader.read(i % SYMBOLS)) sum += reader.bid;
    else refused++;
  }
  if (Number.isNaN(sum) || refused > count / 2) throw new Error("nothing was read");
}

function plainReads(words: Int32Array, count: number): void {
  const copy = new Int32Array(SLOT_WORDS);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const at = (i % SYMBOLS) * SLOT_WORDS;
    for (let word = 0; word < SLOT_WORDS; word++) copy[word] = words[at + word];
    sum += copy[8];
  }
  if (Number.isNaN(sum)) throw new Error("nothing was read");
}

/** Nanoseconds of a read while a thread writes. */
async function underWriter(): Promise<number> {
  const cache = createCache(SYMBOLS);
  const running = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { shared: cache.shared, running: running.buffer };
  const worker = new Worker(entryBeside(import.meta.url, "cache-writer"), { workerData });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  const reader = new CacheReader(cache);
  while (reader.count < SYMBOLS) await new Promise((resolve) => setTimeout(resolve, 1));
  const took_ns = nanosecondsPer(READS, () => reads(reader, READS));
  Atomics.store(running, 0, 1);
  await ended;
  return took_ns;
}

export async function benchSymbolCache(rounds: number): Promise<readonly Row[]> {
  const cache = createCache(SYMBOLS);
  const source = new QuoteSource(cache);
  const reader = new CacheReader(cache);
  const figures = new Float64Array(new SharedArrayBuffer(SYMBOLS * SLOT_WORDS * 4));
  const words = new Int32Array(new SharedArrayBuffer(SYMBOLS * SLOT_WORDS * 4));
  const timed = (name: string, run: BenchCase["run"]): BenchCase => ({
    name,
    unit: "ns",
    better: "lower",
    run,
  });
  const rows = await measure(
    [
      timed("symbol cache: a quote written", () => nanosecondsPer(WRITES, () => source.quotes(WRITES))),
      timed("the same figures stored, no lock", () =>
        nanosecondsPer(WRITES, () => plainQuotes(figures, WRITES)),
      ),
      timed("symbol cache: a symbol read", () => nanosecondsPer(READS, () => reads(reader, READS))),
      timed("symbol cache: read under a writer at full speed", underWriter),
      timed("the same bytes copied, no lock", () => nanosecondsPer(READS, () => plainReads(words, READS))),
    ],
    [
      {
        name: "a quote: cache / plain stores",
        of: "symbol cache: a quote written",
        to: "the same figures stored, no lock",
        better: "lower",
      },
      {
        name: "a read: cache / plain copy",
        of: "symbol cache: a symbol read",
        to: "the same bytes copied, no lock",
        better: "lower",
      },
    ],
    rounds,
  );
  const heap = async (name: string, work: (count: number) => void): Promise<Row> => {
    // Again after what the rounds have taught the compiler about other caches.
    for (let i = 0; i < 3; i++) work(WRITES);
    const row = summarize(name, "bytes", "lower", [await heapBytesPer(WRITES, work)]);
    return { ...row, aim: { atMost: 0.1 } };
  };
  return [
    ...rows,
    await heap("symbol cache: heap allocated per quote", (count) => source.quotes(count)),
    await heap("symbol cache: heap allocated per read", (count) => {
      for (let i = 0; i < count; i++) reader.read(i % SYMBOLS);
    }),
  ];
}

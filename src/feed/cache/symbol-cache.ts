// The newest figures of each symbol, in memory that one writer and any number of reader threads share. Nobody waits for
// anybody: the writer never looks at readers, and a reader sees a symbol whole, as of one moment, or is told that it could
// not (symbol-cache.md: layout, and why a torn one is never seen).
//
//   const cache = createCache(1_000);                    // the memory: cache.shared goes to other threads
//   const writer = new CacheWriter(cache);               // on one thread only
//   const reader = new CacheReader(SymbolCache.attach(shared));

import { SeriatimError } from "../../base/index.ts";
import { CACHE_MAGIC, CACHE_VERSION, CacheHeader, SLOT_WORDS } from "./layout.ts";

/** Symbols of one cache: 8 MiB of memory, and more than any feed of ours has. */
const CACHE_SYMBOLS_MAX = 65_536;

/** A view of a cache's memory: what writers and readers are made of. */
export class SymbolCache {
  /** What other threads are given, and call `attach` with. */
  readonly shared: SharedArrayBuffer;
  readonly words: Int32Array;
  /** Symbols there is room for. */
  readonly capacity: number;

  private constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.words = new Int32Array(shared);
    this.capacity = this.words[CacheHeader.capacity];
  }

  /** Throws CACHE_INVALID when `shared` is not the memory of a cache of this version. */
  static attach(shared: SharedArrayBuffer): SymbolCache {
    const words = new Int32Array(shared, 0, Math.min(CacheHeader.slots, Math.floor(shared.byteLength / 4)));
    const isOurs =
      words.length === CacheHeader.slots &&
      words[CacheHeader.magic] === CACHE_MAGIC &&
      words[CacheHeader.version] === CACHE_VERSION &&
      shared.byteLength === cacheBytes(words[CacheHeader.capacity]);
    if (!isOurs) {
      throw new SeriatimError("CACHE_INVALID", "the memory is no symbol cache of this version", {
        exitCode: 2,
      });
    }
    return new SymbolCache(shared);
  }
}

/** Bytes of the memory of a cache for `capacity` symbols. */
function cacheBytes(capacity: number): number {
  return (CacheHeader.slots + capacity * SLOT_WORDS) * Int32Array.BYTES_PER_ELEMENT;
}

/** An empty cache for up to `capacity` symbols, 128 bytes each; throws CACHE_OPTIONS when that is none or too many. */
export function createCache(capacity: number): SymbolCache {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > CACHE_SYMBOLS_MAX) {
    throw new SeriatimError(
      "CACHE_OPTIONS",
      `a symbol cache holds 1 to ${CACHE_SYMBOLS_MAX} symbols, not ${capacity}`,
      { exitCode: 2 },
    );
  }
  const shared = new SharedArrayBuffer(cacheBytes(capacity));
  const words = new Int32Array(shared);
  words[CacheHeader.capacity] = capacity;
  words[CacheHeader.version] = CACHE_VERSION;
  words[CacheHeader.magic] = CACHE_MAGIC;
  return SymbolCache.attach(shared);
}

// What a cache says, on one thread.

import { expect, test } from "vitest";
import { CacheReader, CacheWriter, createCache, SymbolCache } from "../../../src/feed/index.ts";

function cacheOf(capacity: number) {
  const cache = createCache(capacity);
  return { cache, writer: new CacheWriter(cache), reader: new CacheReader(cache) };
}

/** What the reader holds, as a row. */
function held(reader: CacheReader) {
  const { id, name, decimals, isStale, isOpen, open, updates, sequence, timestamp_us } = reader;
  const { bid, bidQuantity, ask, askQuantity, last, lastQuantity, volume } = reader;
  const quote = [bid, bidQuantity, ask, askQuantity];
  const trade = [last, lastQuantity, volume];
  return { id, name, decimals, isStale, isOpen, open, updates, sequence, timestamp_us, quote, trade };
}

const EMPTY = {
  id: 7,
  name: "SYM007",
  decimals: 2,
  isStale: false,
  isOpen: false,
  open: 0,
  updates: 0,
  sequence: 0,
  timestamp_us: 0,
  quote: [0, 0, 0, 0],
  trade: [0, 0, 0],
};

test("a symbol says what it was told last, quote and trades and day apart", () => {
  const { writer, reader } = cacheOf(2);
  const slot = writer.define(7, "SYM007", 2);
  const after = (step: () => void) => {
    step();
    expect(reader.read(slot)).toBe(true);
    return held(reader);
  };
  expect(after(() => {})).toEqual(EMPTY);
  const quoted = after(() => writer.quote(slot, 99.95, 500, 100.05, 700, 1, 1_700_000_000_000_000));
  expect(quoted).toEqual({
    ...EMPTY,
    updates: 1,
    sequence: 1,
    timestamp_us: 1_700_000_000_000_000,
    quote: [99.95, 500, 100.05, 700],
  });
  const first = after(() => writer.trade(slot, 100, 3, 2, 11));
  expect(first).toEqual({
    ...quoted,
    isOpen: true,
    open: 100,
    updates: 2,
    sequence: 2,
    timestamp_us: 11,
    trade: [100, 3, 3],
  });
  const second = after(() => writer.trade(slot, 101, 4, 3, 12));
  expect(second).toMatchObject({ open: 100, updates: 3, trade: [101, 4, 7] });
  const day = after(() => writer.day(slot, 90, 102, 1_000));
  expect(day).toEqual({ ...second, open: 90, trade: [102, 4, 1_000] });
  const stale = after(() => writer.staleAll());
  expect(stale).toEqual({ ...day, isStale: true });
  expect(after(() => writer.stale(slot, false))).toEqual(day);
  const empty = after(() => writer.emptyDay(slot));
  expect(empty).toEqual({ ...day, isOpen: false, open: 0, trade: [102, 4, 0] });
  const opened = after(() => writer.trade(slot, 200, 1, 4, 13));
  expect(opened).toMatchObject({ isOpen: true, open: 200, trade: [200, 1, 1] });
});

test("symbols keep their slots, whatever their numbers; a full cache takes no more", () => {
  const { writer, reader } = cacheOf(2);
  expect(reader.slotOf(0xffff_ffff)).toBe(-1);
  expect([writer.define(0xffff_ffff, "LAST", 0), writer.define(3, "A-NAME-OF-MORE-THAN-16", 4)]).toEqual([
    0, 1,
  ]);
  expect(writer.define(4, "FULL", 0)).toBe(-1);
  expect(writer.define(3, "B", 5)).toBe(1);
  expect([writer.slotOf(3), writer.slotOf(4), reader.slotOf(0xffff_ffff), reader.slotOf(3)]).toEqual([
    1, -1, 0, 1,
  ]);
  expect(reader.count).toBe(2);
  reader.read(1);
  expect(reader).toMatchObject({ id: 3, name: "B", decimals: 5 });
  reader.read(0);
  expect(reader).toMatchObject({ id: 0xffff_ffff, name: "LAST" });
});

test.each([
  ["A-NAME-OF-MORE-THAN-16", "A-NAME-OF-MORE-T"],
  ["GOLD-€", "GOLD-?"],
  ["RED\u001b[31m\n\u007f", "RED?[31m??"],
  ["", ""],
])("the name %j is read as %j", (name, read) => {
  const { writer, reader } = cacheOf(1);
  writer.define(3, name, 4);
  reader.read(0);
  expect(reader.name).toBe(read);
});

test("a writer that stopped in the middle of a symbol: readers are told, and keep what they had", () => {
  const { cache, writer, reader } = cacheOf(2);
  writer.define(1, "A", 0);
  writer.define(2, "B", 0);
  writer.quote(1, 10, 1, 11, 1, 5, 0);
  expect(reader.read(1)).toBe(true);
  const lockOfA = 32;
  cache.words[lockOfA]++;
  expect(reader.read(0)).toBe(false);
  expect(reader).toMatchObject({ id: 2, bid: 10, sequence: 5 });
  cache.words[lockOfA]++;
  expect(reader.read(0)).toBe(true);
  expect(reader.id).toBe(1);
});

test("the lock wraps around like any 32-bit number", () => {
  const { cache, writer, reader } = cacheOf(1);
  cache.words[32] = -4;
  writer.define(1, "A", 0);
  for (const bid of [1, 2, 3]) {
    writer.quote(0, bid, 1, 0, 0, bid, 0);
    expect(reader.read(0)).toBe(true);
    expect(reader.bid).toBe(bid);
  }
  expect(cache.words[32]).toBe(4);
});

test.each([0, -1, 1.5, 65_537, Number.NaN])("a cache for %d symbols is refused", (capacity) => {
  expect(() => createCache(capacity)).toThrow("a symbol cache holds 1 to 65536 symbols");
});

test.each([
  ["too short for a header", 8, 0],
  ["of another kind", 128 + 128, 0],
  ["cut short", 128 + 100, 1],
])("memory that is %s is refused", (_, bytes, cells) => {
  const shared = new SharedArrayBuffer(bytes);
  if (cells > 0) new Int32Array(shared, 0, 4).set(createCache(cells).words.subarray(0, 4));
  expect(() => SymbolCache.attach(shared)).toThrow("the memory is no symbol cache of this version");
});

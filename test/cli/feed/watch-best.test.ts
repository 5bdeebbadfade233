// Best prices of a table whose channel tells levels or orders: what a reader of the cache sees after each event.

import { expect, test } from "vitest";
import { BestOfBooks } from "../../../src/cli/feed/watch/best-of-books.ts";
import { CacheReader, CacheWriter, createCache, LevelBooks, OrderBooks } from "../../../src/feed/index.ts";
import { BookChecksum } from "../../../src/protocol/index.ts";

const [BUY, SELL] = [0, 1];
const sum = new BookChecksum();
sum.begin();
const EMPTY = sum.value();

function watching(books: LevelBooks | OrderBooks) {
  const cache = createCache(1);
  const listener = new BestOfBooks(new CacheWriter(cache), books);
  listener.definition(0, "ACME", 1, 1, 2);
  const reader = new CacheReader(cache);
  const best = () => {
    reader.read(0);
    const { bid, bidQuantity, ask, askQuantity } = reader;
    return [
      bidQuantity > 0 ? `${bidQuantity} at ${bid}` : "",
      askQuantity > 0 ? `${askQuantity} at ${ask}` : "",
    ];
  };
  const isStale = () => reader.read(0) && reader.isStale;
  return { listener, best, isStale };
}

test("of levels: when the event is over, not before; an empty side is empty again", () => {
  const { listener, best } = watching(new LevelBooks());
  listener.level(0, BUY, 99, 5, 1);
  listener.level(0, BUY, 98, 7, 2);
  expect(best()).toEqual(["", ""]);
  listener.level(0, SELL, 101, 3, 1);
  listener.endOfEvent(0);
  expect(best()).toEqual(["5 at 99", "3 at 101"]);
  listener.level(0, BUY, 99, 0, 0);
  listener.level(0, SELL, 101, 0, 0);
  listener.endOfEvent(0);
  expect(best()).toEqual(["7 at 98", ""]);
  listener.epochBegan(2);
  listener.endOfEvent(0);
  expect(best()).toEqual(["", ""]);
});

test("of orders: added, executed, reduced, deleted; and of a book that its checksum refutes nothing", () => {
  const { listener, best } = watching(new OrderBooks());
  listener.orderAdd(0, 1, BUY, 99, 5, 1);
  listener.orderAdd(0, 2, BUY, 99, 4, 2);
  listener.orderAdd(0, 3, SELL, 101, 6, 1);
  expect(listener.agrees(0, 12345)).toBe(false);
  expect(best()).toEqual(["", ""]);
  listener.endOfEvent(0);
  expect(best()).toEqual(["9 at 99", "6 at 101"]);
  listener.orderExecuted(0, 1, 99, 2, 3);
  listener.orderReduced(0, 3, 1);
  listener.endOfEvent(0);
  expect(best()).toEqual(["7 at 99", "1 at 101"]);
  listener.orderDelete(0, 3);
  listener.endOfEvent(0);
  expect(best()).toEqual(["7 at 99", ""]);
  listener.bookClear(0);
  // The sum of an empty book, as a snapshot has it.
  expect(listener.agrees(0, EMPTY)).toBe(true);
  expect(best()).toEqual(["", ""]);
});

test("of an exchange that has begun anew a symbol is stale until it is told of again", () => {
  const { listener, isStale } = watching(new LevelBooks());
  listener.channelStale(false);
  expect(isStale()).toBe(false);
  listener.epochBegan(2);
  expect(isStale()).toBe(true);
  listener.definition(0, "ACME", 1, 1, 2);
  expect(isStale()).toBe(false);
});

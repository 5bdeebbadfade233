// The books that a listener builds, against plain ones that do the same with arrays and sorting.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { LevelBook, OrderBook } from "../../../src/feed/index.ts";
import { BookChecksum, Side } from "../../../src/protocol/index.ts";

interface PlainOrder {
  readonly ref: number;
  readonly side: Side;
  readonly price: number;
  quantity: number;
}

const SIDES = [Side.Buy, Side.Sell] as const;

/** Levels of one side of plain orders, best first: price, total, orders. */
function plainLevels(orders: readonly PlainOrder[], side: Side): number[][] {
  const own = orders.filter((order) => order.side === side);
  const prices = [...new Set(own.map(({ price }) => price))].sort((a, b) =>
    side === Side.Buy ? b - a : a - b,
  );
  return prices.map((price) => {
    const level = own.filter((order) => order.price === price);
    return [price, level.reduce((sum, { quantity }) => sum + quantity, 0), level.length];
  });
}

function levelsOf(book: LevelBook | OrderBook, side: Side): number[][] {
  const levels = book.side(side);
  return Array.from({ length: levels.count }, (_, depth) => [
    levels.price(depth),
    levels.total(depth),
    levels.orders(depth),
  ]);
}

function queuesOf(book: OrderBook, side: Side): number[][] {
  return levelsOf(book, side).flatMap(([price], depth) => {
    const queue: number[][] = [];
    book.forEachOrder(side, depth, (ref, quantity) => queue.push([price, ref, quantity]));
    return queue;
  });
}

function plainQueues(orders: readonly PlainOrder[], side: Side): number[][] {
  return plainLevels(orders, side).flatMap(([price]) =>
    orders
      .filter((order) => order.side === side && order.price === price)
      .map(({ ref, quantity }) => [price, ref, quantity]),
  );
}

test.each([1, 2, 3])("orders and levels are those of a plain book, seed %i", (seed) => {
  const random = new Prng(seed);
  const book = new OrderBook();
  const levels = new LevelBook();
  let plain: PlainOrder[] = [];
  const sum = new BookChecksum();
  for (let ref = 1; ref <= 1_200; ref++) {
    const order = plain.length > 0 ? random.pick(plain) : undefined;
    if (order === undefined || random.chance(0.55)) {
      const side = random.pick(SIDES);
      const price = random.between(-40, 40) * 2 ** 40;
      const quantity = random.between(1, 9);
      const place = 1 + plain.filter((each) => each.side === side && each.price === price).length;
      book.add(ref, side, price, quantity, place);
      plain.push({ ref, side, price, quantity });
    } else if (order.quantity > 1 && random.chance(0.5)) {
      const leaves = random.between(1, order.quantity - 1);
      if (random.chance(0.5)) book.execute(order.ref, order.quantity - leaves, leaves);
      else book.reduce(order.ref, leaves);
      order.quantity = leaves;
    } else {
      if (random.chance(0.5)) book.execute(order.ref, order.quantity, 0);
      else book.delete(order.ref);
      plain = plain.filter((each) => each !== order);
    }
    if (ref % 100 > 0) continue;
    levels.clear();
    for (const side of SIDES) {
      for (const [price, total, orders] of plainLevels(plain, side)) levels.set(side, price, total, orders);
      expect(levelsOf(book, side)).toEqual(plainLevels(plain, side));
      expect(levelsOf(levels, side)).toEqual(plainLevels(plain, side));
      expect(queuesOf(book, side)).toEqual(plainQueues(plain, side));
    }
    for (const { ref: each, side, price } of plain.slice(0, 5)) {
      const queue = plain.filter((other) => other.side === side && other.price === price);
      expect(book.placeOf(each)).toBe(1 + queue.findIndex((other) => other.ref === each));
    }
    sum.begin();
    for (const side of SIDES)
      for (const [price, total, orders] of plainLevels(plain, side).slice(0, 10))
        sum.add(side, price, total, orders);
    const crc = sum.value();
    expect([book.agrees(crc, new BookChecksum()), levels.agrees(crc, new BookChecksum())]).toEqual([
      true,
      true,
    ]);
  }
  expect(book.count).toBe(plain.length);
});

test.each<[string, (book: OrderBook) => void]>([
  ["an order that is there is added again", (book) => book.add(1, Side.Buy, 10, 5, 3)],
  ["an order is added in another place than the last", (book) => book.add(9, Side.Buy, 10, 5, 2)],
  ["an order of no quantity is added", (book) => book.add(9, Side.Buy, 10, 0, 3)],
  ["an order that nobody knows is executed", (book) => book.execute(9, 5, 0)],
  ["an execution leaves what it can't", (book) => book.execute(1, 2, 2)],
  ["an order that nobody knows is reduced", (book) => book.reduce(9, 1)],
  ["an order is reduced to more than it has", (book) => book.reduce(1, 6)],
  ["an order that nobody knows goes", (book) => book.delete(9)],
  ["an order is added that has the number of none", (book) => book.add(0, Side.Buy, 10, 5, 3)],
  ["an order goes that has the number of none", (book) => book.delete(0)],
  ["an order that has the number of none is reduced", (book) => book.reduce(0, 1)],
  ["an order that has the number of none is executed", (book) => book.execute(0, 1, 4)],
])("a book is unsound when %s, until it is cleared", (_, spoil) => {
  const book = new OrderBook();
  const sum = new BookChecksum();
  book.add(1, Side.Buy, 10, 5, 1);
  book.add(2, Side.Buy, 10, 5, 2);
  sum.begin();
  sum.add(Side.Buy, 10, 10, 2);
  const crc = sum.value();
  expect(book.agrees(crc, sum)).toBe(true);
  spoil(book);
  expect(book.isSound).toBe(false);
  expect(book.agrees(crc, sum)).toBe(false);
  book.clear();
  book.add(1, Side.Sell, 11, 5, 1);
  expect(book.isSound).toBe(true);
  expect(levelsOf(book, Side.Buy)).toEqual([]);
  expect(levelsOf(book, Side.Sell)).toEqual([[11, 5, 1]]);
});

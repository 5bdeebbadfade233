// Resting orders enumerated and added to an empty engine make the same books, queue order included.

import { expect, test } from "vitest";
import { fromLanes, Prng, SAFE_MAX, U32_MAX } from "../../src/base/index.ts";
import type { LevelView, RestingOrder } from "../../src/engine/index.ts";
import { EventKind, Side } from "../../src/protocol/index.ts";
import { buy, cancel, market, modify, sell } from "./orders.ts";
import { Desk } from "./support.ts";

const SYMBOLS = ["S0", "S1", "S2"];
const LIMITS = { ordersMax: 1000, symbolsMax: 3, maxNotional: 2 ** 50 };

/** A desk with a past: orders added, traded, modified and cancelled on two symbols; the third stays empty. */
function busyDesk(seed: number): Desk {
  const desk = new Desk(LIMITS, SYMBOLS);
  const prng = new Prng(seed);
  for (let i = 0; i < 2000; i++) {
    const place = { symbol: prng.between(0, 1), account: prng.between(0, 3) };
    const id = prng.between(1, 300) + prng.pick([0, 2 ** 32]);
    const distance = 2 ** prng.between(0, 20);
    const quantity = prng.between(1, 1000);
    const kind = prng.between(0, 9);
    if (kind < 3) desk.do(buy(id, 2_000_000 + 2 - distance, quantity, place));
    else if (kind < 6) desk.do(sell(id, 2_000_000 - 2 + distance, quantity, place));
    else if (kind < 8) desk.do(modify(id, 2_000_000 - prng.between(-5, 5), quantity, place));
    else desk.do(cancel(id, place));
  }
  return desk;
}

function ordersOf(desk: Desk, symbol: number): RestingOrder[] {
  const found: RestingOrder[] = [];
  desk.engine.forEachOrder(symbol, (order) => found.push(order));
  return found;
}

/** Adds what rests in `desk` to an empty one, as anyone with the public interface can. */
function readded(desk: Desk): Desk {
  const fresh = new Desk(LIMITS, SYMBOLS);
  for (let symbol = 0; symbol < SYMBOLS.length; symbol++) {
    for (const { idLow, idHigh, account, side, price, quantity } of ordersOf(desk, symbol)) {
      const add = side === Side.Buy ? buy : sell;
      const event = fresh.one(add(fromLanes(idLow, idHigh), price, quantity, { symbol, account }));
      expect(event.kind).toBe(EventKind.Accept);
    }
  }
  return fresh;
}

test.each([1, 2, 3])("they make the same books and the same queues (seed %i)", (seed) => {
  const desk = busyDesk(seed);
  const fresh = readded(desk);
  expect(desk.engine.restingOrders).toBeGreaterThan(100);
  for (let symbol = 0; symbol < SYMBOLS.length; symbol++) {
    expect(fresh.engine.book(symbol)).toEqual(desk.engine.book(symbol));
    expect(ordersOf(fresh, symbol)).toEqual(ordersOf(desk, symbol));
    // Whoever stands first is traded first: all of both sides, order by order.
    for (const side of [Side.Buy, Side.Sell]) {
      const sweep = market(9, side, 1000, { symbol, account: 3 });
      for (let i = 0; i < 200; i++) {
        const makers = (of: Desk) => of.do(sweep).map(({ makerId, makerAccount }) => [makerId, makerAccount]);
        expect(makers(fresh)).toEqual(makers(desk));
      }
    }
  }
});

test("an enumerated order says all of itself", () => {
  const desk = new Desk({ maxQuantity: U32_MAX, maxNotional: SAFE_MAX, accountsMax: U32_MAX });
  desk.do(sell(2 ** 32 + 7, 12, 5, { account: 3 }));
  desk.do(buy(1, 10, 4));
  // The highest there are: id 2^64-1.
  desk.do(sell(-1, 13, U32_MAX, { account: U32_MAX - 1 }));
  const highest = { idLow: U32_MAX, idHigh: U32_MAX, account: U32_MAX - 1, quantity: U32_MAX };
  expect(ordersOf(desk, 0)).toEqual([
    { idLow: 1, idHigh: 0, account: 0, side: Side.Buy, price: 10, quantity: 4 },
    { idLow: 7, idHigh: 1, account: 3, side: Side.Sell, price: 12, quantity: 5 },
    { ...highest, side: Side.Sell, price: 13 },
  ]);
  const seen: number[][] = [];
  desk.engine.forEachOrderAt(0, Side.Sell, 13, (...order) => seen.push(order) === 0);
  expect(seen).toEqual([[U32_MAX - 1, U32_MAX, U32_MAX, U32_MAX]]);
});

test.each([1, 99, -1, 0.5])("symbol %d that is not registered is named", (symbol) => {
  const { engine } = new Desk();
  const says = `symbol ${symbol} is not registered: the engine has 1 instrument`;
  const expected = expect.objectContaining({ code: "UNKNOWN_SYMBOL", message: says });
  expect(() => engine.book(symbol)).toThrow(expected);
  expect(() => engine.forEachOrder(symbol, () => {})).toThrow(expected);
  expect(() => engine.forEachLevel(symbol, Side.Buy, 1, () => {})).toThrow(expected);
});

test.each([0, 1, 3, 1000])("the best %i levels of a side are the first of the book's", (max) => {
  const { engine } = busyDesk(4);
  const { bids, asks } = engine.book(0);
  expect(bids.length).toBeGreaterThan(3);
  const levelsOf = (side: Side) => {
    const found: LevelView[] = [];
    engine.forEachLevel(0, side, max, (price, total, orders) => found.push({ price, total, orders }));
    return found;
  };
  expect(levelsOf(Side.Buy)).toEqual(bids.slice(0, max));
  expect(levelsOf(Side.Sell)).toEqual(asks.slice(0, max));
  // As numbers one behind the other, with room for more than are asked for.
  for (const [side, levels] of [[Side.Buy, bids] as const, [Side.Sell, asks] as const]) {
    const numbers = levels.slice(0, max).flatMap(({ price, total, orders }) => [price, total, orders]);
    const to = new Float64Array(3 * levels.length + 3).fill(-1);
    expect(engine.readLevels(0, side, max, to)).toBe(numbers.length / 3);
    expect([...to]).toEqual([...numbers, ...Array(to.length - numbers.length).fill(-1)]);
  }
});

test("the orders of several accounts come in one walk, in the order of the books", () => {
  const desk = busyDesk(5);
  const found: [number, RestingOrder][] = [];
  desk.engine.forEachOrderOf(new Set([1, 3]), (symbol, order) => found.push([symbol, order]));
  const expected = SYMBOLS.flatMap((_, symbol) =>
    ordersOf(desk, symbol)
      .filter(({ account }) => account === 1 || account === 3)
      .map((order) => [symbol, order]),
  );
  expect(found).toEqual(expected);
});

test("an account's orders are those of all symbols that are its own, in the order of the books", () => {
  const desk = busyDesk(5);
  let visited = 0;
  for (let account = 0; account < 5; account++) {
    const found: [number, RestingOrder][] = [];
    desk.engine.forEachOrderOf(new Set([account]), (symbol, order) => found.push([symbol, order]));
    const expected = SYMBOLS.flatMap((_, symbol) =>
      ordersOf(desk, symbol)
        .filter((order) => order.account === account)
        .map((order) => [symbol, order]),
    );
    expect(found).toEqual(expected);
    visited += found.length;
  }
  expect(visited).toBe(desk.engine.restingOrders);
});

test("a level and its queue are the book's, whatever price is asked for", () => {
  const desk = busyDesk(5);
  const { bids, asks } = desk.engine.book(0);
  const resting = ordersOf(desk, 0);
  for (const [side, levels] of [
    [Side.Buy, bids],
    [Side.Sell, asks],
  ] as const) {
    const others = side === Side.Buy ? asks : bids;
    const empty = others.map(({ price }) => ({ price, total: 0, orders: 0 }));
    for (const { price, total, orders } of [...levels, ...empty]) {
      const queue: object[] = [];
      const level = Float64Array.of(price, 0, 0);
      desk.engine.readLevel(0, side, level);
      expect([...level]).toEqual([price, total, orders]);
      desk.engine.forEachOrderAt(0, side, price, (account, idLow, idHigh, quantity) => {
        queue.push({ idLow, idHigh, account, side, price, quantity });
        return true;
      });
      expect(queue).toEqual(resting.filter((order) => order.side === side && order.price === price));
    }
  }
});

test("a queue is left when its visitor has had enough", () => {
  const desk = new Desk();
  for (let id = 1; id <= 3; id++) desk.do(buy(id, 10, id));
  const found: number[] = [];
  desk.engine.forEachOrderAt(0, Side.Buy, 10, (_account, _low, _high, quantity) => found.push(quantity) < 2);
  expect(found).toEqual([1, 2]);
});

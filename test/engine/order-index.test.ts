// The order index against a Map, while it grows and shrinks, for the id patterns clients use and those an attacker
// would.

import { describe, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { OrderIndex } from "../../src/engine/order-index.ts";
import { NO_SLOT, ORDER_SHIFT, OrderPool, OrderWord } from "../../src/engine/order-pool.ts";

const SHIFT = ORDER_SHIFT;
const RESTING_ID_LOW = OrderWord.idLow;
const RESTING_ID_HIGH = OrderWord.idHigh;
const RESTING_ACCOUNT = OrderWord.account;
const RESTING_HASH = OrderWord.hash;
const RESTING_SYMBOL_SIDE = OrderWord.symbolSide;

interface Key {
  readonly account: number;
  readonly symbol: number;
  readonly idLow: number;
  readonly idHigh: number;
}

/** The index with a Map beside it. */
class Compared {
  readonly keys: Key[] = [];
  readonly #orders: OrderPool;
  readonly #index: OrderIndex;
  readonly #slots = new Map<string, number>();

  constructor(capacity: number, seed: readonly [number, number] = [1, 2]) {
    this.#orders = new OrderPool(capacity);
    this.#index = new OrderIndex(this.#orders, seed);
  }

  /** Adds the key when it is new and there is room. */
  add(key: Key): void {
    if (this.#slots.has(nameOf(key)) || this.keys.length === this.#orders.capacity) return;
    const orders = this.#orders;
    const slot = orders.take();
    orders.words[(slot << SHIFT) + RESTING_ACCOUNT] = key.account;
    orders.words[(slot << SHIFT) + RESTING_SYMBOL_SIDE] = key.symbol * 2 + (key.idLow & 1);
    orders.words[(slot << SHIFT) + RESTING_ID_LOW] = key.idLow;
    orders.words[(slot << SHIFT) + RESTING_ID_HIGH] = key.idHigh;
    orders.words[(slot << SHIFT) + RESTING_HASH] = this.#hash(key);
    this.#index.add(slot);
    this.#slots.set(nameOf(key), slot);
    this.keys.push(key);
  }

  /** Takes out the key at a place of `keys`; the last one takes the place. */
  removeAt(place: number): void {
    const key = this.keys[place];
    this.#index.remove(this.#slots.get(nameOf(key)) as number);
    this.#orders.give(this.#slots.get(nameOf(key)) as number);
    this.#slots.delete(nameOf(key));
    const last = this.keys.pop() as Key;
    if (last !== key) this.keys[place] = last;
  }

  check(key: Key): void {
    const { account, symbol, idLow, idHigh } = key;
    const found = this.#index.find(this.#hash(key), account, symbol, idLow, idHigh);
    const expected = this.#slots.get(nameOf(key)) ?? NO_SLOT;
    if (found !== expected) expect.fail(`${nameOf(key)}: expected slot ${expected}, found ${found}`);
  }

  checkAll(): void {
    for (const key of this.keys) this.check(key);
  }

  #hash({ account, symbol, idLow, idHigh }: Key): number {
    return this.#index.hash(account, symbol, idLow, idHigh);
  }
}

function nameOf({ account, symbol, idLow, idHigh }: Key): string {
  return `account ${account} symbol ${symbol} id ${idHigh}:${idLow}`;
}

const plain = { account: 0, symbol: 0, idHigh: 0 };

const PATTERNS: readonly [name: string, draw: (prng: Prng, i: number) => Key][] = [
  ["counting upwards", (_, i) => ({ ...plain, idLow: i })],
  ["counting upwards over the sign of the low lane", (_, i) => ({ ...plain, idLow: (0x7fffff00 + i) | 0 })],
  ["random ids", (prng) => ({ ...plain, idLow: prng.u32() | 0, idHigh: prng.u32() | 0 })],
  ["ids that differ in their high lane only", (_, i) => ({ ...plain, idLow: 7, idHigh: i })],
  ["ids with equal low bits", (_, i) => ({ ...plain, idLow: (i << 16) | 0, idHigh: i >>> 16 })],
  ["one id in many accounts", (_, i) => ({ ...plain, account: i, idLow: 1 })],
  ["one id on many symbols", (_, i) => ({ ...plain, symbol: i, idLow: 1 })],
  [
    "one id in many accounts on many symbols",
    (_, i) => ({ account: i & 63, symbol: i >>> 6, idLow: -1, idHigh: -1 }),
  ],
];

describe.each(PATTERNS)("an index with %s", (_name, draw) => {
  test("finds each order and nothing else while it grows, and while it empties", () => {
    const prng = new Prng(1);
    const compared = new Compared(5000);
    for (let i = 0; i < 5000; i++) {
      compared.add(draw(prng, i));
      compared.check(draw(prng, 5000 + i));
      compared.check(prng.pick(compared.keys));
    }
    compared.checkAll();
    while (compared.keys.length > 0) {
      const place = prng.between(0, compared.keys.length - 1);
      const key = compared.keys[place];
      compared.removeAt(place);
      compared.check(key);
      if (compared.keys.length % 500 === 0) compared.checkAll();
    }
  });

  test.each([1, 2, 3])(
    "stays right when removals and additions meet while entries move (seed %i)",
    (seed) => {
      const prng = new Prng(seed);
      const compared = new Compared(6000, [seed, ~seed >>> 0]);
      for (let i = 0; i < 12_000; i++) {
        // Mostly additions around the sizes at which the table grows (512, 1024, 2048, 4096 orders).
        const grows = compared.keys.length % 1024 < 700;
        if (compared.keys.length > 0 && prng.chance(grows ? 0.35 : 0.48))
          compared.removeAt(prng.between(0, compared.keys.length - 1));
        else compared.add(draw(prng, i));
        if (compared.keys.length > 0) compared.check(prng.pick(compared.keys));
        if (i % 1000 === 0) compared.checkAll();
      }
      compared.checkAll();
    },
  );
});

test.each([1, 2, 3, 513])("a pool of %i orders fills, answers and empties again and again", (capacity) => {
  const prng = new Prng(capacity);
  const compared = new Compared(capacity);
  for (let turn = 0; turn < 20; turn++) {
    while (compared.keys.length < capacity) compared.add({ ...plain, idLow: prng.u32() | 0 });
    compared.checkAll();
    while (compared.keys.length > 0) compared.removeAt(prng.between(0, compared.keys.length - 1));
    compared.check({ ...plain, idLow: turn });
  }
});

test("clusters that run over the table's end are closed up when an order in them leaves", () => {
  // The smallest table has 1024 entries and full clusters are made of ids that fall into its last eight places.
  const prng = new Prng(1);
  const capacity = 200;
  const orders = new OrderPool(512);
  const index = new OrderIndex(orders, [1, 2]);
  const last: Key[] = [];
  for (let idLow = 0; last.length < capacity; idLow++) {
    if ((index.hash(0, 0, idLow, 0) & 1023) >= 1016) last.push({ ...plain, idLow });
  }
  const compared = new Compared(512);
  for (const key of last) compared.add(key);
  while (compared.keys.length > 0) {
    compared.removeAt(prng.between(0, compared.keys.length - 1));
    compared.checkAll();
  }
});

test("neither seed nor history changes what is found", () => {
  const seeds: (readonly [number, number])[] = [
    [0, 0],
    [0xffffffff, 0xffffffff],
    [123_456_789, 987_654_321],
  ];
  for (const seed of seeds) {
    const compared = new Compared(2000, seed);
    for (let i = 0; i < 2000; i++) compared.add({ ...plain, idLow: i });
    compared.checkAll();
    compared.check({ ...plain, idLow: 2000 });
  }
});

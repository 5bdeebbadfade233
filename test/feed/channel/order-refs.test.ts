// The table of the publisher's own order numbers, beside a map.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { OrderRefs } from "../../../src/feed/index.ts";

test("numbers are found, given back and never used again, whatever comes and goes", () => {
  for (const seed of [1, 2]) {
    const random = new Prng(seed);
    const refs = new OrderRefs([seed, 99]);
    const twin = new Map<string, number>();
    const keys = new Map<string, [number, number, number, number]>();
    let last = 0;
    for (let i = 0; i < 10_000; i++) {
      // Few values of each lane, at its edges too, so that keys come again.
      const [account, symbol] = [random.between(0, 2), random.between(0, 2)];
      const [low, high] = [random.pick([0, -1, i % 4_000, 0x80000000 | (i % 50)]), random.pick([0, 0, -1])];
      const name = `${account} ${symbol} ${low >>> 0} ${high >>> 0}`;
      const known = twin.get(name) ?? 0;
      const found = refs.find(account, symbol, low, high);
      if (found !== known) expect.fail(`seed ${seed}, step ${i}: expected ${known}, found ${found}`);
      if (known === 0 && (i < 6_000 || random.chance(0.2))) {
        expect(refs.add(account, symbol, low, high)).toBe(++last);
        twin.set(name, last);
        keys.set(name, [account, symbol, low, high]);
      } else if (random.chance(0.5)) {
        expect(refs.remove(account, symbol, low, high)).toBe(known);
        twin.delete(name);
      }
      if (refs.count !== twin.size) expect.fail(`seed ${seed}, step ${i}: ${refs.count} numbers are counted`);
    }
    for (const [name, ref] of twin)
      expect(refs.find(...(keys.get(name) as [number, number, number, number]))).toBe(ref);
    refs.clear();
    expect([refs.count, refs.add(1, 1, 1, 1)]).toEqual([0, 1]);
  }
});

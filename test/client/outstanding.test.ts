import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { Outstanding } from "../../src/client/outstanding.ts";
import { Reason } from "../../src/protocol/index.ts";

test("any order of answers takes out what a plain list would", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const prng = new Prng(seed);
    const max = prng.pick([1, 2, 3, 8]);
    const outstanding = new Outstanding<number>(max);
    // Id 0 and no id at all must not be taken for each other.
    const list: { id: number | undefined; request: number }[] = [];
    for (let step = 0; step < 500; step++) {
      const id = prng.between(0, 3);
      const draw = prng.unit();
      if (draw < 0.4 && list.length < max) {
        outstanding.push(step, id, id);
        list.push({ id, request: step });
      } else if (draw < 0.5 && list.length < max) {
        outstanding.pushUnnamed(step);
        list.push({ id: undefined, request: step });
      } else if (draw < 0.6) {
        const isUnnamed = list.length > 0 && list[0].id === undefined;
        const want = isUnnamed ? list.shift()?.request : undefined;
        expect(outstanding.takeUnnamed(), `seed ${seed}`).toBe(want);
      } else if (draw < 0.8) {
        const want = list[0]?.id === id ? list.shift()?.request : undefined;
        expect(outstanding.takeOldest(id, id), `seed ${seed}`).toBe(want);
      } else {
        const at = list.findLastIndex((entry) => entry.id === id);
        const want = at === -1 ? undefined : list.splice(at, 1)[0].request;
        expect(outstanding.takeRefused(id, id, Reason.Halted), `seed ${seed}`).toBe(want);
      }
      expect(outstanding.oldest, `seed ${seed}`).toBe(list[0]?.request);
    }
    expect(outstanding.takeAll(), `seed ${seed}`).toEqual(list.map((entry) => entry.request));
  }
});

test.each([
  ["of the engine's answers the oldest request on the id", Reason.TradingHalted, "modify"],
  ["for an account that is switched off does too", Reason.AccountSwitchedOff, "modify"],
  ["of the gateway's own answers the newest, which it overtook with", Reason.Halted, "cancel"],
  ["that this version does not know is taken for the engine's", 200, "modify"],
])("a refusal %s", (_, reason, answered) => {
  const outstanding = new Outstanding<string>(4);
  outstanding.push("modify", 1, 0);
  outstanding.push("cancel", 1, 0);
  expect(outstanding.takeRefused(1, 0, reason)).toBe(answered);
});

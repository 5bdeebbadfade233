import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { Outstanding } from "../../../src/client/open/outstanding.ts";
import { Reason } from "../../../src/protocol/index.ts";

test("any order of answers takes out what a plain list would, where each names its request", () => {
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
        const at = list.findIndex((entry) => entry.id === id);
        const isAlone = list.filter((entry) => entry.id === id).length <= 1;
        if (!isAlone) continue;
        const want = at === -1 ? [] : [list.splice(at, 1)[0].request];
        expect(outstanding.takeRefused(id, id, Reason.Halted), `seed ${seed}`).toEqual(want);
      }
      expect(outstanding.oldest, `seed ${seed}`).toBe(list[0]?.request);
    }
    expect(outstanding.takeAll(), `seed ${seed}`).toEqual(list.map((entry) => entry.request));
  }
});

test("whichever of several requests on an id the gateway refuses, none is told another's answer", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const prng = new Prng(seed);
    const outstanding = new Outstanding<number>(8);
    let list: { id: number; request: number }[] = [];
    const doubtful = new Set<number>();
    /** What an answer was given to must be the one that it is of, or one whose outcome is unknown by then. */
    const judge = (got: number | undefined, meant: number) => {
      expect(got, `seed ${seed}`).toBeDefined();
      if (got !== meant) expect([...doubtful], `seed ${seed}`).toContain(got);
      if (got !== meant) expect([...doubtful], `seed ${seed}`).toContain(meant);
    };
    for (let step = 0; step < 300; step++) {
      const draw = prng.unit();
      const id = prng.between(0, 2);
      if (draw < 0.5) {
        if (list.length === 8) continue;
        if (id === 2) outstanding.pushUnnamed(step);
        else outstanding.push(step, id, 0);
        list.push({ id, request: step });
      } else if (draw < 0.8) {
        const first = list.shift();
        if (first === undefined) continue;
        judge(
          first.id === 2 ? outstanding.takeUnnamed() : outstanding.takeOldest(first.id, 0),
          first.request,
        );
      } else {
        const named = list.filter((entry) => entry.id !== 2);
        if (named.length === 0) continue;
        const refused = prng.pick(named);
        list.splice(list.indexOf(refused), 1);
        const got = outstanding.takeRefused(refused.id, 0, Reason.Throttled);
        // As many in doubt as may wait: given up.
        if (got.length === 0) {
          expect([...doubtful].length).toBeGreaterThanOrEqual(8);
          outstanding.takeAll();
          list = [];
          continue;
        }
        if (got.length > 1) for (const request of got) doubtful.add(request);
        if (got.length > 1) expect([...doubtful]).toContain(refused.request);
        else judge(got[0], refused.request);
      }
    }
    while (list.length > 0) {
      const { id, request } = list.shift() as { id: number; request: number };
      judge(id === 2 ? outstanding.takeUnnamed() : outstanding.takeOldest(id, 0), request);
    }
    expect(outstanding.takeAll(), `seed ${seed}`).toEqual([]);
  }
});

test.each([
  ["of the engine's answers the oldest request on the id", Reason.TradingHalted, ["modify"]],
  ["for an account that is switched off does too", Reason.AccountSwitchedOff, ["modify"]],
  ["of the gateway's own any of them, with which it overtook", Reason.Halted, ["modify", "cancel"]],
  ["that this version does not know is taken for the engine's", 200, ["modify"]],
])("a refusal %s", (_, reason, answered) => {
  const outstanding = new Outstanding<string>(4);
  outstanding.push("modify", 1, 0);
  outstanding.push("cancel", 1, 0);
  expect(outstanding.takeRefused(1, 0, reason)).toEqual(answered);
});

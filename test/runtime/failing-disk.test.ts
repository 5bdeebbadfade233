// A disk that fails at each of its calls in turn, under a whole runtime: every promise ends, nothing is answered that a
// machine's end right after could take back, nothing happens twice, and the runtime says what it was and can begin again.

import { afterAll, describe, expect, test } from "vitest";
import { Prng, SeriatimError } from "../../src/base/index.ts";
import { type DiskFault, SimulatedDisk } from "../../src/lab/index.ts";
import { type DataDirectory, openRuntime, Submissions } from "../../src/runtime/index.ts";
import { add, beginning, COUNTER_RULES, Counter, rules } from "./counter.ts";

/** Amounts are powers of four: a digit of the sum in base four says how often its addition happened. */
const ADDITIONS = 12;
/** Under way at once. */
const AT_ONCE = 3;

/** A directory on the simulated disk: nobody else can have it. */
const PLACES = { journal: "sim/journal", snapshots: "sim/snapshots" };
const DIRECTORY: DataDirectory = {
  ...PLACES,
  files: { ...PLACES, storage: new SimulatedDisk(), parent: "sim", incoming: "sim/incoming" },
  lock: { release: async () => {} },
  isStillThere: () => true,
  letOldestGo: () => {},
};

async function open(storage: SimulatedDisk) {
  const application = new Counter();
  const runtime = await openRuntime({
    ...{
      application,
      genesis: beginning(),
      rules: COUNTER_RULES,
      threads: "single",
      segmentBytes: 2_097_152,
    },
    ...{ directory: DIRECTORY, storage },
  });
  const submissions = new Submissions(runtime, rules);
  runtime.run(submissions, submissions);
  return { application, runtime, submissions };
}

/** What one life of the runtime came to. */
interface Life {
  readonly submitted: Set<number>;
  readonly answered: Set<number>;
  /** Codes of what was rejected, and of what stopped the start or was said at the stop. */
  readonly codes: Set<string>;
}

async function live(disk: SimulatedDisk): Promise<Life> {
  const life: Life = { submitted: new Set(), answered: new Set(), codes: new Set() };
  const failed = (error: unknown) => {
    if (!(error instanceof SeriatimError)) throw error;
    life.codes.add(error.code);
  };
  try {
    const { runtime, submissions } = await open(disk);
    for (let from = 0; from < ADDITIONS; from += AT_ONCE) {
      const some = Array.from({ length: AT_ONCE }, async (_, i) => {
        const digit = from + i;
        life.submitted.add(digit);
        await submissions.submit(add(4 ** digit)).then(() => life.answered.add(digit), failed);
      });
      await Promise.all(some);
    }
    await submissions.close();
    await runtime.stop();
  } catch (error) {
    failed(error);
  }
  return life;
}

function digitOf(sum: number, digit: number): number {
  return Math.floor(sum / 4 ** digit) % 4;
}

let cases = 0;
afterAll(() =>
  console.log(`${cases} of ${cases} failing calls: nothing answered was lost, nothing done twice`),
);

const clean = new SimulatedDisk();
clean.makeDirectory("sim");
const whole = await live(clean);
const CALLS = clean.calls;

test("a disk that does not fail has all additions answered", () => {
  expect([...whole.answered]).toHaveLength(ADDITIONS);
  expect(CALLS).toBeGreaterThan(ADDITIONS / AT_ONCE);
});

describe.each<DiskFault>(["EIO", "ENOSPC", "short", "stuck"])("%s", (fault) => {
  test(`at each of ${CALLS} calls`, async () => {
    for (let call = 1; call <= CALLS; call++) {
      const disk = new SimulatedDisk();
      disk.makeDirectory("sim");
      disk.failAt(call, fault);
      const life = await live(disk);
      disk.crash(new Prng(call));
      const again = await open(disk);
      for (const digit of Array(ADDITIONS).keys()) {
        const times = digitOf(again.application.sum, digit);
        const what = `call ${call}, addition ${digit}, told ${[...life.codes]}`;
        if (life.answered.has(digit)) expect(times, what).toBe(1);
        else expect([0, life.submitted.has(digit) ? 1 : 0], what).toContain(times);
      }
      // It goes on where it is.
      const { events } = await again.submissions.submit(add(1));
      expect(events[1]).toBe(again.application.sum);
      await again.runtime.stop();
      cases++;
    }
  });
});

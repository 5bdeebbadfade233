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
  lock: { release: async () => {}, keepUntil: () => {} },
  isStillThere: async () => true,
  replaced: () => {},
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

/** Says which of its calls failed. */
class WatchedDisk extends SimulatedDisk {
  #failing = 0;
  /** Verb and path; undefined: it was not made. */
  failed: string | undefined;

  constructor() {
    super();
    this.makeDirectory("sim");
  }

  override failAt(call: number, fault: DiskFault): void {
    this.#failing = call;
    super.failAt(call, fault);
  }

  override change(verb: string, path: string): ReturnType<SimulatedDisk["change"]> {
    if (this.calls + 1 === this.#failing) this.failed = `${verb} ${path}`;
    return super.change(verb, path);
  }
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

const FAULTS: readonly DiskFault[] = ["EIO", "ENOSPC", "short", "stuck"];
/** Of the next segment, which nothing needs yet. */
const FOR_LATER = /0002\.seg\.tmp$/;

/** What may be said when this call fails; `undefined` stands for nothing at all. */
function wordsFor(fault: DiskFault, failed: string): readonly (string | undefined)[] {
  const isWrite = failed.startsWith("write ");
  // What is left of a segment that is not needed any more is removed by the next start.
  if (failed.startsWith("remove ")) return [undefined];
  // No room for it is no failure: orders are refused, when any come, and no longer once there is room.
  if (fault === "ENOSPC") return FOR_LATER.test(failed) ? ["DISK_FULL", undefined] : ["ENOSPC"];
  // The rest of a short write is written then.
  if (fault === "short" && isWrite) return [undefined];
  return fault === "stuck" && isWrite ? ["SHORT_WRITE"] : ["EIO"];
}

const clean = new WatchedDisk();
const whole = await live(clean);
/** About as many as each life makes: how far the next segment gets is a matter of time. */
const CALLS = clean.calls;

let judged = 0;
let failing = 0;
afterAll(() => {
  const found = "nothing answered was lost, nothing done twice, each failure told";
  console.log(`${judged} of ${FAULTS.length * CALLS} lives, ${failing} with a call that failed: ${found}`);
});

test("a disk that does not fail has all additions answered", () => {
  expect([...whole.answered]).toHaveLength(ADDITIONS);
  expect([...whole.codes]).toEqual([]);
  expect(CALLS).toBeGreaterThan(ADDITIONS / AT_ONCE);
});

describe.each(FAULTS)("%s", (fault) => {
  test(`at each of ${CALLS} calls`, async () => {
    for (let call = 1; call <= CALLS; call++) {
      const disk = new WatchedDisk();
      disk.failAt(call, fault);
      const life = await live(disk);
      const { failed } = disk;
      const said = life.codes.size === 0 ? [undefined] : [...life.codes];
      const words = failed === undefined ? [undefined] : wordsFor(fault, failed);
      expect(words, `call ${call}: ${failed}`).toEqual(expect.arrayContaining(said));
      if (life.codes.size === 0) expect(life.answered.size, `call ${call}: ${failed}`).toBe(ADDITIONS);
      if (failed !== undefined) failing++;
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
      judged++;
    }
  });
});

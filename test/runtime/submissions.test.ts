// Commands submitted in process: a promise resolves when the gate lets its answer out, never before, and every promise
// ends, whatever becomes of the journal.

import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { EVENT_WORDS } from "../../src/protocol/index.ts";
import { Ring, RingConsumer } from "../../src/ring/index.ts";
import { type JournalStage, Runtime, Submissions } from "../../src/runtime/index.ts";
import { add, Counter, KIND_REPEAT, rules } from "./counter.ts";

/** The log's last position before the test. */
const BEFORE = 10;
const CLOCK = { wallMicros: () => 1, monotonicMicros: () => 0 };
const RECOVERED = {
  ...{
    position: BEFORE,
    timestamp_us: 0,
    epoch: 1,
    created: false,
    wasTorn: false,
    cut_bytes: 0,
    mayLack: false,
    finding: "clean",
  },
  snapshot: undefined,
  newestSnapshot: 0,
  released: BEFORE,
};

/** A journal that keeps every slot until it is told. */
class HeldJournal implements JournalStage {
  readonly batches = true;
  readonly #failure = Promise.withResolvers<SeriatimError>();
  readonly failed = this.#failure.promise;
  consumer: RingConsumer | undefined;
  tellRoom: (why: string | undefined) => void = () => {};

  recover(): never {
    throw new SeriatimError("UNUSED", "there is no log");
  }
  run(shared: SharedArrayBuffer, tellRoom: (why: string | undefined) => void): void {
    this.consumer = new RingConsumer(Ring.attach(shared));
    this.tellRoom = tellRoom;
  }
  published(): void {}
  makeSafe(count: number): void {
    this.consumer?.available();
    this.consumer?.release(count);
  }
  fail(error: SeriatimError): void {
    this.consumer?.fail();
    this.#failure.resolve(error);
  }
  ask(): never {
    throw new SeriatimError("UNUSED", "nobody asks");
  }

  async stop(): Promise<void> {}
}

let journal: HeldJournal;
let runtime: Runtime;
let submissions: Submissions;
/** What became of the submitted commands, in the order in which it did. */
let outcomes: string[];

function begin(waitingMax?: number): void {
  journal = new HeldJournal();
  runtime = new Runtime(new Counter(), journal, RECOVERED, undefined, CLOCK);
  submissions = new Submissions(runtime, rules, waitingMax);
  runtime.run(submissions, submissions);
  outcomes = [];
}
beforeEach(() => begin());
afterEach(() => vi.useRealTimers());

function submit(amount: number, write = add(amount)): void {
  submissions.submit(write).then(
    ({ position, events }) => outcomes.push(`${amount} at ${position}: ${events[1]}`),
    (error: SeriatimError) => outcomes.push(`${amount}: ${error.code}`),
  );
}

/** Lets the event loop do all it can do by itself. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await nextTurn();
}

test("a reply comes when its command is safe, not when it is sequenced, applied and published", async () => {
  submit(5);
  submit(7);
  await settle();
  expect(outcomes).toEqual([]);
  journal.makeSafe(1);
  await settle();
  expect(outcomes).toEqual(["5 at 11: 5"]);
  journal.makeSafe(1);
  await settle();
  expect(outcomes).toEqual(["5 at 11: 5", "7 at 12: 12"]);
});

test("a reply holds all events of its command, also those that did not fit the buffer at once", async () => {
  const reply = submissions.submit((words, at) => {
    words[at] = KIND_REPEAT;
    words[at + 1] = 2_000;
  });
  await settle();
  journal.makeSafe(1);
  const { events } = await reply;
  expect(events.length).toBe(2_000 * EVENT_WORDS);
  expect([events[1], events[1_999 * EVENT_WORDS + 1]]).toEqual([0, 1_999]);
});

test("commands of another source beside it are answered to others", async () => {
  const seen: number[] = [];
  const onApplied = (events: { words: Int32Array }) => seen.push(events.words[1]);
  runtime.path.attach({ onApplied, seal() {}, release() {}, resumeStalled() {} });
  const at = runtime.path.claim();
  add(100)(runtime.path.words, at);
  runtime.path.commit();
  submit(1);
  await settle();
  journal.makeSafe(2);
  await settle();
  expect(outcomes).toEqual(["1 at 12: 101"]);
  expect(seen).toEqual([100, 101]);
});

// It was let in, and the log could not be opened again.
test("a record that the journal would not take back is refused, and leaves no trace", async () => {
  submit(1, (words, at) => {
    words[at] = 131;
  });
  submit(2);
  await settle();
  journal.makeSafe(1);
  await settle();
  expect(outcomes).toEqual(["1: COMMAND_UNKNOWN", "2 at 11: 2"]);
});

// It was thrown at the caller, who had a handler at the promise only.
test("a write that throws is a rejection with what it threw, and leaves no trace", async () => {
  const fault = new RangeError("the offset is out of bounds");
  submissions
    .submit((words, at) => {
      add(9)(words, at);
      throw fault;
    })
    .catch((error: unknown) => outcomes.push(String(error)));
  submit(2);
  await settle();
  journal.makeSafe(1);
  await settle();
  expect(outcomes).toEqual([String(fault), "2 at 11: 2"]);
});

// The first command failed instead, with a TypeError. The rules' URL, as openRuntime takes them, is the likely slip.
test.each([[undefined], ["file:///counters.ts"], [{ genesisFault: rules.genesisFault }]])(
  "rules that are %j are refused at once",
  (given) => {
    expect(() => new Submissions(runtime, given as never)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message:
          "Submissions takes the application's rules themselves behind the runtime, not where they lie: an object with firstUnknown",
      }),
    );
  },
);

describe("a journal that fails", () => {
  test("has what was safe answered, the rest and all that follows rejected with why", async () => {
    for (const amount of [1, 2]) submit(amount);
    await settle();
    journal.makeSafe(1);
    journal.fail(new SeriatimError("EIO", "cannot sync: the disk reports an input/output error"));
    await settle();
    submit(3);
    await settle();
    expect(outcomes).toEqual(["1 at 11: 1", "2: EIO", "3: EIO"]);
  });

  test("before anybody ran the runtime: the first command is rejected", async () => {
    journal = new HeldJournal();
    runtime = new Runtime(new Counter(), journal, RECOVERED, undefined, CLOCK);
    journal.fail(new SeriatimError("EIO", "cannot sync"));
    await settle();
    submissions = new Submissions(runtime, rules);
    runtime.run(submissions, submissions);
    submit(1);
    await settle();
    expect(outcomes).toEqual(["1: EIO"]);
  });
});

describe("the bound", () => {
  test("is not what refuses a command while the path pauses, and its words say so", async () => {
    begin(2);
    void runtime.path.pause();
    await expect(submissions.submit(() => {})).rejects.toMatchObject({
      code: "TOO_MANY_IN_FLIGHT",
      message: "commands wait until the state is copied for a snapshot: try again",
    });
    runtime.path.resume();
    submit(1);
    await settle();
    journal.makeSafe(1);
    await settle();
    expect(outcomes).toEqual(["1 at 11: 1"]);
  });

  test("refuses what is one too many, and takes it when one is answered", async () => {
    begin(2);
    for (const amount of [1, 2, 3]) submit(amount);
    await settle();
    expect(outcomes).toEqual(["3: TOO_MANY_IN_FLIGHT"]);
    journal.makeSafe(1);
    await settle();
    submit(4);
    await settle();
    journal.makeSafe(1);
    await settle();
    expect(outcomes.slice(1)).toEqual(["1 at 11: 1", "2 at 12: 3"]);
  });

  test("of the disk: refused while there is no room, taken when there is again", async () => {
    journal.tellRoom("no space left on the disk (ENOSPC)");
    submit(1);
    await settle();
    journal.tellRoom(undefined);
    submit(2);
    await settle();
    journal.makeSafe(1);
    await settle();
    expect(outcomes).toEqual(["1: DISK_FULL", "2 at 11: 2"]);
  });
});

test("a runtime that has stopped takes nothing, and says so", async () => {
  await runtime.stop();
  submit(1);
  await settle();
  expect(outcomes).toEqual(["1: CLOSED"]);
});

describe("close", () => {
  test("waits for what is under way and takes nothing more", async () => {
    submit(1);
    const closed = submissions.close().then(() => outcomes.push("closed"));
    submit(2);
    await settle();
    expect(outcomes).toEqual(["2: CLOSED"]);
    journal.makeSafe(1);
    await closed;
    expect(outcomes).toEqual(["2: CLOSED", "1 at 11: 1", "closed"]);
  });

  // The first waited for its whole bound then.
  test("called again gives the same answer, to both at once", async () => {
    submit(1);
    for (const caller of ["first", "second"])
      submissions.close().then(() => outcomes.push(`${caller} closed`));
    await settle();
    journal.makeSafe(1);
    await settle();
    expect(outcomes).toEqual(["1 at 11: 1", "first closed", "second closed"]);
  });

  test("ends when the journal does", async () => {
    submit(1);
    const closed = submissions.close();
    journal.fail(new SeriatimError("EIO", "cannot sync"));
    await closed;
    expect(outcomes).toEqual(["1: EIO"]);
  });

  // Whoever waited for such a promise waited for ever: the runtime had stopped in order.
  test("ends what is not acknowledged in time, for want of a replica say: nobody knows what becomes of it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    submit(1);
    submit(2);
    await settle();
    journal.makeSafe(1);
    await settle();
    const closed = submissions.close();
    await vi.advanceTimersByTimeAsync(5_000);
    await closed;
    await runtime.stop();
    expect(outcomes).toEqual(["1 at 11: 1", "2: OUTCOME_UNKNOWN"]);
  });
});

describe("an application that throws", () => {
  /** Nothing has come of its adding 13. */
  const unlucky = (words: Int32Array, at: number): void => {
    add(13)(words, at);
    vi.spyOn(Counter.prototype, "apply").mockImplementationOnce(() => {
      throw new TypeError("13 is not a number");
    });
  };

  // The next was refused for being submitted from inside this one, the runtime ended as if all was well, and no start could
  // apply what it had written.
  test("ends the runtime; neither its command nor one that came with it is written or answered", async () => {
    submit(1);
    await settle();
    journal.makeSafe(1);
    await settle();
    submit(2);
    submit(13, unlucky);
    submit(3);
    await settle();
    expect(outcomes).toEqual(["1 at 11: 1", "3: CLOSED", "2: APPLICATION_FAILED", "13: APPLICATION_FAILED"]);
    expect(journal.consumer?.available()).toBe(0);
    expect(journal.consumer?.ended()).toBe(true);
    const failure = {
      code: "APPLICATION_FAILED",
      message:
        "this is a bug: the application threw for the command at position 13, which is not in the log: 13 is not a number",
    };
    await expect(runtime.failed).resolves.toMatchObject(failure);
    await expect(runtime.stop()).rejects.toMatchObject(failure);
  });
});

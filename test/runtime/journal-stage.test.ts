// The journal as a stage, wherever it runs: it begins, fails and ends, and nobody waits for ever.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SeriatimError, type Storage } from "../../src/base/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { EXCHANGE_RECORDS, encodeGenesisEntry } from "../../src/node/exchange-records.ts";
import { EXCHANGE_RULES } from "../../src/node/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_BYTES, CommandKind } from "../../src/protocol/index.ts";
import { createRing, RingProducer } from "../../src/ring/index.ts";
import { InlineJournal, JournalThread } from "../../src/runtime/index.ts";

const SEGMENT_BYTES = 2_097_152;
const GENESIS = encodeGenesisEntry({
  genesis: {
    ...{ maxQuantity: 10, maxNotional: 100, ordersMax: 10, symbolsMax: 4, accountsMax: 4 },
    indexSeed: [1, 2],
  },
  instruments: [],
});

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-stage-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

const optionsIn = (path: string, mode: "fsync" | "flush" = "fsync") => ({
  ...{ directory: path, rules: EXCHANGE_RULES, mode, segmentBytes: SEGMENT_BYTES, genesis: GENESIS },
});
const inDirectory = () => optionsIn(join(directory, "journal"));

/** Begins a log of the genesis entry and `count` ticks. */
function writeTicks(count: number): void {
  const { journal } = openJournal(
    {
      ...inDirectory(),
      storage: new NodeStorage(),
      checksums: new NativeChecksums(),
      rules: EXCHANGE_RECORDS,
    },
    () => {},
  );
  const records = new Uint8Array(count * COMMAND_BYTES);
  for (let at = 0; at < records.length; at += COMMAND_BYTES) records[at] = CommandKind.Tick;
  journal.append(records, 0, count);
  journal.close();
}

function ringOf(capacity = 64): { shared: SharedArrayBuffer; producer: RingProducer } {
  const ring = createRing({ recordBytes: COMMAND_BYTES, capacity });
  return { shared: ring.shared, producer: new RingProducer(ring) };
}

function publish(producer: RingProducer): void {
  expect(producer.claim()).toBeGreaterThanOrEqual(0);
  producer.commit();
  producer.publish();
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: unknown) => (error instanceof SeriatimError ? error.code : error),
  );

describe("the journal's thread", () => {
  test("hands over a log larger than the recovery ring, all of it, in order", async () => {
    writeTicks(40_000);
    const stage = new JournalThread(inDirectory(), "block");
    let next = 1;
    const recovered = await stage.recover((_words, _at, count, firstPosition) => {
      expect(firstPosition).toBe(next);
      next += count;
    });
    expect(recovered.position).toBe(40_001);
    expect(next).toBe(40_002);
    await stage.stop();
  });

  test("ends when a record of such a log is refused, and the refusal is what recover throws", async () => {
    writeTicks(40_000);
    const stage = new JournalThread(inDirectory(), "block");
    const refusal = new SeriatimError("REFUSED", "not this one");
    const recovering = stage.recover(() => {
      throw refusal;
    });
    await expect(recovering).rejects.toBe(refusal);
    // What the thread then says follows from it.
    expect(await outcome(stage.stop())).toBe("RECOVERY_ENDED");
  });

  test("ends when it is stopped before anybody recovers, however large the log", async () => {
    writeTicks(40_000);
    const stage = new JournalThread(inDirectory(), "block");
    expect(await outcome(stage.stop())).toBe("RECOVERY_ENDED");
    expect(await outcome(stage.stop())).toBe("RECOVERY_ENDED");
  });

  test("says what opening says", async () => {
    writeTicks(1);
    const stage = new JournalThread({ ...inDirectory(), segmentBytes: 5 }, "block");
    await expect(stage.recover(() => {})).rejects.toMatchObject({ code: "SEGMENT_LIMITS", exitCode: 2 });
    expect(await outcome(stage.stop())).toBe("SEGMENT_LIMITS");
  });

  test("closes when its ring ends, and a second stop gives the same answer", async () => {
    const stage = new JournalThread(inDirectory(), "block");
    await stage.recover(() => {});
    const { shared, producer } = ringOf();
    stage.run(shared, () => {});
    publish(producer);
    producer.close();
    await stage.stop();
    await stage.stop();
    expect(producer.released()).toBe(1);
  });

  test("begins its next segment when it is asked to, and says with which position", async () => {
    const stage = new JournalThread(inDirectory(), "block");
    await stage.recover(() => {});
    const { shared, producer } = ringOf();
    stage.run(shared, () => {});
    publish(producer);
    while (producer.released() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await Promise.all([stage.ask({ kind: "rotate" }), stage.ask({ kind: "rotate" })])).toEqual([3, 3]);
    expect(existsSync(join(directory, "journal", "journal-0000000002.seg"))).toBe(true);
    producer.close();
    await stage.stop();
  });

  test("makes what it has written durable when it is asked to, idle or not, and says up to where", async () => {
    const stage = new JournalThread(optionsIn(join(directory, "journal"), "flush"), "block");
    await stage.recover(() => {});
    expect(await outcome(stage.ask({ kind: "sync" }))).toBe("JOURNAL_NOT_RUNNING");
    const { shared, producer } = ringOf();
    stage.run(shared, () => {});
    expect(await stage.ask({ kind: "sync" })).toBe(1);
    publish(producer);
    while (producer.released() === 0) await new Promise((resolve) => setImmediate(resolve));
    const asked = [stage.ask({ kind: "sync" }), stage.ask({ kind: "sync" })];
    expect(await Promise.all(asked)).toEqual([2, 2]);
    const last = Array.from({ length: 65 }, () => outcome(stage.ask({ kind: "sync" })));
    producer.close();
    await stage.stop();
    expect(await last[64]).toBe("TOO_MANY_REQUESTS");
    // Each of them has an answer: done before the end, or not.
    for (const answer of await Promise.all(last.slice(0, 64)))
      expect(["done", "JOURNAL_NOT_RUNNING"]).toContain(answer);
    expect(await outcome(stage.ask({ kind: "sync" }))).toBe("JOURNAL_NOT_RUNNING");
  });
});

describe("the journal on the node's own thread", () => {
  const SIMULATED = "sim";

  async function running(storage: Storage, mode: "fsync" | "flush" = "fsync") {
    const stage = new InlineJournal({ ...optionsIn(SIMULATED, mode), storage });
    await stage.recover(() => {});
    const shortages: (string | undefined)[] = [];
    const { shared, producer } = ringOf();
    stage.run(shared, (why) => shortages.push(why));
    return { stage, producer, shortages };
  }

  const TEMPORARY = `${SIMULATED}/journal-0000000002.seg.tmp`;
  const preparedBytes = (disk: SimulatedDisk) => disk.image(SIMULATED).get(TEMPORARY.slice(4))?.length ?? 0;

  test("takes the records that were published and leaves the next segment for later", async () => {
    vi.useFakeTimers();
    const disk = new SimulatedDisk();
    const { stage, producer } = await running(disk);
    publish(producer);
    const before = disk.calls;
    stage.published();
    expect(producer.released()).toBe(1);
    // The frame's write and sync; one slice of the next segment at most: its creation, four writes, its sync.
    expect(disk.calls - before).toBeLessThanOrEqual(2 + 6);
    expect(preparedBytes(disk)).toBeLessThanOrEqual(1024 * 1024);
    await stage.stop();
  });

  test("prepares the next segment a slice at a time when it is idle, until all is there", async () => {
    vi.useFakeTimers();
    const disk = new SimulatedDisk();
    const { stage } = await running(disk);
    const seen = new Set<number>();
    for (let slice = 0; slice < 20; slice++) {
      vi.advanceTimersToNextTimer();
      seen.add(preparedBytes(disk));
    }
    expect([...seen]).toEqual([1024 * 1024, SEGMENT_BYTES]);
    expect(vi.getTimerCount()).toBe(0);
    await stage.stop();
  });

  test("tells once that there is no room, and once that there is again", async () => {
    vi.useFakeTimers();
    const disk = new SimulatedDisk();
    const { stage, shortages } = await running(disk);
    disk.failAt(disk.calls + 2, "ENOSPC");
    vi.advanceTimersByTime(60_000);
    expect(shortages).toEqual([expect.stringContaining("no space left"), undefined]);
    expect(preparedBytes(disk)).toBe(SEGMENT_BYTES);
    await stage.stop();
  });

  test("does not repeat that there is no room as long as it stays so", async () => {
    vi.useFakeTimers();
    const disk = new SimulatedDisk({ capacity_bytes: SEGMENT_BYTES });
    const { stage, shortages, producer } = await running(disk);
    for (let i = 0; i < 100; i++) {
      vi.advanceTimersByTime(1_000);
      publish(producer);
      stage.published();
    }
    expect(shortages).toEqual([expect.stringContaining("no space left")]);
    expect(vi.getTimerCount()).toBeLessThanOrEqual(2);
    await stage.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that fails gives nothing back any more, says why, and stops with it", async () => {
    const disk = new SimulatedDisk();
    const { stage, producer } = await running(disk);
    publish(producer);
    disk.failAt(disk.calls + 2, "EIO");
    stage.published();
    expect(producer.released()).toBe(0);
    expect(producer.consumerFailed()).toBe(true);
    expect((await stage.failed).code).toBe("EIO");
    expect(await outcome(stage.stop())).toBe("EIO");
    expect(await outcome(stage.stop())).toBe("EIO");
  });

  test("syncs when it is asked to; a sync that fails then stops it like any other", async () => {
    const disk = new SimulatedDisk();
    const { stage, producer } = await running(disk, "flush");
    publish(producer);
    expect(await stage.ask({ kind: "sync" })).toBe(2);
    publish(producer);
    stage.published();
    disk.failAt(disk.calls + 1, "EIO");
    expect(await outcome(stage.ask({ kind: "sync" }))).toBe("EIO");
    expect(producer.consumerFailed()).toBe(true);
    expect((await stage.failed).code).toBe("EIO");
    expect(await outcome(stage.stop())).toBe("EIO");
    expect(await outcome(stage.ask({ kind: "sync" }))).toBe("JOURNAL_NOT_RUNNING");
  });

  test("that fails while it closes says so", async () => {
    const disk = new SimulatedDisk();
    const { stage, producer } = await running(disk, "flush");
    publish(producer);
    stage.published();
    expect(producer.released()).toBe(1);
    disk.failAt(disk.calls + 1, "EIO");
    expect(await outcome(stage.stop())).toBe("EIO");
    expect((await stage.failed).code).toBe("EIO");
  });

  test("writes what was published last before it closes", async () => {
    const disk = new SimulatedDisk();
    const { stage, producer } = await running(disk);
    publish(producer);
    producer.close();
    await stage.stop();
    expect(producer.released()).toBe(1);
  });
});

test("stopping a journal that was never opened leaves nothing behind", async () => {
  const stage = new InlineJournal(inDirectory());
  await stage.stop();
  expect(existsSync(join(directory, "journal"))).toBe(false);
});

test("a rotation that finds no room on the disk is refused, and nothing else happens to the log", async () => {
  const disk = new SimulatedDisk({ capacity_bytes: SEGMENT_BYTES * 1.5 });
  const stage = new InlineJournal({ ...optionsIn("data/journal"), storage: disk });
  await stage.recover(() => {});
  const { shared, producer } = ringOf();
  stage.run(shared, () => {});
  expect(await outcome(stage.ask({ kind: "rotate" }))).toBe("ENOSPC");
  publish(producer);
  stage.published();
  expect([producer.released(), producer.consumerFailed()]).toEqual([1, false]);
  producer.close();
  await stage.stop();
});

test("a rotation is done, and says so, when the current segment holds nothing yet, also when the next finds no room", async () => {
  const disk = new SimulatedDisk({ capacity_bytes: SEGMENT_BYTES * 2.5 });
  const stage = new InlineJournal({ ...optionsIn("data/journal"), storage: disk });
  await stage.recover(() => {});
  const { shared, producer } = ringOf();
  const shortages: unknown[] = [];
  stage.run(shared, (shortage) => shortages.push(shortage));
  expect(await stage.ask({ kind: "rotate" })).toBe(2);
  await vi.waitFor(() => expect(shortages).toEqual([expect.stringContaining("no space left")]), 10_000);
  expect(await stage.ask({ kind: "rotate" })).toBe(2);
  producer.close();
  await stage.stop();
});

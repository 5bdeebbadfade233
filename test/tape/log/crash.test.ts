// Power loss or a killed process at any call, any subset of what was not synced lost, many parts between two syncs: every batch that
// was synced is readable after reopening, no torn one ever is, and what is there is the beginning of what was written. And
// the test can fail: without fdatasync it does.

import { expect, test } from "vitest";
import { Prng, SeriatimError, type Storage } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { OWN_EPOCH_MIN } from "../../../src/segment/index.ts";
import { inspectTopic, TopicLog, type TopicPlace, TopicReader } from "../../../src/tape/index.ts";
import { withoutSync } from "../../segment/unsynced-storage.ts";
import { append, endOf, readAll, SMALL, START_us, topicPlace } from "./support.ts";

const SEEDS = 40;
const CRASHES_PER_SEED = 5;
const PUBLISHERS = 6;
const LIMITS = { ...SMALL, sessionsMax: 8 };

interface Written {
  readonly publisher: number;
  readonly epoch: number;
  readonly batch: number;
  readonly records: number;
  /** The number of its first record. */
  readonly first: number;
}

/** What was done to one log, over all its crashes. */
class History {
  written: Written[] = [];
  /** Every record before it was synced. */
  safe = 1;
  /** The newest epoch of each publisher that was opened, and that was safe. */
  readonly epochs = new Map<number, number>();
  readonly safeEpochs = new Map<number, number>();
  readonly batches = new Map<number, number>();

  /** What is wrong with the log as it was found; takes what it lost for never written. */
  judge(log: TopicLog, place: TopicPlace): string | undefined {
    const reader = new TopicReader(place);
    const { nextRecord, oldestRecord } = log;
    if (nextRecord < this.safe) return `record ${nextRecord} comes next, and ${this.safe} was safe`;
    const kept = this.written.filter(({ first, records }) => first + records <= nextRecord);
    const expected = kept.flatMap(({ first, records, publisher, epoch, batch }) =>
      Array.from({ length: records }, (_, index) => ({
        record: first + index,
        publisher,
        epoch,
        batch,
        index,
      })),
    );
    const seen = readAll(reader, { kind: "record", value: oldestRecord }, endOf(log));
    const wanted = expected.filter(({ record }) => record >= oldestRecord);
    if (JSON.stringify(seen) !== JSON.stringify(wanted)) return "another history is read";
    if (nextRecord !== 1 && (expected.at(-1)?.record ?? 0) !== nextRecord - 1)
      return "half a batch is counted";
    if (inspectTopic(place).bytes !== log.bytes) return "its bytes are counted wrong";
    this.written = kept;
    return this.#sessionsProblem(log);
  }

  #sessionsProblem(log: TopicLog): string | undefined {
    for (const [publisher, epoch] of this.safeEpochs) {
      const session = log.session(publisher);
      if (session === undefined || session.epoch < epoch) return `the session of ${publisher} is not known`;
      const last = this.written.findLast(
        (batch) => batch.publisher === publisher && batch.epoch === session.epoch,
      );
      if (session.lastBatch !== (last?.batch ?? 0))
        return `publisher ${publisher}: batch ${session.lastBatch}, and ${last?.batch} is there`;
    }
    this.epochs.clear();
    for (const { publisher, epoch, lastBatch } of log.sessions()) {
      this.epochs.set(publisher, epoch);
      this.batches.set(publisher, lastBatch);
    }
    return undefined;
  }

  synced(log: TopicLog): void {
    this.safe = log.nextRecord;
    for (const [publisher, epoch] of this.epochs) this.safeEpochs.set(publisher, epoch);
  }
}

/** With an epoch of its own: so files that are kept no more become the next segments. */
function openLog(place: TopicPlace): TopicLog {
  return TopicLog.open(place, LIMITS, OWN_EPOCH_MIN);
}

function appendSome(log: TopicLog, history: History, prng: Prng, now_us: number): void {
  const publisher = prng.between(1, PUBLISHERS);
  if (!history.epochs.has(publisher) || prng.chance(0.05)) {
    const epoch = (history.epochs.get(publisher) ?? 0) + 1;
    log.openSession(publisher, epoch, now_us);
    history.epochs.set(publisher, epoch);
    history.batches.set(publisher, 0);
  }
  const epoch = history.epochs.get(publisher) ?? 0;
  let first = log.nextRecord;
  const part = Array.from({ length: prng.between(1, 3) }, () => {
    const batch = (history.batches.get(publisher) ?? 0) + 1;
    history.batches.set(publisher, batch);
    const written = { publisher, epoch, batch, records: prng.between(1, 4), first };
    first += written.records;
    return { ...written, valueBytes: 16 * prng.between(1, 16) };
  });
  // What a kill in the middle of writing it left is whole or not there.
  history.written.push(...part.map(({ valueBytes: _, ...written }) => written));
  append(log, part, now_us);
}

function workUntilHalted(place: TopicPlace, history: History, prng: Prng): string | undefined {
  let log = openLog(place);
  const wrong = history.judge(log, place);
  if (wrong !== undefined) return wrong;
  history.synced(log);
  for (let now_us = START_us; ; now_us += 10) {
    appendSome(log, history, prng, now_us);
    if (prng.chance(0.15)) {
      log.sync();
      history.synced(log);
    }
    if (prng.chance(0.03)) log.retain({ bytes: 4096 * prng.between(3, 12), age_us: 0 }, now_us);
    if (prng.chance(0.03)) {
      log.close();
      history.synced(log);
      log = openLog(place);
    }
  }
}

/** Crashes one log several times; returns what was lost or wrong, or undefined. */
function crashRepeatedly(seed: number, throughStorage: (disk: SimulatedDisk) => Storage): string | undefined {
  const prng = new Prng(seed);
  const disk = new SimulatedDisk();
  const place = topicPlace(throughStorage(disk));
  const history = new History();
  for (let crash = 0; crash < CRASHES_PER_SEED; crash++) {
    disk.failAt(disk.calls + prng.between(1, 90), "halt");
    try {
      const wrong = workUntilHalted(place, history, prng);
      if (wrong !== undefined) return `crash ${crash}: ${wrong}`;
    } catch (error) {
      if (!(error instanceof SeriatimError)) return `crash ${crash}: ${error}`;
      if (error.code !== "HALT") return `crash ${crash}: ${error.message}`;
    }
    if (prng.chance(0.7)) disk.crash(prng);
    else disk.restart();
  }
  try {
    return history.judge(openLog(place), place);
  } catch (error) {
    return `at the end: ${error}`;
  }
}

test(`every synced batch is readable and no torn one is, after ${SEEDS * CRASHES_PER_SEED} crashes`, () => {
  for (let seed = 1; seed <= SEEDS; seed++)
    expect({ seed, lost: crashRepeatedly(seed, (disk) => disk) }).toEqual({ seed, lost: undefined });
});

test("the same crashes lose batches when fdatasync does nothing", () => {
  let lost = 0;
  for (let seed = 1; seed <= 20; seed++) if (crashRepeatedly(seed, withoutSync) !== undefined) lost++;
  expect(lost).toBeGreaterThan(10);
});

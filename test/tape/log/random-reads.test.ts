// Reading beside a writer whose oldest segments go, by removal or as the next file: whoever asks for a record that is kept gets it,
// from wherever reading stopped before, and only who asks for an older one is told that it is gone.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { type TapeMemory, TapeReason, tapeMemory } from "../../../src/protocol/index.ts";
import { OWN_EPOCH_MIN } from "../../../src/segment/index.ts";
import { TopicLog, TopicReader } from "../../../src/tape/index.ts";
import { TopicReads } from "../../../src/tape/serving/topic-reads.ts";
import { append, endOf, recordsIn, SMALL, START_us, topicPlace } from "./support.ts";

const STEPS = 600;
const RETENTIONS = [
  { bytes: 3 * SMALL.segmentBytes, age_us: 0 },
  { bytes: 0, age_us: 50 },
  { bytes: 5 * SMALL.segmentBytes, age_us: 80 },
];

class World {
  readonly prng: Prng;
  readonly log: TopicLog;
  readonly reads: TopicReads;
  readonly buffers: readonly TapeMemory[];
  readonly retention: (typeof RETENTIONS)[number];
  /** The next record of each subscriber. */
  readonly places = [1, 1, 1, 1, 1, 1];
  /** By record, when it was ordered. */
  readonly times: number[] = [0];
  now_us = START_us;
  #batch = 0;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    const place = topicPlace(new SimulatedDisk());
    this.log = TopicLog.open(place, SMALL, OWN_EPOCH_MIN + 7);
    const bytes = this.prng.pick([5_000, 8_192, 20_000]);
    this.buffers = [0, 1].map(() => tapeMemory(new ArrayBuffer(bytes)));
    const files = this.prng.pick([1, 2, 4]);
    this.retention = this.prng.pick(RETENTIONS);
    this.reads = new TopicReads(
      this.buffers,
      () => new TopicReader(place, files),
      (_, error) => {
        throw error;
      },
    );
  }

  write(): void {
    const { prng, log, times } = this;
    this.now_us += prng.between(0, 4);
    const part = Array.from({ length: prng.between(1, 3) }, () => {
      return { batch: ++this.#batch, records: prng.between(1, 4), valueBytes: 16 * prng.pick([1, 1, 2, 16]) };
    });
    append(log, part, this.now_us);
    while (times.length < log.nextRecord) times.push(this.now_us);
  }

  retain(): void {
    this.now_us += this.prng.between(0, 30);
    this.log.retain(this.retention, this.now_us);
  }

  /** A record is looked for by its time. */
  locate(): void {
    const { log, times } = this;
    const time_us = this.now_us - this.prng.between(-2, 120);
    let first = log.oldestRecord;
    while (first < log.nextRecord && times[first] < time_us) first++;
    expect(this.reads.locate(1, time_us, endOf(log))).toBe(first);
  }

  /** A subscriber reads on; returns whether it was told that its record is gone. */
  read(): boolean {
    const { prng, log, places } = this;
    const who = prng.between(0, places.length - 1);
    const record = places[who];
    if (record === log.nextRecord) return false;
    const buffer = prng.between(0, 1);
    const found = this.reads.read(buffer, 1, record, endOf(log));
    if ("reason" in found) {
      expect(found).toEqual({ reason: TapeReason.RecordGone, detail: log.oldestRecord });
      expect(record).toBeLessThan(log.oldestRecord);
      places[who] = log.oldestRecord;
      return true;
    }
    const { firstRecord, nextRecord, bytes } = found;
    const numbers = recordsIn(this.buffers[buffer], bytes).map((seen) => seen.record);
    expect(numbers).toEqual(Array.from({ length: nextRecord - firstRecord }, (_, i) => firstRecord + i));
    expect(numbers).toContain(record);
    places[who] = nextRecord;
    return false;
  }
}

test.each([1, 2, 3, 4, 5, 6])(
  "every record that is kept is read, from wherever reading stopped (seed %i)",
  (seed) => {
    const world = new World(seed);
    const { prng, log } = world;
    let gone = 0;
    for (let step = 0; step < STEPS; step++) {
      const what = prng.between(0, 99);
      if (what < 45) world.write();
      else if (what < 50) log.openSession(100 + step, 1, world.now_us);
      else if (what < 60) world.retain();
      else if (what < 65) world.locate();
      else gone += Number(world.read());
    }
    expect(gone).toBeGreaterThan(0);
  },
);

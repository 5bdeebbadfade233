// Recordings on a disk in memory: what is written is read back, to the byte and the microsecond, by take and by time, up to
// the last whole frame.

import { expect, onTestFailed, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import {
  encodeTake,
  inspectRecording,
  openRecordingLog,
  Recording,
  RecordingBuffer,
  RecordKind,
  TakeReader,
} from "../../../src/feed/index.ts";
import { TakeLayout } from "../../../src/feed/recording/layout.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { writeInVersion } from "../../support/other-version.ts";
import { SEGMENT_BYTES_BEYOND_A_READ, writeAtReads } from "../../support/write-at-reads.ts";
import { CHUNK_MAX, type Chunk, dataOf, placeOn, SMALL, SmallRecorder, streamOf } from "./support.ts";

const START_us = 1_700_000_000_000_000;

/** Chunks of random lengths at random times, sometimes several in one microsecond. */
function chunksFrom(random: Prng, count: number, start_us: number): Chunk[] {
  let arrival_us = start_us;
  return Array.from({ length: count }, () => {
    arrival_us += random.chance(0.3) ? 0 : random.between(1, 5_000);
    const bytes = Uint8Array.from({ length: random.between(1, CHUNK_MAX) }, () => random.between(0, 255));
    return { bytes, arrival_us };
  });
}

function record(recorder: SmallRecorder, random: Prng, chunks: readonly Chunk[]): void {
  recorder.begin(chunks[0].arrival_us);
  for (const chunk of chunks) {
    recorder.data(chunk);
    if (random.chance(0.2)) recorder.flush();
  }
}

/** Three takes over several openings; what they were made of. */
function threeTakes(seed: number): { disk: SimulatedDisk; takes: Chunk[][] } {
  const random = new Prng(seed);
  const disk = new SimulatedDisk();
  const takes = [0, 1, 2].map((take) => chunksFrom(random, 120, START_us + take * 10_000_000));
  const first = new SmallRecorder(disk);
  record(first, random, takes[0]);
  first.end(takes[0][119].arrival_us);
  record(first, random, takes[1]);
  first.close();
  const second = new SmallRecorder(disk);
  record(second, random, takes[2]);
  second.end(takes[2][119].arrival_us);
  second.close();
  return { disk, takes };
}

test.each([1, 2, 3, 4, 5])(
  "takes over many segments are read back to the byte, from any moment on (seed %i)",
  (seed) => {
    const { disk, takes } = threeTakes(seed);
    for (const [at, chunks] of takes.entries()) {
      const read = dataOf(disk, at + 1);
      expect(streamOf(read)).toBe(streamOf(chunks));
      for (const from of [1, 40, 119]) {
        const from_us = chunks[from].arrival_us;
        const behind = chunks.filter(({ arrival_us }) => arrival_us >= from_us);
        expect(streamOf(dataOf(disk, at + 1, from_us))).toBe(streamOf(behind));
      }
      expect(dataOf(disk, at + 1, chunks[119].arrival_us + 1)).toEqual([]);
      expect(read.every(({ arrival_us }) => chunks.some((chunk) => chunk.arrival_us === arrival_us))).toBe(
        true,
      );
    }
  },
);

// What had come between two reads of one file was taken for what a broken frame hides.
test("a recording whose recorder is at work is no damaged one", () => {
  const disk = new SimulatedDisk();
  const recorder = new SmallRecorder(disk, { ...SMALL, segmentBytes: SEGMENT_BYTES_BEYOND_A_READ });
  let chunks = 0;
  const record = (): void => {
    for (let i = 0; i < 3; i++) {
      recorder.data({ bytes: new Uint8Array(300), arrival_us: 1_000 + ++chunks });
      recorder.flush();
    }
  };
  recorder.begin(1_000);
  record();
  writeAtReads(disk, record);
  expect(inspectRecording(placeOn(disk)).verdict).toBe("clean");
  expect(new Recording(placeOn(disk)).verdict).toBe("clean");
  expect(chunks).toBeGreaterThan(9);
});

test("a report says what was recorded, when and how much", () => {
  const { disk, takes } = threeTakes(9);
  const bytesOf = (chunks: Chunk[]) => chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const report = inspectRecording(placeOn(disk));
  expect(report.verdict).toBe("clean");
  expect(report.segments).toBeGreaterThan(5);
  expect(report.takes).toEqual(
    takes.map((chunks, at) => ({
      take: at + 1,
      protocol: "ticks",
      address: "md.example.net:9876",
      begun_us: chunks[0].arrival_us,
      last_us: chunks[119].arrival_us,
      bytes: bytesOf(chunks),
      chunks: report.takes[at].chunks,
      end: at === 1 ? undefined : "the feed ended",
    })),
  );
});

test("after a kill or a power failure everything that was synced is read, and recording goes on with another take", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  onTestFailed(() => console.error(`seed ${seed}`));
  const random = new Prng(seed);
  const chunks = chunksFrom(random, 60, START_us);
  const whole = streamOf(chunks);
  for (let round = 0; round < 40; round++) {
    const disk = new SimulatedDisk();
    const recorder = new SmallRecorder(disk);
    recorder.begin(START_us);
    let synced = 0;
    const stopped = random.between(1, 59);
    for (const [at, chunk] of chunks.slice(0, stopped).entries()) {
      recorder.data(chunk);
      if (!random.chance(0.3)) continue;
      recorder.flush();
      synced = at + 1;
    }
    if (round % 2 === 0) disk.crash(new Prng(seed + round));
    else disk.restart();
    if (synced === 0) continue;
    const read = streamOf(dataOf(disk, 1));
    expect(whole.startsWith(read)).toBe(true);
    expect(read.length).toBeGreaterThanOrEqual(streamOf(chunks.slice(0, synced)).length);
    const again = new SmallRecorder(disk);
    record(again, random, chunks);
    again.close();
    expect(streamOf(dataOf(disk, 2))).toBe(whole);
    expect(streamOf(dataOf(disk, 1))).toBe(read);
  }
});

test("a recording is read while it is written", () => {
  const disk = new SimulatedDisk();
  const recorder = new SmallRecorder(disk);
  recorder.begin(START_us);
  recorder.data({ bytes: Uint8Array.of(1, 2), arrival_us: START_us });
  recorder.flush();
  expect(streamOf(dataOf(disk, 1))).toBe("0102");
  recorder.data({ bytes: Uint8Array.of(3), arrival_us: START_us });
  recorder.flush();
  expect(streamOf(dataOf(disk, 1))).toBe("010203");
});

test("without a recording there is nothing to play, and a take that is not there is said", () => {
  const disk = new SimulatedDisk();
  expect(() => new Recording(placeOn(disk))).toThrow(/^d holds no recording/);
  const recorder = new SmallRecorder(disk);
  expect(() => new Recording(placeOn(disk))).toThrow(/^d holds no recording/);
  recorder.begin(START_us);
  recorder.close();
  expect(() => new TakeReader(new Recording(placeOn(disk)), 2)).toThrow("d has one take, not 2");
  expect(dataOf(disk, 1)).toEqual([]);
});

test("what a later program recorded is refused by file, offset and version; takes of this one are read all the same", () => {
  const { disk } = threeTakes(7);
  const recorder = new SmallRecorder(disk);
  const take = encodeTake({ protocol: "ticks", address: "md.example.net:9876" });
  take[TakeLayout.version] = 2;
  recorder.begin(START_us + 90_000_000, take);
  recorder.close();
  const wrong =
    /^d\/recording\/recording-\d+\.seg at offset \d+: a take of version 2, protocol 1, which this/;
  expect(() => inspectRecording(placeOn(disk))).toThrow(wrong);
  expect(() => new TakeReader(new Recording(placeOn(disk)), 4)).toThrow(wrong);
  expect(dataOf(disk, 3)).not.toEqual([]);
});

test("a recording whose last file is a later program's is recorded and played no further, and stays as it is", () => {
  const { disk } = threeTakes(7);
  const last = `d/recording/${disk.list("d/recording").at(-1)}`;
  writeInVersion(disk, last, 2);
  const before = disk.image("d");
  const wrong = new RegExp(
    `^corrupt: ${last} at offset 0.*: it is written in format version 2, this program knows version 1`,
  );
  expect(() => openRecordingLog(placeOn(disk), SMALL)).toThrow(wrong);
  expect(() => new Recording(placeOn(disk))).toThrow(wrong);
  expect(disk.image("d")).toEqual(before);
});

test("a full buffer says so before a chunk can't be taken; what it took comes out whole and in order", () => {
  const blocks = [0, 1, 2].map(() => new Uint8Array(1_024));
  const buffer = new RecordingBuffer(blocks, CHUNK_MAX);
  const chunk = new Uint8Array(CHUNK_MAX).fill(7);
  let taken = 0;
  for (; !buffer.isFull; taken++) buffer.append(RecordKind.Data, chunk, taken);
  // Three blocks of 1,024 hold at least 9 chunks of 256 with their headers, and the last few bytes stay free.
  expect(taken).toBeGreaterThanOrEqual(9);
  const first = buffer.take(false);
  expect(first).toMatchObject({ index: 0, bytes: 1_024, beginsTake: false });
  expect([buffer.isFull, buffer.isEmpty]).toEqual([true, false]);
  buffer.giveBack(0);
  expect(buffer.isFull).toBe(false);
  buffer.append(RecordKind.Data, chunk, 3);
  const rest = [buffer.take(true), buffer.take(true), buffer.take(true), buffer.take(true)];
  expect(rest.map((block) => block?.index)).toEqual([1, 2, 0, undefined]);
  expect(rest[2]?.last_us).toBe(taken - 1);
  for (const index of [0, 1, 2]) buffer.giveBack(index);
  expect(buffer.isEmpty).toBe(true);
});

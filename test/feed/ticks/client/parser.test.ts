// The parser of ticks/1 on damaged streams: what it delivers and counts, in one read, byte by byte, and cut at random.

import { describe, expect, test } from "vitest";
import { Prng } from "../../../../src/base/index.ts";
import { KEPT_BYTES_MAX, SKIPPED_BYTES_MAX, TickCounters, TickParser } from "../../../../src/feed/index.ts";
import { readTicks } from "../../../protocol/ticks/reference-reader.ts";
import { vectorBytes } from "../../../protocol/ticks/vectors.ts";
import {
  byteByByte,
  heartbeat,
  joined,
  oneRead,
  quote,
  Recorded,
  randomFrame,
  randomReads,
  textOf,
  trade,
} from "./support.ts";

const seed = 52_011;
const CUTS_TRIED = 100;

const [V1, V2, V3, V4, V5, V6] = [1, 2, 3, 4, 5, 6].map(vectorBytes);
const [H1, H2, H4, H5, H6, H9, H10] = [1, 2, 4, 5, 6, 9, 10].map((number) => heartbeat(number));

function changed(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = change(copy[at]);
  return copy;
}

type Counted = Readonly<Record<string, number>>;

const beginsWrong = [V1, changed(V2, 0, () => 9), V3];
const table: readonly { what: string; stream: readonly Uint8Array[]; expected: Counted }[] = [
  {
    what: "a: whole frames",
    stream: [V1, V2, V3],
    expected: { frames: 3, trades: 1, quotes: 1, heartbeats: 1 },
  },
  {
    what: "b: whole frames over the wrap of the numbers",
    stream: [V4, V5, V6],
    expected: { frames: 3, trades: 1, quotes: 1, heartbeats: 1 },
  },
  {
    what: "c: one damaged byte is skipped with its frame, and is a gap of one",
    stream: [V1, changed(V2, 17, (byte) => byte ^ 0x40), V3],
    expected: {
      frames: 2,
      trades: 1,
      heartbeats: 1,
      checksumIncidents: 1,
      skippedBytes: 44,
      gapIncidents: 1,
      framesLost: 1,
    },
  },
  {
    what: "d: a frame that was cut is skipped and nothing behind it",
    stream: [V1, V2.slice(0, 20), V3, H4, H5, H6],
    expected: {
      frames: 5,
      trades: 1,
      heartbeats: 4,
      checksumIncidents: 1,
      skippedBytes: 20,
      gapIncidents: 1,
      framesLost: 1,
    },
  },
  {
    what: "e: garbage before the first frame is one incident",
    stream: [new Uint8Array(7).fill(0xee), V1, V2],
    expected: { frames: 2, trades: 1, quotes: 1, typeIncidents: 1, skippedBytes: 7 },
  },
  {
    what: "f: a damaged type whose window 2 bytes later has checksum 0 makes no false frame",
    stream: [V1, V2, changed(V3, 0, () => 2), H4, H5, H6],
    expected: {
      frames: 5,
      trades: 1,
      quotes: 1,
      heartbeats: 3,
      checksumIncidents: 1,
      skippedBytes: 20,
      gapIncidents: 1,
      framesLost: 1,
    },
  },
  {
    what: "g: an unknown type, while a false candidate may still be a frame",
    stream: beginsWrong,
    expected: { frames: 1, trades: 1, typeIncidents: 1, skippedBytes: 37 },
  },
  {
    what: "g: the same, when more has come",
    stream: [...beginsWrong, H4, H5],
    expected: {
      frames: 4,
      trades: 1,
      heartbeats: 3,
      typeIncidents: 1,
      skippedBytes: 44,
      gapIncidents: 1,
      framesLost: 1,
    },
  },
  {
    what: "h: a gap, and a number that steps back",
    stream: [H1, H2, H10, H9, H10],
    expected: { frames: 5, heartbeats: 5, gapIncidents: 1, framesLost: 7, regressions: 1 },
  },
  {
    what: "i: a duplicate is delivered again",
    stream: [V3, V3],
    expected: { frames: 2, heartbeats: 2, regressions: 1 },
  },
  {
    what: "j: what is no such stream is closed at the limit",
    stream: [new Uint8Array(70_000)],
    expected: { typeIncidents: 1, skippedBytes: SKIPPED_BYTES_MAX },
  },
];

describe.each(table)("$what", ({ stream, expected }) => {
  const bytes = joined(...stream);
  const isClosed = expected.skippedBytes === SKIPPED_BYTES_MAX;

  test("in one read", () => {
    const reader = new Recorded();
    expect(reader.read(bytes)).toBe(!isClosed);
    expect(reader.counted).toEqual(expected);
  });

  test(`byte by byte and in random cuts: the same frames and counters (seed ${seed})`, () => {
    const whole = new Recorded();
    whole.read(bytes);
    const prng = new Prng(seed);
    const tried = isClosed ? 3 : CUTS_TRIED;
    const ways = Array.from({ length: tried }, (_, i) => randomReads(prng, i < tried / 2 ? 60 : 7));
    for (const cuts of [byteByByte, ...ways]) {
      const reader = new Recorded();
      expect(reader.read(bytes, cuts)).toBe(!isClosed);
      expect(reader.counted).toEqual(expected);
      expect(reader.frames).toEqual(whole.frames);
    }
  });
});

test("while the false candidate of g waits, 27 bytes are kept", () => {
  const counters = new TickCounters();
  const parser = new TickParser({ take: () => {} }, counters);
  parser.push(joined(...beginsWrong));
  expect(parser.keptBytes).toBe(27);
});

test("at most a damaged frame and all but one byte of the next are kept", () => {
  const parser = new TickParser({ take: () => {} }, new TickCounters());
  parser.push(changed(V2, 20, (byte) => byte ^ 1));
  parser.push(V2.slice(0, 43));
  expect(parser.keptBytes).toBe(KEPT_BYTES_MAX);
  parser.push(V2.slice(43));
  expect(parser.keptBytes).toBe(0);
});

// The second frame's quantity of 2 looks like a type: what is kept is decided only in part with the next bytes, and all of those count.
test("when as much is kept as may be, nothing of the next read is lost", () => {
  const quotes = [quote(2, 1, 5, 6), quote(3, 1, 5, 6, [2, 1])].map((bytes) =>
    changed(bytes, 6, (byte) => byte ^ 1),
  );
  const bytes = joined(
    heartbeat(1, 0),
    ...quotes,
    heartbeat(4, 0),
    heartbeat(5, 0),
    heartbeat(6, 0),
    heartbeat(7, 0),
  );
  const cut = H1.length + KEPT_BYTES_MAX;
  const reader = new Recorded();
  reader.read(bytes, (length) => [H1.length, cut, length]);
  expect(reader.counted).toMatchObject({ frames: 5, checksumIncidents: 1, skippedBytes: 88, framesLost: 2 });
});

test("a new stream forgets the rest of the last one, where it was, and its time", () => {
  const reader = new Recorded();
  reader.read(joined(heartbeat(5, 0), V2.slice(0, 30)));
  reader.intake.begin();
  // Years away from the last frame, and behind garbage: there is no last frame any more.
  reader.read(joined(Uint8Array.of(0xee), heartbeat(900, -900_000_000), heartbeat(901, -900_000_000)));
  expect(reader.counted).toEqual({ frames: 3, heartbeats: 3, typeIncidents: 1, skippedBytes: 1 });
});

const DAY_S = 24 * 3_600;

test.each([
  { what: "a day on", seconds: DAY_S, isTaken: true },
  { what: "a day back", seconds: -DAY_S, isTaken: true },
  { what: "a day and a second on", seconds: DAY_S + 1, isTaken: false },
  { what: "a day and a second back", seconds: -DAY_S - 1, isTaken: false },
])("behind damage a frame from $what is taken: $isTaken", ({ seconds, isTaken }) => {
  const far = heartbeat(3, seconds);
  const next = heartbeat(4, isTaken ? seconds : 0);
  const damaged = changed(heartbeat(2, 0), 9, (byte) => byte ^ 1);
  // Right behind a damaged frame, and found in a hunt.
  for (const damage of [damaged, Uint8Array.of(0xee)]) {
    const reader = new Recorded();
    reader.read(joined(heartbeat(1, 0), damage, far, next));
    expect(reader.frames.map(({ sequence }) => sequence)).toEqual(isTaken ? [1, 3, 4] : [1, 4]);
    expect(reader.intake.counters.skippedBytes).toBe(damage.length + (isTaken ? 0 : far.length));
  }
});

test("in sync no frame is doubted for its time", () => {
  const reader = new Recorded();
  reader.read(joined(heartbeat(1, 0), heartbeat(2, 9 * DAY_S), heartbeat(3, 0)));
  expect(reader.counted).toEqual({ frames: 3, heartbeats: 3 });
});

test("the limit of skipped bytes counts from the last frame", () => {
  const garbage = new Uint8Array(SKIPPED_BYTES_MAX - 1).fill(0xee);
  const reader = new Recorded();
  expect(reader.read(joined(garbage, heartbeat(1, 0), garbage, heartbeat(2, 0)))).toBe(true);
  expect(reader.counted).toEqual({
    frames: 2,
    heartbeats: 2,
    typeIncidents: 2,
    skippedBytes: 2 * garbage.length,
  });
});

test("bytes in the middle of a larger buffer, and at any offset of it, are read where they lie", () => {
  const reader = new Recorded();
  const stream = joined(V1, V2, V3);
  for (let offset = 0; offset < 9; offset++) {
    const memory = new Uint8Array(200).fill(0xaa);
    memory.set(stream, offset + 5);
    reader.intake.begin();
    // A window on the memory, and a range in the window.
    reader.intake.push(memory.subarray(offset), 5, 5 + stream.length);
  }
  expect(reader.counted).toEqual({ frames: 27, trades: 9, quotes: 9, heartbeats: 9 });
});

test("an intake that is ended from inside a delivery delivers nothing more", () => {
  const reader = new Recorded();
  let frames = 0;
  const counters = new TickCounters();
  const parser = new TickParser({ take: () => void (++frames === 2 && parser.end()) }, counters);
  expect(parser.push(joined(V1, V2, V3, new Uint8Array(9)))).toBe(false);
  expect(parser.push(V3)).toBe(false);
  expect({ ...counters, frames }).toMatchObject({ frames: 2, typeIncidents: 0, skippedBytes: 0 });
  expect(reader.frames).toEqual([]);
});

describe(`random streams (seed ${seed})`, () => {
  test("intact frames come out as an independent reader finds them, whatever the reads", () => {
    const prng = new Prng(seed);
    const bytes = joined(...Array.from({ length: 3_000 }, (_, i) => randomFrame(prng, i + 1)));
    const expected = readTicks(bytes).frames;
    for (const cuts of [oneRead, randomReads(prng, 9), randomReads(prng, 1_500)]) {
      const reader = new Recorded();
      reader.read(bytes, cuts);
      expect(textOf(reader.frames)).toBe(textOf(expected));
      expect(reader.counted).toMatchObject({ frames: 3_000 });
      expect(reader.counted).not.toHaveProperty("skippedBytes");
    }
  });

  test("one damaged byte in every fifth to ninth frame: each is one incident and one lost frame, no other is missing", () => {
    for (let run = 0; run < 40; run++) {
      const prng = new Prng(seed + run);
      const { stream, good, damaged } = damagedStream(prng, [1, 2, 3], (length) =>
        prng.between(0, length - 1),
      );
      const reader = new Recorded();
      reader.read(stream, randomReads(prng, 200));
      expect(textOf(reader.frames), `seed ${seed + run}`).toBe(textOf(good));
      const { checksumIncidents, typeIncidents, framesLost } = reader.intake.counters;
      expect([checksumIncidents + typeIncidents, framesLost], `seed ${seed + run}`).toEqual([
        damaged,
        damaged,
      ]);
    }
  });

  test("a damaged type in runs of one type, where the window 2 bytes later sums up to 0: no false frame", () => {
    const types = [0, 1].flatMap((at) => [0, 1, 2, 3, 4, 255].map((byte) => [at, byte] as const));
    for (const type of [1, 2, 3]) {
      for (let sequence = 1; sequence <= 12; sequence++) {
        for (const [at, byte] of types) {
          const prng = new Prng(seed + sequence);
          const frames = Array.from({ length: 8 }, (_, i) => randomFrame(prng, sequence + i, [type]));
          const damagedAt = 2 + (sequence % 3);
          if (frames[damagedAt][at] === byte) continue;
          const good = frames.filter((_, i) => i !== damagedAt);
          frames[damagedAt] = changed(frames[damagedAt], at, () => byte) as Uint8Array<ArrayBuffer>;
          const reader = new Recorded();
          // Followed by what settles the last candidates.
          reader.read(joined(...frames, ...settling(sequence + 8)));
          const expected = readTicks(joined(...good, ...settling(sequence + 8))).frames;
          const where = `type ${type}, number ${sequence}, byte ${at} ${byte}`;
          expect(textOf(reader.frames), where).toBe(textOf(expected));
        }
      }
    }
  });

  test("a frame cut at any length is one incident", () => {
    const prng = new Prng(seed);
    for (const type of [1, 2, 3]) {
      const length = randomFrame(prng, 1, [type]).length;
      const parts: Uint8Array[] = [heartbeat(1, 0)];
      let sequence = 1;
      for (let cut = 1; cut < length; cut++) {
        parts.push(randomFrame(prng, ++sequence, [type]).slice(0, cut));
        for (let i = 0; i < 8; i++) parts.push(randomFrame(prng, ++sequence));
      }
      const reader = new Recorded();
      reader.read(joined(...parts, ...settling(sequence + 1)), randomReads(prng, 90));
      const { checksumIncidents, typeIncidents } = reader.intake.counters;
      expect(checksumIncidents + typeIncidents).toBe(length - 1);
    }
  });

  test("garbage full of types between frames: the same frames and counters, however it is cut", () => {
    for (let run = 0; run < 150; run++) {
      const prng = new Prng(seed + run);
      const parts = Array.from({ length: 40 }, (_, i) =>
        prng.chance(0.5) ? randomFrame(prng, i) : typesOf(prng, prng.between(1, 90)),
      );
      const bytes = joined(...parts);
      const whole = new Recorded();
      whole.read(bytes);
      for (const max of [3, 50, 100, 300]) {
        const cut = new Recorded();
        cut.read(bytes, randomReads(prng, max));
        expect(cut.counted, `seed ${seed + run}`).toEqual(whole.counted);
        expect(textOf(cut.frames), `seed ${seed + run}`).toBe(textOf(whole.frames));
      }
    }
  });

  test("random bytes throw nothing and keep no more than they may", () => {
    const prng = new Prng(seed);
    const parser = new TickParser({ take: () => {} }, new TickCounters());
    let keptMost = 0;
    for (let run = 0; run < 400; run++) {
      // The first of its types stands where a frame has to begin.
      const bytes = typesOf(prng, 300);
      bytes.set([prng.between(1, 3), 0]);
      parser.begin();
      for (let at = 0; at < bytes.length; ) {
        const to = Math.min(bytes.length, at + prng.between(1, 60));
        if (!parser.push(bytes, at, to)) parser.begin();
        keptMost = Math.max(keptMost, parser.keptBytes);
        at = to;
      }
    }
    expect(keptMost).toBeGreaterThan(44);
    expect(keptMost).toBeLessThanOrEqual(KEPT_BYTES_MAX);
  });
});

/** Bytes that are full of types, so that many a candidate waits for more. */
function typesOf(prng: Prng, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => (prng.chance(0.5) ? prng.between(0, 3) : prng.u32()));
}

/** Frames of which one in five to nine has one damaged byte; in the end some that are whole. */
function damagedStream(prng: Prng, types: number[], place: (length: number) => number) {
  const parts: Uint8Array[] = [];
  const good: Uint8Array[] = [];
  let next = 3;
  let damaged = 0;
  for (let i = 0; i < 400; i++) {
    const frame = randomFrame(prng, i + 1, types);
    if (i !== next) {
      good.push(frame);
      parts.push(frame);
      continue;
    }
    parts.push(changed(frame, place(frame.length), (byte) => byte ^ prng.between(1, 255)));
    damaged++;
    next += prng.between(5, 9);
  }
  parts.push(...settling(401));
  good.push(...settling(401));
  return { stream: joined(...parts), good: readTicks(joined(...good)).frames, damaged };
}

function settling(sequence: number): Uint8Array[] {
  return Array.from({ length: 5 }, (_, i) => trade(sequence + i, 1, 10));
}

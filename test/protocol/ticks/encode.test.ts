// ticks/1: the bytes that the encoders write, held to the golden frames and to a reader of its own; the checksum.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import {
  copyTickFrame,
  encodeTick,
  encodeTickHeartbeat,
  encodeTickSubscribe,
  sequenceChecksum,
  TICK_FRAME_BYTES_MAX,
  tickChecksum,
  tickFrameBytes,
  tickFrameSequence,
  tickWordsChecksum,
} from "../../../src/protocol/index.ts";
import { readTicks, type TickFrame } from "./reference-reader.ts";
import { bytesOf, quoteOf, TICK_VECTORS, tradeOf, vectorBytes } from "./vectors.ts";

const seed = 20_261;

function written(encode: (view: DataView, at: number) => number, at = 3): Uint8Array {
  const bytes = new Uint8Array(2_048);
  return bytes.slice(at, at + encode(new DataView(bytes.buffer), at));
}

test.each(TICK_VECTORS)("$what is written as pinned", ({ hex, encode, checksum }) => {
  const bytes = written(encode);
  expect(bytes).toEqual(bytesOf(hex));
  expect(tickChecksum(bytes, 0, bytes.length - 4)).toBe(checksum);
  expect(bytes.length).toBe(tickFrameBytes(bytes[0]));
});

test.each([
  { symbols: [], hex: "FF 00 00", what: "everything" },
  { symbols: [0, 1, 499], hex: "FF 03 00 00 00 01 00 F3 01", what: "three symbols" },
  { symbols: [65_535], hex: "FF 01 00 FF FF", what: "heartbeats only" },
])("the Subscribe of $what is written as pinned", ({ symbols, hex }) => {
  expect(written((view, at) => encodeTickSubscribe(view, at, symbols))).toEqual(bytesOf(hex));
});

test("a Subscribe has room for 510 symbols, and refuses one more", () => {
  const symbols = Array.from({ length: 510 }, (_, i) => i);
  expect(written((view, at) => encodeTickSubscribe(view, at, symbols)).length).toBe(1_023);
  expect(() => written((view, at) => encodeTickSubscribe(view, at, [...symbols, 510]))).toThrow("510");
});

test.each([
  ["", 0],
  ["01", 0x00000001],
  ["01 02 03", 0x00030201],
  ["01 02 03 04 05", 0x04030204],
  ["01 02 03 04 05 06 07", 0x04040404],
  ["01 02 03 04 05 06 07 08", 0x0c040404],
  ["FF FF FF FF FF FF FF FF 80", 0x00000080],
])("the checksum of %j is %i: a tail counts as filled up with zeros", (hex, expected) => {
  const bytes = bytesOf(hex);
  expect(tickChecksum(bytes, 0, bytes.length)).toBe(expected);
  // Where the range lies in its memory makes no difference.
  const moved = Uint8Array.of(0xaa, 0xbb, 0xcc, ...bytes, 0xdd);
  expect(tickChecksum(moved, 3, 3 + bytes.length)).toBe(expected);
});

test("over a whole frame the checksum is 0, and every change of one byte is seen", () => {
  for (let number = 1; number <= TICK_VECTORS.length; number++) {
    const bytes = vectorBytes(number);
    const view = new DataView(bytes.buffer);
    const words = bytes.length / 4;
    expect(tickWordsChecksum(view, 0, words)).toBe(0);
    let unseen = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (let mask = 1; mask < 256; mask++) {
        bytes[at] ^= mask;
        if (tickWordsChecksum(view, 0, words) === 0) unseen++;
        bytes[at] ^= mask;
      }
    }
    expect(unseen).toBe(0);
  }
});

/** A random frame: how it is written with a sequence, and what a reader must find in it. */
function randomFrame(prng: Prng): {
  encode: (view: DataView, at: number, sequence: number) => number;
  expected: Omit<TickFrame, "sequence">;
} {
  const [low, high] = [prng.u32(), prng.u32()];
  const timestamp = (BigInt(high) << 32n) | BigInt(low);
  const symbol = prng.between(0, 65_535);
  const price = (): number => prng.between(1, 4_000_000_000) / 100;
  const kind = prng.between(0, 2);
  if (kind === 0) {
    const values = [price(), prng.u32()] as const;
    const tick = tradeOf(timestamp, symbol, ...values);
    return {
      encode: (view, at, sequence) => encodeTick(view, at, sequence, tick),
      expected: { type: "trade", timestamp, symbol, values },
    };
  }
  if (kind === 1) {
    const sides = [
      [price(), prng.u32()],
      [price(), prng.u32()],
    ] as const;
    const tick = quoteOf(timestamp, symbol, ...sides);
    return {
      encode: (view, at, sequence) => encodeTick(view, at, sequence, tick),
      expected: { type: "quote", timestamp, symbol, values: sides.flat() },
    };
  }
  return {
    encode: (view, at, sequence) => encodeTickHeartbeat(view, at, sequence, low, high),
    expected: { type: "heartbeat", timestamp, symbol: 0, values: [] },
  };
}

test(`random frames come back from an independent reader, timestamps above 2^53 exact (seed ${seed})`, () => {
  const prng = new Prng(seed);
  const bytes = new Uint8Array(1_000 * TICK_FRAME_BYTES_MAX);
  const view = new DataView(bytes.buffer);
  const expected: TickFrame[] = [];
  let end = 0;
  for (let i = 0; i < 1_000; i++) {
    const frame = randomFrame(prng);
    const sequence = prng.u32();
    end += frame.encode(view, end, sequence);
    expected.push({ ...frame.expected, sequence });
  }
  expect(readTicks(bytes.subarray(0, end))).toEqual({ frames: expected, rest: 0 });
});

test(`a frame copied with another sequence is the one written with it (seed ${seed})`, () => {
  const prng = new Prng(seed);
  for (let i = 0; i < 1_000; i++) {
    const { encode } = randomFrame(prng);
    const sequence = i === 0 ? 0xffffffff : prng.u32();
    const plain = written((view, at) => encode(view, at, 0), 0);
    const wanted = written((view, at) => encode(view, at, sequence), 0);
    const to = new Uint32Array(16);
    copyTickFrame(new Uint32Array(plain.buffer), 0, plain.length / 4, to, 2, sequence);
    expect(new Uint8Array(to.buffer, 8, wanted.length)).toEqual(wanted);
    expect(tickFrameSequence(to, 2)).toBe(sequence);
    const sum = tickChecksum(plain, 0, plain.length - 4) ^ sequenceChecksum(sequence);
    expect(sum >>> 0).toBe(tickChecksum(wanted, 0, wanted.length - 4));
  }
});

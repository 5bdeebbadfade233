// The parser of ticks/1 on a file of frames as a simulator sends them: bytes read as a socket would give them, frames checked and
// numbered, values checked, every field read by whoever listens. Beside it a parser as one writes it first: what is left over is
// joined with what comes, and each message is an object with its time as a BigInt.

import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Tick, TickGenerator, TickIntake } from "../../src/feed/index.ts";
import { encodeTick, TICK_FRAME_BYTES_MAX, tickChecksum } from "../../src/protocol/index.ts";
import { heapBytesPer } from "../allocations.ts";
import { type BenchCase, measure, type Row, summarize } from "../harness.ts";
import type { Scratch } from "../scratch.ts";

const MESSAGES = 1_000_000;
/** What a read of a socket gives at most. */
const READ_BYTES = 65_536;
const RATE_AIM = 5_000_000;
const OURS = "parser of ticks/1, from a file";
const NAIVE = "naive parser, the same file";

/** Adds up what it is told, so that every field is read and none can be left out. */
class Sum {
  frames = 0;
  value = 0;

  onTrade(tick: Tick): void {
    this.frames += 1;
    this.value += tick.symbol + tick.price + tick.quantity + tick.timestampLow + tick.timestampHigh;
  }

  onQuote(tick: Tick): void {
    this.frames += 1;
    this.value += tick.symbol + tick.bid + tick.bidQuantity + tick.ask + tick.askQuantity;
    this.value += tick.timestampLow + tick.timestampHigh;
  }
}

/** `count` frames of one connection, numbered from 1. */
function frames(count: number): Uint8Array {
  const bytes = new Uint8Array(count * TICK_FRAME_BYTES_MAX);
  const view = new DataView(bytes.buffer);
  const generator = new TickGenerator({
    ...{ symbols: 100, rate: 100_000, seed: 1, market: "neutral", timeScale: 1 },
  });
  const { tick } = generator;
  // Some day of 2023; the lower lane goes round every 4 s.
  tick.timeHigh = 395_812_088;
  let at = 0;
  for (let i = 1; i <= count; i++) {
    generator.next();
    tick.timeLow = (i * 10_000) >>> 0;
    at += encodeTick(view, at, i, tick);
  }
  return bytes.subarray(0, at);
}

/** Hands the file to `take` read by read; returns messages per second. */
function perSecond(path: string, take: (bytes: Uint8Array, length: number) => void): number {
  const buffer = new Uint8Array(READ_BYTES);
  const file = openSync(path, "r");
  const start = process.hrtime.bigint();
  for (let length = -1; length !== 0; ) {
    length = readSync(file, buffer, 0, READ_BYTES, null);
    take(buffer, length);
  }
  const took_ns = Number(process.hrtime.bigint() - start);
  closeSync(file);
  return (MESSAGES / took_ns) * 1e9;
}

function ours(path: string): number {
  const listener = new Sum();
  const intake = new TickIntake({ listener });
  const rate = perSecond(path, (bytes, length) => intake.push(bytes, 0, length));
  if (listener.frames !== MESSAGES || intake.counters.framesLost > 0) throw new Error("frames are missing");
  return rate;
}

interface NaiveTick {
  readonly sequence: number;
  readonly timestamp: bigint;
  readonly symbol: number;
  readonly values: readonly number[];
}

/** The frame at `at`, and where it ends; undefined: it is not whole. */
function naiveTick(bytes: Buffer, at: number): { tick: NaiveTick; end: number } | undefined {
  if (bytes.length - at < 2) return undefined;
  const isTrade = bytes.readUInt16LE(at) === 1;
  const end = at + (isTrade ? 32 : 44);
  if (bytes.length < end) return undefined;
  if (tickChecksum(bytes, at, end) !== 0) throw new Error("a frame is damaged");
  const values = [bytes.readDoubleLE(at + 16), bytes.readUInt32LE(at + 24)];
  if (!isTrade) values.push(bytes.readDoubleLE(at + 28), bytes.readUInt32LE(at + 36));
  const [sequence, timestamp] = [bytes.readUInt32LE(at + 2), bytes.readBigUInt64LE(at + 6)];
  return { tick: { sequence, timestamp, symbol: bytes.readUInt16LE(at + 14), values }, end };
}

function naive(path: string): number {
  let rest = Buffer.alloc(0);
  let found = 0;
  let sum = 0;
  const rate = perSecond(path, (bytes, length) => {
    rest = Buffer.concat([rest, bytes.subarray(0, length)]);
    let at = 0;
    for (let next = naiveTick(rest, at); next !== undefined; next = naiveTick(rest, at)) {
      found++;
      sum += next.tick.values[0];
      at = next.end;
    }
    rest = rest.subarray(at);
  });
  if (found !== MESSAGES || sum === 0) throw new Error("frames are missing");
  return rate;
}

/** Heap bytes that a message allocates on its way, after a warm-up. */
function heapPerMessage(bytes: Uint8Array): Promise<number> {
  const listener = new Sum();
  const intake = new TickIntake({ listener });
  const parse = (count: number): void => {
    const end = listener.frames + count;
    intake.begin();
    for (let at = 0; listener.frames < end; at += READ_BYTES) {
      if (at >= bytes.length) {
        at = 0;
        intake.begin();
      }
      intake.push(bytes, at, Math.min(bytes.length, at + READ_BYTES));
    }
  };
  parse(MESSAGES);
  return heapBytesPer(MESSAGES / 2, parse);
}

export async function benchTickParser({ directory }: Scratch, rounds: number): Promise<readonly Row[]> {
  const bytes = frames(MESSAGES);
  const path = join(directory, "frames.ticks");
  writeFileSync(path, bytes);
  const rate = (name: string, run: (path: string) => number): BenchCase => ({
    name,
    unit: "messages/s",
    better: "higher",
    run: () => run(path),
  });
  const cases = [{ ...rate(OURS, ours), aim: { atLeast: RATE_AIM } }, rate(NAIVE, naive)];
  const rows = await measure(cases, [{ name: "ticks/1: ours / naive", of: OURS, to: NAIVE }], rounds);
  const heap = summarize("ticks/1: heap allocated per message", "bytes", "lower", [
    await heapPerMessage(bytes),
  ]);
  return [...rows, { ...heap, aim: { atMost: 0.01 } }];
}

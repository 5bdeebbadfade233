// Streams of ticks/1 for tests: frames from seeds, pieces of any size, and what a reader made of them, as text.

import type { Prng } from "../../../../src/base/index.ts";
import { TickIntake, type TickIntakeOptions } from "../../../../src/feed/index.ts";
import { encodeTick, encodeTickHeartbeat } from "../../../../src/protocol/index.ts";
import type { TickFrame } from "../../../protocol/ticks/reference-reader.ts";
import { quoteOf, tradeOf } from "../../../protocol/ticks/vectors.ts";

export const START_NS = 1_700_000_000_000_000_000n;

type Encode = (view: DataView, at: number) => number;

function frameBytesOf(encode: Encode): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44);
  return bytes.slice(0, encode(new DataView(bytes.buffer), 0));
}

function lanes(time: bigint): [low: number, high: number] {
  return [Number(time & 0xffffffffn), Number(time >> 32n)];
}

/** A heartbeat with this number, so many seconds after the start. */
export function heartbeat(sequence: number, seconds = sequence): Uint8Array<ArrayBuffer> {
  const time = START_NS + BigInt(seconds) * 1_000_000_000n;
  return frameBytesOf((view, at) => encodeTickHeartbeat(view, at, sequence, ...lanes(time)));
}

export function trade(
  sequence: number,
  symbol: number,
  price: number,
  quantity = 1,
): Uint8Array<ArrayBuffer> {
  const tick = tradeOf(START_NS + BigInt(sequence) * 1_000n, symbol, price, quantity);
  return frameBytesOf((view, at) => encodeTick(view, at, sequence, tick));
}

export function quote(
  sequence: number,
  symbol: number,
  bid: number,
  ask: number,
  quantities: readonly [bid: number, ask: number] = [1, 1],
): Uint8Array<ArrayBuffer> {
  const time = START_NS + BigInt(sequence) * 1_000n;
  const tick = quoteOf(time, symbol, [bid, quantities[0]], [ask, quantities[1]]);
  return frameBytesOf((view, at) => encodeTick(view, at, sequence, tick));
}

/** A frame as a simulator would send it: prices of two decimals, one in twenty a heartbeat. */
export function randomFrame(prng: Prng, sequence: number, types = [1, 2, 3]): Uint8Array<ArrayBuffer> {
  const price = (): number => prng.between(100, 500_000) / 100;
  const symbol = prng.between(0, 499);
  const type = prng.pick(types);
  if (type === 1) return trade(sequence, symbol, price(), prng.between(100, 10_000));
  if (type === 3) return heartbeat(sequence, 0);
  return quote(sequence, symbol, price(), price(), [prng.between(100, 10_000), prng.u32()]);
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

/** The ends of the reads that a stream of `length` bytes comes in. */
export type Cuts = (length: number) => number[];

export const oneRead: Cuts = (length) => [length];
export const byteByByte: Cuts = (length) => Array.from({ length }, (_, i) => i + 1);

/** Reads of 1 to `max` bytes. */
export function randomReads(prng: Prng, max: number): Cuts {
  return (length) => {
    const ends: number[] = [];
    for (let at = 0; at < length; ) {
      at = Math.min(length, at + prng.between(1, max));
      ends.push(at);
    }
    return ends;
  };
}

/** An intake that keeps what it delivers. */
export class Recorded {
  readonly frames: TickFrame[] = [];
  readonly intake: TickIntake;

  constructor(options: Omit<TickIntakeOptions, "listener"> = {}) {
    this.intake = new TickIntake({
      ...options,
      listener: {
        onTrade: (tick) => this.#keep("trade", tick, [tick.price, tick.quantity]),
        onQuote: (tick) =>
          this.#keep("quote", tick, [tick.bid, tick.bidQuantity, tick.ask, tick.askQuantity]),
        onHeartbeat: (tick) => this.#keep("heartbeat", tick, []),
      },
    });
  }

  /** Each read in a buffer of its own, as sockets may have it. Returns whether it goes on. */
  read(bytes: Uint8Array, cuts: Cuts = oneRead): boolean {
    let from = 0;
    let goesOn = true;
    for (const to of cuts(bytes.length)) {
      goesOn = this.intake.push(bytes.slice(from, to));
      from = to;
    }
    return goesOn;
  }

  /** The counters that are not 0. */
  get counted(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.intake.counters).filter(([, count]) => count !== 0));
  }

  #keep(
    type: TickFrame["type"],
    tick: { sequence: number; timestampLow: number; timestampHigh: number; symbol: number },
    values: readonly number[],
  ): void {
    const timestamp = (BigInt(tick.timestampHigh) << 32n) | BigInt(tick.timestampLow);
    this.frames.push({ type, sequence: tick.sequence, timestamp, symbol: tick.symbol, values });
  }
}

/** Frames as one text: of many it is compared in a fraction of the time. */
export function textOf(frames: readonly TickFrame[]): string {
  const lines = frames.map(
    ({ type, sequence, timestamp, symbol, values }) => `${sequence} ${timestamp} ${type} ${symbol} ${values}`,
  );
  return lines.join("\n");
}

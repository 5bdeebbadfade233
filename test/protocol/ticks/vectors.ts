// The golden frames of ticks/1: what each says, and its bytes as they were agreed on with another implementation.

import { encodeTick, encodeTickHeartbeat, TickValues } from "../../../src/protocol/index.ts";

export interface TickVector {
  readonly what: string;
  readonly hex: string;
  readonly checksum: number;
  readonly sequence: number;
  /** Nanoseconds. */
  readonly timestamp: bigint;
  readonly encode: (view: DataView, at: number) => number;
}

const lanes = (time: bigint): [low: number, high: number] => [
  Number(time & 0xffffffffn),
  Number(time >> 32n),
];

export function tradeOf(time: bigint, symbol: number, price: number, quantity: number): TickValues {
  const [timeLow, timeHigh] = lanes(time);
  return Object.assign(new TickValues(), { isTrade: true, symbol, timeLow, timeHigh, price, quantity });
}

type Side = readonly [price: number, quantity: number];

export function quoteOf(
  time: bigint,
  symbol: number,
  [bid, bidQuantity]: Side,
  [ask, askQuantity]: Side,
): TickValues {
  const [timeLow, timeHigh] = lanes(time);
  const quoted = { bid, bidQuantity, ask, askQuantity };
  return Object.assign(new TickValues(), { symbol, timeLow, timeHigh, ...quoted });
}

export const TICK_VECTORS: readonly TickVector[] = [
  {
    what: "V1: a trade",
    hex: "01 00 01 00 00 00 15 CD 85 3D FE 9C 97 17 00 00 00 00 00 00 80 88 A3 40 64 00 00 00 F7 A2 49 11",
    checksum: 0x1149a2f7,
    sequence: 1,
    timestamp: 1700000000123456789n,
    encode: (view, at) => encodeTick(view, at, 1, tradeOf(1700000000123456789n, 0, 2500.25, 100)),
  },
  {
    what: "V2: a quote of the last symbol",
    hex: "02 00 02 00 00 00 E8 CD 85 3D FE 9C 97 17 F3 01 CD CC CC CC CC FC 58 40 F4 01 00 00 33 33 33 33 33 03 59 40 BC 02 00 00 59 29 19 AF",
    checksum: 0xaf192959,
    sequence: 2,
    timestamp: 1700000000123457000n,
    encode: (view, at) =>
      encodeTick(view, at, 2, quoteOf(1700000000123457000n, 499, [99.95, 500], [100.05, 700])),
  },
  {
    what: "V3: a heartbeat",
    hex: "03 00 03 00 00 00 E8 97 20 79 FE 9C 97 17 00 00 B4 6E 15 0B",
    checksum: 0x0b156eb4,
    sequence: 3,
    timestamp: 1700000001123457000n,
    encode: (view, at) => encodeTickHeartbeat(view, at, 3, ...lanes(1700000001123457000n)),
  },
  {
    what: "V4: a trade with the largest number and quantity",
    hex: "01 00 FF FF FF FF 01 94 5F AD FE 9C 97 17 02 01 9A 99 99 99 99 99 B9 3F FF FF FF FF CA BA DD AF",
    checksum: 0xafddbaca,
    sequence: 4294967295,
    timestamp: 1700000002000000001n,
    encode: (view, at) =>
      encodeTick(view, at, 4294967295, tradeOf(1700000002000000001n, 258, 0.1, 4294967295)),
  },
  {
    what: "V5: a heartbeat after the wrap",
    hex: "03 00 00 00 00 00 00 5E FA E8 FE 9C 97 17 00 00 6E FF FE C2",
    checksum: 0xc2feff6e,
    sequence: 0,
    timestamp: 1700000003000000000n,
    encode: (view, at) => encodeTickHeartbeat(view, at, 0, ...lanes(1700000003000000000n)),
  },
  {
    what: "V6: a quote",
    hex: "02 00 01 00 00 00 01 5E FA E8 FE 9C 97 17 07 00 0A D7 A3 70 FD 87 B3 40 64 00 00 00 F6 28 5C 8F 02 88 B3 40 10 27 00 00 18 28 06 3D",
    checksum: 0x3d062818,
    sequence: 1,
    timestamp: 1700000003000000001n,
    encode: (view, at) =>
      encodeTick(view, at, 1, quoteOf(1700000003000000001n, 7, [4999.99, 100], [5000.01, 10000])),
  },
];

/** Bytes of text such as `01 FF`. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex === "" ? [] : hex.split(" "), (byte) => Number.parseInt(byte, 16));
}

/** The bytes of vector `number`, from 1. */
export function vectorBytes(number: number): Uint8Array<ArrayBuffer> {
  return bytesOf(TICK_VECTORS[number - 1].hex);
}

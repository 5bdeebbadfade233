// Packets written message by message, for tables of events: what a message says is its symbol and a price.

import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  ChannelKind,
  PacketFlag,
  PacketWriter,
  putBookChecksum,
  putBookClear,
  putLevel,
  putSnapshotBegin,
  putSnapshotEnd,
} from "../../../src/protocol/index.ts";

export const checksums = new NativeChecksums();
const writer = new PacketWriter(checksums);

/** A level of symbol `symbol` at `price`, its `n`-th message. */
export interface TestLevel {
  readonly symbol: number;
  readonly n: number;
  readonly price: number;
}

export function level(symbol: number, n: number, price = n): TestLevel {
  return { symbol, n, price };
}

function sealed(): Uint8Array {
  const { bytes } = writer;
  return bytes.slice(0, writer.seal(1));
}

export interface TestPacket {
  readonly epoch?: number;
  readonly flags?: number;
}

/** A live packet whose first message has sequence `first`; none: a heartbeat. */
export function packet(first: number, levels: readonly TestLevel[], options: TestPacket = {}): Uint8Array {
  const { epoch = 1, flags = 0 } = options;
  writer.begin(ChannelKind.Levels, flags, epoch, first);
  for (const { symbol, n, price } of levels) putLevel(writer, symbol, n, 0, new Float64Array([price, 5, 1]));
  return sealed();
}

/** A live packet with a wrong sum of the book of `symbol`. */
export function wrongSum(first: number, symbol: number, n: number, crc: number): Uint8Array {
  writer.begin(ChannelKind.Levels, 0, 1, first);
  putBookChecksum(writer, symbol, n, crc);
  return sealed();
}

export interface TestSymbol {
  readonly symbol: number;
  /** Its next sequence. */
  readonly next: number;
  readonly prices: readonly number[];
}

/** A snapshot that leads up to `first`: a packet for each symbol. */
export function snapshot(first: number, symbols: readonly TestSymbol[], epoch = 1): Uint8Array[] {
  return symbols.map(({ symbol, next, prices }, part) => {
    const isLast = part === symbols.length - 1;
    writer.begin(
      ChannelKind.Levels,
      PacketFlag.Snapshot | (isLast ? PacketFlag.SnapshotLast : 0),
      epoch,
      first,
      part,
    );
    putSnapshotBegin(writer, symbol, next, first);
    putBookClear(writer, symbol, 0);
    for (const price of prices) putLevel(writer, symbol, 0, 0, new Float64Array([price, 5, 1]));
    putSnapshotEnd(writer, symbol);
    return sealed();
  });
}

/** A snapshot of one symbol that leads up to `first`, in as many packets as there are lists of prices. */
export function partsOf(
  first: number,
  { symbol, next }: Omit<TestSymbol, "prices">,
  prices: readonly (readonly number[])[],
): Uint8Array[] {
  return prices.map((some, part) => {
    const isLast = part === prices.length - 1;
    const flags = PacketFlag.Snapshot | (isLast ? PacketFlag.SnapshotLast : 0);
    writer.begin(ChannelKind.Levels, flags, 1, first, part);
    if (part === 0) {
      putSnapshotBegin(writer, symbol, next, first);
      putBookClear(writer, symbol, 0);
    }
    for (const price of some) putLevel(writer, symbol, 0, 0, new Float64Array([price, 5, 1]));
    if (isLast) putSnapshotEnd(writer, symbol);
    return sealed();
  });
}

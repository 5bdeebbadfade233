// A reader of ticks/1 as plain as it can be, written from the specification and from nothing in src: for intact streams,
// in objects and BigInts. A frame that is unknown or whose checksum is wrong throws.

export interface TickFrame {
  readonly type: "trade" | "quote" | "heartbeat";
  readonly sequence: number;
  /** Nanoseconds. */
  readonly timestamp: bigint;
  readonly symbol: number;
  /** A trade's price and quantity; a quote's bid, its quantity, ask, its quantity. */
  readonly values: readonly number[];
}

const SIZES: Readonly<Record<number, number>> = { 1: 32, 2: 44, 3: 20 };

/** All whole frames of `bytes`, and how many bytes are left behind them. */
export function readTicks(bytes: Uint8Array): { frames: TickFrame[]; rest: number } {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: TickFrame[] = [];
  let at = 0;
  while (data.length - at >= 2) {
    const size = SIZES[data.readUInt16LE(at)];
    if (size === undefined) throw new Error(`byte ${at}: type ${data.readUInt16LE(at)} is unknown`);
    if (data.length - at < size) break;
    frames.push(readFrame(data.subarray(at, at + size)));
    at += size;
  }
  return { frames, rest: data.length - at };
}

/** The numbers alone, for streams of which a hundred thousand objects would be made: types must be known, no more is checked. */
export function readSequences(bytes: Uint8Array): number[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sequences: number[] = [];
  for (let at = 0; at < data.length; ) {
    const size = SIZES[data.readUInt16LE(at)];
    if (size === undefined) throw new Error(`byte ${at}: type ${data.readUInt16LE(at)} is unknown`);
    if (at + size <= data.length) sequences.push(data.readUInt32LE(at + 2));
    at += size;
  }
  return sequences;
}

function readFrame(frame: Buffer): TickFrame {
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < frame.length; i++) lanes[i % 4] ^= frame[i];
  if (lanes.some((lane) => lane !== 0)) throw new Error(`the checksum is wrong: ${frame.toString("hex")}`);
  const common = {
    sequence: frame.readUInt32LE(2),
    timestamp: frame.readBigUInt64LE(6),
    symbol: frame.readUInt16LE(14),
  };
  if (frame.length === 20) return { type: "heartbeat", ...common, values: [] };
  const first = [frame.readDoubleLE(16), frame.readUInt32LE(24)];
  if (frame.length === 32) return { type: "trade", ...common, values: first };
  return { type: "quote", ...common, values: [...first, frame.readDoubleLE(28), frame.readUInt32LE(36)] };
}

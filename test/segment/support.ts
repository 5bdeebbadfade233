// What the tests of segments and journals share: native checksums, small limits, and payloads that name themselves.

import type { Storage } from "../../src/base/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  FRAME_HEADER_BYTES,
  type LogFrame,
  type LogLimits,
  type LogPlace,
  type LogWriter,
  SECTOR_BYTES,
} from "../../src/segment/index.ts";

export const checksums = new NativeChecksums();

/** One frame may span several of the disk's sectors; a segment holds a few frames. */
export const SMALL: LogLimits = { segmentBytes: SECTOR_BYTES + 8192, frameBytesMax: 4096 };

export function logPlace(storage: Storage, directory = "d"): LogPlace {
  return { storage, checksums, directory, log: "log" };
}

/** The bytes of position `position`: 16 that no other position has. */
function payloadOf(position: number): Uint8Array {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (position * (i + 3) + (position >>> 3) + i) & 0xff;
  new DataView(bytes.buffer).setUint32(0, position, true);
  return bytes;
}

/** Appends one frame of `count` such positions; nothing is synced. */
export function appendFrame(writer: LogWriter, count: number): void {
  for (let i = 0; i < count; i++) {
    writer.frame.bytes.set(payloadOf(writer.position + 1 + i), FRAME_HEADER_BYTES + i * 16);
  }
  writer.append(count * 16, count, 1_700_000_000_000_000 + writer.position);
}

/** A visitor that collects every position's bytes, and checks that they come in order. */
export class Collector {
  readonly payloads: Uint8Array[] = [];
  firstPosition = 0;

  readonly visit = (frame: LogFrame): void => {
    if (this.firstPosition === 0) this.firstPosition = frame.firstPosition;
    if (frame.firstPosition !== this.firstPosition + this.payloads.length) throw new Error("out of order");
    for (let i = 0; i < frame.count; i++) {
      const at = frame.payloadAt + i * 16;
      this.payloads.push(frame.bytes.slice(at, at + 16));
    }
  };

  /** How many positions from the first on are exactly what was appended; throws at the first that is not. */
  verified(): number {
    this.payloads.forEach((payload, i) => {
      const position = this.firstPosition + i;
      if (Buffer.compare(payload, payloadOf(position)) !== 0)
        throw new Error(`position ${position} reads back wrong`);
    });
    return this.payloads.length;
  }
}

// Small snapshots: a state that is text, and the place in a log it belongs to.

import { encodeUtf8, type Storage } from "../../../src/base/index.ts";
import type { ApplicationVersion, SnapshotPlace, SnapshotPoint } from "../../../src/journal/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";

export const APPLICATION: ApplicationVersion = { name: "text", version: 3 };

export function snapshotPlace(storage: Storage): SnapshotPlace {
  return { storage, checksums: new NativeChecksums(), directory: "snapshots" };
}

export function pointAt(position: number): SnapshotPoint {
  const chain = new Uint8Array(32).map((_, i) => position + i);
  return { position, chain, epoch: 2, timestamp_us: 1_700_000_000_000_000 + position, session: 5 };
}

/** Writes `text` in pieces of 7 bytes, as an application hands on its state. */
export function stateOf(text: string): (write: (piece: Uint8Array) => void) => void {
  return (write) => {
    const bytes = encodeUtf8(text);
    for (let at = 0; at < bytes.length; at += 7) write(bytes.subarray(at, at + 7));
  };
}

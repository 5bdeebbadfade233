// Keys and gaps of the topics `exchange.*`, written and read. Specification: drop-copy.md.

import { getU64, setU64 } from "../../base/index.ts";
import { DropCopyGap, DropCopyKey, DropCopyKind } from "./layout.ts";

/** Where in the log a record belongs, and what it is. */
export interface DropCopyPlace {
  readonly position: number;
  readonly index: number;
  readonly kind: DropCopyKind;
  /** DropCopyFlag bits. */
  readonly flags: number;
}

/** Writes a key of DropCopyKey.bytes at `at`. */
export function writeDropCopyKey(view: DataView, at: number, place: DropCopyPlace): void {
  setU64(view, at + DropCopyKey.position, place.position);
  view.setUint32(at + DropCopyKey.index, place.index, true);
  view.setUint8(at + DropCopyKey.kind, place.kind);
  view.setUint8(at + DropCopyKey.flags, place.flags);
  view.setUint16(at + DropCopyKey.unused, 0, true);
}

/** What a key says; undefined when no version of this exchange wrote it. */
export function readDropCopyKey(key: Uint8Array): DropCopyPlace | undefined {
  if (key.length !== DropCopyKey.bytes) return undefined;
  const view = viewOf(key);
  const kind = view.getUint8(DropCopyKey.kind);
  if (kind < DropCopyKind.Report || kind > DropCopyKind.Gap) return undefined;
  return {
    position: getU64(view, DropCopyKey.position),
    index: view.getUint32(DropCopyKey.index, true),
    kind: kind as DropCopyKind,
    flags: view.getUint8(DropCopyKey.flags),
  };
}

/** The value of a Gap: the positions from `first` to `last` are missing. */
export function dropCopyGap(first: number, last: number): Uint8Array {
  const value = new Uint8Array(DropCopyGap.bytes);
  setU64(viewOf(value), DropCopyGap.first, first);
  setU64(viewOf(value), DropCopyGap.last, last);
  return value;
}

/** Reads the value of a Gap. */
export function readDropCopyGap(value: Uint8Array): { readonly first: number; readonly last: number } {
  const view = viewOf(value);
  return { first: getU64(view, DropCopyGap.first), last: getU64(view, DropCopyGap.last) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// 64-bit big-endian fields of a DataView, read and written as two lanes. Everything narrower is DataView's own
// get and set; the codec works on a DataView because its accesses compile to single loads and stores with a byte
// swap (a third of the time of byte arithmetic on a Uint8Array).

import { fromLanes, SAFE_MAX } from "../../base/index.ts";

/** The high lane (i32) of the 64-bit field at `at`. */
export function readHighLane(view: DataView, at: number): number {
  return view.getInt32(at);
}

/** The low lane (i32; `>>> 0` makes it a u32) of the 64-bit field at `at`. */
export function readLowLane(view: DataView, at: number): number {
  return view.getInt32(at + 4);
}

/** Writes a 64-bit field from its lanes. */
export function putU64(view: DataView, at: number, low: number, high: number): void {
  view.setInt32(at, high);
  view.setInt32(at + 4, low);
}

/** A u64 that counts and never leaves the safe integers: what no counter reaches reads as the largest of those. */
export function readCount(view: DataView, at: number): number {
  return Math.min(fromLanes(readLowLane(view, at), readHighLane(view, at)), SAFE_MAX);
}

// What of a delivery buffer one subscriber is sent next: whole batches, from the one that holds its place on.

import { getU64 } from "../../base/index.ts";
import { TapeBatch, tapeLengthAt } from "../../protocol/index.ts";
import type { Delivery } from "./delivery-pool.ts";

/** Where the batch that holds `record` begins; the delivery's end when none does. */
export function startOf({ memory, bytes }: Delivery, record: number): number {
  let at = 0;
  while (at < bytes && recordBehind(memory.view, at) <= record) at += tapeLengthAt(memory.view, at);
  return at;
}

export interface Piece {
  readonly bytes: number;
  readonly batches: number;
  /** Behind its last one. */
  readonly nextRecord: number;
}

/** The batches from `at` on that `credit` is left for when their turn comes, `bytesMax` of them, or one. */
export function pieceFrom({ memory, bytes }: Delivery, at: number, credit: number, bytesMax: number): Piece {
  const { view } = memory;
  let to = at;
  let batches = 0;
  let nextRecord = 0;
  while (to < bytes && to - at < credit) {
    const length = tapeLengthAt(view, to);
    if (batches > 0 && to + length - at > bytesMax) break;
    nextRecord = recordBehind(view, to);
    to += length;
    batches++;
  }
  return { bytes: to - at, batches, nextRecord };
}

function recordBehind(view: DataView, at: number): number {
  return getU64(view, at + TapeBatch.firstRecord) + view.getUint32(at + TapeBatch.records, true);
}

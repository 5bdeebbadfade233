// Where every field of the canonical snapshot lies. Specification: snapshot.md. Little-endian.

import { LayoutBuilder } from "../base/index.ts";
import { COMMAND_BYTES } from "../protocol/index.ts";

/** "SERSNAP" and a zero, read as two u32. */
export const MAGIC = [0x53524553, 0x0050414e] as const;
export const SNAPSHOT_VERSION = 0;

export const SnapshotHeader = headerLayout();

function headerLayout() {
  const at = new LayoutBuilder();
  const layout = {
    magic: at.u64(),
    version: at.u32(),
    symbols: at.u32(),
    sequence: at.u64(),
    trades: at.u64(),
    timestamp_us: at.u64(),
    /** A Genesis command record. */
    genesis: at.bytes(COMMAND_BYTES),
  };
  return { ...layout, bytes: at.size(120) };
}

export const SnapshotInstrument = instrumentLayout();

function instrumentLayout() {
  const at = new LayoutBuilder();
  /** A RegisterInstrument command record without time. */
  const layout = { instrument: at.bytes(COMMAND_BYTES), bids: at.u32(), asks: at.u32() };
  return { ...layout, bytes: at.size(88) };
}

export const SnapshotOrder = orderLayout();

function orderLayout() {
  const at = new LayoutBuilder();
  const layout = { orderId: at.u64(), price: at.u64(), quantity: at.u32(), account: at.u32() };
  return { ...layout, bytes: at.size(24) };
}

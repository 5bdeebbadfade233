// Where every field of a recording's record lies. Specification: recording.md. All numbers are little-endian.
//
//   a frame's payload is records back to back; a record is its header, its body, and zeros up to a multiple of 8

import { LayoutBuilder } from "../../base/index.ts";

/** Bytes of a record's header; the body follows at once. */
export const RECORD_HEADER_BYTES = 16;

export const RecordLayout = recordLayout();

function recordLayout() {
  const at = new LayoutBuilder();
  const layout = {
    /** Of the body, without the padding. */
    bodyBytes: at.u32(),
    kind: at.u8(),
    /** Zeros. */
    unused: at.bytes(3),
    /** When it came in, wall time; never below the record before. */
    arrival_us: at.u64(),
  };
  at.size(RECORD_HEADER_BYTES);
  return layout;
}

export const RecordKind = {
  /** The first of a take: what is recorded. */
  Take: 1,
  /** Bytes of the feed, as one read gave them. */
  Data: 2,
  /** The last of a take that was not cut: why it ended. */
  End: 3,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Of the records of a take; a reader refuses one it doesn't know. */
export const RECORDING_VERSION = 1;

/** The body of a Take record; the feed's address follows, as UTF-8. */
export const TakeLayout = takeLayout();

function takeLayout() {
  const at = new LayoutBuilder();
  const layout = { version: at.u8(), protocol: at.u8(), address: at.bytes(0) };
  at.size(2);
  return layout;
}

/** What the recorded bytes are. */
export const RecordedProtocol = { ticks: 1, channel: 2 } as const;
export type RecordedProtocolName = keyof typeof RecordedProtocol;

/** Why a take ended: the one byte of an End record. A take without one was cut: its recorder was killed, or its disk failed. */
export const TakeEnd = {
  /** The feed ended the connection in order. */
  "the feed ended": 1,
  /** The recorder was told to stop. */
  "the recorder stopped": 2,
  /** The connection broke. */
  "the connection broke": 3,
} as const;
export type TakeEndName = keyof typeof TakeEnd;

/** Bytes that a record of `bodyBytes` takes in a payload. */
export function recordBytes(bodyBytes: number): number {
  return RECORD_HEADER_BYTES + Math.ceil(bodyBytes / 8) * 8;
}

// Frame headers, and judging a frame before anyone reads its fields. The order of the checks is part of the
// specification (order-entry.md, "Decode outcomes"): two implementations must name the same fault.

import { OrderType, Side, TimeInForce } from "../commands/index.ts";
import { putU16, putU32, putU64, readHighLane, readI32, readLowLane, readU16, readU32 } from "./bytes.ts";
import {
  bodyBytes,
  FRAME_BODY_BYTES_MAX,
  FRAME_HEADER_BYTES,
  HeaderLayout,
  type MessageType,
  NewOrderLayout,
  ORDER_ENTRY_V1,
  ORDER_ENTRY_V2,
  TYPE_MAX_VERSION_1,
  TYPE_MAX_VERSION_2,
  TYPE_MIN_VERSION_2,
  MessageType as Type,
} from "./layout.ts";

export const DecodeOutcome = {
  Ok: 0,
  /** Fewer bytes than the header, or than the body it announces. In a stream: wait for more. */
  Truncated: 1,
  UnsupportedVersion: 2,
  UnknownType: 3,
  BodyTooLarge: 4,
  BodyLengthMismatch: 5,
  InvalidEnumValue: 6,
} as const;
export type DecodeOutcome = (typeof DecodeOutcome)[keyof typeof DecodeOutcome];

const OUTCOME_NAMES = Object.keys(DecodeOutcome);

/** The name of an outcome, for messages. */
export function decodeOutcomeName(outcome: DecodeOutcome): string {
  return OUTCOME_NAMES[outcome];
}

/** Judges the header at `at`: Truncated, UnsupportedVersion, UnknownType, BodyTooLarge, in this order. */
export function decodeHeader(bytes: Uint8Array, at: number, to: number): DecodeOutcome {
  if (to - at < FRAME_HEADER_BYTES) return DecodeOutcome.Truncated;
  const version = readU16(bytes, at + HeaderLayout.version);
  const type = readU16(bytes, at + HeaderLayout.type);
  if (version === ORDER_ENTRY_V1) {
    if (type === 0 || type > TYPE_MAX_VERSION_1) return DecodeOutcome.UnknownType;
  } else if (version === ORDER_ENTRY_V2) {
    if (type < TYPE_MIN_VERSION_2 || type > TYPE_MAX_VERSION_2) return DecodeOutcome.UnknownType;
  } else {
    return DecodeOutcome.UnsupportedVersion;
  }
  return readU32(bytes, at + HeaderLayout.bodyLength) > FRAME_BODY_BYTES_MAX
    ? DecodeOutcome.BodyTooLarge
    : DecodeOutcome.Ok;
}

/**
 * Judges the body of a frame of `type` whose header is Ok: UnknownType (the header says another type),
 * BodyLengthMismatch, Truncated, InvalidEnumValue, in this order. After Ok its fields may be read.
 */
export function decodeBody(bytes: Uint8Array, at: number, to: number, type: MessageType): DecodeOutcome {
  if (frameType(bytes, at) !== type) return DecodeOutcome.UnknownType;
  const length = readI32(bytes, at + HeaderLayout.bodyLength);
  if (length !== bodyBytes(type)) return DecodeOutcome.BodyLengthMismatch;
  if (to - at < FRAME_HEADER_BYTES + length) return DecodeOutcome.Truncated;
  if (type === Type.NewOrder && !newOrderEnumsAreValid(bytes, at)) return DecodeOutcome.InvalidEnumValue;
  return DecodeOutcome.Ok;
}

function newOrderEnumsAreValid(bytes: Uint8Array, at: number): boolean {
  const body = at + FRAME_HEADER_BYTES;
  return (
    bytes[body + NewOrderLayout.side] <= Side.Sell &&
    bytes[body + NewOrderLayout.orderType] <= OrderType.Market &&
    bytes[body + NewOrderLayout.timeInForce] <= TimeInForce.ImmediateOrCancel
  );
}

/** Judges header and body of a frame of any type. After Ok, `frameType` and `frameLength` and its fields hold. */
export function decodeFrame(bytes: Uint8Array, at: number, to: number): DecodeOutcome {
  const outcome = decodeHeader(bytes, at, to);
  return outcome === DecodeOutcome.Ok ? decodeBody(bytes, at, to, frameType(bytes, at)) : outcome;
}

/** The type in the header at `at`; one that exists once the header is Ok. */
export function frameType(bytes: Uint8Array, at: number): MessageType {
  return readU16(bytes, at + HeaderLayout.type) as MessageType;
}

/** The length of the frame at `at`, header included, as its header says. */
export function frameLength(bytes: Uint8Array, at: number): number {
  return FRAME_HEADER_BYTES + readU32(bytes, at + HeaderLayout.bodyLength);
}

/** Low lane of the header's sequence. */
export function frameSequenceLow(bytes: Uint8Array, at: number): number {
  return readLowLane(bytes, at + HeaderLayout.sequence);
}

/** High lane of the header's sequence. */
export function frameSequenceHigh(bytes: Uint8Array, at: number): number {
  return readHighLane(bytes, at + HeaderLayout.sequence);
}

/** Writes a header and returns where its body starts. */
export function putHeader(
  bytes: Uint8Array,
  at: number,
  type: MessageType,
  length: number,
  sequenceLow: number,
  sequenceHigh: number,
): number {
  putU16(bytes, at + HeaderLayout.type, type);
  putU16(bytes, at + HeaderLayout.version, type >= TYPE_MIN_VERSION_2 ? ORDER_ENTRY_V2 : ORDER_ENTRY_V1);
  putU32(bytes, at + HeaderLayout.bodyLength, length);
  putU64(bytes, at + HeaderLayout.sequence, sequenceLow, sequenceHigh);
  return at + FRAME_HEADER_BYTES;
}

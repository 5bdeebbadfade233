// Frame headers, and judging a frame before anyone reads its fields. The order of the checks is part of the
// specification (order-entry.md, "Decode outcomes"): two implementations must name the same fault.

import { BOTH_SIDES, OrderType, SESSION_FLAGS, Side, TimeInForce } from "../commands/index.ts";
import { putU64, readHighLane, readLowLane } from "./bytes.ts";
import {
  bodyBytes,
  FRAME_BODY_BYTES_MAX,
  FRAME_HEADER_BYTES,
  HELLO_BODY_BYTES_MIN,
  HeaderLayout,
  HelloFlag,
  HelloLayout,
  MessageType,
  NewOrderLayout,
  ORDER_ENTRY_V1,
  ORDER_ENTRY_V2,
  TYPE_MAX_VERSION_1,
  TYPE_MAX_VERSION_2,
  TYPE_MIN_VERSION_2,
} from "./layout.ts";
import { LogonLayout, MassCancelLayout } from "./session-layout.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const HEADER_BODY_LENGTH = HeaderLayout.bodyLength;
const HEADER_SEQUENCE = HeaderLayout.sequence;
const HEADER_TYPE = HeaderLayout.type;
const HEADER_VERSION = HeaderLayout.version;
const NEW_ORDER_TYPE = NewOrderLayout.orderType;
const NEW_SIDE = NewOrderLayout.side;
const NEW_TIME_IN_FORCE = NewOrderLayout.timeInForce;
const HELLO_FLAGS = HelloLayout.flags;
const HELLO_SHORT = HELLO_BODY_BYTES_MIN;
const RESERVED_HELLO_FLAGS = ~HelloFlag.Once;
const LOGON_FLAGS = LogonLayout.flags;
const RESERVED_LOGON_FLAGS = ~SESSION_FLAGS;
const SIDE_MAX = BOTH_SIDES;
const MASS_CANCEL_SIDE = MassCancelLayout.side;
const TYPE_HELLO = MessageType.Hello;
const TYPE_LOGON = MessageType.Logon;
const TYPE_MASS_CANCEL = MessageType.MassCancel;
const TYPE_NEW_ORDER = MessageType.NewOrder;
const HEADER_BYTES = FRAME_HEADER_BYTES;
const ORDER_TYPE_MAX = OrderType.Market;
const SIDE_OF_ORDER_MAX = Side.Sell;
const TIME_IN_FORCE_MAX = TimeInForce.ImmediateOrCancel;
const V1 = ORDER_ENTRY_V1;
const V2 = ORDER_ENTRY_V2;
const V1_TYPE_MAX = TYPE_MAX_VERSION_1;
const V2_TYPE_MAX = TYPE_MAX_VERSION_2;
const V2_TYPE_MIN = TYPE_MIN_VERSION_2;
const BODY_BYTES_MAX = FRAME_BODY_BYTES_MAX;

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

const OK = DecodeOutcome.Ok;
const TRUNCATED = DecodeOutcome.Truncated;
const OUTCOME_NAMES = Object.keys(DecodeOutcome);

/** The name of an outcome, for messages. */
export function decodeOutcomeName(outcome: DecodeOutcome): string {
  return OUTCOME_NAMES[outcome];
}

/**
 * Judges the header at `at` of `view`, whose bytes end at `to`: Truncated, UnsupportedVersion, UnknownType,
 * BodyTooLarge, in this order.
 */
export function decodeHeader(view: DataView, at: number, to: number): DecodeOutcome {
  if (to - at < HEADER_BYTES) return TRUNCATED;
  const version = view.getUint16(at + HEADER_VERSION);
  const type = view.getUint16(at + HEADER_TYPE);
  if (version === V1) {
    if (type === 0 || type > V1_TYPE_MAX) return DecodeOutcome.UnknownType;
  } else if (version === V2) {
    if (type < V2_TYPE_MIN || type > V2_TYPE_MAX) return DecodeOutcome.UnknownType;
  } else {
    return DecodeOutcome.UnsupportedVersion;
  }
  return view.getUint32(at + HEADER_BODY_LENGTH) > BODY_BYTES_MAX ? DecodeOutcome.BodyTooLarge : OK;
}

/**
 * Judges the body of a frame of `type` whose header is Ok: UnknownType (the header says another type),
 * BodyLengthMismatch, Truncated, InvalidEnumValue, in this order. After Ok its fields may be read.
 */
export function decodeBody(view: DataView, at: number, to: number, type: MessageType): DecodeOutcome {
  if (frameType(view, at) !== type) return DecodeOutcome.UnknownType;
  const length = view.getInt32(at + HEADER_BODY_LENGTH);
  const isShort = length !== bodyBytes(type);
  if (isShort && (type !== TYPE_HELLO || length !== HELLO_SHORT)) return DecodeOutcome.BodyLengthMismatch;
  if (to - at < HEADER_BYTES + length) return TRUNCATED;
  return isShort || enumsAreValid(view, at + HEADER_BYTES, type) ? OK : DecodeOutcome.InvalidEnumValue;
}

function enumsAreValid(view: DataView, body: number, type: MessageType): boolean {
  switch (type) {
    case TYPE_NEW_ORDER:
      return newOrderEnumsAreValid(view, body);
    case TYPE_HELLO:
      return (view.getInt32(body + HELLO_FLAGS) & RESERVED_HELLO_FLAGS) === 0;
    case TYPE_LOGON:
      return (view.getInt32(body + LOGON_FLAGS) & RESERVED_LOGON_FLAGS) === 0;
    case TYPE_MASS_CANCEL:
      return view.getUint8(body + MASS_CANCEL_SIDE) <= SIDE_MAX;
    default:
      return true;
  }
}

function newOrderEnumsAreValid(view: DataView, body: number): boolean {
  return (
    view.getUint8(body + NEW_SIDE) <= SIDE_OF_ORDER_MAX &&
    view.getUint8(body + NEW_ORDER_TYPE) <= ORDER_TYPE_MAX &&
    view.getUint8(body + NEW_TIME_IN_FORCE) <= TIME_IN_FORCE_MAX
  );
}

/** Judges header and body of a frame of any type. After Ok, `frameType` and `frameLength` and its fields hold. */
export function decodeFrame(view: DataView, at: number, to: number): DecodeOutcome {
  const outcome = decodeHeader(view, at, to);
  return outcome === OK ? decodeBody(view, at, to, frameType(view, at)) : outcome;
}

/** The type in the header at `at`; one that exists once the header is Ok. */
export function frameType(view: DataView, at: number): MessageType {
  return view.getUint16(at + HEADER_TYPE) as MessageType;
}

/** The length of the frame at `at`, header included, as its header says. */
export function frameLength(view: DataView, at: number): number {
  return HEADER_BYTES + view.getUint32(at + HEADER_BODY_LENGTH);
}

/** Low lane of the header's sequence. */
export function frameSequenceLow(view: DataView, at: number): number {
  return readLowLane(view, at + HEADER_SEQUENCE);
}

/** High lane of the header's sequence. */
export function frameSequenceHigh(view: DataView, at: number): number {
  return readHighLane(view, at + HEADER_SEQUENCE);
}

/** Writes a header and returns where its body starts. */
export function putHeader(
  view: DataView,
  at: number,
  type: MessageType,
  length: number,
  sequenceLow: number,
  sequenceHigh: number,
): number {
  view.setInt16(at + HEADER_TYPE, type);
  view.setInt16(at + HEADER_VERSION, type >= V2_TYPE_MIN ? V2 : V1);
  view.setInt32(at + HEADER_BODY_LENGTH, length);
  putU64(view, at + HEADER_SEQUENCE, sequenceLow, sequenceHigh);
  return at + HEADER_BYTES;
}

// Where every field of an order-entry message lies. Specification: order-entry.md. Big-endian; a frame is a 16-byte
// header and a body, and body offsets are counted from the end of the header. The messages of sessions with a logon (types
// 23-38) lie in session-layout.ts.

import { layout } from "../../base/index.ts";
import { INSTRUMENT_NAME_BYTES_MAX } from "../commands/index.ts";
import {
  ChallengeLayout,
  ExecutionReportLayout,
  InstrumentsEndLayout,
  LoggedOutLayout,
  LogonAckLayout,
  LogonLayout,
  LogonRefusedLayout,
  LogonRequestLayout,
  LogoutLayout,
  MassCancelLayout,
  OpenOrderLayout,
  OpenOrdersEndLayout,
  OpenOrdersLayout,
  OrderStatusLayout,
  RefusedLayout,
  ServerHeartbeatLayout,
} from "./session-layout.ts";

/** The version whose types (1-9) every client knows, and ours (16-38) beside it. */
export const ORDER_ENTRY_V1 = 1;
export const ORDER_ENTRY_V2 = 2;

export const FRAME_HEADER_BYTES = 16;
/** The longest body a header may announce, of any message now or later. */
export const FRAME_BODY_BYTES_MAX = 4096;
export const FRAME_BYTES_MAX = FRAME_HEADER_BYTES + FRAME_BODY_BYTES_MAX;

export const MessageType = {
  NewOrder: 1,
  CancelOrder: 2,
  MdTrade: 3,
  MdTopOfBook: 4,
  Heartbeat: 5,
  HeartbeatAck: 6,
  Ack: 7,
  Reject: 8,
  Fill: 9,
  Hello: 16,
  HelloAck: 17,
  Modify: 18,
  RestingFill: 19,
  Instruments: 20,
  Instrument: 21,
  Cancelled: 22,
  LogonRequest: 23,
  Challenge: 24,
  Logon: 25,
  LogonAck: 26,
  LogonRefused: 27,
  ExecutionReport: 28,
  MassCancel: 29,
  OrderStatus: 30,
  OpenOrders: 31,
  OpenOrder: 32,
  OpenOrdersEnd: 33,
  ServerHeartbeat: 34,
  Refused: 35,
  Logout: 36,
  InstrumentsEnd: 37,
  LoggedOut: 38,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** The largest type of each version; each version's types are dense. */
export const TYPE_MAX_VERSION_1 = MessageType.Fill;
export const TYPE_MIN_VERSION_2 = MessageType.Hello;
export const TYPE_MAX_VERSION_2 = MessageType.LoggedOut;

export const HeaderLayout = layout(FRAME_HEADER_BYTES, (at) => ({
  type: at.u16(),
  version: at.u16(),
  bodyLength: at.u32(),
  /** Requests: the client's own number. Answers: 0. Market data: the feed's sequence. */
  sequence: at.u64(),
}));

export const NewOrderLayout = layout(27, (at) => ({
  orderId: at.u64(),
  symbol: at.u32(),
  price: at.u64(),
  quantity: at.u32(),
  side: at.u8(),
  orderType: at.u8(),
  timeInForce: at.u8(),
}));

export const CancelOrderLayout = layout(12, (at) => ({ orderId: at.u64(), symbol: at.u32() }));

export const MdTradeLayout = layout(16, (at) => ({ symbol: at.u32(), price: at.u64(), quantity: at.u32() }));

export const MdTopOfBookLayout = layout(22, (at) => ({
  symbol: at.u32(),
  bidPresent: at.u8(),
  bid: at.u64(),
  askPresent: at.u8(),
  ask: at.u64(),
}));

/** Heartbeat and HeartbeatAck. */
export const HeartbeatLayout = layout(8, (at) => ({ token: at.u64() }));

export const AckLayout = layout(16, (at) => ({ orderId: at.u64(), sequence: at.u64() }));

export const RejectLayout = layout(9, (at) => ({ orderId: at.u64(), reason: at.u8() }));

/** Fill and RestingFill. */
export const FillLayout = layout(36, (at) => ({
  takerId: at.u64(),
  makerId: at.u64(),
  price: at.u64(),
  quantity: at.u32(),
  sequence: at.u64(),
}));

export const HelloLayout = layout(8, (at) => ({
  account: at.u32(),
  /** HelloFlag; the other bits are reserved, and refused. */
  flags: at.u32(),
}));

/** A Hello's body without flags, which are zero then: version 2 had it before it had flags, so it is taken for ever. */
export const HELLO_BODY_BYTES_MIN = HelloLayout.flags;

/** Bits of Hello's flags. */
export const HelloFlag = {
  /** The numbers of this connection's requests on orders are used once. */
  Once: 1,
} as const;

export const HelloAckLayout = layout(12, (at) => ({ account: at.u32(), session: at.u64() }));

export const ModifyLayout = layout(24, (at) => ({
  orderId: at.u64(),
  symbol: at.u32(),
  price: at.u64(),
  quantity: at.u32(),
}));

export const InstrumentsLayout = layout(0, () => ({}));

export const InstrumentAnswerLayout = layout(32, (at) => ({
  symbol: at.u32(),
  priceDecimals: at.u8(),
  status: at.u8(),
  nameLength: at.u16(),
  tick: at.u64(),
  name: at.bytes(INSTRUMENT_NAME_BYTES_MAX),
}));

export const CancelledLayout = layout(24, (at) => ({
  orderId: at.u64(),
  symbol: at.u32(),
  quantity: at.u32(),
  sequence: at.u64(),
}));

/** Instrument status: open for trading, the only one so far. */
export const INSTRUMENT_OPEN = 0;

/** Body length by type; -1 where there is no such type. */
const BODY_BYTES: Int16Array = bodyLengths();

function bodyLengths(): Int16Array {
  const lengths = new Int16Array(TYPE_MAX_VERSION_2 + 1).fill(-1);
  lengths[MessageType.NewOrder] = NewOrderLayout.bytes;
  lengths[MessageType.CancelOrder] = CancelOrderLayout.bytes;
  lengths[MessageType.MdTrade] = MdTradeLayout.bytes;
  lengths[MessageType.MdTopOfBook] = MdTopOfBookLayout.bytes;
  lengths[MessageType.Heartbeat] = HeartbeatLayout.bytes;
  lengths[MessageType.HeartbeatAck] = HeartbeatLayout.bytes;
  lengths[MessageType.Ack] = AckLayout.bytes;
  lengths[MessageType.Reject] = RejectLayout.bytes;
  lengths[MessageType.Fill] = FillLayout.bytes;
  lengths[MessageType.Hello] = HelloLayout.bytes;
  lengths[MessageType.HelloAck] = HelloAckLayout.bytes;
  lengths[MessageType.Modify] = ModifyLayout.bytes;
  lengths[MessageType.RestingFill] = FillLayout.bytes;
  lengths[MessageType.Instruments] = InstrumentsLayout.bytes;
  lengths[MessageType.Instrument] = InstrumentAnswerLayout.bytes;
  lengths[MessageType.Cancelled] = CancelledLayout.bytes;
  lengths[MessageType.LogonRequest] = LogonRequestLayout.bytes;
  lengths[MessageType.Challenge] = ChallengeLayout.bytes;
  lengths[MessageType.Logon] = LogonLayout.bytes;
  lengths[MessageType.LogonAck] = LogonAckLayout.bytes;
  lengths[MessageType.LogonRefused] = LogonRefusedLayout.bytes;
  lengths[MessageType.ExecutionReport] = ExecutionReportLayout.bytes;
  lengths[MessageType.MassCancel] = MassCancelLayout.bytes;
  lengths[MessageType.OrderStatus] = OrderStatusLayout.bytes;
  lengths[MessageType.OpenOrders] = OpenOrdersLayout.bytes;
  lengths[MessageType.OpenOrder] = OpenOrderLayout.bytes;
  lengths[MessageType.OpenOrdersEnd] = OpenOrdersEndLayout.bytes;
  lengths[MessageType.ServerHeartbeat] = ServerHeartbeatLayout.bytes;
  lengths[MessageType.Refused] = RefusedLayout.bytes;
  lengths[MessageType.Logout] = LogoutLayout.bytes;
  lengths[MessageType.InstrumentsEnd] = InstrumentsEndLayout.bytes;
  lengths[MessageType.LoggedOut] = LoggedOutLayout.bytes;
  return lengths;
}

/** The body length of a message type, a Hello's with its flags, or -1 for a type that no version has. */
export function bodyBytes(type: number): number {
  return type <= TYPE_MAX_VERSION_2 ? BODY_BYTES[type] : -1;
}

/** The whole length of a frame of `type`, header included, the longest if it may be shorter. `type` must be one that exists. */
export function frameBytes(type: MessageType): number {
  return FRAME_HEADER_BYTES + BODY_BYTES[type];
}

/** The longest frame a client may send, in bytes: what a session must be able to hold of a frame cut short. */
export const CLIENT_FRAME_BYTES_MAX = frameBytes(MessageType.Logon);

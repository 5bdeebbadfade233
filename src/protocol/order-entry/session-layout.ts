// Where every field of a message of sessions with a logon lies (types 23-38). Specification: order-entry.md.

import { layout } from "../../base/index.ts";
import { WHO_BYTES_MAX } from "../commands/index.ts";

/** A challenge nobody has seen before, and an Ed25519 signature. */
export const SESSION_NONCE_BYTES = 32;
export const SESSION_PROOF_BYTES = 64;

export const LogonRequestLayout = layout(0, () => ({}));

export const ChallengeLayout = layout(40, (at) => ({
  nonce: at.bytes(SESSION_NONCE_BYTES),
  session: at.u64(),
}));

export const LogonLayout = layout(108, (at) => ({
  /** The key's name, padded with zeros. */
  name: at.bytes(WHO_BYTES_MAX),
  account: at.u32(),
  /** Tells the sessions of one key and account apart: the client's choice. */
  instance: at.u32(),
  /** SessionFlag; the other bits are reserved, and refused. */
  flags: at.u32(),
  /** The number of the first report wanted; 0: from now on. */
  next: at.u64(),
  /** 0: none. */
  deadMan_ms: at.u32(),
  /** 0: the server's default. */
  heartbeat_ms: at.u32(),
  /** Signs everything above; see `sessionStatement`. */
  proof: at.bytes(SESSION_PROOF_BYTES),
}));

export const LogonAckLayout = layout(44, (at) => ({
  account: at.u32(),
  /** LogonAckFlag. */
  flags: at.u32(),
  session: at.u64(),
  /** The number of the first report that follows. */
  first: at.u64(),
  /** The number of the first report that was not made yet when this logon took effect. */
  next: at.u64(),
  /** The log position of the logon. */
  position: at.u64(),
  heartbeat_ms: at.u32(),
}));

/** Bits of LogonAck's flags. */
export const LogonAckFlag = {
  /** `first` is not the number that was asked for. */
  Gap: 1,
} as const;

export const LogonRefusedLayout = layout(1, (at) => ({ reason: at.u8() }));

/** The report's number is the header's sequence. Fields as in protocol/reports. */
export const ExecutionReportLayout = layout(84, (at) => ({
  kind: at.u8(),
  reason: at.u8(),
  command: at.u8(),
  flags: at.u8(),
  side: at.u8(),
  orderType: at.u8(),
  timeInForce: at.u8(),
  unused: at.u8(),
  symbol: at.u32(),
  orderId: at.u64(),
  request: at.u64(),
  session: at.u64(),
  price: at.u64(),
  lastPrice: at.u64(),
  lastQuantity: at.u32(),
  leaves: at.u32(),
  cumulative: at.u64(),
  sequence: at.u64(),
  timestamp_us: at.u64(),
}));

export const MassCancelLayout = layout(5, (at) => ({ symbol: at.u32(), side: at.u8() }));

export const OrderStatusLayout = layout(12, (at) => ({ orderId: at.u64(), symbol: at.u32() }));

export const OpenOrdersLayout = layout(4, (at) => ({ symbol: at.u32() }));

export const OpenOrderLayout = layout(44, (at) => ({
  /** OpenOrderState. */
  state: at.u8(),
  side: at.u8(),
  unused: at.u16(),
  symbol: at.u32(),
  orderId: at.u64(),
  price: at.u64(),
  leaves: at.u32(),
  cumulative: at.u64(),
  /** The number of the newest report that this answer includes. */
  asOf: at.u64(),
}));

export const OpenOrderState = { NoSuchOrder: 0, Rests: 1 } as const;

export const OpenOrdersEndLayout = layout(13, (at) => ({
  count: at.u32(),
  truncated: at.u8(),
  asOf: at.u64(),
}));

export const ServerHeartbeatLayout = layout(8, (at) => ({ next: at.u64() }));

export const RefusedLayout = layout(11, (at) => ({ orderId: at.u64(), reason: at.u8(), type: at.u16() }));

export const LogoutLayout = layout(0, () => ({}));

export const InstrumentsEndLayout = layout(4, (at) => ({ count: at.u32() }));

export const LoggedOutLayout = layout(8, (at) => ({ next: at.u64() }));

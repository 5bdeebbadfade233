// Logging on: the server's challenge, the client's proof, and what both agree on. Cold path: plain objects, and bytes are
// copied. A `read` needs a frame that `decodeBody` judged Ok, and gives what is there, sensible or not.

import { encodeUtf8, highLane, lowLane } from "../../base/index.ts";
import { getWho, putWho } from "../commands/index.ts";
import { putU64, readCount, readHighLane, readLowLane } from "./bytes.ts";
import { putHeader } from "./header.ts";
import { FRAME_HEADER_BYTES, MessageType } from "./layout.ts";
import {
  ChallengeLayout,
  LogonAckLayout,
  LogonLayout,
  LogonRefusedLayout,
  LogonRequestLayout,
  SESSION_NONCE_BYTES,
  SESSION_PROOF_BYTES,
} from "./session-layout.ts";

/** What a proof is for: a signature made for anything else is none here. */
const STATEMENT_TAG = encodeUtf8("seriatim order-entry 2\0");

/** A client's part of a logon, but for the proof. */
export interface LogonTerms {
  /** The key's: 1 to 16 printable ASCII characters without a space. */
  readonly name: string;
  readonly account: number;
  readonly instance: number;
  /** SessionFlag. */
  readonly flags: number;
  /** The number of the first report wanted; 0: from now on. */
  readonly next: number;
  /** 0: none. */
  readonly deadMan_ms: number;
  /** 0: the server's default. */
  readonly heartbeat_ms: number;
}

/** What the server agrees to. */
export interface LogonAnswer {
  readonly account: number;
  /** LogonAckFlag. */
  readonly flags: number;
  readonly sessionLow: number;
  readonly sessionHigh: number;
  /** The number of the first report that follows. */
  readonly first: number;
  /** The number of the first report that was not made yet when the logon took effect. */
  readonly next: number;
  readonly position: number;
  readonly heartbeat_ms: number;
}

/** Writes a LogonRequest: asks for a challenge. */
export function encodeLogonRequest(view: DataView, at: number): number {
  return putHeader(view, at, MessageType.LogonRequest, LogonRequestLayout.bytes, 0, 0);
}

/** Writes a Challenge. `nonce`: SESSION_NONCE_BYTES that nobody has seen before. */
export function encodeSessionChallenge(
  view: DataView,
  at: number,
  nonce: Uint8Array,
  sessionLow: number,
  sessionHigh: number,
): number {
  const body = putHeader(view, at, MessageType.Challenge, ChallengeLayout.bytes, 0, 0);
  putBytes(view, body + ChallengeLayout.nonce, nonce, SESSION_NONCE_BYTES);
  putU64(view, body + ChallengeLayout.session, sessionLow, sessionHigh);
  return body + ChallengeLayout.bytes;
}

export interface SessionChallenge {
  readonly nonce: Uint8Array;
  readonly sessionLow: number;
  readonly sessionHigh: number;
}

export function readSessionChallenge(view: DataView, at: number): SessionChallenge {
  const body = at + FRAME_HEADER_BYTES;
  const session = body + ChallengeLayout.session;
  return {
    nonce: copyBytes(view, body + ChallengeLayout.nonce, SESSION_NONCE_BYTES),
    sessionLow: readLowLane(view, session),
    sessionHigh: readHighLane(view, session),
  };
}

/** Writes a Logon without its proof: `putSessionProof` writes that when `sessionStatement` of it is signed. */
export function encodeSessionLogon(view: DataView, at: number, terms: LogonTerms): number {
  const body = putHeader(view, at, MessageType.Logon, LogonLayout.bytes, 0, 0);
  for (let i = 0; i < LogonLayout.bytes; i++) view.setUint8(body + i, 0);
  putWho(view, body + LogonLayout.name, terms.name);
  view.setUint32(body + LogonLayout.account, terms.account);
  view.setUint32(body + LogonLayout.instance, terms.instance);
  view.setUint32(body + LogonLayout.flags, terms.flags);
  putCount(view, body + LogonLayout.next, terms.next);
  view.setUint32(body + LogonLayout.deadMan_ms, terms.deadMan_ms);
  view.setUint32(body + LogonLayout.heartbeat_ms, terms.heartbeat_ms);
  return body + LogonLayout.bytes;
}

/** What the proof of the Logon at `at` signs: the tag, nonce and session of the challenge, the body up to the proof. */
export function sessionStatement(view: DataView, at: number, challenge: SessionChallenge): Uint8Array {
  const nonceAt = STATEMENT_TAG.length;
  const sessionAt = nonceAt + SESSION_NONCE_BYTES;
  const bodyAt = sessionAt + 8;
  const statement = new Uint8Array(bodyAt + LogonLayout.proof);
  const to = new DataView(statement.buffer);
  statement.set(STATEMENT_TAG);
  putBytes(to, nonceAt, challenge.nonce, SESSION_NONCE_BYTES);
  putU64(to, sessionAt, challenge.sessionLow, challenge.sessionHigh);
  statement.set(copyBytes(view, at + FRAME_HEADER_BYTES, LogonLayout.proof), bodyAt);
  return statement;
}

/** Puts the proof into the Logon at `at`. */
export function putSessionProof(view: DataView, at: number, proof: Uint8Array): void {
  putBytes(view, at + FRAME_HEADER_BYTES + LogonLayout.proof, proof, SESSION_PROOF_BYTES);
}

/** A Logon as it came; `name` is "" when those bytes are no name. */
export interface SessionLogon extends LogonTerms {
  readonly proof: Uint8Array;
}

export function readSessionLogon(view: DataView, at: number): SessionLogon {
  const body = at + FRAME_HEADER_BYTES;
  return {
    name: getWho(view, body + LogonLayout.name) ?? "",
    account: view.getUint32(body + LogonLayout.account),
    instance: view.getUint32(body + LogonLayout.instance),
    flags: view.getUint32(body + LogonLayout.flags),
    next: readCount(view, body + LogonLayout.next),
    deadMan_ms: view.getUint32(body + LogonLayout.deadMan_ms),
    heartbeat_ms: view.getUint32(body + LogonLayout.heartbeat_ms),
    proof: copyBytes(view, body + LogonLayout.proof, SESSION_PROOF_BYTES),
  };
}

/** Writes a LogonAck. */
export function encodeLogonAck(view: DataView, at: number, answer: LogonAnswer): number {
  const body = putHeader(view, at, MessageType.LogonAck, LogonAckLayout.bytes, 0, 0);
  view.setUint32(body + LogonAckLayout.account, answer.account);
  view.setUint32(body + LogonAckLayout.flags, answer.flags);
  putU64(view, body + LogonAckLayout.session, answer.sessionLow, answer.sessionHigh);
  putCount(view, body + LogonAckLayout.first, answer.first);
  putCount(view, body + LogonAckLayout.next, answer.next);
  putCount(view, body + LogonAckLayout.position, answer.position);
  view.setUint32(body + LogonAckLayout.heartbeat_ms, answer.heartbeat_ms);
  return body + LogonAckLayout.bytes;
}

export function readLogonAck(view: DataView, at: number): LogonAnswer {
  const body = at + FRAME_HEADER_BYTES;
  const session = body + LogonAckLayout.session;
  return {
    account: view.getUint32(body + LogonAckLayout.account),
    flags: view.getUint32(body + LogonAckLayout.flags),
    sessionLow: readLowLane(view, session),
    sessionHigh: readHighLane(view, session),
    first: readCount(view, body + LogonAckLayout.first),
    next: readCount(view, body + LogonAckLayout.next),
    position: readCount(view, body + LogonAckLayout.position),
    heartbeat_ms: view.getUint32(body + LogonAckLayout.heartbeat_ms),
  };
}

/** Writes a LogonRefused; `reason` is a code of protocol/reasons.ts. */
export function encodeLogonRefused(view: DataView, at: number, reason: number): number {
  const body = putHeader(view, at, MessageType.LogonRefused, LogonRefusedLayout.bytes, 0, 0);
  view.setUint8(body + LogonRefusedLayout.reason, reason);
  return body + LogonRefusedLayout.bytes;
}

export function readLogonRefused(view: DataView, at: number): number {
  return view.getUint8(at + FRAME_HEADER_BYTES + LogonRefusedLayout.reason);
}

function putCount(view: DataView, at: number, count: number): void {
  putU64(view, at, lowLane(count), highLane(count));
}

function putBytes(view: DataView, at: number, bytes: Uint8Array, length: number): void {
  for (let i = 0; i < length; i++) view.setUint8(at + i, bytes[i]);
}

function copyBytes(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
}

// Every message but Hello and Batch: small, and most of them rare. `write...` puts one at `at` of memory that its sender keeps, and
// returns its bytes; `encode...` makes memory for it; readers take messages whose head was judged and which are there whole.

import { decodeUtf8, encodeUtf8, getU64, setU64 } from "../../base/index.ts";
import { copiedBytes, type TapeMemory, tapeMemoryOf, writeTapeHead } from "./head.ts";
import {
  padded,
  TAPE_NONCE_BYTES,
  TAPE_PROOF_BYTES,
  TAPE_TEXT_BYTES_MAX,
  TapeAccepted,
  TapeAck,
  TapeActive,
  TapeBrokerHeartbeat,
  TapeChallenge,
  TapeCommitOffset,
  TapeCredit,
  TapeEnd,
  TapeHead,
  TapeProof,
  TapeText,
  TapeType,
} from "./layout.ts";
import type { TapeReason } from "./reasons.ts";

/** Heartbeat and Bye of a client, Standby of a broker: a head and nothing more. */
export function writePlain(view: DataView, at: number, type: PlainType): number {
  writeTapeHead(view, at, type, TapeHead.bytes);
  return TapeHead.bytes;
}
type PlainType = typeof TapeType.Heartbeat | typeof TapeType.Bye | typeof TapeType.Standby;

/** `bytes` that a subscriber may be sent besides what it has left. */
export function writeCredit(view: DataView, at: number, bytes: number): number {
  writeTapeHead(view, at, TapeType.Credit, TapeCredit.bytes);
  view.setUint32(at + TapeCredit.credit, bytes, true);
  view.setUint32(at + TapeCredit.reserved, 0, true);
  return TapeCredit.bytes;
}
export function readCredit(view: DataView, at: number): number {
  return view.getUint32(at + TapeCredit.credit, true);
}

/** Everything before `record` is done, for the whole group. */
export function writeCommitOffset(view: DataView, at: number, record: number): number {
  return writeNumber(view, at, TapeType.CommitOffset, TapeCommitOffset.record, record);
}
export function readCommitOffset(view: DataView, at: number): number {
  return getU64(view, at + TapeCommitOffset.record);
}

/** The subscriber is its group's active member, and gets the records from `record` on. */
export function writeActive(view: DataView, at: number, record: number): number {
  return writeNumber(view, at, TapeType.Active, TapeActive.record, record);
}
export function readActive(view: DataView, at: number): number {
  return getU64(view, at + TapeActive.record);
}

export function writeBrokerHeartbeat(view: DataView, at: number, nextRecord: number): number {
  return writeNumber(view, at, TapeType.BrokerHeartbeat, TapeBrokerHeartbeat.nextRecord, nextRecord);
}
export function readBrokerHeartbeat(view: DataView, at: number): number {
  return getU64(view, at + TapeBrokerHeartbeat.nextRecord);
}

function writeNumber(view: DataView, at: number, type: TapeType, field: number, value: number): number {
  writeTapeHead(view, at, type, TapeActive.bytes);
  setU64(view, at + field, value);
  return TapeActive.bytes;
}

/** Everything up to batch `batch` has reached the publisher's ack level. `nextRecord`: the number behind its last record; 0 of a duplicate. */
export function writeTapeAck(view: DataView, at: number, batch: number, nextRecord: number): number {
  writeTapeHead(view, at, TapeType.Ack, TapeAck.bytes);
  setU64(view, at + TapeAck.batch, batch);
  setU64(view, at + TapeAck.nextRecord, nextRecord);
  return TapeAck.bytes;
}
export function readTapeAck(view: DataView, at: number): { batch: number; nextRecord: number } {
  return { batch: getU64(view, at + TapeAck.batch), nextRecord: getU64(view, at + TapeAck.nextRecord) };
}

/** How a Hello was taken. */
export interface TapeAcceptedFields {
  /** The topic's number; 0 for an administrator. */
  readonly topic: number;
  readonly order: number;
  readonly ack: number;
  /** Of a publisher's session. */
  readonly epoch: number;
  /** The last batch of that session that is in the log; what is to be sent again begins behind it. */
  readonly lastBatch: number;
  /** The number that the topic's next record gets, and its oldest one's. */
  readonly nextRecord: number;
  readonly oldestRecord: number;
  /** How long a missing batch may be missing before its session is fenced (order level 2). */
  readonly lease_ms: number;
}

export function writeAccepted({ bytes, view }: TapeMemory, at: number, accepted: TapeAcceptedFields): number {
  bytes.fill(0, at, at + TapeAccepted.bytes);
  writeTapeHead(view, at, TapeType.Accepted, TapeAccepted.bytes);
  view.setUint32(at + TapeAccepted.topic, accepted.topic, true);
  bytes[at + TapeAccepted.order] = accepted.order;
  bytes[at + TapeAccepted.ack] = accepted.ack;
  setU64(view, at + TapeAccepted.epoch, accepted.epoch);
  setU64(view, at + TapeAccepted.lastBatch, accepted.lastBatch);
  setU64(view, at + TapeAccepted.nextRecord, accepted.nextRecord);
  setU64(view, at + TapeAccepted.oldestRecord, accepted.oldestRecord);
  view.setUint32(at + TapeAccepted.lease_ms, accepted.lease_ms, true);
  return TapeAccepted.bytes;
}

export function readAccepted({ bytes, view }: TapeMemory, at: number): TapeAcceptedFields {
  return {
    topic: view.getUint32(at + TapeAccepted.topic, true),
    order: bytes[at + TapeAccepted.order],
    ack: bytes[at + TapeAccepted.ack],
    epoch: getU64(view, at + TapeAccepted.epoch),
    lastBatch: getU64(view, at + TapeAccepted.lastBatch),
    nextRecord: getU64(view, at + TapeAccepted.nextRecord),
    oldestRecord: getU64(view, at + TapeAccepted.oldestRecord),
    lease_ms: view.getUint32(at + TapeAccepted.lease_ms, true),
  };
}

/** Why a connection ends: refused before it was accepted, at fault behind that. */
export interface TapeEndFields {
  readonly reason: TapeReason;
  /** LeaseOver, HoldFull: the last good batch. RecordGone: the oldest record. Epoch, TakenOver: the epoch known. Else 0. */
  readonly detail: number;
  /** One line for people; cut at 512 bytes. */
  readonly text: string;
}

export function encodeEnd(
  type: typeof TapeType.Refused | typeof TapeType.Fault,
  end: TapeEndFields,
): Uint8Array<ArrayBuffer> {
  const text = encodeUtf8(end.text).subarray(0, TAPE_TEXT_BYTES_MAX);
  const bytes = new Uint8Array(padded(TapeEnd.bytes + text.length));
  const { view } = tapeMemoryOf(bytes);
  writeTapeHead(view, 0, type, bytes.length);
  bytes[TapeEnd.reason] = end.reason;
  view.setUint16(TapeEnd.textBytes, text.length, true);
  setU64(view, TapeEnd.detail, end.detail);
  bytes.set(text, TapeEnd.bytes);
  return bytes;
}

/** Undefined when its text does not fit the message. */
export function decodeEnd(
  { bytes, view }: TapeMemory,
  at: number,
  length: number,
): TapeEndFields | undefined {
  const textBytes = view.getUint16(at + TapeEnd.textBytes, true);
  if (padded(TapeEnd.bytes + textBytes) !== length) return undefined;
  const textAt = at + TapeEnd.bytes;
  return {
    reason: bytes[at + TapeEnd.reason] as TapeReason,
    detail: getU64(view, at + TapeEnd.detail),
    text: decodeUtf8(copiedBytes(bytes, textAt, textAt + textBytes)),
  };
}

/** A Request or a Reply: JSON. */
export function encodeText(
  type: typeof TapeType.Request | typeof TapeType.Reply,
  json: string,
): Uint8Array<ArrayBuffer> {
  const text = encodeUtf8(json);
  const bytes = new Uint8Array(padded(TapeText.bytes + text.length));
  const { view } = tapeMemoryOf(bytes);
  writeTapeHead(view, 0, type, bytes.length);
  view.setUint32(TapeText.textBytes, text.length, true);
  bytes.set(text, TapeText.bytes);
  return bytes;
}

/** Undefined when the text does not fit the message. */
export function decodeText({ bytes, view }: TapeMemory, at: number, length: number): string | undefined {
  const textBytes = view.getUint32(at + TapeText.textBytes, true);
  if (textBytes > length || padded(TapeText.bytes + textBytes) !== length) return undefined;
  const textAt = at + TapeText.bytes;
  return decodeUtf8(copiedBytes(bytes, textAt, textAt + textBytes));
}

/** `nonce`: 32 bytes that were never used before. */
export function encodeTapeChallenge(nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeBytes(TapeType.Challenge, nonce, TapeChallenge.bytes);
}
export function readTapeChallenge({ bytes }: TapeMemory, at: number): Uint8Array {
  return copiedBytes(bytes, at + TapeChallenge.nonce, at + TapeChallenge.nonce + TAPE_NONCE_BYTES);
}

/** `proof`: the Ed25519 signature of `tapeStatement`. */
export function encodeTapeProof(proof: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeBytes(TapeType.Proof, proof, TapeProof.bytes);
}
export function readTapeProof({ bytes }: TapeMemory, at: number): Uint8Array {
  return copiedBytes(bytes, at + TapeProof.proof, at + TapeProof.proof + TAPE_PROOF_BYTES);
}

function encodeBytes(type: TapeType, body: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  writeTapeHead(tapeMemoryOf(bytes).view, 0, type, length);
  bytes.set(body, TapeHead.bytes);
  return bytes;
}

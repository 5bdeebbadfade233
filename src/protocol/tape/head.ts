// The head that every message begins with, judged before a byte of the rest is waited for; and a stream of bytes cut into
// messages. Nothing here knows what messages mean.

import { assert } from "../../base/index.ts";
import {
  padded,
  TAPE_BATCH_BYTES_MAX,
  TAPE_HELLO_BYTES_MAX,
  TAPE_MAGIC,
  TAPE_REPLY_BYTES_MAX,
  TAPE_REQUEST_BYTES_MAX,
  TAPE_TEXT_BYTES_MAX,
  TAPE_VERSION,
  TapeAccepted,
  TapeAck,
  TapeActive,
  TapeBatch,
  TapeBrokerHeartbeat,
  TapeChallenge,
  TapeCommitOffset,
  TapeCredit,
  TapeEnd,
  TapeHead,
  TapeHello,
  TapeProof,
  TapeText,
  TapeType,
} from "./layout.ts";
import { TapeReason } from "./reasons.ts";

/** Memory under its two views; the same for a socket's bytes, staging and the log. */
export interface TapeMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** The whole of `buffer`. */
export function tapeMemory(buffer: ArrayBufferLike): TapeMemory {
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
}

/** Exactly the memory of `bytes`. */
export function tapeMemoryOf(bytes: Uint8Array): TapeMemory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** A copy of `bytes[from, to)`, also of a Buffer, whose own `slice` is none. */
export function copiedBytes(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(from, to));
}

/** The least and the most bytes of a message of each type, head included. */
type LengthRanges = Readonly<Record<number, readonly [least: number, most: number] | undefined>>;

const TEXT_END: readonly [number, number] = [TapeEnd.bytes, padded(TapeEnd.bytes + TAPE_TEXT_BYTES_MAX)];
const BATCH: readonly [number, number] = [TapeBatch.bytes + 8, TAPE_BATCH_BYTES_MAX];

const FROM_CLIENT: LengthRanges = {
  [TapeType.Hello]: [TapeHello.bytes, TAPE_HELLO_BYTES_MAX],
  [TapeType.Proof]: exactly(TapeProof.bytes),
  [TapeType.Batch]: BATCH,
  [TapeType.Credit]: exactly(TapeCredit.bytes),
  [TapeType.CommitOffset]: exactly(TapeCommitOffset.bytes),
  [TapeType.Heartbeat]: exactly(TapeHead.bytes),
  [TapeType.Request]: [TapeText.bytes, TapeText.bytes + TAPE_REQUEST_BYTES_MAX],
  [TapeType.Bye]: exactly(TapeHead.bytes),
};

const FROM_BROKER: LengthRanges = {
  [TapeType.Batch]: BATCH,
  [TapeType.Challenge]: exactly(TapeChallenge.bytes),
  [TapeType.Accepted]: exactly(TapeAccepted.bytes),
  [TapeType.Refused]: TEXT_END,
  [TapeType.Ack]: exactly(TapeAck.bytes),
  [TapeType.Fault]: TEXT_END,
  [TapeType.Active]: exactly(TapeActive.bytes),
  [TapeType.Standby]: exactly(TapeHead.bytes),
  [TapeType.BrokerHeartbeat]: exactly(TapeBrokerHeartbeat.bytes),
  [TapeType.Reply]: [TapeText.bytes, TapeText.bytes + TAPE_REPLY_BYTES_MAX],
};

const { Credit, CommitOffset, Heartbeat, Request, Bye } = TapeType;

/** Whose messages are expected: any client's, the broker's, or those of a client whose role is known. */
export const TapeSender = { Client: 1, Broker: 2, Subscriber: 3, Administrator: 4 } as const;
export type TapeSender = (typeof TapeSender)[keyof typeof TapeSender];

/** A client that is let in says no more than its role has: nobody is given memory for what it may not say. */
const RANGES: Readonly<Record<TapeSender, LengthRanges>> = {
  [TapeSender.Client]: FROM_CLIENT,
  [TapeSender.Broker]: FROM_BROKER,
  [TapeSender.Subscriber]: ofClient([Credit, CommitOffset, Heartbeat, Bye]),
  [TapeSender.Administrator]: ofClient([Request, Heartbeat, Bye]),
};

/**
 * What is wrong with the head at `at`, of a message from `sender`; None when the message may be waited for. A batch of a
 * length beyond all bounds is BatchTooLarge and one of nothing BatchEmpty; all else that is no message is Malformed or VersionUnknown.
 */
export function tapeHeadProblem(view: DataView, at: number, sender: TapeSender): TapeReason {
  if (view.getUint16(at + TapeHead.magic, true) !== TAPE_MAGIC) return TapeReason.Malformed;
  if (view.getUint8(at + TapeHead.version) !== TAPE_VERSION) return TapeReason.VersionUnknown;
  const type = view.getUint8(at + TapeHead.type);
  const length = view.getUint32(at + TapeHead.length, true);
  const range = RANGES[sender][type];
  if (range === undefined || length % 8 !== 0) return TapeReason.Malformed;
  if (length >= range[0] && length <= range[1]) return TapeReason.None;
  if (type !== TapeType.Batch || length < TapeBatch.bytes) return TapeReason.Malformed;
  return length > range[1] ? TapeReason.BatchTooLarge : TapeReason.BatchEmpty;
}

export function writeTapeHead(view: DataView, at: number, type: TapeType, length: number): void {
  assert(length % 8 === 0, "messages are whole words");
  view.setUint32(at + TapeHead.length, length, true);
  view.setUint16(at + TapeHead.magic, TAPE_MAGIC, true);
  view.setUint8(at + TapeHead.type, type);
  view.setUint8(at + TapeHead.version, TAPE_VERSION);
}

/** The type and the whole length in the head at `at`. */
export function tapeTypeAt(view: DataView, at: number): TapeType {
  return view.getUint8(at + TapeHead.type) as TapeType;
}
export function tapeLengthAt(view: DataView, at: number): number {
  return view.getUint32(at + TapeHead.length, true);
}

function ofClient(types: readonly TapeType[]): LengthRanges {
  return Object.fromEntries(types.map((type) => [type, FROM_CLIENT[type]]));
}

function exactly(bytes: number): readonly [number, number] {
  return [bytes, bytes];
}

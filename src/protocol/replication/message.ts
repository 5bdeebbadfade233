// A replication message in memory: sealing one that was written, and finding the next one in a stream of bytes.
// Nothing here knows what messages mean.

import { assert, type Checksums, WordBuffer } from "../../base/index.ts";
import {
  isReplicationBody,
  REPLICATION_HEADER_BYTES,
  REPLICATION_MAGIC,
  REPLICATION_MESSAGE_BYTES_MAX,
  REPLICATION_VERSION,
  ReplicationHeader,
  type ReplicationType,
} from "./layout.ts";

/** Where a message's body begins in the buffer it is written to. */
export const REPLICATION_BODY_AT = REPLICATION_HEADER_BYTES;
/** The first byte that the checksum covers. */
const COVERED_AT = ReplicationHeader.type;

/** Puts the header before the body that is in `buffer` already; returns the message's bytes. */
export function sealMessage(
  buffer: WordBuffer,
  type: ReplicationType,
  bodyBytes: number,
  checksums: Checksums,
): number {
  assert(isReplicationBody(type, bodyBytes), "a message's body has its type's size");
  const { bytes, view } = buffer;
  const total = REPLICATION_HEADER_BYTES + bodyBytes;
  view.setUint32(ReplicationHeader.magic, REPLICATION_MAGIC, true);
  view.setUint8(ReplicationHeader.type, type);
  view.setUint8(ReplicationHeader.version, REPLICATION_VERSION);
  view.setUint16(ReplicationHeader.reserved, 0, true);
  view.setUint32(ReplicationHeader.bodyBytes, bodyBytes, true);
  view.setUint32(ReplicationHeader.crc, checksums.crc32c(bytes.subarray(COVERED_AT, total)), true);
  return total;
}

export const StreamFault = {
  BadMagic: "the bytes are no replication message",
  UnknownVersion: "the peer speaks another version of the protocol",
  BadBody: "a message has a type or a size that this version does not know",
  BadChecksum: "a message's CRC32C does not match",
} as const;
export type StreamFault = (typeof StreamFault)[keyof typeof StreamFault];

/** Takes the message of `type` whose body is `bodyBytes` long at `at` of the stream's buffer; false ends the stream. */
export type MessageVisitor = (type: ReplicationType, at: number, bodyBytes: number) => boolean;

/**
 * Cuts a stream of bytes into messages. Holds one message at most: bytes are taken in as they come, and each whole
 * message is handed on and forgotten. The first fault is final: what comes behind it can't be trusted.
 */
export class MessageStream {
  readonly buffer: WordBuffer;
  #end = 0;
  #fault: StreamFault | undefined;
  readonly #checksums: Checksums;

  /** `messageBytesMax`: the longest message the caller expects, REPLICATION_MESSAGE_BYTES_MAX by default. */
  constructor(checksums: Checksums, messageBytesMax = REPLICATION_MESSAGE_BYTES_MAX) {
    this.#checksums = checksums;
    this.buffer = new WordBuffer(messageBytesMax);
  }

  /** Hands every message that is whole with `bytes` to `visit`; returns what is wrong with the stream, if anything. */
  receive(bytes: Uint8Array, visit: MessageVisitor): StreamFault | undefined {
    let from = 0;
    while (from < bytes.length && this.#fault === undefined) {
      const take = Math.min(bytes.length - from, this.buffer.bytes.length - this.#end);
      this.buffer.bytes.set(bytes.subarray(from, from + take), this.#end);
      this.#end += take;
      from += take;
      if (!this.#visitWhole(visit)) return this.#fault;
    }
    return this.#fault;
  }

  /** False when the stream is over: a fault, or the visitor wants no more. */
  #visitWhole(visit: MessageVisitor): boolean {
    let at = 0;
    let goesOn = true;
    while (goesOn && this.#end - at >= REPLICATION_HEADER_BYTES) {
      const bodyBytes = this.#bodyBytesAt(at);
      const total = REPLICATION_HEADER_BYTES + bodyBytes;
      if (this.#fault !== undefined) return false;
      if (this.#end - at < total) break;
      const { bytes, view } = this.buffer;
      const sum = this.#checksums.crc32c(bytes.subarray(at + COVERED_AT, at + total));
      if (view.getUint32(at + ReplicationHeader.crc, true) !== sum) {
        this.#fault = StreamFault.BadChecksum;
        return false;
      }
      const type = bytes[at + ReplicationHeader.type] as ReplicationType;
      goesOn = visit(type, at + REPLICATION_BODY_AT, bodyBytes);
      at += total;
    }
    this.buffer.bytes.copyWithin(0, at, this.#end);
    this.#end -= at;
    return goesOn;
  }

  /** The body's length by the header at `at`, or 0 with a fault set. Judged before a byte of the body is waited for. */
  #bodyBytesAt(at: number): number {
    const { bytes, view } = this.buffer;
    const bodyBytes = view.getUint32(at + ReplicationHeader.bodyBytes, true);
    if (view.getUint32(at + ReplicationHeader.magic, true) !== REPLICATION_MAGIC) {
      this.#fault = StreamFault.BadMagic;
    } else if (bytes[at + ReplicationHeader.version] !== REPLICATION_VERSION) {
      this.#fault = StreamFault.UnknownVersion;
    } else if (
      !isReplicationBody(bytes[at + ReplicationHeader.type], bodyBytes) ||
      REPLICATION_HEADER_BYTES + bodyBytes > this.buffer.bytes.length
    ) {
      this.#fault = StreamFault.BadBody;
    } else return bodyBytes;
    return 0;
  }
}

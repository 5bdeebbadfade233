// Where every field of a message of the tape lies, and every bound of its wire. Specification: tape.md. Little-endian; a message
// is a whole multiple of 8 bytes and begins with the same 8-byte head, in both directions and in the log. A batch is written
// once, by its publisher; the log fills in the second half of its header and nothing else, so that the same bytes lie in
// the socket, in staging, on disk and in a subscriber's memory.

import { assert, type LayoutBuilder, layout } from "../../base/index.ts";

export const TAPE_VERSION = 1;
/** "TP" on the wire. */
export const TAPE_MAGIC = 0x5054;
/** Where a broker listens when nothing else is said. */
export const TAPE_PORT = 9400;

/** Of a batch's payload, as it is sent and without compression. */
export const TAPE_PAYLOAD_BYTES_MAX = 2 * 1024 * 1024;
export const TAPE_BATCH_RECORDS_MAX = 10_000;
/** Of a topic's, a group's or a key's name. */
const TAPE_NAME_BYTES_MAX = 255;
export const TAPE_TOPICS_MAX = 1_024;
/** Named groups of one topic. */
export const TAPE_GROUPS_MAX = 64;
/** Of the line of text in Refused and Fault. */
export const TAPE_TEXT_BYTES_MAX = 512;
export const TAPE_REQUEST_BYTES_MAX = 64 * 1024;
/** Room for what 1,024 topics have to say of themselves, or 64 groups. */
export const TAPE_REPLY_BYTES_MAX = 1024 * 1024;
export const TAPE_NONCE_BYTES = 32;
/** An Ed25519 signature. */
export const TAPE_PROOF_BYTES = 64;
/** Sessions whose end a topic remembers: the one idle longest is forgotten beyond that. */
export const TAPE_SESSIONS_MAX = 16_384;

/** Names of messages of a client (below 64), of a broker (from 64) and of the log alone (from 96). A batch is the same everywhere. */
export const TapeType = {
  Hello: 1,
  Proof: 2,
  Batch: 3,
  Credit: 4,
  CommitOffset: 5,
  Heartbeat: 6,
  Request: 7,
  Bye: 8,
  Challenge: 64,
  Accepted: 65,
  Refused: 66,
  Ack: 67,
  Fault: 68,
  Active: 69,
  Standby: 70,
  BrokerHeartbeat: 71,
  Reply: 72,
  Checkpoint: 96,
  Session: 97,
} as const;
export type TapeType = (typeof TapeType)[keyof typeof TapeType];

/** What a connection is for. */
export const TapeRole = { Publisher: 1, Subscriber: 2, Administrator: 3 } as const;
export type TapeRole = (typeof TapeRole)[keyof typeof TapeRole];

/** In a Hello's order level: whatever the topic has. */
export const TAPE_ORDER_ANY = 255;
export const TAPE_LEVEL_MAX = 2;

/** Where a subscriber begins; of others None. */
export const TapeFrom = { None: 0, Start: 1, End: 2, Record: 3, Time: 4 } as const;
export type TapeFrom = (typeof TapeFrom)[keyof typeof TapeFrom];

/** A batch's flags; the other bits are reserved, and refused. */
export const TapeBatchFlag = { Zstd: 1 } as const;
/** A record's flags; the other bits are reserved, and refused. */
export const TapeRecordFlag = { Time: 1 } as const;
/** "DONE": in a batch's header once the log has it whole. */
export const TAPE_COMMIT_MARK = 0x454e4f44;

export const TapeHead = layout(8, (at) => ({
  /** u32: the whole message's, this head included; a multiple of 8. */
  length: at.u32(),
  magic: at.u16(),
  type: at.u8(),
  version: at.u8(),
}));

/** What a publisher writes, and from `firstRecord` on what the log adds: a publisher sends zeros there, and nobody looks. */
export const TapeBatch = layout(128, (at) => ({
  head: at.bytes(8),
  flags: at.u32(),
  records: at.u32(),
  publisher: at.u64(),
  epoch: at.u64(),
  batch: at.u64(),
  /** u32: as sent, without the padding. */
  payloadBytes: at.u32(),
  /** u32: of the records, when nothing is compressed the same. */
  plainBytes: at.u32(),
  /** u32: of the payload and its padding. */
  payloadCrc: at.u32(),
  reserved: at.bytes(8),
  /** u32: of everything before it. */
  headerCrc: at.u32(),
  firstRecord: at.u64(),
  position: at.u64(),
  committed_us: at.u64(),
  commitMark: at.u32(),
  logReserved: at.bytes(32),
  /** u32: from `firstRecord` up to here. */
  logCrc: at.u32(),
}));
/** The longest batch with its header. */
export const TAPE_BATCH_BYTES_MAX = TapeBatch.bytes + TAPE_PAYLOAD_BYTES_MAX;

/** Then, one behind the other: the time (u64, when flagged), the key, the headers, the value, zeros to a multiple of 8. */
export const TapeRecord = layout(16, (at) => ({
  /** u32: the whole record's, padding included. */
  whole: at.u32(),
  valueBytes: at.u32(),
  keyBytes: at.u16(),
  headerBytes: at.u16(),
  flags: at.u8(),
  reserved: at.bytes(3),
}));
export const TAPE_KEY_BYTES_MAX = 0xffff;
export const TAPE_HEADERS_BYTES_MAX = 0xffff;

/** Then the topic's, the group's and the key's name, and zeros to a multiple of 8. */
export const TapeHello = headed(64, (at) => ({
  role: at.u8(),
  order: at.u8(),
  ack: at.u8(),
  replicas: at.u8(),
  topicBytes: at.u8(),
  groupBytes: at.u8(),
  keyBytes: at.u8(),
  fromKind: at.u8(),
  publisher: at.u64(),
  epoch: at.u64(),
  from: at.u64(),
  credit: at.u32(),
  reserved: at.bytes(16),
  /** u32: of the whole message, with this field 0. */
  crc: at.u32(),
}));
export const TAPE_HELLO_BYTES_MAX = padded(TapeHello.bytes + 3 * TAPE_NAME_BYTES_MAX);

export const TapeProof = headed(72, (at) => ({ proof: at.bytes(TAPE_PROOF_BYTES) }));
export const TapeCredit = headed(16, (at) => ({ credit: at.u32(), reserved: at.u32() }));
export const TapeCommitOffset = headed(16, (at) => ({ record: at.u64() }));
/** Of Request and Reply: the text lies behind it, and zeros to a multiple of 8. */
export const TapeText = headed(16, (at) => ({ textBytes: at.u32(), reserved: at.u32() }));
export const TapeChallenge = headed(40, (at) => ({ nonce: at.bytes(TAPE_NONCE_BYTES) }));
export const TapeAccepted = headed(56, (at) => ({
  topic: at.u32(),
  order: at.u8(),
  ack: at.u8(),
  reserved: at.u16(),
  epoch: at.u64(),
  lastBatch: at.u64(),
  nextRecord: at.u64(),
  oldestRecord: at.u64(),
  lease_ms: at.u32(),
  reserved2: at.u32(),
}));
/** Of Refused and Fault: the line of text lies behind it, and zeros to a multiple of 8. */
export const TapeEnd = headed(24, (at) => ({
  reason: at.u8(),
  reserved: at.u8(),
  textBytes: at.u16(),
  reserved2: at.u32(),
  detail: at.u64(),
}));
export const TapeAck = headed(24, (at) => ({ batch: at.u64(), nextRecord: at.u64() }));
export const TapeActive = headed(16, (at) => ({ record: at.u64() }));
export const TapeBrokerHeartbeat = headed(16, (at) => ({ nextRecord: at.u64() }));

/** The first frame of each segment of a topic; its sessions lie behind it. */
export const TapeCheckpoint = headed(32, (at) => ({
  sessions: at.u32(),
  reserved: at.u32(),
  nextRecord: at.u64(),
  logBytes: at.u64(),
}));
export const TapeCheckpointSession = layout(32, (at) => ({
  publisher: at.u64(),
  epoch: at.u64(),
  lastBatch: at.u64(),
  last_us: at.u64(),
}));
export const TapeSession = headed(24, (at) => ({ publisher: at.u64(), epoch: at.u64() }));

assert(TAPE_BATCH_BYTES_MAX % 8 === 0, "the longest batch is whole words");

/** `bytes` and the zeros up to a multiple of 8. */
export function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}

function headed<T extends { readonly [name: string]: number }>(
  bytes: number,
  fields: (at: LayoutBuilder) => T,
): T & { bytes: number } {
  return layout(bytes, (at) => {
    at.bytes(8);
    return fields(at);
  });
}

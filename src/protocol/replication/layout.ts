// Where every field of a replication message lies. Specification: replication.md. Little-endian, like the frames of the
// journal that it carries; header and body are whole multiples of 8 bytes, so that those frames stay aligned.

import { assert, layout } from "../../base/index.ts";
import { WHO_BYTES_MAX } from "../commands/index.ts";

export const REPLICATION_VERSION = 1;
/** "REPL" on the wire. */
export const REPLICATION_MAGIC = 0x4c504552;
export const REPLICATION_HEADER_BYTES = 16;

/** The longest frame of a journal that a batch can carry (segment.md). */
const REPLICATED_FRAME_BYTES_MAX = 4 * 1024 * 1024;
/** Of a snapshot in one message: small enough that a heartbeat is not late behind it. */
export const SNAPSHOT_PART_BYTES_MAX = 256 * 1024;
export const NONCE_BYTES = 32;
/** An Ed25519 signature. */
export const PROOF_BYTES = 64;
/** A BLAKE3 digest: chain values, and what a snapshot's bytes give. */
export const DIGEST_BYTES = 32;

export const ReplicationType = {
  Challenge: 1,
  Logon: 2,
  Welcome: 3,
  Refusal: 4,
  Batch: 5,
  Ack: 6,
  Heartbeat: 7,
  SnapshotBegin: 8,
  SnapshotPart: 9,
  Standing: 10,
} as const;
export type ReplicationType = (typeof ReplicationType)[keyof typeof ReplicationType];

export const ReplicationHeader = layout(REPLICATION_HEADER_BYTES, (at) => ({
  magic: at.u32(),
  /** CRC32C of everything from `type` to the end of the body. */
  crc: at.u32(),
  type: at.u8(),
  version: at.u8(),
  reserved: at.u16(),
  bodyBytes: at.u32(),
}));

export const ChallengeLayout = layout(48, (at) => ({
  nonce: at.bytes(NONCE_BYTES),
  name: at.bytes(WHO_BYTES_MAX),
}));

export const LogonLayout = layout(176, (at) => ({
  purpose: at.u32(),
  flags: at.u32(),
  name: at.bytes(WHO_BYTES_MAX),
  nonce: at.bytes(NONCE_BYTES),
  epoch: at.u64(),
  position: at.u64(),
  persisted: at.u64(),
  chain: at.bytes(DIGEST_BYTES),
  proof: at.bytes(PROOF_BYTES),
}));

export const WelcomeLayout = layout(104, (at) => ({
  start: at.u32(),
  cluster: at.u32(),
  epoch: at.u64(),
  position: at.u64(),
  released: at.u64(),
  segmentBytes: at.u64(),
  proof: at.bytes(PROOF_BYTES),
}));

export const RefusalLayout = layout(88, (at) => ({
  code: at.u32(),
  reserved: at.u32(),
  epoch: at.u64(),
  position: at.u64(),
  proof: at.bytes(PROOF_BYTES),
}));

/** Before the frame. */
export const BatchLayout = layout(16, (at) => ({ released: at.u64(), segment: at.u64() }));

export const ReplicaAckLayout = layout(24, (at) => ({
  epoch: at.u64(),
  inMemory: at.u64(),
  persisted: at.u64(),
}));

export const ReplicaHeartbeatLayout = layout(16, (at) => ({ epoch: at.u64(), released: at.u64() }));

export const SnapshotBeginLayout = layout(88, (at) => ({
  epoch: at.u64(),
  fileBytes: at.u64(),
  position: at.u64(),
  chain: at.bytes(DIGEST_BYTES),
  digest: at.bytes(DIGEST_BYTES),
}));

/** Before the bytes. */
export const SnapshotPartLayout = layout(16, (at) => ({ offset: at.u64(), length: at.u64() }));

export const StandingLayout = layout(136, (at) => ({
  role: at.u32(),
  flags: at.u32(),
  epoch: at.u64(),
  position: at.u64(),
  persisted: at.u64(),
  primaryHeard_us: at.u64(),
  reserved: at.bytes(32),
  proof: at.bytes(PROOF_BYTES),
}));

/** The longest body of any message: a batch with the longest frame. */
const REPLICATION_BODY_BYTES_MAX = BatchLayout.bytes + REPLICATED_FRAME_BYTES_MAX;
export const REPLICATION_MESSAGE_BYTES_MAX = REPLICATION_HEADER_BYTES + REPLICATION_BODY_BYTES_MAX;

assert(REPLICATION_MESSAGE_BYTES_MAX % 8 === 0, "messages are whole words");

/** The least and the most bytes of each type's body. */
const BODY_RANGES: Readonly<Record<ReplicationType, readonly [least: number, most: number]>> = {
  [ReplicationType.Challenge]: exactly(ChallengeLayout.bytes),
  [ReplicationType.Logon]: exactly(LogonLayout.bytes),
  [ReplicationType.Welcome]: exactly(WelcomeLayout.bytes),
  [ReplicationType.Refusal]: exactly(RefusalLayout.bytes),
  [ReplicationType.Batch]: [BatchLayout.bytes + 8, REPLICATION_BODY_BYTES_MAX],
  [ReplicationType.Ack]: exactly(ReplicaAckLayout.bytes),
  [ReplicationType.Heartbeat]: exactly(ReplicaHeartbeatLayout.bytes),
  [ReplicationType.SnapshotBegin]: exactly(SnapshotBeginLayout.bytes),
  [ReplicationType.SnapshotPart]: [
    SnapshotPartLayout.bytes + 8,
    SnapshotPartLayout.bytes + SNAPSHOT_PART_BYTES_MAX,
  ],
  [ReplicationType.Standing]: exactly(StandingLayout.bytes),
};

/** Whether `type` is one of this version's with a body of `bodyBytes`. */
export function isReplicationBody(type: number, bodyBytes: number): type is ReplicationType {
  const range = BODY_RANGES[type as ReplicationType];
  return range !== undefined && bodyBytes % 8 === 0 && bodyBytes >= range[0] && bodyBytes <= range[1];
}

function exactly(bytes: number): readonly [number, number] {
  return [bytes, bytes];
}

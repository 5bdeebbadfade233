// The header of a snapshot file, to and from bytes. Nothing here knows files.

import { type Checksums, decodeUtf8, encodeUtf8, getU64, SAFE_MAX, setU64 } from "../../base/index.ts";
import { CHAIN_BYTES } from "../../segment/index.ts";
import {
  APPLICATION_NAME_BYTES,
  SnapshotFileLayout as At,
  SNAPSHOT_FILE_MAGIC,
  SNAPSHOT_FILE_VERSION,
  SNAPSHOT_HEADER_BYTES,
  SNAPSHOT_STATE_BYTES_MAX,
} from "./layout.ts";

/** Whose state it is: equal names and versions compute the same state from the same log. */
export interface ApplicationVersion {
  /** 1 to 16 characters of a-z, 0-9 and the hyphen. */
  readonly name: string;
  /** u32; another one when the same commands lead to another state, or the state is written in another way. */
  readonly version: number;
}

/** The place in a log that a state belongs to. */
export interface SnapshotPoint {
  readonly position: number;
  /** The chain value of the frame that ends with `position`. */
  readonly chain: Uint8Array;
  readonly epoch: number;
  readonly timestamp_us: number;
  /** The highest of recordSession over all commands up to `position`, or more. */
  readonly session: number;
}

export interface SnapshotHeader extends SnapshotPoint {
  readonly application: ApplicationVersion;
  readonly stateBytes: number;
  readonly stateCrc: number;
  /** BLAKE3. */
  readonly stateHash: Uint8Array;
}

/** Why bytes are no header: `damaged` ones can serve nobody, `foreign` ones another version of this program. */
export interface HeaderRefusal {
  readonly kind: "damaged" | "foreign";
  readonly reason: string;
}

export function encodeSnapshotHeader(header: SnapshotHeader, checksums: Checksums): Uint8Array {
  const bytes = new Uint8Array(SNAPSHOT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(encodeUtf8(SNAPSHOT_FILE_MAGIC), At.magic);
  view.setUint32(At.version, SNAPSHOT_FILE_VERSION, true);
  view.setUint32(At.headerBytes, SNAPSHOT_HEADER_BYTES, true);
  setU64(view, At.position, header.position);
  bytes.set(header.chain, At.chain);
  setU64(view, At.epoch, header.epoch);
  setU64(view, At.timestamp_us, header.timestamp_us);
  setU64(view, At.session, header.session);
  bytes.set(encodeUtf8(header.application.name), At.applicationName);
  view.setUint32(At.applicationVersion, header.application.version, true);
  view.setUint32(At.stateCrc, header.stateCrc, true);
  setU64(view, At.stateBytes, header.stateBytes);
  bytes.set(header.stateHash, At.stateHash);
  view.setUint32(At.crc, checksums.crc32c(bytes.subarray(0, At.crc)), true);
  return bytes;
}

/**
 * The header in `bytes` (SNAPSHOT_HEADER_BYTES of them), or why it is none. Magic, version and CRC keep their places in
 * every version, so that a newer file is told from a damaged one.
 */
export function decodeSnapshotHeader(
  bytes: Uint8Array,
  checksums: Checksums,
): SnapshotHeader | HeaderRefusal {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const problem = headerProblem(bytes, view, checksums);
  if (problem !== undefined) return problem;
  return {
    position: getU64(view, At.position),
    chain: bytes.slice(At.chain, At.chain + CHAIN_BYTES),
    epoch: getU64(view, At.epoch),
    timestamp_us: getU64(view, At.timestamp_us),
    session: getU64(view, At.session),
    application: { name: nameIn(bytes), version: view.getUint32(At.applicationVersion, true) },
    stateBytes: getU64(view, At.stateBytes),
    stateCrc: view.getUint32(At.stateCrc, true),
    stateHash: bytes.slice(At.stateHash, At.reserved),
  };
}

function headerProblem(bytes: Uint8Array, view: DataView, checksums: Checksums): HeaderRefusal | undefined {
  if (decodeUtf8(bytes.subarray(At.magic, At.version)) !== SNAPSHOT_FILE_MAGIC)
    return { kind: "damaged", reason: "it does not begin with a snapshot's magic bytes" };
  if (view.getUint32(At.crc, true) !== checksums.crc32c(bytes.subarray(0, At.crc)))
    return { kind: "damaged", reason: "the header's CRC32C does not match" };
  const version = view.getUint32(At.version, true);
  const headerBytes = view.getUint32(At.headerBytes, true);
  if (version !== SNAPSHOT_FILE_VERSION || headerBytes !== SNAPSHOT_HEADER_BYTES) {
    const known = `this program knows version ${SNAPSHOT_FILE_VERSION}`;
    return { kind: "foreign", reason: `it is written in format version ${version}, ${known}` };
  }
  const later = bytes.subarray(At.reserved, At.crc).some((byte) => byte !== 0);
  const numbers = [At.position, At.epoch, At.timestamp_us, At.session, At.stateBytes];
  const impossible = numbers.some((at) => getU64(view, at) > SAFE_MAX);
  const tooLarge = getU64(view, At.stateBytes) > SNAPSHOT_STATE_BYTES_MAX;
  if (later || impossible || tooLarge || !/^[a-z0-9-]+$/.test(nameIn(bytes)))
    return { kind: "foreign", reason: "its header says what no program of this version writes" };
  return undefined;
}

function nameIn(bytes: Uint8Array): string {
  const field = bytes.subarray(At.applicationName, At.applicationName + APPLICATION_NAME_BYTES);
  const end = field.indexOf(0);
  return decodeUtf8(end < 0 ? field : field.subarray(0, end));
}

// One snapshot file: written under a temporary name in slices that are safe one by one, and read back whole or not at
// all. Every byte of it is under a checksum: the header under its CRC32C, the state under CRC32C and BLAKE3, the length
// under the header.

import { type Checksums, SeriatimError, type Storage, type StorageFile } from "../../base/index.ts";
import { writeFully } from "../../segment/index.ts";
import {
  type ApplicationVersion,
  decodeSnapshotHeader,
  encodeSnapshotHeader,
  type SnapshotHeader,
  type SnapshotPoint,
} from "./header.ts";
import { SNAPSHOT_HEADER_BYTES, SNAPSHOT_STATE_BYTES_MAX } from "./layout.ts";

/** Written between two syncs, so that a journal on the same disk never waits behind a whole snapshot. */
const SLICE_BYTES = 1024 * 1024;
/** Read and summed at once: what was read is still in the cache then. */
const CHUNK_BYTES = 256 * 1024;

/** Where snapshots are and what reads them. */
export interface SnapshotPlace {
  readonly storage: Storage;
  readonly checksums: Checksums;
  readonly directory: string;
}

/** A state that can be written: base/application.ts, snapshot(). */
export type StateWriter = (write: (piece: Uint8Array) => void) => void;

/** Writes a whole snapshot to the empty `file`; all of it is safe on return. */
export function writeSnapshotFile(
  file: StorageFile,
  point: SnapshotPoint,
  application: ApplicationVersion,
  state: StateWriter,
  checksums: Checksums,
): SnapshotHeader {
  const digest = checksums.blake3Stream();
  let stateCrc = 0;
  let stateBytes = 0;
  let unsynced = 0;
  state((piece) => {
    writeFully(file, piece, piece.length, SNAPSHOT_HEADER_BYTES + stateBytes);
    stateCrc = checksums.crc32c(piece, stateCrc);
    digest.update(piece);
    stateBytes += piece.length;
    unsynced += piece.length;
    if (stateBytes > SNAPSHOT_STATE_BYTES_MAX) throw tooLarge(file.path);
    if (unsynced < SLICE_BYTES) return;
    file.syncData();
    unsynced = 0;
  });
  const header = { ...point, application, stateBytes, stateCrc, stateHash: digest.finish() };
  const bytes = encodeSnapshotHeader(header, checksums);
  writeFully(file, bytes, bytes.length, 0);
  file.syncData();
  return header;
}

function tooLarge(path: string): SeriatimError {
  const what = `the state is larger than ${SNAPSHOT_STATE_BYTES_MAX} bytes`;
  return new SeriatimError("SNAPSHOT_TOO_LARGE", `cannot write ${path}: ${what}`);
}

/**
 * The header of the snapshot file at `path`, every byte of which holds. Throws SNAPSHOT_DAMAGED, SNAPSHOT_FOREIGN (it
 * is another version's), both naming file and offset, or what the disk says.
 */
export function checkSnapshotFile({ storage, checksums }: SnapshotPlace, path: string): SnapshotHeader {
  return reading(storage, path, (file) => {
    const header = readSnapshotHeader(file, checksums);
    const chunk = new Uint8Array(CHUNK_BYTES);
    readState(file, header, checksums, (_, length) => chunk.subarray(0, length));
    return header;
  });
}

/** As checkSnapshotFile, and the state with it: in one piece, from one reading of the file. */
export function readSnapshotFile(
  { storage, checksums }: SnapshotPlace,
  path: string,
): { readonly header: SnapshotHeader; readonly state: Uint8Array<ArrayBuffer> } {
  return reading(storage, path, (file) => {
    const header = readSnapshotHeader(file, checksums);
    const state = new Uint8Array(header.stateBytes);
    readState(file, header, checksums, (at, length) => state.subarray(at, at + length));
    return { header, state };
  });
}

/** Reads all of it, piece by piece, each to where `placeOf` says; throws SNAPSHOT_DAMAGED when it is not the header's. */
function readState(
  file: StorageFile,
  header: SnapshotHeader,
  checksums: Checksums,
  placeOf: (at: number, length: number) => Uint8Array,
): void {
  const digest = checksums.blake3Stream();
  let crc = 0;
  for (let at = 0; at < header.stateBytes; at += CHUNK_BYTES) {
    const piece = placeOf(at, Math.min(CHUNK_BYTES, header.stateBytes - at));
    readFully(file, piece, SNAPSHOT_HEADER_BYTES + at);
    crc = checksums.crc32c(piece, crc);
    digest.update(piece);
  }
  refuseOtherState(file, header, crc, digest.finish());
}

function reading<T>(storage: Storage, path: string, read: (file: StorageFile) => T): T {
  const file = storage.open(path, "read");
  try {
    return read(file);
  } finally {
    file.close();
  }
}

/** The header of an open snapshot file, whose length it agrees with. Throws as checkSnapshotFile. */
export function readSnapshotHeader(file: StorageFile, checksums: Checksums): SnapshotHeader {
  const size = file.size();
  if (size < SNAPSHOT_HEADER_BYTES) throw damaged(file, 0, `${size} bytes are shorter than its header`);
  const bytes = new Uint8Array(SNAPSHOT_HEADER_BYTES);
  readFully(file, bytes, 0);
  const header = decodeSnapshotHeader(bytes, checksums);
  if ("reason" in header) {
    if (header.kind === "damaged") throw damaged(file, 0, header.reason);
    throw new SeriatimError("SNAPSHOT_FOREIGN", `${file.path} at offset 0: ${header.reason}`);
  }
  const whole = SNAPSHOT_HEADER_BYTES + header.stateBytes;
  if (size !== whole) throw damaged(file, Math.min(size, whole), `${size} bytes long instead of ${whole}`);
  return header;
}

/** Fills `bytes` from `position` of the file on; throws SNAPSHOT_DAMAGED when it ends before. */
export function readFully(file: StorageFile, bytes: Uint8Array, position: number): void {
  for (let have = 0; have < bytes.length; ) {
    const got = file.read(bytes, have, bytes.length - have, position + have);
    if (got === 0) throw damaged(file, position + have, "the file ends here, before its state does");
    have += got;
  }
}

/** Throws SNAPSHOT_DAMAGED for a state that is not the one the header tells of. */
export function refuseOtherState(
  file: StorageFile,
  header: SnapshotHeader,
  crc: number,
  hash: Uint8Array,
): void {
  if (crc !== header.stateCrc)
    throw damaged(file, SNAPSHOT_HEADER_BYTES, "the state's CRC32C does not match");
  if (hash.some((byte, i) => byte !== header.stateHash[i]))
    throw damaged(file, SNAPSHOT_HEADER_BYTES, "the state's BLAKE3 does not match");
}

function damaged(file: StorageFile, offset: number, why: string): SeriatimError {
  return new SeriatimError("SNAPSHOT_DAMAGED", `${file.path} at offset ${offset}: ${why}`);
}

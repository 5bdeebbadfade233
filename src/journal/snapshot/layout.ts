// Where every field of a snapshot file's header lies. Specification: snapshot-file.md. All numbers are little-endian.
//
//   header (256 bytes, its CRC in the last four), then the application's canonical state, and nothing behind it

import { LayoutBuilder } from "../../base/index.ts";
import { CHAIN_BYTES } from "../../segment/index.ts";

/** The first bytes of every snapshot file, as ASCII. */
export const SNAPSHOT_FILE_MAGIC = "serisnap";
/** Frozen: files of version 1 are read for ever. */
export const SNAPSHOT_FILE_VERSION = 1;
/** The state begins here, so that it can be read as words in place. */
export const SNAPSHOT_HEADER_BYTES = 256;
/** ASCII, zeros behind it. */
export const APPLICATION_NAME_BYTES = 16;
/** No state is larger: some 30 million resting orders, twice what a genesis allows. It is read in one piece. */
export const SNAPSHOT_STATE_BYTES_MAX = 2 ** 31;
export const SNAPSHOT_FILE_BYTES_MAX = SNAPSHOT_HEADER_BYTES + SNAPSHOT_STATE_BYTES_MAX;

export const SnapshotFileLayout = snapshotFileLayout();

function snapshotFileLayout() {
  const at = new LayoutBuilder();
  const layout = {
    /** The ASCII bytes SNAPSHOT_FILE_MAGIC. */
    magic: at.bytes(8),
    version: at.u32(),
    headerBytes: at.u32(),
    /** The last position whose effect is in the state; a frame of the log ends with it. */
    position: at.u64(),
    /** The chain value of that frame. */
    chain: at.bytes(CHAIN_BYTES),
    /** Of that frame. */
    epoch: at.u64(),
    /** Of that frame: the sequencer's time of the last command. */
    timestamp_us: at.u64(),
    /** The highest session that a command up to the position names; 0 where commands have none. */
    session: at.u64(),
    applicationName: at.bytes(APPLICATION_NAME_BYTES),
    applicationVersion: at.u32(),
    /** CRC32C of the state. */
    stateCrc: at.u32(),
    stateBytes: at.u64(),
    /** BLAKE3 of the state: the state hash. */
    stateHash: at.bytes(32),
    /** Zeros. */
    reserved: at.bytes(SNAPSHOT_HEADER_BYTES - 148),
    /** CRC32C of the header up to here. */
    crc: at.u32(),
  };
  at.size(SNAPSHOT_HEADER_BYTES);
  return layout;
}

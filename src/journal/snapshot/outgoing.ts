// A snapshot on its way to another node: checked and read in pieces, so that nobody who shares the thread waits for all of
// it. The file is open from the beginning to the end, so it may lose its name meanwhile.

import { type DigestStream, SeriatimError, type StorageFile } from "../../base/index.ts";
import { readFully, readSnapshotHeader, refuseOtherState, type SnapshotPlace } from "./file.ts";
import type { ApplicationVersion, SnapshotHeader } from "./header.ts";
import { SNAPSHOT_HEADER_BYTES } from "./layout.ts";
import { listSnapshots } from "./names.ts";

/** Checked at once: well below a millisecond. */
const PIECE_BYTES = 256 * 1024;

export class OutgoingSnapshot {
  readonly header: SnapshotHeader;
  readonly fileBytes: number;
  readonly #file: StorageFile;
  readonly #place: SnapshotPlace;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  readonly #ofFile: DigestStream;
  readonly #ofState: DigestStream;
  #stateCrc = 0;
  #checked = 0;
  #digest: Uint8Array | undefined;

  /** Throws SNAPSHOT_DAMAGED, SNAPSHOT_FOREIGN or what the disk says; the file is closed then. */
  constructor(place: SnapshotPlace, path: string) {
    this.#place = place;
    this.#ofFile = place.checksums.blake3Stream();
    this.#ofState = place.checksums.blake3Stream();
    this.#file = place.storage.open(path, "read");
    try {
      this.header = readSnapshotHeader(this.#file, place.checksums);
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.fileBytes = SNAPSHOT_HEADER_BYTES + this.header.stateBytes;
  }

  /** BLAKE3 of the file, once all of it is checked. */
  get digest(): Uint8Array | undefined {
    return this.#digest;
  }

  /** Checks the next piece. Throws SNAPSHOT_DAMAGED, or what the disk says. */
  check(): void {
    const { checksums } = this.#place;
    const from = this.#checked;
    const length = Math.min(from === 0 ? SNAPSHOT_HEADER_BYTES : PIECE_BYTES, this.fileBytes - from);
    const piece = this.#piece.subarray(0, length);
    readFully(this.#file, piece, from);
    this.#ofFile.update(piece);
    if (from > 0) {
      this.#ofState.update(piece);
      this.#stateCrc = checksums.crc32c(piece, this.#stateCrc);
    }
    this.#checked += length;
    if (this.#checked < this.fileBytes) return;
    refuseOtherState(this.#file, this.header, this.#stateCrc, this.#ofState.finish());
    this.#digest = this.#ofFile.finish();
  }

  /** Fills `bytes` from `offset` of the file on. Throws SNAPSHOT_DAMAGED when it has become shorter, or what the disk says. */
  read(bytes: Uint8Array, offset: number): void {
    readFully(this.#file, bytes, offset);
  }

  close(): void {
    this.#file.close();
  }
}

/** The snapshots of a node, for whoever wants one: its own application's alone. */
export class OutgoingSnapshots {
  readonly #place: SnapshotPlace;
  readonly #application: ApplicationVersion;

  constructor(place: SnapshotPlace, application: ApplicationVersion) {
    this.#place = place;
    this.#application = application;
  }

  /** The newest one before position `before` whose header holds. */
  open(before: number): OutgoingSnapshot | undefined {
    const { name, version } = this.#application;
    for (const { path, position } of listSnapshots(this.#place)) {
      if (position >= before) continue;
      const snapshot = this.#open(path);
      if (snapshot === undefined) continue;
      const { header } = snapshot;
      const isOwn = header.application.name === name && header.application.version === version;
      if (isOwn && header.position === position) return snapshot;
      snapshot.close();
    }
    return undefined;
  }

  /** Undefined for one that can't be used, or was removed in this moment. */
  #open(path: string): OutgoingSnapshot | undefined {
    try {
      return new OutgoingSnapshot(this.#place, path);
    } catch (error) {
      if (error instanceof SeriatimError && UNUSABLE.includes(error.code)) return undefined;
      throw error;
    }
  }
}

const UNUSABLE: readonly string[] = ["SNAPSHOT_DAMAGED", "SNAPSHOT_FOREIGN", "ENOENT", "EIO"];

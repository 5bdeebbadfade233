// A directory of snapshots (names.ts).
//
//   write:  directory synced -> temporary file, its bytes synced -> renamed -> directory synced
//   tidy:   every byte of the newest and of the one before it is read back; only then is anything older removed
//
// The first of these is for a process that was killed before the last: of all snapshots only the newest can have a name that a power loss
// takes away, and what is removed is removed by the word of the one before it (retention.ts).
//
// One writer at a time. Readers may look at any moment: a name appears with its whole file.

import { SeriatimError } from "../../base/index.ts";
import {
  checkSnapshotFile,
  readSnapshotFile,
  type SnapshotPlace,
  type StateWriter,
  writeSnapshotFile,
} from "./file.ts";
import type { ApplicationVersion, SnapshotHeader, SnapshotPoint } from "./header.ts";
import { listSnapshots, removeInterrupted, type SnapshotName, snapshotName } from "./names.ts";

/** The place of the snapshots in a node's data directory. */
export const SNAPSHOTS_DIRECTORY = "snapshots";
/** The newest and one previous, which serves when the newest has rotted. */
const SNAPSHOTS_KEPT = 2;

/** A file whose every byte was read and holds. */
export interface SnapshotFile extends SnapshotName {
  readonly header: SnapshotHeader;
}

export interface TidySnapshots {
  /** The newest that hold, newest first: at most two. */
  readonly kept: readonly SnapshotFile[];
  /** Why newer files than those were removed, a line each: they were damaged. */
  readonly damaged: readonly string[];
}

/** Reads, writes and tidies the snapshots of one application in one directory. */
export class SnapshotStore {
  readonly #place: SnapshotPlace;
  readonly #application: ApplicationVersion;

  /** Snapshots of `application` alone are read and written; those of others are foreign. */
  constructor(place: SnapshotPlace, application: ApplicationVersion) {
    this.#place = place;
    this.#application = application;
  }

  /** Newest first; none when there is no such directory. */
  list(): SnapshotName[] {
    return listSnapshots(this.#place);
  }

  /** Its state too, every byte of which holds. Throws SNAPSHOT_DAMAGED, SNAPSHOT_FOREIGN or what the disk says. */
  read({ path, position }: SnapshotName): SnapshotFile & { readonly state: Uint8Array<ArrayBuffer> } {
    const { header, state } = readSnapshotFile(this.#place, path);
    refuseOthers({ path, position }, header, this.#application);
    return { path, position, header, state };
  }

  /** Reads every byte back; throws as `read`. */
  check(name: SnapshotName): SnapshotFile {
    const header = checkSnapshotFile(this.#place, name.path);
    refuseOthers(name, header, this.#application);
    return { ...name, header };
  }

  /**
   * Writes a snapshot and gives it its name; it is safe on return. Throws what the disk says: then it either has no name, or
   * one that may not survive a crash.
   */
  write(point: SnapshotPoint, state: StateWriter): SnapshotFile {
    const { storage, directory } = this.#place;
    storage.makeDirectory(directory);
    removeInterrupted(storage, directory);
    const path = `${directory}/${snapshotName(point.position)}`;
    const temporary = `${path}.tmp`;
    try {
      const header = this.#writeTo(temporary, point, state);
      storage.rename(temporary, path);
      storage.syncDirectory(directory);
      return { path, position: point.position, header };
    } catch (error) {
      this.#giveBack(temporary);
      throw error;
    }
  }

  #writeTo(path: string, point: SnapshotPoint, state: StateWriter): SnapshotHeader {
    const { storage, checksums } = this.#place;
    const file = storage.create(path);
    try {
      return writeSnapshotFile(file, point, this.#application, state, checksums);
    } finally {
      file.close();
    }
  }

  /**
   * Reads back the newest snapshots until two hold, then removes what is older, and what is damaged. Foreign ones that
   * are newer, also those that are not `ofThisLog`, stay and count for nothing; `whole` was read back just now, and stays
   * as one that holds. Throws what the disk says; then nothing was removed.
   */
  tidy(ofThisLog: (file: SnapshotFile) => boolean = () => true, whole?: SnapshotFile): TidySnapshots {
    const kept: SnapshotFile[] = [];
    const damaged: string[] = [];
    const unneeded: string[] = [];
    for (const name of this.list()) {
      if (name.position === whole?.position) kept.push(whole);
      else if (kept.length === SNAPSHOTS_KEPT) unneeded.push(name.path);
      else this.#sort(name, ofThisLog, kept, damaged, unneeded);
    }
    // Without one that holds nothing goes: a damaged file may still tell somebody something.
    if (kept.length === 0) return { kept, damaged };
    for (const path of unneeded) this.#place.storage.remove(path);
    if (unneeded.length > 0) this.#place.storage.syncDirectory(this.#place.directory);
    return { kept, damaged };
  }

  #sort(
    name: SnapshotName,
    ofThisLog: (file: SnapshotFile) => boolean,
    kept: SnapshotFile[],
    damaged: string[],
    unneeded: string[],
  ): void {
    let file: SnapshotFile;
    try {
      file = this.check(name);
    } catch (error) {
      if (!(error instanceof SeriatimError) || !REFUSALS.includes(error.code)) throw error;
      if (error.code === "SNAPSHOT_FOREIGN") return;
      damaged.push(error.message);
      unneeded.push(name.path);
      return;
    }
    if (ofThisLog(file)) kept.push(file);
  }

  /** Gives the space back after a failure, which is what is reported: what fails here follows from it. */
  #giveBack(temporary: string): void {
    try {
      this.#place.storage.remove(temporary);
    } catch {
      // It was never made, or has its name; what remains, the next writing removes.
    }
  }
}

/** Throws SNAPSHOT_DAMAGED for another position than the name's, SNAPSHOT_FOREIGN for a state of another application or version. */
export function refuseOthers(
  { path, position }: SnapshotName,
  { application, position: found }: Pick<SnapshotHeader, "application" | "position">,
  { name, version }: ApplicationVersion,
): void {
  if (found !== position) {
    const what = `it holds the state at position ${found}, not the one in its name`;
    throw new SeriatimError("SNAPSHOT_DAMAGED", `${path} at offset 0: ${what}`);
  }
  if (application.name === name && application.version === version) return;
  const what = `it is of ${application.name} version ${application.version}, not of ${name} version ${version}`;
  throw new SeriatimError("SNAPSHOT_FOREIGN", `${path} at offset 0: ${what}`);
}

/** What a file can be refused for, what can't be read included (choice.ts); anything else is the disk's failure. */
const REFUSALS: readonly string[] = ["SNAPSHOT_DAMAGED", "SNAPSHOT_FOREIGN", "EIO"];

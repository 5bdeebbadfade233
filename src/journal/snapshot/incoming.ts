// A snapshot that another node sends, on its way to the disk: into a directory of its own, beside what the node has, so that
// nothing is given up for it before it is whole.
//
//   temporary file, synced a mebibyte at a time -> every byte read back and held against its header, the header against
//   what was announced -> renamed, directory synced: from then on it stands (replica-files.ts)
//
// One at a time; what an earlier one left unfinished is removed.

import { SeriatimError, type StorageFile } from "../../base/index.ts";
import { isSameChain, writeFully } from "../../segment/index.ts";
import { checkSnapshotFile, type SnapshotPlace } from "./file.ts";
import type { ApplicationVersion, SnapshotHeader, SnapshotPoint } from "./header.ts";
import { SNAPSHOT_FILE_BYTES_MAX } from "./layout.ts";
import { snapshotName } from "./names.ts";

/** Written between two syncs: the last of them is short. */
const SLICE_BYTES = 1024 * 1024;

/** What the sender says of it. */
export interface AnnouncedSnapshot extends Pick<SnapshotPoint, "position" | "epoch" | "chain"> {
  readonly fileBytes: number;
}

export class IncomingSnapshot {
  readonly #place: SnapshotPlace;
  readonly #application: ApplicationVersion;
  readonly #announced: AnnouncedSnapshot;
  readonly #temporary: string;
  readonly #file: StorageFile;
  #isOpen = true;
  #written = 0;
  #synced = 0;

  /** `place`: the directory for incoming ones alone. Throws SNAPSHOT_TOO_LARGE, or what the disk says. */
  constructor(place: SnapshotPlace, application: ApplicationVersion, announced: AnnouncedSnapshot) {
    const { storage, directory } = place;
    this.#place = place;
    this.#application = application;
    this.#announced = announced;
    this.#temporary = `${directory}/${snapshotName(announced.position)}.tmp`;
    if (announced.fileBytes > SNAPSHOT_FILE_BYTES_MAX) {
      const what = `${announced.fileBytes} bytes, and none is larger than ${SNAPSHOT_FILE_BYTES_MAX}`;
      throw new SeriatimError("SNAPSHOT_TOO_LARGE", `the snapshot that is sent has ${what}`);
    }
    storage.makeDirectory(directory);
    for (const name of storage.list(directory)) storage.remove(`${directory}/${name}`);
    this.#file = storage.create(this.#temporary);
  }

  /** The next bytes of the file. Throws what the disk says. */
  write(bytes: Uint8Array): void {
    writeFully(this.#file, bytes, bytes.length, this.#written);
    this.#written += bytes.length;
    if (this.#written - this.#synced < SLICE_BYTES) return;
    this.#file.syncData();
    this.#synced = this.#written;
  }

  /**
   * All of it was written: it has its name, and is safe, on return. Throws SNAPSHOT_DAMAGED when the disk gives back something
   * else or it is not what was announced, SNAPSHOT_FOREIGN for another application's or version's, or what the disk says.
   */
  finish(): void {
    const { storage, directory } = this.#place;
    this.#file.syncData();
    this.#close();
    this.#refuseOthers(checkSnapshotFile(this.#place, this.#temporary));
    storage.rename(this.#temporary, `${directory}/${snapshotName(this.#announced.position)}`);
    storage.syncDirectory(directory);
  }

  /** It won't be whole: gives the space back. */
  abandon(): void {
    if (!this.#isOpen) return;
    this.#close();
    try {
      this.#place.storage.remove(this.#temporary);
    } catch {
      // What remains, the next one removes.
    }
  }

  #close(): void {
    this.#isOpen = false;
    this.#file.close();
  }

  #refuseOthers({ application, position, epoch, chain }: SnapshotHeader): void {
    const { name, version } = this.#application;
    if (application.name !== name || application.version !== version) {
      const what = `is of ${application.name} version ${application.version}, this node runs ${name} version ${version}`;
      throw new SeriatimError("SNAPSHOT_FOREIGN", `the snapshot that was sent ${what}`);
    }
    const said = this.#announced;
    if (position === said.position && epoch === said.epoch && isSameChain(chain, said.chain)) return;
    const what = `its header says position ${position} of epoch ${epoch}, not what was announced`;
    throw new SeriatimError("SNAPSHOT_DAMAGED", `${this.#temporary} at offset 0: ${what}`);
  }
}

// The next segment, made before it is needed: its zeros are written and synced a slice at a time while the current
// one fills, so that rotation costs one sector, one rename and two syncs. Real zeros, because extents that are only
// reserved stall later, at the first write into them. A sparse log does without: the size is said, and that is all; or it has
// the file of its oldest segment, when that is no longer kept.

import type { Checksums, Storage, StorageFile } from "../base/index.ts";
import { segmentName, temporaryName } from "./directory.ts";
import { fence } from "./fence.ts";
import { encodeSegmentHeader, type SegmentHeader } from "./header.ts";
import { SECTOR_BYTES } from "./layout.ts";
import type { LogLimits } from "./limits.ts";
import type { LogPlace } from "./log.ts";
import type { OpenSegment } from "./segment-end.ts";
import { writeFully } from "./write-fully.ts";
import { writeZeros } from "./zeros.ts";

export class Preallocation {
  readonly segmentBytes: number;
  readonly #storage: Storage;
  readonly #directory: string;
  readonly #log: string;
  readonly #number: number;
  readonly #sparse: boolean;
  readonly #file: StorageFile;
  readonly #former: number;
  #zeroed: number;
  #open = true;
  #named = false;

  /** `former`: the number of an oldest segment that is no longer kept, whose file becomes this one; 0: a new file. */
  constructor({ storage, directory, log }: LogPlace, number: number, limits: LogLimits, former = 0) {
    this.#storage = storage;
    this.#directory = directory;
    this.#log = log;
    this.#number = number;
    this.segmentBytes = limits.segmentBytes;
    this.#sparse = limits.preallocation === "sparse";
    this.#former = former;
    this.#zeroed = former === 0 ? 0 : limits.segmentBytes;
    const path = `${directory}/${temporaryName(log, number)}`;
    if (former === 0) {
      this.#file = storage.create(path);
      return;
    }
    storage.rename(`${directory}/${segmentName(log, former)}`, path);
    // Before a byte of it changes: a crash must not leave its old name with another segment's beginning.
    storage.syncDirectory(directory);
    this.#file = storage.open(path, "write");
  }

  /** Bytes that are zero, and safe when they were written. */
  get zeroed(): number {
    return this.#zeroed;
  }

  /** Writes and syncs about `budget_bytes` more zeros; false when there are no more to come. */
  advance(budget_bytes: number): boolean {
    if (this.#zeroed === this.segmentBytes) return false;
    if (this.#sparse) return this.#sizeOnly();
    const to = Math.min(this.segmentBytes, this.#zeroed + budget_bytes);
    writeZeros(this.#file, this.#zeroed, to);
    this.#file.syncData();
    this.#zeroed = to;
    return to < this.segmentBytes;
  }

  /** Safe with the header, which is before the file has its name. */
  #sizeOnly(): boolean {
    this.#file.truncate(this.segmentBytes);
    this.#zeroed = this.segmentBytes;
    return false;
  }

  /** Writes the header and gives the file its name; everything is safe on return. Opened anew, under its name. */
  publish(header: Omit<SegmentHeader, "segmentBytes" | "former">, checksums: Checksums): OpenSegment {
    this.advance(this.segmentBytes);
    const { segmentBytes } = this;
    const former = this.#former;
    const { bytes } = encodeSegmentHeader({ ...header, segmentBytes, former }, checksums);
    writeFully(this.#file, bytes, bytes.length, 0);
    const begun = { segmentBytes, offset: SECTOR_BYTES, hasRemains: former > 0 };
    const { firstPosition, epoch, anchor } = header;
    fence({ ...begun, file: this.#file }, SECTOR_BYTES, firstPosition - 1, anchor, epoch, checksums);
    this.#file.syncData();
    this.#close();
    const path = `${this.#directory}/${segmentName(this.#log, this.#number)}`;
    this.#storage.rename(this.#file.path, path);
    this.#named = true;
    this.#storage.syncDirectory(this.#directory);
    return { ...begun, file: this.#storage.open(path, "write") };
  }

  /**
   * Gives the descriptor and the space back, also after a failure. A file that has its name stays. One that can't be removed is
   * an interrupted creation, which the next opening removes, so no error is told.
   */
  abandon(): void {
    try {
      this.#close();
      if (!this.#named) this.#storage.remove(this.#file.path);
    } catch {
      // Whoever abandons has a first failure to report, or nothing left to do.
    }
  }

  /** Once: a descriptor that was given back may be another file's by now. */
  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
  }
}

// The next segment, made before it is needed: its zeros are written and synced a slice at a time while the current
// one fills, so that rotation costs one sector, one rename and two syncs. Real zeros, because extents that are only
// reserved stall later, at the first write into them. A sparse log does without: the size is said, and that is all.

import type { Checksums, Storage, StorageFile } from "../base/index.ts";
import { segmentName, temporaryName } from "./directory.ts";
import { encodeSegmentHeader, type SegmentHeader } from "./header.ts";
import type { LogLimits } from "./limits.ts";
import type { LogPlace } from "./log.ts";
import { writeFully } from "./write-fully.ts";

/** Zeros per write; a slice is at most this much longer than asked for. */
const ZEROS = new Uint8Array(64 * 1024);

/** Writes zeros over [from, to) of `file`. */
export function writeZeros(file: StorageFile, from: number, to: number): void {
  for (let at = from; at < to; at += ZEROS.length) {
    writeFully(file, ZEROS, Math.min(ZEROS.length, to - at), at);
  }
}

export class Preallocation {
  readonly segmentBytes: number;
  readonly #storage: Storage;
  readonly #directory: string;
  readonly #log: string;
  readonly #number: number;
  readonly #sparse: boolean;
  readonly #file: StorageFile;
  #zeroed = 0;
  #open = true;
  #named = false;

  constructor({ storage, directory, log }: LogPlace, number: number, limits: LogLimits) {
    this.#storage = storage;
    this.#directory = directory;
    this.#log = log;
    this.#number = number;
    this.segmentBytes = limits.segmentBytes;
    this.#sparse = limits.preallocation === "sparse";
    this.#file = storage.create(`${directory}/${temporaryName(log, number)}`);
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
  publish(header: SegmentHeader, checksums: Checksums): StorageFile {
    this.advance(this.segmentBytes);
    const { bytes } = encodeSegmentHeader(header, checksums);
    writeFully(this.#file, bytes, bytes.length, 0);
    this.#file.syncData();
    this.#close();
    const path = `${this.#directory}/${segmentName(this.#log, this.#number)}`;
    this.#storage.rename(this.#file.path, path);
    this.#named = true;
    this.#storage.syncDirectory(this.#directory);
    return this.#storage.open(path, "write");
  }

  /**
   * Gives the descriptor and the space back, also after a failure. What has its name stays; what can't be removed is
   * an interrupted creation, which the next opening removes, so nothing is said of it.
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

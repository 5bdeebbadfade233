// Where the pump and the blocking twin write, as the broker's log does: files of one size one after the other, each sealed by the digest
// that chains what is written, brought to the disk before it is left behind, and the oldest file becomes the next when so
// many are kept. One write per batch; nothing is named or found again.

import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { NativeChecksums } from "../../src/platform/index.ts";

/** As the broker's in the same run. */
export const SEGMENT_BYTES = 64 * 1024 * 1024;
export const SEGMENTS_KEPT = 8;

/**
 * How a file that is full gets to the disk: "waits", for whoever promises that a crash costs no more than the last one, and "behind", for
 * who writes as much and promises nothing.
 */
export type SyncOfFull = "waits" | "behind";

export class BareSegments {
  readonly #directory: string;
  readonly #name: string;
  readonly #syncOfFull: SyncOfFull;
  readonly #checksums = new NativeChecksums();
  #chain = new Uint8Array(32);
  #number = 0;
  #file = -1;
  #at = SEGMENT_BYTES;

  constructor(directory: string, name: string, syncOfFull: SyncOfFull) {
    this.#directory = directory;
    this.#name = name;
    this.#syncOfFull = syncOfFull;
  }

  write(bytes: Uint8Array, length: number): void {
    if (this.#at + length > SEGMENT_BYTES) this.#next();
    this.#chain = this.#checksums.blake3(this.#chain, bytes.subarray(0, length)) as Uint8Array<ArrayBuffer>;
    for (let from = 0; from < length; )
      from += writeSync(this.#file, bytes, from, length - from, this.#at + from);
    this.#at += length;
  }

  sync(): void {
    if (this.#file >= 0) fdatasyncSync(this.#file);
  }

  #next(): void {
    this.#leave();
    this.#number++;
    this.#at = 0;
    const path = this.#path(this.#number);
    const isReused = this.#number > SEGMENTS_KEPT + 1;
    if (isReused) renameSync(this.#path(this.#number - SEGMENTS_KEPT - 1), path);
    this.#file = openSync(path, isReused ? "r+" : "wx");
    ftruncateSync(this.#file, SEGMENT_BYTES);
  }

  #leave(): void {
    const file = this.#file;
    if (file < 0) return;
    if (this.#syncOfFull === "behind") return fdatasync(file, () => closeSync(file));
    fdatasyncSync(file);
    closeSync(file);
  }

  #path(number: number): string {
    return join(this.#directory, `${this.#name}-${number}`);
  }
}

// Where the pump and the blocking twin write: files of a fixed size one after the other, the oldest removed, so that a run takes no
// more of the disk than the broker's topic does. One write per batch; nothing is checked, named or found again.

import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";

/** As the broker's in the same run. */
export const SEGMENT_BYTES = 64 * 1024 * 1024;
export const SEGMENTS_KEPT = 8;

export class BareSegments {
  readonly #directory: string;
  readonly #name: string;
  #number = 0;
  #file = -1;
  #at = SEGMENT_BYTES;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  write(bytes: Uint8Array, length: number): void {
    if (this.#at + length > SEGMENT_BYTES) this.#next();
    for (let from = 0; from < length; )
      from += writeSync(this.#file, bytes, from, length - from, this.#at + from);
    this.#at += length;
  }

  sync(): void {
    if (this.#file >= 0) fdatasyncSync(this.#file);
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }

  #next(): void {
    this.close();
    this.#number++;
    this.#file = openSync(this.#path(this.#number), "wx");
    this.#at = 0;
    if (this.#number > SEGMENTS_KEPT) unlinkSync(this.#path(this.#number - SEGMENTS_KEPT));
  }

  #path(number: number): string {
    return join(this.#directory, `${this.#name}-${number}`);
  }
}

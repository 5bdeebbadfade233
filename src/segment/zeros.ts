// Zeros that are really written, for a file whose blocks are to be there before a frame needs them.

import type { StorageFile } from "../base/index.ts";
import { writeFully } from "./write-fully.ts";

/** Zeros per write. */
const ZEROS = new Uint8Array(256 * 1024);

/** Writes zeros over [from, to) of `file`. */
export function writeZeros(file: StorageFile, from: number, to: number): void {
  for (let at = from; at < to; at += ZEROS.length) {
    writeFully(file, ZEROS, Math.min(ZEROS.length, to - at), at);
  }
}

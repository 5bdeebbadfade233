// A file that a person names, read whole. A mistaken path to something huge, or to a device that has no end and says no
// size, costs no more than the bound.

import { closeSync, openSync, readSync } from "node:fs";
import { asGivenPathError } from "./given-path.ts";

const PIECE_BYTES = 65_536;

/** Of a file of certificates: all that a system trusts are a fifth of it. */
export const PEM_BYTES_MAX = 1_048_576;

/**
 * What the file at `path` holds; undefined when that is more than `bytesMax`. Throws givenPathError; `option`: what the path was
 * given as.
 */
export function readBoundedFile(path: string, bytesMax: number, option = ""): Buffer | undefined {
  try {
    return read(path, bytesMax);
  } catch (cause) {
    throw asGivenPathError(cause, "read", path, option);
  }
}

function read(path: string, bytesMax: number): Buffer | undefined {
  const descriptor = openSync(path, "r");
  try {
    const pieces: Buffer[] = [];
    let total_bytes = 0;
    while (total_bytes <= bytesMax) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytesMax + 1 - total_bytes));
      const count = readSync(descriptor, piece);
      if (count === 0) return Buffer.concat(pieces, total_bytes);
      pieces.push(piece.subarray(0, count));
      total_bytes += count;
    }
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

// Where lines come from: standard input or a file, as pieces of bytes, read no faster than they are asked for.

import { createReadStream, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { getSystemErrorMessage } from "node:util";
import { SeriatimError } from "../../base/index.ts";
import { asGivenPathError, givenPathError } from "../../platform/index.ts";

/** Large pieces: a line is cut out of one, not put together of many. */
const PIECE_BYTES = 1_048_576;

export interface LineInput {
  /** Of a regular file; undefined where nobody knows how much will come. */
  readonly bytes: number | undefined;
  /** The next piece; undefined: there is no more. Throws SeriatimError INPUT_FAILED. */
  next(): Promise<Uint8Array | undefined>;
  close(): void;
}

/** Throws givenPathError when the file can't be opened. `path` undefined: standard input. */
export function openLines(path: string | undefined): LineInput {
  if (path === undefined) return linesOf(process.stdin, "standard input", undefined);
  try {
    const descriptor = openSync(path, "r");
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw givenPathError("EISDIR", "read", path, { option: "--file" });
    // Of a pipe a call would wait for whoever writes, and the end of this process for that call.
    const stream = stat.isFIFO()
      ? new Socket({ fd: descriptor, readable: true, writable: false })
      : createReadStream(path, { fd: descriptor, highWaterMark: PIECE_BYTES });
    return linesOf(stream, path, stat.isFile() ? stat.size : undefined);
  } catch (error) {
    throw error instanceof SeriatimError ? error : asGivenPathError(error, "read", path, "--file");
  }
}

function linesOf(stream: Readable, name: string, bytes: number | undefined): LineInput {
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    bytes,
    next: async () => {
      try {
        const { done, value } = await pieces.next();
        return done === true ? undefined : value;
      } catch (error) {
        throw inputFailed(name, error);
      }
    },
    close: () => {
      stream.destroy();
    },
  };
}

function inputFailed(name: string, error: unknown): SeriatimError {
  const { errno, message } = error as NodeJS.ErrnoException;
  const why = errno === undefined ? message : getSystemErrorMessage(errno);
  return new SeriatimError("INPUT_FAILED", `${name}: can't be read: ${why}`, { cause: error });
}

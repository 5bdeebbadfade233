// Everything a command prints goes through here: written before the call returns, as slowly as the reader takes it.
// So nothing is buffered without bound, nothing is lost at exit, and a failed write is known where it happened.
// (process.stdout does none of these on a file: a short write is its end, and its errors come when nobody listens.)
//
//   written            true
//   nobody reads it    false, also from then on; a command whose work is printing stops, others go on to their verdict
//   anything else      SeriatimError OUTPUT_FAILED

import { writeSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import { SeriatimError } from "../base/index.ts";

const STDOUT = 1;
/** Lines written at once: a long list must not be in memory a third time. */
const PIECE_CHARS = 65_536;
/** Between two tries on a pipe that its other owner has made non-blocking and nobody empties. */
const FULL_PAUSE_MS = 2;

const pauseCell = new Int32Array(new SharedArrayBuffer(4));

/** Writes some of `bytes` from `at` and returns how many, as fs.writeSync does. */
export type WriteSome = (bytes: Uint8Array, at: number) => number;

export class TextOutput {
  readonly #write: WriteSome;
  #hasReader = true;

  constructor(write: WriteSome) {
    this.#write = write;
  }

  write(text: string): boolean {
    return this.writeBytes(Buffer.from(text));
  }

  writeBytes(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && this.#hasReader; ) {
      try {
        at += this.#write(bytes, at);
      } catch (error) {
        this.#judge(error as NodeJS.ErrnoException);
      }
    }
    return this.#hasReader;
  }

  /** Each line with its LF; a piece at a time, so that long lists need no second copy. */
  writeLines(lines: readonly string[]): boolean {
    let text = "";
    for (const line of lines) {
      text += `${line}\n`;
      if (text.length < PIECE_CHARS) continue;
      if (!this.write(text)) return false;
      text = "";
    }
    return this.write(text);
  }

  #judge(error: NodeJS.ErrnoException): void {
    if (error.code === "EAGAIN") Atomics.wait(pauseCell, 0, 0, FULL_PAUSE_MS);
    else if (error.code === "EPIPE") this.#hasReader = false;
    else {
      const why = error.errno === undefined ? error.message : getSystemErrorMessage(error.errno);
      throw new SeriatimError("OUTPUT_FAILED", `standard output can't be written: ${why}`, { cause: error });
    }
  }
}

export const stdout = new TextOutput((bytes, at) => writeSync(STDOUT, bytes, at));

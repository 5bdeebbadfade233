// Lines gathered to pieces, so that one system call takes thousands of them.

import type { WriteBytes } from "./format.ts";

/** Characters gathered before a write. */
const PIECE_CHARS = 65_536;

export class LineWriter {
  readonly #write: WriteBytes;
  #text = "";

  constructor(write: WriteBytes) {
    this.#write = write;
  }

  /** False when nobody reads. */
  line(text: string): boolean {
    this.#text += `${text}\n`;
    return this.#text.length < PIECE_CHARS || this.flush();
  }

  flush(): boolean {
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    return this.#write(bytes);
  }
}

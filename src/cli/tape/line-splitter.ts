// Cuts a stream of bytes into lines, whatever bytes they are made of. A line ends at LF, which is not part of it, or with the stream;
// no more than one line of the greatest length is held at a time.

import { SeriatimError } from "../../base/index.ts";

const LF = 10;

export class LineSplitter {
  readonly #lineBytes_max: number;
  /** Pieces of the line that is not over, and their bytes. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  #lines = 0;

  constructor(lineBytes_max: number) {
    this.#lineBytes_max = lineBytes_max;
  }

  /** Lines that are over. */
  get lines(): number {
    return this.#lines;
  }

  /** The lines that end within `chunk`, which is kept until they have. Throws SeriatimError LINE_TOO_LONG, after those before it. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, at)) {
      const line = this.#whole(chunk.subarray(at, end));
      this.#lines++;
      at = end + 1;
      yield line;
    }
    if (at < chunk.length) this.#begin(chunk.subarray(at));
  }

  /** What stands behind the last LF; undefined: nothing does. */
  end(): Uint8Array | undefined {
    if (this.#begunBytes === 0) return undefined;
    this.#lines++;
    return this.#whole(new Uint8Array(0));
  }

  #whole(rest: Uint8Array): Uint8Array {
    if (this.#begunBytes === 0) return this.#judged(rest);
    this.#begin(rest);
    const line = Buffer.concat(this.#begun, this.#begunBytes);
    this.#begun = [];
    this.#begunBytes = 0;
    return line;
  }

  #begin(piece: Uint8Array): void {
    this.#begunBytes += piece.length;
    if (this.#begunBytes > this.#lineBytes_max) throw this.#tooLong();
    this.#begun.push(piece);
  }

  #judged(line: Uint8Array): Uint8Array {
    if (line.length > this.#lineBytes_max) throw this.#tooLong();
    return line;
  }

  #tooLong(): SeriatimError {
    const what = `line ${this.#lines + 1} has more than ${this.#lineBytes_max} bytes: a record has to fit into one batch`;
    return new SeriatimError("LINE_TOO_LONG", what);
  }
}

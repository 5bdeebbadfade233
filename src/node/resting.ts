// What a shadow does most of its time, in pieces of a fraction of a millisecond with a rest in between: a command, a record that is
// restored, a piece that is written or read back, each of which is summed. So what it is made of knows nothing of rests.

import type { Checksums, DigestStream, RecordBuffer } from "../base/index.ts";
import { ExchangeEngine } from "../engine/index.ts";

/** Commands between two rests: a frame of the log may have thousands. A power of two. */
const COMMANDS_PER_REST = 512;

export class RestingEngine extends ExchangeEngine {
  readonly #rest: () => void;
  #applied = 0;

  constructor(rest: () => void) {
    super();
    this.#rest = rest;
  }

  override apply(words: Int32Array, at: number, events: RecordBuffer): void {
    super.apply(words, at, events);
    this.#applied++;
    if (this.#applied % COMMANDS_PER_REST === 0) this.#rest();
  }

  override restore(bytes: Uint8Array, position: number): void {
    super.restore(bytes, position, this.#rest);
  }
}

export class RestingChecksums implements Checksums {
  readonly #checksums: Checksums;
  readonly #rest: () => void;

  constructor(checksums: Checksums, rest: () => void) {
    this.#checksums = checksums;
    this.#rest = rest;
  }

  crc32c(bytes: Uint8Array, previous?: number): number {
    this.#rest();
    return this.#checksums.crc32c(bytes, previous);
  }

  blake3(...parts: Uint8Array[]): Uint8Array {
    this.#rest();
    return this.#checksums.blake3(...parts);
  }

  blake3Stream(): DigestStream {
    const stream = this.#checksums.blake3Stream();
    const update = (bytes: Uint8Array): void => {
      this.#rest();
      stream.update(bytes);
    };
    return { update, finish: () => stream.finish() };
  }
}

// A window of one buffer over a file, moved forward in big reads: what is asked for is in memory, contiguous and
// aligned, and nothing is copied on the way. Offsets in the file are multiples of 8, so that words stay words.
// The buffer is another one after `at` was asked for more than it holds: never with the default size.

import { assert, type StorageFile, WordBuffer } from "../base/index.ts";
import { FRAME_BYTES_LIMIT } from "./layout.ts";

/** Two frames of the greatest length: reads stay big, and one read more than the file needs is the worst case. */
const CHUNK_BYTES_MAX = 2 * FRAME_BYTES_LIMIT;

export class ChunkReader {
  buffer: WordBuffer;
  readonly file: StorageFile;
  /** Of the file, in bytes, when the reader was made. */
  readonly size: number;
  #start = 0;
  #end = 0;

  /** Reads about `chunk_bytes` at a time, more only for a frame that is longer. */
  constructor(file: StorageFile, chunk_bytes: number = CHUNK_BYTES_MAX) {
    this.file = file;
    this.size = file.size();
    this.buffer = new WordBuffer(Math.min(chunk_bytes, wholeWords(this.size + 1)));
  }

  /** What was read may have changed: the next `at` reads again. */
  forget(): void {
    this.#end = this.#start;
  }

  /** Where in the buffer the file's bytes [offset, offset + length) are, or -1 when the file ends before. */
  at(offset: number, length: number): number {
    if (offset + length > this.size) return -1;
    assert(offset % 8 === 0 && length <= CHUNK_BYTES_MAX, "a chunk is aligned and fits the greatest buffer");
    if (length > this.buffer.bytes.length) this.#grow(wholeWords(length));
    if (offset < this.#start || offset + length > this.#end) this.#fill(offset);
    return offset + length <= this.#end ? offset - this.#start : -1;
  }

  #grow(length: number): void {
    this.buffer = new WordBuffer(length);
    this.forget();
  }

  #fill(offset: number): void {
    const want = Math.min(this.buffer.bytes.length, this.size - offset);
    let have = 0;
    while (have < want) {
      const got = this.file.read(this.buffer.bytes, have, want - have, offset + have);
      if (got === 0) break;
      have += got;
    }
    this.#start = offset;
    this.#end = offset + have;
  }

  /**
   * From the first to behind the last byte that is not zero, at or after `offset` (a multiple of 8); undefined when
   * there is none. One pass, each byte of the file read at most once.
   */
  nonZeroSpan(offset: number): { readonly first: number; readonly end: number } | undefined {
    let first = -1;
    let end = -1;
    for (let at = offset; at < this.size; ) {
      const length = Math.min(this.buffer.bytes.length, this.size - at);
      const from = this.at(at, length);
      if (from < 0) break;
      const last = lastNonZeroIn(this.buffer, from, from + length);
      if (last >= 0) {
        if (first < 0) first = at + firstNonZeroIn(this.buffer, from, from + length) - from;
        end = at + last - from + 1;
      }
      at += length;
    }
    return first < 0 ? undefined : { first, end };
  }
}

function wholeWords(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

// Whole words first: a clean segment ends in megabytes of zeros. `from` is a multiple of 8, `to` need not be.

function firstNonZeroIn({ bytes, words }: WordBuffer, from: number, to: number): number {
  let word = from / 4;
  const lastWord = Math.floor(to / 4);
  while (word < lastWord && words[word] === 0) word++;
  for (let at = word * 4; at < to; at++) if (bytes[at] !== 0) return at;
  return -1;
}

function lastNonZeroIn({ bytes, words }: WordBuffer, from: number, to: number): number {
  let word = Math.floor(to / 4);
  for (let at = to - 1; at >= word * 4; at--) if (bytes[at] !== 0) return at;
  const firstWord = from / 4;
  while (word > firstWord && words[word - 1] === 0) word--;
  for (let at = word * 4 - 1; at >= from; at--) if (bytes[at] !== 0) return at;
  return -1;
}

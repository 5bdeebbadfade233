// A window of one buffer over a file, moved forward in big reads: what is asked for is in memory, contiguous and
// aligned, and nothing is copied on the way. Offsets in the file are multiples of 8, so that words stay words.

import { assert, type StorageFile } from "../base/index.ts";
import { FrameBuffer } from "./frame.ts";
import { FRAME_BYTES_LIMIT } from "./layout.ts";

/** Two frames of the greatest length: reads stay big, and one read more than the file needs is the worst case. */
const CHUNK_BYTES_MAX = 2 * FRAME_BYTES_LIMIT;

export class ChunkReader {
  readonly buffer: FrameBuffer;
  readonly file: StorageFile;
  /** Of the file, in bytes, when the reader was made. */
  readonly size: number;
  #start = 0;
  #end = 0;

  constructor(file: StorageFile) {
    this.file = file;
    this.size = file.size();
    this.buffer = new FrameBuffer(Math.min(CHUNK_BYTES_MAX, Math.ceil((this.size + 1) / 8) * 8));
  }

  /** Where in the buffer the file's bytes [offset, offset + length) are, or -1 when the file ends before. */
  at(offset: number, length: number): number {
    if (offset + length > this.size) return -1;
    assert(offset % 8 === 0 && length <= this.buffer.bytes.length, "a chunk is aligned and fits the buffer");
    if (offset < this.#start || offset + length > this.#end) this.#fill(offset);
    return offset + length <= this.#end ? offset - this.#start : -1;
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

  /** The offset behind the last byte that is not zero, `offset` (a multiple of 8) when there is none after it. */
  lastNonZeroEnd(offset: number): number {
    let end = offset;
    for (let at = offset; ; at = end) {
      const found = this.firstNonZero(at);
      if (found < 0) return end;
      end = Math.floor(found / 8) * 8 + 8;
    }
  }

  /** The offset of the first byte at or after `offset` (a multiple of 8) that is not zero, or -1. */
  firstNonZero(offset: number): number {
    while (offset < this.size) {
      const length = Math.min(this.buffer.bytes.length, this.size - offset);
      const from = this.at(offset, length);
      if (from < 0) return -1;
      const found = nonZeroIn(this.buffer, from, from + length);
      if (found >= 0) return offset + found - from;
      offset += length;
    }
    return -1;
  }
}

function nonZeroIn(buffer: FrameBuffer, from: number, to: number): number {
  const { bytes, words } = buffer;
  let word = from / 4;
  const lastWord = Math.floor(to / 4);
  while (word < lastWord && words[word] === 0) word++;
  for (let at = word * 4; at < to; at++) if (bytes[at] !== 0) return at;
  return -1;
}

// The frames that wait for one connection, in chunks of 64 KiB, whole frames in each. What is handed over is a stretch of
// the first chunk; behind it the chunk is filled further, and what has been handed over is never changed. A frame's place
// is a number that only grows, so whether it still waits is one comparison.
//
//   chunk:  | handed over | waits (may be replaced in place) | free |
//                         ^ handed_words                     ^ filled_words

import { copyTickFrame, TICK_FRAME_BYTES_MAX, tickFrameSequence } from "../../protocol/index.ts";
import type { EncodedTick } from "./encoded-tick.ts";

/** Also the most that is handed over at once. */
const QUEUE_CHUNK_BYTES = 64 * 1024;
const CHUNK_WORDS = QUEUE_CHUNK_BYTES / 4;
const FRAME_WORDS_MAX = TICK_FRAME_BYTES_MAX / 4;
/** Chunks kept for the next who needs one: 8 MiB. */
const FREE_CHUNKS_MAX = 128;

class Chunk {
  readonly words = new Uint32Array(CHUNK_WORDS);
  readonly bytes = new Uint8Array(this.words.buffer);
  handed_words = 0;
  filled_words = 0;
  /** That wait. */
  frames = 0;
}

/** Where queues get their chunks and leave them: all connections of a server share one. */
export class ChunkPool {
  readonly #free: Chunk[] = [];

  take(): Chunk {
    return this.#free.pop() ?? new Chunk();
  }

  give(chunk: Chunk): void {
    if (this.#free.length === FREE_CHUNKS_MAX) return;
    chunk.handed_words = 0;
    chunk.filled_words = 0;
    chunk.frames = 0;
    this.#free.push(chunk);
  }
}

export class FrameQueue {
  /** That wait, what was handed over not among them. */
  waiting_bytes = 0;
  waitingFrames = 0;
  readonly #pool: ChunkPool;
  readonly #chunks: Chunk[] = [];
  /** The place of the first chunk's first word. */
  #base = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /** Puts the frame at the end, with that number; returns its place. */
  append(tick: EncodedTick, sequence: number): number {
    let last = this.#chunks.length - 1;
    if (last < 0 || this.#chunks[last].filled_words > CHUNK_WORDS - FRAME_WORDS_MAX) {
      this.#chunks.push(this.#pool.take());
      last++;
    }
    const chunk = this.#chunks[last];
    const at = chunk.filled_words;
    const length = tick.length_words;
    copyTickFrame(tick.words, 0, length, chunk.words, at, sequence);
    chunk.filled_words = at + length;
    chunk.frames++;
    this.waiting_bytes += 4 * length;
    this.waitingFrames++;
    return this.#base + last * CHUNK_WORDS + at;
  }

  /** Whether the frame of that place has not been handed over yet. */
  waits(place: number): boolean {
    return this.#chunks.length > 0 && place >= this.#base + this.#chunks[0].handed_words;
  }

  /** Puts a frame of the same length in the place of one that waits, with that one's number. */
  replace(place: number, tick: EncodedTick): void {
    const at = place - this.#base;
    const { words } = this.#chunks[Math.floor(at / CHUNK_WORDS)];
    const word = at % CHUNK_WORDS;
    copyTickFrame(tick.words, 0, tick.length_words, words, word, tickFrameSequence(words, word));
  }

  /** The memory of the frames that come next, and where in it they are: [nextFrom, nextTo) bytes; none when equal. */
  get nextBytes(): Uint8Array {
    return this.#chunks[0].bytes;
  }
  get nextFrom(): number {
    return this.#chunks.length === 0 ? 0 : 4 * this.#chunks[0].handed_words;
  }
  get nextTo(): number {
    return this.#chunks.length === 0 ? 0 : 4 * this.#chunks[0].filled_words;
  }

  /** Hands over the next frames up to byte `to`, an end of a frame; `frames`: how many, all that are next by default. */
  hand(to: number, frames: number = this.#chunks[0].frames): number {
    const chunk = this.#chunks[0];
    this.waiting_bytes -= to - 4 * chunk.handed_words;
    this.waitingFrames -= frames;
    chunk.handed_words = to / 4;
    chunk.frames -= frames;
    return frames;
  }

  /** Nobody reads what was handed over any more. */
  release(): void {
    const chunk = this.#chunks[0];
    if (chunk.handed_words < chunk.filled_words) return;
    this.#chunks.shift();
    this.#base += CHUNK_WORDS;
    this.#pool.give(chunk);
  }

  /** Gives all memory back. */
  clear(): void {
    for (const chunk of this.#chunks) this.#pool.give(chunk);
    this.#base += this.#chunks.length * CHUNK_WORDS;
    this.#chunks.length = 0;
    this.waiting_bytes = 0;
    this.waitingFrames = 0;
  }
}

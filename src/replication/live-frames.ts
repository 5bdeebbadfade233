// The newest frames of the journal in shared memory: its thread puts each in as soon as it is written, the sessions of
// replicas take them out, each at its own pace. Bounded, and nobody waits for a reader: the oldest frames are given up
// for the newest, and a reader that finds its own gone goes back to the journal on the disk.
//
// Words 0 to 5: head, tail (counters of 8 bytes, wrapping at 2^32), last position (low, high), epoch (low, high); two unused.
// Then the data, a power of two long: entries back to back round the end, each
//   bytes u32 | segment u32 | first position u64 | last position u64 | the frame
//
// The writer moves the tail past what it will overwrite, then writes, then moves the head. A reader copies an entry, then
// looks whether the tail has passed it meanwhile: what it copied counts only if not. (And each frame has its CRC.)
//
// The epoch comes before the first frame that has it: nobody can show this node a frame of its own tenure, and find it of the
// one before.

import { assert, fromLanes, highLane, lowLane, type Position } from "../base/index.ts";

const HEAD = 0;
const TAIL = 1;
const LAST = 2;
const EPOCH = 4;
/** Whole units: the entries lie on them. */
const HEADER_WORDS = 8;
const UNIT_BYTES = 8;
const ENTRY_BYTES = 24;

/** Some 0.1 s at the highest rates aimed for; what is older lies in the page cache. */
export const LIVE_BYTES_DEFAULT = 16 * 1024 * 1024;

/** Memory for `capacity` bytes of frames, a power of two. */
export function createLiveFrames(capacity = LIVE_BYTES_DEFAULT): SharedArrayBuffer {
  assert((capacity & (capacity - 1)) === 0 && capacity >= 1024, "the capacity is a power of two");
  return new SharedArrayBuffer(HEADER_WORDS * 4 + capacity);
}

class LiveMemory {
  readonly header: Int32Array;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.header = new Int32Array(memory, 0, HEADER_WORDS);
    this.bytes = new Uint8Array(memory, HEADER_WORDS * 4);
    this.words = new Int32Array(memory, HEADER_WORDS * 4);
    this.mask = this.bytes.length - 1;
  }

  /** Where the data of the counter lies. */
  offset(unit: number): number {
    return (unit * UNIT_BYTES) & this.mask;
  }

  wordAt(unit: number, word: number): number {
    return this.words[((unit * UNIT_BYTES + word * 4) & this.mask) >> 2];
  }

  /** Bytes of the entry at `unit`, its own header included. */
  entryBytes(unit: number): number {
    return ENTRY_BYTES + this.wordAt(unit, 0);
  }
}

/** The journal's side; one for the memory. */
export class LiveFrames {
  readonly #memory: LiveMemory;
  readonly #entry = new Int32Array(ENTRY_BYTES / 4);
  readonly #entryBytes = new Uint8Array(this.#entry.buffer);

  /** Where the journal ends; the next frame continues it. */
  constructor(memory: SharedArrayBuffer, position: Position, epoch: number) {
    this.#memory = new LiveMemory(memory);
    this.#setEpoch(epoch);
    this.#setLast(position);
  }

  /** A frame was written to the segment: whole words, its positions directly behind those of the one before. */
  append(
    frame: Uint8Array,
    segment: number,
    firstPosition: Position,
    lastPosition: Position,
    epoch: number,
  ): void {
    const memory = this.#memory;
    this.#setEpoch(epoch);
    const total = ENTRY_BYTES + frame.length;
    assert(frame.length % UNIT_BYTES === 0, "frames are whole words");
    if (total > memory.bytes.length) this.#forgetAll();
    else {
      this.#makeRoom(total);
      const head = memory.header[HEAD];
      this.#entry[0] = frame.length;
      this.#entry[1] = segment;
      setLanes(this.#entry, 2, firstPosition);
      setLanes(this.#entry, 4, lastPosition);
      this.#put(head, this.#entryBytes);
      this.#put(head + ENTRY_BYTES / UNIT_BYTES, frame);
      Atomics.store(memory.header, HEAD, (head + total / UNIT_BYTES) | 0);
    }
    this.#setLast(lastPosition);
  }

  #makeRoom(total: number): void {
    const { header, bytes } = this.#memory;
    const head = header[HEAD];
    let tail = header[TAIL];
    while (((head - tail) | 0) * UNIT_BYTES + total > bytes.length) {
      tail = (tail + this.#memory.entryBytes(tail) / UNIT_BYTES) | 0;
    }
    Atomics.store(header, TAIL, tail);
  }

  /** A frame that the memory can't hold: every reader finds its own gone, those that wait for the next one too. */
  #forgetAll(): void {
    const { header } = this.#memory;
    const behind = (header[HEAD] + 1) | 0;
    Atomics.store(header, TAIL, behind);
    Atomics.store(header, HEAD, behind);
  }

  #put(unit: number, from: Uint8Array): void {
    const { bytes } = this.#memory;
    const at = this.#memory.offset(unit);
    const first = Math.min(from.length, bytes.length - at);
    bytes.set(first === from.length ? from : from.subarray(0, first), at);
    if (first < from.length) bytes.set(from.subarray(first), 0);
  }

  #setEpoch(epoch: number): void {
    const { header } = this.#memory;
    // As with a position: the low half first.
    Atomics.store(header, EPOCH, lowLane(epoch) | 0);
    Atomics.store(header, EPOCH + 1, highLane(epoch));
  }

  #setLast(position: Position): void {
    const { header } = this.#memory;
    // The low half first: read together with a high one of before it is a position of long ago, never one to come.
    Atomics.store(header, LAST, lowLane(position) | 0);
    Atomics.store(header, LAST + 1, highLane(position));
    Atomics.notify(header, LAST);
  }
}

export const Taken = { Nothing: 0, Overrun: -1 } as const;

/** A session's side: a cursor of its own. */
export class LiveReader {
  /** Of the frame taken last. */
  segment = 0;
  firstPosition: Position = 0;
  lastPosition: Position = 0;
  readonly #memory: LiveMemory;
  #cursor = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = new LiveMemory(memory);
  }

  /** The last position written to the journal. */
  get written(): Position {
    return this.#read(LAST);
  }

  /** Of the newest frame, from a moment before it can be taken on. */
  get epoch(): number {
    return this.#read(EPOCH);
  }

  #read(word: number): number {
    const { header } = this.#memory;
    for (;;) {
      const high = Atomics.load(header, word + 1);
      const low = Atomics.load(header, word);
      if (Atomics.load(header, word + 1) === high) return fromLanes(low, high);
    }
  }

  /** Resolves when something may have been written since it was last asked. Its wait alone keeps no process alive. */
  async whenWritten(): Promise<void> {
    const { header } = this.#memory;
    const seen = this.#lowSeen;
    const wait = Atomics.waitAsync(header, LAST, seen);
    if (wait.async) await wait.value;
    this.#lowSeen = Atomics.load(header, LAST);
  }

  #lowSeen = 0;

  /** Moves to the frame behind position `after`; false when the journal alone has it, or it is not written yet. */
  seek(after: Position): boolean {
    const memory = this.#memory;
    const head = Atomics.load(memory.header, HEAD);
    let unit = Atomics.load(memory.header, TAIL);
    while (unit !== head) {
      const first = fromLanes(memory.wordAt(unit, 2), memory.wordAt(unit, 3));
      const bytes = memory.entryBytes(unit);
      if (this.#isOverrun(unit) || first > after + 1) return false;
      if (first === after + 1) break;
      unit = (unit + bytes / UNIT_BYTES) | 0;
    }
    if (unit === head && this.written !== after) return false;
    this.#cursor = unit;
    return true;
  }

  /**
   * Copies the next frame to bytes[at...), which has room for the longest; returns its bytes, Nothing when there is none
   * yet, Overrun when it was given up: seek() again, or read the journal.
   */
  take(into: Uint8Array, at: number): number {
    const memory = this.#memory;
    const cursor = this.#cursor;
    if (this.#isOverrun(cursor)) return Taken.Overrun;
    if (cursor === Atomics.load(memory.header, HEAD)) return Taken.Nothing;
    const length = memory.wordAt(cursor, 0);
    this.segment = memory.wordAt(cursor, 1);
    this.firstPosition = fromLanes(memory.wordAt(cursor, 2), memory.wordAt(cursor, 3));
    this.lastPosition = fromLanes(memory.wordAt(cursor, 4), memory.wordAt(cursor, 5));
    // A length of another entry, half overwritten, can be anything.
    if (this.#isOverrun(cursor)) return Taken.Overrun;
    const from = memory.offset(cursor + ENTRY_BYTES / UNIT_BYTES);
    const first = Math.min(length, memory.bytes.length - from);
    into.set(memory.bytes.subarray(from, from + first), at);
    if (first < length) into.set(memory.bytes.subarray(0, length - first), at + first);
    if (this.#isOverrun(cursor)) return Taken.Overrun;
    this.#cursor = (cursor + (ENTRY_BYTES + length) / UNIT_BYTES) | 0;
    return length;
  }

  /** Whether the tail has passed the entry at `unit`. */
  #isOverrun(unit: number): boolean {
    return ((unit - Atomics.load(this.#memory.header, TAIL)) | 0) < 0;
  }
}

function setLanes(words: Int32Array, at: number, value: number): void {
  words[at] = lowLane(value) | 0;
  words[at + 1] = highLane(value);
}

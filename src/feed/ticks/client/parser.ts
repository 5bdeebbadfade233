// Bytes of a ticks/1 stream in, whole and checked frames out, whatever the splits; after damage it finds the next frame by itself.
// It goes strictly from left to right, so what it delivers and counts depends on the bytes alone, never on how they were cut.
//
//   InSync    a frame begins here. Unknown type: type incident, hunt. Checksum wrong: checksum incident, Damaged.
//   Damaged   the bad frame is kept until it is known whether a good one follows it: then it is skipped whole, else hunt.
//   Hunting   byte by byte to the next good frame; what fails on the way belongs to the same incident.
//
// While bytes are being skipped a good frame must also be near in time to the last one: of a frame whose type alone is damaged, the
// window 2 bytes later has a checksum of 0 when the next frame is of that type. At most KEPT_BYTES_MAX wait for more.

import {
  TICK_FRAME_BYTES_MAX,
  TickHeader,
  type TickType,
  tickFrameBytes,
  tickWordsChecksum,
} from "../../../protocol/index.ts";
import type { TickCounters } from "./counters.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const TYPE = TickHeader.type;
const TIMESTAMP = TickHeader.timestamp;

/** A damaged frame, and all but the last byte of the one that follows it. */
export const KEPT_BYTES_MAX = 2 * TICK_FRAME_BYTES_MAX - 1;
/** So many skipped without a frame between them: the peer speaks something else. */
export const SKIPPED_BYTES_MAX = 65_536;
/** A frame found after damage is from within a day of the last one. */
const PLAUSIBLE_NS = 24 * 3_600 * 1e9;
/** Kept bytes are joined by so many of the next that they can all be decided. */
const JOINT_BYTES = 2 * KEPT_BYTES_MAX;
const TYPE_BYTES = 2;
const TWO_32 = 2 ** 32;

/** Takes the frame of `type` at `at` of `view`, which holds during the call only. */
export interface TickFrameTaker {
  take(view: DataView, at: number, type: TickType): void;
}

const State = { InSync: 0, Damaged: 1, Hunting: 2 } as const;
type State = (typeof State)[keyof typeof State];

const Verdict = { Undecided: 0, Unknown: 1, Bad: 2, Good: 3 } as const;
type Verdict = (typeof Verdict)[keyof typeof Verdict];

export class TickParser {
  readonly #taker: TickFrameTaker;
  readonly #counters: TickCounters;
  readonly #joint = new Uint8Array(JOINT_BYTES);
  readonly #jointView = new DataView(this.#joint.buffer);
  #view: DataView = this.#jointView;
  #kept = 0;
  #state: State = State.InSync;
  #isOver = false;
  /** Bytes since the last accepted frame. */
  #skipped = 0;
  /** Of the last accepted frame, as signed words: those are never on the heap. */
  #lastLow = 0;
  #lastHigh = 0;
  #hasLast = false;

  constructor(taker: TickFrameTaker, counters: TickCounters) {
    this.#taker = taker;
    this.#counters = counters;
  }

  /** Bytes that wait for more, KEPT_BYTES_MAX at most. */
  get keptBytes(): number {
    return this.#kept;
  }

  /** A new stream begins: what is left of the last one is forgotten, its counters go on. */
  begin(): void {
    this.#kept = 0;
    this.#state = State.InSync;
    this.#isOver = false;
    this.#skipped = 0;
    this.#hasLast = false;
  }

  /** Delivers nothing more, also in the middle of a `push`, until `begin`. */
  end(): void {
    this.#isOver = true;
  }

  /** Takes bytes[from, to). False: it is over, by `end` or because SKIPPED_BYTES_MAX in a row made no frame. */
  push(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    if (this.#isOver) return false;
    const at = this.#kept === 0 ? from : this.#pushJoint(bytes, from, to);
    if (at === to || this.#isOver) return !this.#isOver;
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer);
    const rest = this.#scan(this.#view, bytes.byteOffset + at, bytes.byteOffset + to) - bytes.byteOffset;
    if (this.#isOver) return false;
    for (let i = rest; i < to; i++) this.#joint[i - rest] = bytes[i];
    this.#kept = to - rest;
    return true;
  }

  /** Decides what was kept with the help of what came; returns where the rest of that begins. */
  #pushJoint(bytes: Uint8Array, from: number, to: number): number {
    const before = this.#kept;
    const joined = Math.min(to - from, JOINT_BYTES - before);
    for (let i = 0; i < joined; i++) this.#joint[before + i] = bytes[from + i];
    const rest = this.#scan(this.#jointView, 0, before + joined);
    if (rest >= before) {
      this.#kept = 0;
      return from + rest - before;
    }
    // Less than KEPT_BYTES_MAX + 1 is undecided, so all that came is in the joint.
    this.#joint.copyWithin(0, rest, before + joined);
    this.#kept = before + joined - rest;
    return to;
  }

  /** Decides view[from, to) as far as that can be; returns where the undecided rest begins. */
  #scan(view: DataView, from: number, to: number): number {
    let at = from;
    for (;;) {
      if (this.#state === State.InSync) at = this.#takeGood(view, at, to);
      if (this.#isOver) return at;
      const next =
        this.#state === State.Damaged ? this.#afterDamaged(view, at, to) : this.#step(view, at, to);
      if (next === at) return at;
      at = next;
    }
  }

  /** The way of nearly all bytes: good frames one after the other. Returns where something else begins. */
  #takeGood(view: DataView, from: number, to: number): number {
    let at = from;
    let last = -1;
    while (to - at >= TYPE_BYTES && !this.#isOver) {
      const type = view.getUint16(at + TYPE, true);
      const size = tickFrameBytes(type);
      if (size === 0 || size > to - at || tickWordsChecksum(view, at, size >>> 2) !== 0) break;
      this.#counters.frames += 1;
      last = at;
      at += size;
      this.#taker.take(view, last, type as TickType);
    }
    if (last !== -1) this.#remember(view, last);
    return at;
  }

  /** In sync or hunting, one step on; the same place when more bytes are needed. */
  #step(view: DataView, at: number, to: number): number {
    const verdict = judge(view, at, to);
    if (verdict === Verdict.Undecided) return at;
    if (this.#state === State.Hunting) {
      return verdict === Verdict.Good && this.#isPlausible(view, at)
        ? this.#found(view, at)
        : this.#skipOne(at);
    }
    if (verdict === Verdict.Bad) {
      this.#counters.checksumIncidents += 1;
      this.#state = State.Damaged;
      return this.#afterDamaged(view, at, to);
    }
    if (verdict === Verdict.Good) return at;
    this.#counters.typeIncidents += 1;
    this.#state = State.Hunting;
    return this.#skipOne(at);
  }

  /** A bad frame, already counted, is at `at`: is there a good one right behind it? */
  #afterDamaged(view: DataView, at: number, to: number): number {
    const behind = at + tickFrameBytes(view.getUint16(at + TYPE, true));
    const verdict = judge(view, behind, to);
    if (verdict === Verdict.Undecided) return at;
    if (verdict === Verdict.Good && this.#isPlausible(view, behind)) {
      this.#counters.skippedBytes += behind - at;
      return this.#found(view, behind);
    }
    this.#state = State.Hunting;
    return this.#skipOne(at);
  }

  #skipOne(at: number): number {
    this.#counters.skippedBytes += 1;
    this.#skipped += 1;
    if (this.#skipped >= SKIPPED_BYTES_MAX) this.#isOver = true;
    return at + 1;
  }

  /** In sync again: the frame at `at` is good. Returns where it ends. */
  #found(view: DataView, at: number): number {
    const type = view.getUint16(at + TYPE, true);
    this.#counters.frames += 1;
    this.#state = State.InSync;
    this.#remember(view, at);
    this.#taker.take(view, at, type as TickType);
    return at + tickFrameBytes(type);
  }

  #remember(view: DataView, at: number): void {
    this.#lastLow = view.getInt32(at + TIMESTAMP, true);
    this.#lastHigh = view.getInt32(at + TIMESTAMP + 4, true);
    this.#hasLast = true;
    this.#skipped = 0;
  }

  #isPlausible(view: DataView, at: number): boolean {
    if (!this.#hasLast) return true;
    const low = view.getUint32(at + TIMESTAMP, true) - (this.#lastLow >>> 0);
    const high = view.getUint32(at + TIMESTAMP + 4, true) - (this.#lastHigh >>> 0);
    // Rounded only far beyond a day.
    return Math.abs(high * TWO_32 + low) <= PLAUSIBLE_NS;
  }
}

/** Whether a frame begins at `at`, as far as view[at, to) can tell. */
function judge(view: DataView, at: number, to: number): Verdict {
  if (to - at < TYPE_BYTES) return Verdict.Undecided;
  const size = tickFrameBytes(view.getUint16(at + TYPE, true));
  if (size === 0) return Verdict.Unknown;
  if (to - at < size) return Verdict.Undecided;
  return tickWordsChecksum(view, at, size >>> 2) === 0 ? Verdict.Good : Verdict.Bad;
}

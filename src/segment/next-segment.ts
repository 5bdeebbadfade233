// The segment after the current one, on its way: prepared slice by slice while the current one fills, and what happens
// when the disk has no room for it. No room is no failure of the log, which goes on until the current segment is full;
// every other error is thrown.

import { SeriatimError } from "../base/index.ts";
import type { SegmentHeader } from "./header.ts";
import type { LogLimits } from "./limits.ts";
import type { LogPlace } from "./log.ts";
import { Preallocation } from "./preallocation.ts";
import type { OpenSegment } from "./segment-end.ts";

/**
 * One step of preparing. Its sync, which brings what the file system notes of new blocks too, is most of the time that it takes,
 * and a frame may wait for it: a quarter of a megabyte took hardly less, four times as often.
 */
const PREPARE_SLICE_BYTES = 1024 * 1024;
/** Zeros run ahead of the current segment's frames by this factor. */
const PREPARE_LEAD = 2;
/**
 * Asked so often, a log that found no room looks again: every five seconds on an idle node, whose journal turns ten
 * times a second, and under load a few times a second.
 */
const PREPARE_RETRY_TURNS = 50;
const NO_ROOM_CODES: readonly string[] = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"];

/** There is no room at this time for what nothing depends on yet. Any other failure says that the disk can't be trusted. */
export function isNoRoom(error: unknown): error is SeriatimError {
  return error instanceof SeriatimError && NO_ROOM_CODES.includes(error.code);
}

export class NextSegment {
  readonly #place: LogPlace;
  readonly #limits: LogLimits;
  #file: Preallocation | undefined;
  #shortage: SeriatimError | undefined;
  #turnsToRetry = 0;

  constructor(place: LogPlace, limits: LogLimits) {
    this.#place = place;
    this.#limits = limits;
  }

  /** Why it can't be prepared; undefined again when it is ready. */
  get shortage(): SeriatimError | undefined {
    return this.#shortage;
  }

  /** Whether all its zeros are safe. */
  get isReady(): boolean {
    return this.#file?.zeroed === this.#limits.segmentBytes;
  }

  /**
   * Prepares a slice of segment `number`; true when that was work and more may be left. `whenIdle` prepares all of it,
   * otherwise only as much as keeps ahead of the current segment's `written` bytes.
   */
  prepare(number: number, written: number, lastFrameBytes: number, whenIdle: boolean): boolean {
    if (!this.#isDue(written, whenIdle)) return false;
    try {
      this.#file ??= this.#create(number);
      const more = this.#file.advance(Math.max(PREPARE_SLICE_BYTES, lastFrameBytes * PREPARE_LEAD));
      if (!more) this.#shortage = undefined;
      return more;
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.#shortage = error;
      this.#turnsToRetry = PREPARE_RETRY_TURNS;
      this.abandon();
      return false;
    }
  }

  #isDue(written: number, whenIdle: boolean): boolean {
    if (this.#shortage !== undefined) return this.#file !== undefined || --this.#turnsToRetry <= 0;
    return whenIdle || (this.#file?.zeroed ?? 0) < written * PREPARE_LEAD;
  }

  /** Gives it its header and its name; everything is safe on return. */
  publish(header: Omit<SegmentHeader, "segmentBytes" | "former">): OpenSegment {
    this.#file ??= this.#create(header.number);
    const segment = this.#file.publish(header, this.#place.checksums);
    this.#file = undefined;
    this.#shortage = undefined;
    return segment;
  }

  /** The file of segment `former`, the oldest, becomes segment `number`; false: another is under way. */
  reuse(number: number, former: number): boolean {
    if (this.#file !== undefined) return false;
    this.#file = new Preallocation(this.#place, number, this.#limits, former);
    return true;
  }

  #create(number: number): Preallocation {
    return new Preallocation(this.#place, number, this.#limits);
  }

  /** What has no name yet is no part of the log: its file and its space are given back. */
  abandon(): void {
    this.#file?.abandon();
    this.#file = undefined;
  }
}

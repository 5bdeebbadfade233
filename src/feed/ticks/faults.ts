// Faults on purpose, for tests of clients: what a server of ticks/1 does wrong on one connection, with a random source of
// that connection's own, so that each meets the same ones. Every injection is counted. What is written is decided when
// frames are handed over: behind that nothing changes them any more.

import { TickHeader, tickFrameBytes } from "../../protocol/index.ts";
import type { InjectedFaults } from "./counters.ts";
import { TickRandom } from "./random.ts";

/** Where in a frame a byte is damaged. */
export const CORRUPT_WHERE = ["any", "header", "payload", "checksum"] as const;
export type CorruptWhere = (typeof CORRUPT_WHERE)[number];

export interface TickFaults {
  /** A number is skipped before every n-th data frame, or before each with that probability. */
  readonly gap?: { readonly every: number } | { readonly probability: number };
  /** The same bytes in writes of 1 to so many, each finished before the next. */
  readonly fragment?: { readonly maxChunk: number };
  /** One byte of a data frame changes, with that probability. */
  readonly corrupt?: { readonly probability: number; readonly where: CorruptWhere };
  /** The connection ends after so many frames; a random 1 to 10,000 of them by default. */
  readonly disconnect?: { readonly after?: number; readonly cut: boolean; readonly how: "reset" | "finish" };
  /** Nothing is written for so long, once, after so many frames. */
  readonly stall?: { readonly after: number; readonly duration_us: number };
}

const SEED_SALT = 0x5eedfa17;
/** Frames without damage at the start of a connection, and between two with it. */
const INTACT_FIRST = 2;
const INTACT_BETWEEN = 4;
const DISCONNECT_AFTER_MAX = 10_000;

export class FaultInjector {
  /** Where the frames of the last plan() end, and how many they are. */
  to = 0;
  frames = 0;
  /** Bytes of the frame behind them that go out too, before the connection ends. */
  cut_bytes = 0;
  /** Set by the plan() behind which the connection ends. */
  ending: "reset" | "finish" | undefined;
  readonly #faults: TickFaults;
  readonly #random: TickRandom;
  readonly #injected: InjectedFaults;
  readonly #endAfter: number;
  #handed = 0;
  #dataFrames = 0;
  #intact = INTACT_BETWEEN - INTACT_FIRST;
  #stalledUntil_us = 0;
  #hasStalled = false;

  /** `seed`: the server's. */
  constructor(faults: TickFaults, seed: number, injected: InjectedFaults) {
    this.#faults = faults;
    this.#injected = injected;
    this.#random = new TickRandom((seed ^ SEED_SALT) >>> 0);
    const { disconnect } = faults;
    this.#endAfter =
      disconnect === undefined
        ? Number.POSITIVE_INFINITY
        : (disconnect.after ?? this.#random.between(1, DISCONNECT_AFTER_MAX));
  }

  /** Whether a number is skipped before the data frame that is about to take one. */
  skipsNumber(): boolean {
    const { gap } = this.#faults;
    this.#dataFrames++;
    if (gap === undefined) return false;
    const skips = "every" in gap ? this.#dataFrames % gap.every === 0 : this.#random.unit() < gap.probability;
    // Before the first frame nobody expects a number.
    if (!skips || this.#dataFrames === 1) return false;
    this.#injected.gaps++;
    return true;
  }

  isStalled(now_us: number): boolean {
    return now_us < this.#stalledUntil_us;
  }

  /** The bytes of the next write, of `waiting` that may go. */
  pieceOf(waiting: number): number {
    const { fragment } = this.#faults;
    if (fragment === undefined || waiting === 0) return waiting;
    this.#injected.fragments++;
    return Math.min(waiting, this.#random.between(1, fragment.maxChunk));
  }

  /** Decides what of the whole frames in `bytes[from, to)` goes out next, and damages some of them. */
  plan(bytes: Uint8Array, from: number, to: number, now_us: number): void {
    this.to = from;
    this.frames = 0;
    this.cut_bytes = 0;
    while (this.to < to && !this.#stopsBefore(now_us)) {
      const size = tickFrameBytes(bytes[this.to]);
      if (this.#endsBefore(size)) return;
      this.#damage(bytes, this.to, size);
      this.to += size;
      this.frames++;
      this.#handed++;
    }
    const { disconnect } = this.#faults;
    if (disconnect !== undefined && !disconnect.cut && this.#handed === this.#endAfter) this.#end(0);
  }

  #stopsBefore(now_us: number): boolean {
    const { stall } = this.#faults;
    if (stall === undefined || this.#hasStalled || this.#handed < stall.after) return false;
    this.#hasStalled = true;
    this.#stalledUntil_us = now_us + stall.duration_us;
    this.#injected.stalls++;
    return true;
  }

  #endsBefore(size: number): boolean {
    if (this.#handed < this.#endAfter) return false;
    this.#end(this.#faults.disconnect?.cut ? this.#random.between(1, size - 1) : 0);
    return true;
  }

  #end(cut_bytes: number): void {
    if (this.ending !== undefined) return;
    this.cut_bytes = cut_bytes;
    this.ending = this.#faults.disconnect?.how;
    this.#injected.disconnects++;
  }

  #damage(bytes: Uint8Array, at: number, size: number): void {
    const { corrupt } = this.#faults;
    if (corrupt === undefined) return;
    const isHeartbeat = size === TickHeader.bytes + 4;
    if (isHeartbeat || this.#intact < INTACT_BETWEEN || this.#random.unit() >= corrupt.probability) {
      this.#intact++;
      return;
    }
    bytes[at + this.#damagedByte(corrupt.where, size)] ^= this.#random.between(1, 255);
    this.#intact = 0;
    this.#injected.corruptions++;
  }

  #damagedByte(where: CorruptWhere, size: number): number {
    const checksumAt = size - 4;
    if (where === "header") return this.#random.between(0, TickHeader.bytes - 1);
    if (where === "payload") return this.#random.between(TickHeader.bytes, checksumAt - 1);
    return this.#random.between(where === "checksum" ? checksumAt : 0, size - 1);
  }
}

// Bytes from the exchange in, whole frames out, whatever the splits. Nothing is allocated per frame.

import {
  DecodeOutcome,
  decodeFrame,
  decodeOutcomeName,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  frameLength,
  frameType,
  type MessageType,
} from "../../protocol/index.ts";

/** Takes the frame at `at` of `view`, which holds during the call only. Returns what is wrong with it, or undefined. */
export type FrameTaker = (view: DataView, at: number, type: MessageType) => string | undefined;

/** One read's worth of answers. */
const READ_BYTES = 65_536;

export class FrameReader {
  /** The socket reads into this; `push` takes what it put there. */
  readonly buffer = new Uint8Array(READ_BYTES);
  /** Whether anything of the protocol has come. */
  hasHeard = false;
  readonly #take: FrameTaker;
  /** The start of a frame whose end has not come yet. */
  readonly #carry = new Uint8Array(FRAME_BYTES_MAX);
  readonly #carryView = new DataView(this.#carry.buffer);
  readonly #view = new DataView(this.buffer.buffer);
  #carried = 0;

  constructor(take: FrameTaker) {
    this.#take = take;
  }

  /** Takes buffer[0, to). Returns undefined, or what is wrong there: then the connection is of no more use. */
  push(to: number): string | undefined {
    let at = 0;
    if (this.#carried > 0) {
      at = this.#fillCarry(to);
      const outcome = decodeFrame(this.#carryView, 0, this.#carried);
      if (outcome === DecodeOutcome.Truncated) return undefined;
      this.#carried = 0;
      const problem = this.#judge(this.#carryView, 0, outcome);
      if (problem !== undefined) return problem;
    }
    while (at < to) {
      const outcome = decodeFrame(this.#view, at, to);
      if (outcome === DecodeOutcome.Truncated) {
        this.#carry.set(this.buffer.subarray(at, to));
        this.#carried = to - at;
        return undefined;
      }
      const problem = this.#judge(this.#view, at, outcome);
      if (problem !== undefined) return problem;
      at += frameLength(this.#view, at);
    }
    return undefined;
  }

  /** Completes the carried frame from the start of the buffer; returns how many bytes that took. */
  #fillCarry(to: number): number {
    let at = 0;
    // Twice at most: to the end of the header, then to the end of the body it announces.
    while (at < to && decodeFrame(this.#carryView, 0, this.#carried) === DecodeOutcome.Truncated) {
      const inHeader = this.#carried < FRAME_HEADER_BYTES;
      const wanted = inHeader ? FRAME_HEADER_BYTES : frameLength(this.#carryView, 0);
      const end = Math.min(to, at + wanted - this.#carried);
      this.#carry.set(this.buffer.subarray(at, end), this.#carried);
      this.#carried += end - at;
      at = end;
    }
    return at;
  }

  #judge(view: DataView, at: number, outcome: DecodeOutcome): string | undefined {
    if (outcome !== DecodeOutcome.Ok) return `a malformed frame (${decodeOutcomeName(outcome)})`;
    this.hasHeard = true;
    return this.#take(view, at, frameType(view, at));
  }
}

// Sends a journal's frames to one replica from a position on, without a gap: first from the disk, then, once that has
// caught up with them, the newest from memory. A replica too slow for those goes back to the disk: it can wait for its
// peer, nobody waits for it.

import { type Checksums, type Position, WordBuffer } from "../base/index.ts";
import { BATCH_FRAME_AT, REPLICATION_MESSAGE_BYTES_MAX, writeBatch } from "../protocol/index.ts";
import { type FrameFollower, type LogFrame, wholeFrame } from "../segment/index.ts";
import type { History } from "./history.ts";
import { type LiveReader, Taken } from "./live-frames.ts";
import type { SessionOutput } from "./peers.ts";

/** Frames in one go: other sessions of the same thread have their turn. */
export const FRAMES_PER_TURN = 32;

export class FrameSender {
  readonly #history: History;
  readonly #live: LiveReader;
  readonly #output: SessionOutput;
  readonly #checksums: Checksums;
  readonly #message = new WordBuffer(REPLICATION_MESSAGE_BYTES_MAX);
  #sent: Position;
  #isLive = false;
  /** Open while it reads from the disk. */
  #source: FrameFollower | undefined;
  #released: Position = 0;

  /** `after`: the last position that the replica has. */
  constructor(
    history: History,
    live: LiveReader,
    output: SessionOutput,
    checksums: Checksums,
    after: Position,
  ) {
    this.#history = history;
    this.#live = live;
    this.#output = output;
    this.#checksums = checksums;
    this.#sent = after;
  }

  /** The last position sent: nothing beyond it can be acknowledged. */
  get sent(): Position {
    return this.#sent;
  }

  /**
   * Sends what there is, while the output wants it; returns how many frames. More than that may be left when it was
   * FRAMES_PER_TURN. Throws what reading the journal throws.
   */
  send(released: Position): number {
    this.#released = released;
    let frames = 0;
    while (frames < FRAMES_PER_TURN && this.#output.hasRoom && this.#sendOne()) frames++;
    return frames;
  }

  close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  #sendOne(): boolean {
    if (!this.#isLive && this.#live.seek(this.#sent)) {
      this.#isLive = true;
      this.close();
    }
    return this.#isLive ? this.#sendLive() : this.#sendStored();
  }

  #sendLive(): boolean {
    const live = this.#live;
    const length = live.take(this.#message.bytes, BATCH_FRAME_AT);
    if (length === Taken.Nothing) return false;
    if (length === Taken.Overrun) {
      this.#isLive = false;
      return this.#sendOne();
    }
    this.#write(length, live.segment, live.lastPosition);
    return true;
  }

  #sendStored(): boolean {
    this.#source ??= this.#history.follow(this.#sent);
    const source = this.#source;
    const visit = (frame: LogFrame): void => {
      this.#message.bytes.set(wholeFrame(frame), BATCH_FRAME_AT);
      this.#write(frame.frameBytes, source.segment, frame.firstPosition + frame.count - 1);
    };
    return this.#history.read(source, this.#live.written, visit, 1) === 1;
  }

  #write(frameBytes: number, segment: number, lastPosition: Position): void {
    const total = writeBatch(this.#message, frameBytes, this.#released, segment, this.#checksums);
    this.#sent = lastPosition;
    this.#output.write(this.#message.bytes.subarray(0, total));
  }
}

// One take of a recording, record by record: what a player plays. It holds one frame, in memory of its own, so a record's bytes
// stay as they are until the next frame is asked for.

import { SeriatimError } from "../../base/index.ts";
import { FRAME_BYTES_LIMIT, type FrameFollower, type LogFrame } from "../../segment/index.ts";
import { RecordKind } from "./layout.ts";
import { RecordCursor } from "./record-cursor.ts";
import type { Recording } from "./recording.ts";
import { epochOf } from "./recording-log.ts";
import { decodeTake, type TakeSource } from "./take-words.ts";

export class TakeReader {
  /** What the take is of. */
  readonly source: TakeSource;
  /** When its connection stood, wall time. */
  readonly begun_us: number;
  /** The current record. */
  readonly record = new RecordCursor();
  readonly #recording: Recording;
  readonly #take: number;
  #follower: FrameFollower;
  #frame = new Uint8Array();
  /** The frame's file and offset. */
  #where = "";
  #isOver = false;
  #skipTo_us = 0;

  /** Before the first record behind the Take record. Throws NO_SUCH_TAKE; LOG_CORRUPT, RECORDING_VERSION, or what the disk says. */
  constructor(recording: Recording, take: number) {
    this.#recording = recording;
    this.#take = take;
    if (!Number.isInteger(take) || take < 1 || take > recording.takes) {
      const takes = recording.takes === 1 ? "one take" : `takes 1 to ${recording.takes}`;
      const message = `${recording.directory} has ${takes}, not ${take}`;
      throw new SeriatimError("NO_SUCH_TAKE", message, { exitCode: 2 });
    }
    this.#follower = recording.followerAt(take, 0);
    if (!this.next() || this.record.kind !== RecordKind.Take) throw this.#impossible("it has no beginning");
    this.source = decodeTake(this.record.bytes.subarray(this.record.from, this.record.to), this.#where);
    this.begun_us = this.record.arrival_us;
  }

  /** Goes to before the first record that came in at `arrival_us` or later; what came before is left out. */
  seek(arrival_us: number): void {
    this.#follower.close();
    this.#follower = this.#recording.followerAt(this.#take, arrival_us);
    this.record.bind(this.#frame, 0, 0);
    this.#isOver = false;
    this.#skipTo_us = arrival_us;
  }

  /** Moves to the next record of the take; false behind its last one. Throws LOG_CORRUPT, or what the disk says. */
  next(): boolean {
    do {
      if (!this.record.next() && !(this.#read() && this.record.next())) return false;
    } while (this.record.arrival_us < this.#skipTo_us);
    return true;
  }

  close(): void {
    this.#follower.close();
  }

  #read(): boolean {
    if (this.#isOver) return false;
    if (this.#follower.read(this.#recording.lastPosition, (frame) => this.#keep(frame), 1) === 0)
      this.#isOver = true;
    return !this.#isOver;
  }

  #keep(frame: LogFrame): void {
    const { payloadBytes, payloadAt, epoch, count } = frame;
    if (epoch !== epochOf(this.#take)) {
      this.#isOver = true;
      this.record.bind(this.#frame, 0, 0);
      return;
    }
    if (payloadBytes > this.#frame.length) {
      this.#frame = new Uint8Array(
        Math.min(FRAME_BYTES_LIMIT, Math.max(2 * this.#frame.length, payloadBytes)),
      );
    }
    this.#frame.set(frame.bytes.subarray(payloadAt, payloadAt + payloadBytes));
    this.record.bind(this.#frame, 0, payloadBytes);
    this.#where = `${frame.file} at offset ${frame.offset}`;
    if (!this.record.holds(count)) throw this.#impossible(`${this.#where} holds no records`);
  }

  #impossible(why: string): SeriatimError {
    const { directory } = this.#recording;
    return new SeriatimError("RECORDING_INVALID", `take ${this.#take} of ${directory} can't be read: ${why}`);
  }
}

// What a player sends to one client, and when: the take's bytes in order, each not before its time. Pure: the clock's reading comes
// in, how long to wait comes out.
//
//   due time of a record = start + (its arrival - the arrival of what is played first) / speed

import { RecordKind } from "./layout.ts";
import type { TakeReader } from "./take-reader.ts";

export class Playback {
  readonly #reader: TakeReader;
  readonly #speed: number;
  readonly #origin_us: number;
  #started_us = -1;
  /** Of the current record's body what is not sent yet. */
  #from = 0;
  #to = 0;
  #isOver = false;
  #due_us = 0;

  /** `speed`: 1 as it was, n so many times faster, Infinity as fast as it goes. `from_us`: where the take's time begins. */
  constructor(reader: TakeReader, speed: number, from_us: number) {
    this.#reader = reader;
    this.#speed = speed;
    this.#origin_us = from_us;
  }

  /** Everything was handed out. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** When the next bytes are due, while it is not over. */
  get due_us(): number {
    return this.#due_us;
  }

  /**
   * Puts what is due at `now_us` (a monotonic time) into `out`, as much as fits; returns how many bytes. The first call starts the
   * time. Fewer than fit: the next ones are due at `due_us`, or it is over. Throws what the recording's reader does.
   */
  fill(out: Uint8Array, now_us: number): number {
    if (this.#started_us < 0) this.#started_us = now_us;
    const { record } = this.#reader;
    let filled = 0;
    while (filled < out.length && this.#hasBytes() && this.#due_us <= now_us) {
      const length = Math.min(this.#to - this.#from, out.length - filled);
      out.set(record.bytes.subarray(this.#from, this.#from + length), filled);
      this.#from += length;
      filled += length;
    }
    return filled;
  }

  #hasBytes(): boolean {
    const { record } = this.#reader;
    while (this.#from === this.#to && !this.#isOver) {
      this.#isOver = !this.#reader.next();
      if (this.#isOver || record.kind !== RecordKind.Data) continue;
      this.#from = record.from;
      this.#to = record.to;
      this.#due_us = this.#started_us + Math.max(0, record.arrival_us - this.#origin_us) / this.#speed;
    }
    return !this.#isOver;
  }
}

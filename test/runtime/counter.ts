// The smallest application: a sum, and how many numbers made it. What the runtime does for it, it does for any.

import type { Application, RecordBuffer } from "../../src/base/index.ts";

const KIND_ADD = 129;
/** Answers a number with that many events: more than fit any buffer. */
export const KIND_REPEAT = 130;

export function add(amount: number): (words: Int32Array, at: number) => void {
  return (words, at) => {
    words[at] = KIND_ADD;
    words[at + 1] = amount;
  };
}

export class Counter implements Application {
  sum = 0;
  commands = 0;

  apply(words: Int32Array, at: number, events: RecordBuffer): void {
    this.commands++;
    if (words[at] === KIND_ADD) this.sum += words[at + 1];
    const times = words[at] === KIND_REPEAT ? words[at + 1] : 1;
    for (let i = 0; i < times; i++) events.words[events.claim() + 1] = this.sum + i;
  }

  snapshot(write: (piece: Uint8Array) => void): void {
    write(new Uint8Array(Float64Array.of(this.sum, this.commands).buffer));
  }

  restore(bytes: Uint8Array): void {
    [this.sum, this.commands] = new Float64Array(bytes.slice().buffer);
  }
}

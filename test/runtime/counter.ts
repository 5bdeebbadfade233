// The smallest application: a sum. What the runtime does for it, it does for any. A journal's thread imports this module
// for its rules.

import type { Application, RecordBuffer } from "../../src/base/index.ts";
import { COMMAND_WORDS } from "../../src/protocol/index.ts";
import type { RecordRules } from "../../src/runtime/index.ts";

const KIND_BEGIN = 128;
const KIND_ADD = 129;
/** Answers a number with that many events: more than fit any buffer. */
export const KIND_REPEAT = 130;

export const COUNTER_RULES: string = import.meta.url;

/** Imported by URL too. */
export const rules: RecordRules = {
  genesisFault: (words, at) => (words[at] === KIND_BEGIN ? undefined : "it is no counter's log"),
  firstUnknown(words, at, count) {
    for (let i = 0; i < count; i++) {
      const kind = words[at + i * COMMAND_WORDS];
      if (kind !== KIND_ADD && kind !== KIND_REPEAT) return i;
    }
    return -1;
  },
};

/** The first frame of a counter's log. */
export function beginning(): Int32Array<ArrayBuffer> {
  const words = new Int32Array(COMMAND_WORDS);
  words[0] = KIND_BEGIN;
  return words;
}

export function add(amount: number): (words: Int32Array, at: number) => void {
  return (words, at) => {
    words[at] = KIND_ADD;
    words[at + 1] = amount;
  };
}

export class Counter implements Application {
  sum = 0;

  apply(words: Int32Array, at: number, events: RecordBuffer): void {
    if (words[at] !== KIND_ADD && words[at] !== KIND_REPEAT) return;
    if (words[at] === KIND_ADD) this.sum += words[at + 1];
    const times = words[at] === KIND_REPEAT ? words[at + 1] : 1;
    for (let i = 0; i < times; i++) events.words[events.claim() + 1] = this.sum + i;
  }

  snapshot(write: (piece: Uint8Array) => void): void {
    write(new Uint8Array(Float64Array.of(this.sum).buffer));
  }

  restore(bytes: Uint8Array): void {
    [this.sum] = new Float64Array(bytes.slice().buffer);
  }
}

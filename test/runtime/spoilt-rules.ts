// A counter's rules that spoil the disk of the thread that imports them: at one amount it hangs for a while, behind another
// one it takes no more bytes.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { COMMAND_WORDS } from "../../src/protocol/index.ts";
import type { RecordRules } from "../../src/runtime/index.ts";
import { rules as counterRules } from "./counter.ts";

export const SPOILT_RULES: string = import.meta.url;
export const HANGS_AT = 999;
export const FAILS_BEHIND = 998;
/** Longer than a replica's thread may take to say how it stands. */
const HANGS_MS = 7_000;
/** By then the record is stored, and nothing is left to be written but the mark of an orderly end. */
const FAILS_AFTER_MS = 300;

/** @public Imported by URL. */
export const rules: RecordRules = {
  ...counterRules,
  firstUnknown(words, at, count) {
    for (let i = 0; i < count; i++) spoilBy(words[at + i * COMMAND_WORDS + 1]);
    return counterRules.firstUnknown(words, at, count);
  },
};

function spoilBy(amount: number): void {
  if (amount === HANGS_AT) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANGS_MS);
  if (amount === FAILS_BEHIND) setTimeout(failWrites, FAILS_AFTER_MS);
}

function failWrites(): void {
  fs.writeSync = () => {
    throw Object.assign(new Error("no more bytes"), { code: "EIO" });
  };
  syncBuiltinESMExports();
}

// A counter's rules that spoil the disk of the thread that imports them: at one amount it hangs for a while, and from when a
// test says so it takes no more bytes. What becomes of it is said to the test, which therefore waits for no time to pass.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { BroadcastChannel } from "node:worker_threads";
import { COMMAND_WORDS } from "../../src/protocol/index.ts";
import type { RecordRules } from "../../src/runtime/index.ts";
import { rules as counterRules } from "./counter.ts";

export const SPOILT_RULES: string = import.meta.url;
export const HANGS_AT = 999;
/** Longer than a replica's thread may take to say how it stands. */
const HANGS_MS = 7_000;
/** Between the test and the threads that have these rules. */
const CHANNEL = "spoilt-disk";

/** @public Imported by URL. */
export const rules: RecordRules = {
  ...counterRules,
  firstUnknown(words, at, count) {
    for (let i = 0; i < count; i++) spoilBy(words[at + i * COMMAND_WORDS + 1]);
    return counterRules.firstUnknown(words, at, count);
  },
};

const channel = new BroadcastChannel(CHANNEL);
channel.unref();
channel.onmessage = ({ data }) => {
  if (data === "fail") failWrites();
};

/** For the test: resolves when a thread says so. */
export function said(what: "hangs" | "fails"): Promise<void> {
  return new Promise((resolve) => {
    channel.onmessage = ({ data }) => {
      if (data === what) resolve();
    };
  });
}

/** For the test: resolves when the disks of threads with these rules take no more bytes. */
export async function failDisks(): Promise<void> {
  const failed = said("fails");
  channel.postMessage("fail");
  await failed;
}

function spoilBy(amount: number): void {
  if (amount !== HANGS_AT) return;
  channel.postMessage("hangs");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANGS_MS);
}

function failWrites(): void {
  fs.writeSync = () => {
    throw Object.assign(new Error("no more bytes"), { code: "EIO" });
  };
  syncBuiltinESMExports();
  channel.postMessage("fails");
}

// Preloaded (node --import) into a node under test and all its threads: makes the system's disk calls fail as its
// variables say. A file that is there is the switch, so that a test turns a fault on while the node runs.
//
//   FAULT_SYNC=FILE     fdatasync fails with EIO while FILE is there
//   FAULT_HELD=FILE     fdatasync does not return while FILE is there
//   FAULT_HANGS=FIFO    fdatasync waits in the kernel while FIFO is there, as for a disk that hangs: its thread can't be ended
//   FAULT_EXIT=FILE     the thread that calls fdatasync ends without a word while FILE is there
//   FAULT_THREAD=1      a thread ends with an error before it has done anything

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

const {
  FAULT_SYNC = "",
  FAULT_HELD = "",
  FAULT_HANGS = "",
  FAULT_EXIT = "",
  FAULT_THREAD = "",
} = process.env;
/** Between two looks at the switch. */
const HELD_MS = 5;
const pauseCell = new Int32Array(new SharedArrayBuffer(4));

function isOn(file: string): boolean {
  return file !== "" && fs.existsSync(file);
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by a test`), { code });
}

const fdatasync = fs.fdatasyncSync;
fs.fdatasyncSync = (descriptor) => {
  while (isOn(FAULT_HELD)) Atomics.wait(pauseCell, 0, 0, HELD_MS);
  // Opening it waits for somebody who writes to it.
  if (isOn(FAULT_HANGS)) fs.closeSync(fs.openSync(FAULT_HANGS, "r"));
  if (!isMainThread && isOn(FAULT_EXIT)) process.exit(0);
  if (isOn(FAULT_SYNC)) throw systemError("EIO");
  fdatasync(descriptor);
};

syncBuiltinESMExports();
if (FAULT_THREAD === "1" && !isMainThread) throw new Error("ended by a test");

// What a commit worker's disk (write-behind.ts) and its helper thread share: files whose bytes the helper is to sync. It imports
// nothing, so that a helper is a small thread that has begun at once.
//
//   shared words: 0 wake (a count), 1 stop, then SLOTS times { state, descriptor, isClosing }
//   state: Free -> Idle (a file has it) -> Wanted -> Idle, or the system's negative number of what failed; isClosing -> Free

import { getSystemErrorName } from "node:util";

const WAKE = 0;
const STOP = 1;
const HEAD_WORDS = 2;
const SLOT_WORDS = 3;
/** Files that are helped at once; others do without. */
const SLOTS = 64;

const SlotState = { Free: 0, Idle: 1, Wanted: 2 } as const;

/** No slot. */
export const NONE = -1;

/** What the worker and its helper share. */
export class WriteBehindSlots {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(
    shared = new SharedArrayBuffer((HEAD_WORDS + SLOTS * SLOT_WORDS) * Int32Array.BYTES_PER_ELEMENT),
  ) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  /** A slot for `descriptor`, which is the helper's to close from now on; -1: there is none. */
  take(descriptor: number): number {
    for (let slot = 0; slot < SLOTS; slot++) {
      const at = wordOf(slot);
      if (Atomics.load(this.#words, at) !== SlotState.Free) continue;
      this.#words[at + 1] = descriptor;
      Atomics.store(this.#words, at, SlotState.Idle);
      return slot;
    }
    return NONE;
  }

  /** Wants a sync of what was written; false: one is under way still, or has failed. */
  want(slot: number): boolean {
    if (
      Atomics.compareExchange(this.#words, wordOf(slot), SlotState.Idle, SlotState.Wanted) !== SlotState.Idle
    )
      return false;
    this.#wake();
    return true;
  }

  /** The descriptor is to be closed, once no sync is under way. */
  close(slot: number): void {
    Atomics.store(this.#words, wordOf(slot) + 2, 1);
    this.#wake();
  }

  /** The system's word for what failed. */
  failure(slot: number): string | undefined {
    const state = Atomics.load(this.#words, wordOf(slot));
    return state < 0 ? getSystemErrorName(state) : undefined;
  }

  /** The helper is to end when nothing is left to do. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#words, WAKE, 1);
    Atomics.notify(this.#words, WAKE);
  }

  /** The helper's side, until `stop`: `sync` answers with 0, or the negative number of what failed. */
  serve(sync: (descriptor: number) => number, close: (descriptor: number) => void): void {
    for (;;) {
      const woken = Atomics.load(this.#words, WAKE);
      const isOver = Atomics.load(this.#words, STOP) !== 0;
      if (this.#serveAll(sync, close)) continue;
      if (isOver) return;
      Atomics.wait(this.#words, WAKE, woken);
    }
  }

  /** Whether there was anything to do. */
  #serveAll(sync: (descriptor: number) => number, close: (descriptor: number) => void): boolean {
    const words = this.#words;
    let hasDone = false;
    for (let slot = 0; slot < SLOTS; slot++) {
      const at = wordOf(slot);
      if (Atomics.load(words, at) === SlotState.Wanted) {
        const failed = sync(words[at + 1]);
        Atomics.store(words, at, failed < 0 ? failed : SlotState.Idle);
        hasDone = true;
      }
      if (Atomics.load(words, at + 2) === 0) continue;
      close(words[at + 1]);
      Atomics.store(words, at + 2, 0);
      Atomics.store(words, at, SlotState.Free);
      hasDone = true;
    }
    return hasDone;
  }
}

function wordOf(slot: number): number {
  return HEAD_WORDS + slot * SLOT_WORDS;
}

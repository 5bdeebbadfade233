// A commit worker's disk, with a helper thread beside it (write-behind-worker.ts): bytes just written are synced there while the next
// are written, so that the writer's own sync finds little left.
// Nothing is safe because of the helper: only the writer's own `syncData` says so, on a descriptor of its own. What the
// helper can't take is not helped, and a sync that failed there fails the file's next one here.
//
//   shared words: 0 wake (a count), 1 stop, then SLOTS times { state, descriptor, isClosing }
//   state: Free -> Idle (a file has it) -> Wanted -> Idle, or the system's negative number of what failed; isClosing -> Free

import { closeSync, constants, openSync } from "node:fs";
import { getSystemErrorName } from "node:util";
import { type Storage, type StorageAccess, type StorageFile, storageError } from "../../base/index.ts";
import { NodeStorage } from "../../platform/index.ts";

const WAKE = 0;
const STOP = 1;
const HEAD_WORDS = 2;
const SLOT_WORDS = 3;
/** Files that are helped at once; others do without. */
const SLOTS = 64;

const SlotState = { Free: 0, Idle: 1, Wanted: 2 } as const;

/** Written to a file before its sync is begun. Small, so that a sync here finds a few milliseconds' worth; each costs the disk a flush. */
const SYNC_STEP_BYTES = 4 * 1024 * 1024;

const NONE = -1;

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

/** The disk of a commit worker's thread. */
export class WriteBehindStorage extends NodeStorage implements Storage {
  readonly #slots: WriteBehindSlots;

  constructor(slots: WriteBehindSlots) {
    super();
    this.#slots = slots;
  }

  override open(path: string, access: StorageAccess): StorageFile {
    const file = super.open(path, access);
    return access === "write" ? new WriteBehindFile(file, this.#slots) : file;
  }
}

/** A slot with a descriptor of its own of the file; NONE: it goes without. */
function takeSlot(slots: WriteBehindSlots, path: string): number {
  try {
    const descriptor = openSync(path, constants.O_RDONLY);
    const slot = slots.take(descriptor);
    if (slot === NONE) closeSync(descriptor);
    return slot;
  } catch {
    // Whatever keeps it from being opened will be said to who needs it.
    return NONE;
  }
}

class WriteBehindFile implements StorageFile {
  readonly path: string;
  readonly #file: StorageFile;
  readonly #slots: WriteBehindSlots;
  #slot = NONE;
  /** Since a sync was begun. */
  #writtenBytes = 0;

  constructor(file: StorageFile, slots: WriteBehindSlots) {
    this.path = file.path;
    this.#file = file;
    this.#slots = slots;
  }

  read(bytes: Uint8Array, from: number, length: number, position: number): number {
    return this.#file.read(bytes, from, length, position);
  }

  write(bytes: Uint8Array, from: number, length: number, position: number): number {
    const taken = this.#file.write(bytes, from, length, position);
    this.#writtenBytes += taken;
    if (this.#writtenBytes >= SYNC_STEP_BYTES && this.#hasSlot()) this.beginSync();
    return taken;
  }

  beginSync(): "begun" | "busy" {
    if (!this.#hasSlot()) this.syncData();
    else if (!this.#slots.want(this.#slot)) {
      // One that failed is said here too: nothing more is begun on that file.
      this.#orThrow();
      return "busy";
    }
    this.#writtenBytes = 0;
    return "begun";
  }

  /** False: it goes without, and asks again after as many bytes. */
  #hasSlot(): boolean {
    if (this.#slot === NONE) this.#slot = takeSlot(this.#slots, this.path);
    if (this.#slot === NONE) this.#writtenBytes = 0;
    return this.#slot !== NONE;
  }

  syncData(): void {
    this.#file.syncData();
    this.#writtenBytes = 0;
    this.#orThrow();
  }

  #orThrow(): void {
    const failure = this.#slot === NONE ? undefined : this.#slots.failure(this.#slot);
    if (failure !== undefined) throw storageError(failure, "sync", this.path);
  }

  size(): number {
    return this.#file.size();
  }

  truncate(size: number): void {
    this.#file.truncate(size);
  }

  close(): void {
    if (this.#slot !== NONE) this.#slots.close(this.#slot);
    this.#slot = NONE;
    this.#file.close();
  }
}

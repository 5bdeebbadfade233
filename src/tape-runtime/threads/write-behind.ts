// A commit worker's disk, with a helper thread beside it (write-behind-worker.ts): bytes just written are synced there while the next
// are written, so that the writer's own sync finds little left.
// Nothing is safe because of the helper: only the writer's own `syncData` says so, on a descriptor of its own. What the
// helper can't take is not helped, and a sync that failed there fails the file's next one here.

import { closeSync, constants, openSync } from "node:fs";
import { type Storage, type StorageAccess, type StorageFile, storageError } from "../../base/index.ts";
import { NodeStorage } from "../../platform/index.ts";
import { NONE, type WriteBehindSlots } from "./write-behind-slots.ts";

/** Written to a file before its sync is begun. Small, so that a sync here finds a few milliseconds' worth; each costs the disk a flush. */
const SYNC_STEP_BYTES = 4 * 1024 * 1024;

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
    // Whatever keeps it from being opened will be said to whoever needs it.
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

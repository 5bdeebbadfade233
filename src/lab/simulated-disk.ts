// A Storage in memory that forgets. Like a real disk it keeps for sure only what was synced: on `crash` each
// unsynced 512-byte sector is old or new by itself, an unsynced change of size may be lost, and each creation,
// renaming and removal not covered by a directory sync may be lost by itself. A sync that failed leaves its sectors
// as a kernel does: readable, no longer dirty, and never written by a later sync.
// Deterministic: the same calls and the same seed give the same disk.

import {
  assert,
  type Prng,
  SeriatimError,
  type Storage,
  type StorageAccess,
  type StorageFile,
  storageError,
} from "../base/index.ts";
import { SimulatedInode } from "./simulated-inode.ts";

/**
 * `short`: a write takes half of its bytes. `stuck`: a write takes nothing. On other calls both are EIO.
 * `astray`: a write lands elsewhere in its file, and reports success; other calls are unaffected.
 * `halt`: the process or the machine stops in this call (code HALT), and nothing changes any more until `restart`
 * or `crash`.
 */
export type DiskFault = "EIO" | "ENOSPC" | "short" | "stuck" | "astray" | "halt";

/** How far from its place a write that goes astray lands. */
const ASTRAY_BYTES = 8_192;

export interface SimulatedDiskOptions {
  /** Bytes all files together may grow to; unlimited when left out. */
  readonly capacity_bytes?: number;
}

/** One change of a directory: `name` now means `inode`, or nothing; a renaming also clears `from`. */
interface NameChange {
  readonly directory: string;
  readonly name: string;
  readonly inode: SimulatedInode | undefined;
  readonly from?: string;
}

/** A directory has another name: the directories above and below it know nothing of one another. */
interface DirectoryChange {
  /** Which both names lie in. */
  readonly directory: string;
  readonly renamed: { readonly from: string; readonly to: string };
}

type Names = Map<string, SimulatedInode>;

/** A disk in memory that a test can crash, fill and make fail, deterministically. */
export class SimulatedDisk implements Storage {
  readonly #capacity: number;
  /** Less than that while others have filled it. */
  #room_bytes: number;
  /** Directory -> name -> file, as programs see it. */
  readonly #directories = new Map<string, Names>();
  readonly #durable = new Map<string, Names>();
  #pending: (NameChange | DirectoryChange)[] = [];
  #faults = new Map<number, DiskFault>();
  #calls = 0;
  #used = 0;
  #boot = 0;
  #halted = false;
  #openFiles = 0;

  constructor({ capacity_bytes = Number.POSITIVE_INFINITY }: SimulatedDiskOptions = {}) {
    this.#capacity = capacity_bytes;
    this.#room_bytes = capacity_bytes;
  }

  /** Calls so far that change something: create, write, sync, truncate, rename, remove, directory sync. */
  get calls(): number {
    return this.#calls;
  }

  /** Makes the `call`-th changing call (counted from 1, see `calls`) fail. */
  failAt(call: number, fault: DiskFault): void {
    this.#faults.set(call, fault);
  }

  /** Others fill the disk up: there is room for so many bytes more, and for what is given back. */
  fillUp(left_bytes: number): void {
    this.#room_bytes = this.#used + left_bytes;
  }

  /** They give it back. */
  freeUp(): void {
    this.#room_bytes = this.#capacity;
  }

  /** Another process begins: what was written is there, safe or not, and files that were open are dead. */
  restart(): void {
    this.#boot++;
    this.#openFiles = 0;
    this.#faults.clear();
    this.#halted = false;
  }

  /** The machine stops: what was not synced is kept or lost as `prng` falls; files that were open are dead. */
  crash(prng: Prng): void {
    this.restart();
    // Three kinds of crash: nothing unsynced survives, everything does, or any subset.
    const odds = prng.pick([0, 0.5, 0.5, 0.9, 1]);
    for (const change of this.#pending) {
      if (!prng.chance(odds)) continue;
      applyChange(this.#durable, change);
    }
    this.#pending = [];
    this.#directories.clear();
    for (const [directory, names] of this.#durable) this.#directories.set(directory, new Map(names));
    this.#used = 0;
    for (const inode of this.#inodes()) {
      inode.crash(prng, odds);
      this.#used += inode.size;
    }
  }

  /** Files opened and not closed since the last start. */
  get openFiles(): number {
    return this.#openFiles;
  }

  /** For its files: one was opened (1) or closed (-1). */
  countOpen(change: 1 | -1): void {
    this.#openFiles += change;
  }

  /** The bytes a file holds now, for tests. */
  contents(path: string): Uint8Array {
    const inode = this.#find(path, "read");
    return inode.bytes.slice(0, inode.size);
  }

  /** Changes a file behind everyone's back, and durably: rot, or another program. */
  overwrite(path: string, contents: Uint8Array): void {
    this.#find(path, "overwrite").replace(contents);
  }

  /** Turns bits of one byte of a file over, on the disk itself: nothing written before or after makes that good. */
  rot(path: string, offset: number, mask: number): void {
    this.#find(path, "rot").rot(offset, mask);
  }

  /** Every file of a directory with its bytes, for comparing before and after. */
  image(directory: string): Map<string, Uint8Array> {
    return new Map(this.list(directory).map((name) => [name, this.contents(`${directory}/${name}`)]));
  }

  open(path: string, _access: StorageAccess): StorageFile {
    return new SimulatedFile(this, path, this.#find(path, "open"));
  }

  create(path: string): StorageFile {
    this.change("create", path);
    const { directory, name } = this.#split(path, "create");
    if (this.#directories.get(directory)?.has(name)) throw storageError("EEXIST", "create", path);
    const inode = new SimulatedInode();
    this.#rename({ directory, name, inode });
    return new SimulatedFile(this, path, inode);
  }

  list(directory: string): string[] {
    const names = this.#directories.get(directory);
    if (names === undefined) throw storageError("ENOENT", "list", directory);
    return [...names.keys()].sort();
  }

  hasDirectory(path: string): boolean {
    return this.#directories.has(path);
  }

  rename(from: string, to: string): void {
    this.change("rename", from);
    if (this.#directories.has(from)) return this.#renameDirectory(from, to);
    const inode = this.#find(from, "rename");
    const source = this.#split(from, "rename");
    const target = this.#split(to, "rename");
    assert(source.directory === target.directory, "the simulated disk renames within one directory");
    this.#rename({ ...target, inode, from: source.name });
  }

  remove(path: string): void {
    this.change("remove", path);
    this.#used -= this.#find(path, "remove").size;
    this.#rename({ ...this.#split(path, "remove"), inode: undefined });
  }

  makeDirectory(path: string): void {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const directory = path.slice(0, end);
      if (this.#directories.has(directory)) continue;
      this.#directories.set(directory, new Map());
      this.#durable.set(directory, new Map());
    }
  }

  syncDirectory(directory: string): void {
    this.change("sync the directory", directory);
    const names = this.#directories.get(directory);
    if (names === undefined) throw storageError("ENOENT", "sync the directory", directory);
    for (const change of this.#pending)
      if (change.directory === directory && "renamed" in change) applyChange(this.#durable, change);
    this.#durable.set(directory, new Map(names));
    this.#pending = this.#pending.filter((change) => change.directory !== directory);
  }

  /** For its files: which boot they were opened in. */
  get boot(): number {
    return this.#boot;
  }

  /** For its files: counts a changing call; throws when it is to fail, and returns how a write is to be cut. */
  change(verb: string, path: string): "short" | "stuck" | "astray" | undefined {
    if (this.#halted) throw storageError("HALT", verb, path);
    const fault = this.#faults.get(++this.#calls);
    if (fault === undefined) return undefined;
    this.#halted = fault === "halt";
    if (fault === "halt") throw storageError("HALT", verb, path);
    if (fault === "EIO" || fault === "ENOSPC") throw storageError(fault, verb, path);
    if (verb !== "write" && fault === "astray") return undefined;
    if (verb !== "write") throw storageError("EIO", verb, path);
    return fault;
  }

  /** For its files: takes space for a file that grows. */
  grow(bytes: number, path: string): void {
    if (bytes > 0 && this.#used + bytes > this.#room_bytes) throw storageError("ENOSPC", "write", path);
    this.#used += bytes;
  }

  #renameDirectory(from: string, to: string): void {
    const directory = from.slice(0, from.lastIndexOf("/"));
    assert(to.startsWith(`${directory}/`), "the simulated disk renames within one directory");
    if ((this.#directories.get(to)?.size ?? 0) > 0) throw storageError("ENOTEMPTY", "rename", from);
    this.#rename({ directory, renamed: { from, to } });
  }

  #rename(change: NameChange | DirectoryChange): void {
    applyChange(this.#directories, change);
    this.#pending.push(change);
  }

  #inodes(): Set<SimulatedInode> {
    const all = new Set<SimulatedInode>();
    for (const names of this.#directories.values()) for (const inode of names.values()) all.add(inode);
    return all;
  }

  #split(path: string, verb: string): { directory: string; name: string } {
    const slash = path.lastIndexOf("/");
    const directory = path.slice(0, slash);
    if (slash < 0 || !this.#directories.has(directory)) throw storageError("ENOENT", verb, path);
    return { directory, name: path.slice(slash + 1) };
  }

  #find(path: string, verb: string): SimulatedInode {
    const { directory, name } = this.#split(path, verb);
    const inode = this.#directories.get(directory)?.get(name);
    if (inode === undefined) throw storageError("ENOENT", verb, path);
    return inode;
  }
}

function applyChange(directories: Map<string, Names>, change: NameChange | DirectoryChange): void {
  if ("renamed" in change) {
    const { from, to } = change.renamed;
    directories.set(to, directories.get(from) ?? new Map<string, SimulatedInode>());
    directories.delete(from);
    return;
  }
  const names = directories.get(change.directory) ?? new Map<string, SimulatedInode>();
  if (change.from !== undefined) names.delete(change.from);
  if (change.inode === undefined) names.delete(change.name);
  else names.set(change.name, change.inode);
  directories.set(change.directory, names);
}

class SimulatedFile implements StorageFile {
  readonly path: string;
  readonly #disk: SimulatedDisk;
  readonly #inode: SimulatedInode;
  readonly #boot: number;
  #open = true;

  constructor(disk: SimulatedDisk, path: string, inode: SimulatedInode) {
    this.#disk = disk;
    this.path = path;
    this.#inode = inode;
    this.#boot = disk.boot;
    disk.countOpen(1);
  }

  read(bytes: Uint8Array, from: number, length: number, position: number): number {
    this.#live("read");
    const inode = this.#inode;
    const taken = Math.max(0, Math.min(length, inode.size - position));
    bytes.set(inode.bytes.subarray(position, position + taken), from);
    return taken;
  }

  write(bytes: Uint8Array, from: number, length: number, position: number): number {
    this.#live("write");
    const cut = this.#disk.change("write", this.path);
    const taken = cut === "stuck" ? 0 : cut === "short" ? Math.floor(length / 2) : length;
    const at = cut === "astray" ? this.#elsewhere(position, length) : position;
    this.#resize(Math.max(this.#inode.size, at + taken));
    this.#inode.bytes.set(bytes.subarray(from, from + taken), at);
    this.#inode.touch(at, at + taken);
    return taken;
  }

  #elsewhere(position: number, length: number): number {
    const behind = position + ASTRAY_BYTES;
    return behind + length <= this.#inode.size ? behind : Math.max(0, position - ASTRAY_BYTES);
  }

  syncData(): void {
    this.#live("sync");
    const inode = this.#inode;
    try {
      this.#disk.change("sync", this.path);
    } catch (error) {
      if (!(error instanceof SeriatimError) || error.code !== "HALT") inode.forgetDirty();
      throw error;
    }
    inode.sync();
  }

  size(): number {
    this.#live("read the size of");
    return this.#inode.size;
  }

  truncate(size: number): void {
    this.#live("truncate");
    this.#disk.change("truncate", this.path);
    const old = this.#inode.size;
    this.#resize(size);
    this.#inode.touch(Math.min(old, size), Math.max(old, size));
  }

  close(): void {
    this.#live("close");
    this.#open = false;
    this.#disk.countOpen(-1);
  }

  #live(verb: string): void {
    if (!this.#open || this.#boot !== this.#disk.boot) throw storageError("EBADF", verb, this.path);
  }

  #resize(size: number): void {
    if (size === this.#inode.size) return;
    this.#disk.grow(size - this.#inode.size, this.path);
    this.#inode.resize(size);
  }
}

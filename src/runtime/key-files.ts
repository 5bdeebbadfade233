// Keys files on the disk (protocol/keys/keys.md): read, made and added to. A file that others may read or write is refused:
// whoever can write it is whoever he likes.

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { SeriatimError } from "../base/index.ts";
import {
  asGivenPathError,
  type Ed25519Pair,
  ed25519Signer,
  givenPathError,
  makeEd25519Pair,
  NodeStorage,
} from "../platform/index.ts";
import {
  formatKeys,
  type KeyAccounts,
  type KeyEntry,
  type KeyRights,
  type KeyRole,
  ownKeyOf,
  parseKeys,
  parseKeysFile,
} from "../protocol/index.ts";
import { KeyRing } from "./key-ring.ts";

/** Nobody but the owner reads or writes. */
const KEY_FILE_MODE = 0o600;

/** A key that signs. */
export interface OwnKey {
  readonly name: string;
  readonly role: KeyRole;
  /** As its own file says; the node's file decides. */
  readonly accounts: KeyAccounts | undefined;
  prove(statement: Uint8Array): Uint8Array;
}

/** Reads a ring of public keys; throws SeriatimError naming the file, and one that can't be read also the `setting` it comes from. */
export function readKeyRing(path: string, setting = ""): KeyRing {
  const keys = readKeys(path, setting);
  const own = keys.find((key) => key.private !== undefined);
  // Taken for a ring it would be one of a single node, or without administrators.
  if (own !== undefined)
    throw invalid(`${path}: has the private key of ${own.name}: a keys file has public keys`);
  refuseOnePublicKeyForTwo(keys, path);
  return usable(path, () => new KeyRing(keys));
}

function refuseOnePublicKeyForTwo(keys: readonly KeyEntry[], path: string): void {
  const names = new Map<string, string>();
  for (const { name, public: known } of keys) {
    const first = names.get(known);
    if (first !== undefined)
      throw invalid(`${path}: ${first} and ${name} have one public key: who has it could be either`);
    names.set(known, name);
  }
}

/** Reads the file of one key that signs; throws as readKeyRing. */
export function readOwnKey(path: string, setting = ""): OwnKey {
  const key = ownKeyOf(readKeys(path, setting), path);
  const pair: Ed25519Pair = { public: key.public, private: key.private };
  const prove = usable(path, () => ed25519Signer(pair));
  return { name: key.name, role: key.role, accounts: key.accounts, prove };
}

/**
 * Makes a key, writes it to `ownPath`, which must not exist, and adds its public part to the ring at `ringPath`, which is
 * made when it does not exist. Both are durable on return. `rights`: of all but a node. Throws SeriatimError; a name
 * that the ring has is refused.
 */
export function generateKey(
  name: string,
  role: KeyRole,
  ownPath: string,
  ringPath: string,
  rights?: KeyRights,
): void {
  const ring = ringExists(ringPath) ? readKeys(ringPath) : [];
  if (ring.some((key) => key.name === name))
    throw new SeriatimError("KEY_EXISTS", `${ringPath} has a key named ${name} already`);
  const pair = makeEd25519Pair();
  const accounts = rights?.accounts && { accounts: rights.accounts };
  const topics = rights?.topics && { topics: rights.topics };
  const added = { name, role, ...rights, public: pair.public };
  // Read as a node reads it, so that nothing is written that no node takes.
  parseKeys(formatKeys([...ring, added]), ringPath);
  writeKeys(ownPath, [{ name, role, ...accounts, ...topics, ...pair }]);
  try {
    const next = `${ringPath}.new`;
    rmSync(next, { force: true });
    writeKeys(next, [...ring, added]);
    renameSync(next, ringPath);
    new NodeStorage().syncDirectory(dirname(ringPath));
  } catch (error) {
    // A key that no ring knows is good for nothing.
    rmSync(ownPath, { force: true });
    throw systemError(error, "write", ringPath);
  }
}

/** Throws when it can't be made either, before a key is made for it. */
function ringExists(path: string): boolean {
  if (existsSync(path)) return true;
  if (existsSync(dirname(path))) return false;
  throw givenPathError("ENOENT", "write", path);
}

function readKeys(path: string, setting = ""): KeyEntry[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    throw unreadable(error, path, setting);
  }
  try {
    const { mode, size } = fstatSync(descriptor);
    return parseKeysFile(path, size, mode, () => readFileSync(descriptor, "utf8"));
  } catch (error) {
    throw unreadable(error, path, setting);
  } finally {
    closeSync(descriptor);
  }
}

/** What is wrong with the keys says so itself. */
function unreadable(error: unknown, path: string, setting: string): SeriatimError {
  return error instanceof SeriatimError ? error : asGivenPathError(error, "read", path, setting);
}

/** Makes the file, which must not exist, and its name durable. */
function writeKeys(path: string, keys: readonly KeyEntry[]): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, "wx", KEY_FILE_MODE);
  } catch (error) {
    throw systemError(error, "create", path);
  }
  try {
    // All of it, or it throws: a single write gives a full disk as much as fits, and the ring would be cut.
    writeFileSync(descriptor, formatKeys(keys));
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(path, { force: true });
    throw systemError(error, "write", path);
  } finally {
    closeSync(descriptor);
  }
  new NodeStorage().syncDirectory(dirname(path));
}

/** A point that is on no curve is found only when the key is made of it. */
function usable<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof SeriatimError) throw error;
    throw invalid(`${path}: ${(error as Error).message}`);
  }
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("KEYS_INVALID", message, { exitCode: 2 });
}

function systemError(error: unknown, verb: string, path: string): SeriatimError {
  return error instanceof SeriatimError ? error : asGivenPathError(error, verb, path);
}

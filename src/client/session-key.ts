// Keys that sign logons: a file of `seriatim keygen`, its text's two fields, or whatever signs (a hardware module, a test).

/// <reference types="node" preserve="true" />

import { createPrivateKey, sign } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { SeriatimError, storageError } from "../base/index.ts";
import { isWho, KEYS_FILE_BYTES_MAX, parseKeys } from "../protocol/index.ts";
import { checkObject, checkText, invalidArgument } from "./errors.ts";

/** Signs as the key of this name. */
export interface Signer {
  readonly name: string;
  /** The Ed25519 signature of `statement`, 64 bytes. */
  prove(statement: Uint8Array): Uint8Array;
}

/** The path of a key's own file; its name and private part (32 bytes in base64url); or what signs. */
export type SessionKey = string | { readonly name: string; readonly private: string } | Signer;

/** What PKCS #8 (RFC 8410) puts before the 32 bytes of an Ed25519 key. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const KEY_BYTES = 32;
/** Whoever else can read the file is whoever its owner is. */
const OTHERS = 0o077;

/** Throws SeriatimError: `INVALID_ARGUMENT`, or what is wrong with the file. */
export function signerOf(key: SessionKey): Signer {
  if (typeof key === "string") return signerOf(readKeyFile(key));
  checkObject("a key", key);
  const { name } = key;
  checkText("a key's name", name);
  if (!isWho(name)) throw invalidArgument(`a key's name has 1 to 16 printable ASCII characters, no space`);
  if ("prove" in key) return key;
  const bytes = Buffer.from(String(key.private), "base64url");
  if (bytes.length !== KEY_BYTES) throw invalidArgument(`the private part of key ${name} is not 32 bytes`);
  const der = Buffer.concat([PKCS8_HEAD, bytes]);
  const own = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { name, prove: (statement) => sign(null, statement, own) };
}

function readKeyFile(path: string): { name: string; private: string } {
  const keys = parseKeys(readOwnFile(path), path);
  const [key] = keys;
  if (keys.length === 1 && key.private !== undefined) return { name: key.name, private: key.private };
  const what = keys.length === 1 ? "no private key" : `${keys.length} keys`;
  throw new SeriatimError("KEYS_INVALID", `${path}: holds ${what}, not one key of its own`, { exitCode: 2 });
}

function readOwnFile(path: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const { mode, size } = fstatSync(descriptor);
    if (size > KEYS_FILE_BYTES_MAX || (mode & OTHERS) !== 0) throw notOwn(path, size, mode);
    return readFileSync(descriptor, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw error instanceof SeriatimError ? error : storageError(code ?? "EIO", "read", path, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function notOwn(path: string, size: number, mode: number): SeriatimError {
  const isLarge = size > KEYS_FILE_BYTES_MAX;
  const what = isLarge
    ? `${size} bytes, a keys file has at most ${KEYS_FILE_BYTES_MAX}`
    : `others than its owner may read or write it (mode ${(mode & 0o777).toString(8)}): chmod 600 ${path}`;
  return new SeriatimError(isLarge ? "KEYS_INVALID" : "KEYS_EXPOSED", `${path}: ${what}`, { exitCode: 2 });
}

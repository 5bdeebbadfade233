// Keys that sign logons: a file of `seriatim keygen`, its text's two fields, or whatever signs (a hardware module, a test).

/// <reference types="node" preserve="true" />

import { createPrivateKey, sign } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { SeriatimError, storageError } from "../../base/index.ts";
import {
  hasAccounts,
  isWho,
  type KeyEntry,
  ownKeyOf,
  parseKeysFile,
  SESSION_PROOF_BYTES,
} from "../../protocol/index.ts";
import { checkObject, checkText, invalidArgument } from "../errors.ts";

/** Signs as the key of this name. */
export interface Signer {
  readonly name: string;
  /** The Ed25519 signature of `statement`, 64 bytes. */
  prove(statement: Uint8Array): Uint8Array;
  /** What its own file says it is good for, in words; the exchange's file decides. */
  readonly says?: string;
}

/** The path of a key's own file; its name and private part (32 bytes in base64url); or what signs. */
export type SessionKey = string | { readonly name: string; readonly private: string } | Signer;

/** What PKCS #8 (RFC 8410) puts before the 32 bytes of an Ed25519 key. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const KEY_BYTES = 32;
const ACCOUNTS_SHOWN = 8;

/** Throws SeriatimError: `INVALID_ARGUMENT`, or what is wrong with the file. */
export function signerOf(key: SessionKey): Signer {
  if (typeof key === "string") {
    const entry = readKeyFile(key);
    return { ...signerOf(entry), says: saysOf(key, entry) };
  }
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

/** What it signs; throws whatever it does, or what is wrong with what it gives. */
export function provenBy(signer: Signer, statement: Uint8Array): Uint8Array {
  const proof = signer.prove(statement);
  if (proof instanceof Uint8Array && proof.length === SESSION_PROOF_BYTES) return proof;
  throw invalidArgument(`prove() gave no ${SESSION_PROOF_BYTES} bytes`);
}

function saysOf(path: string, { role, accounts }: KeyEntry): string {
  if (!hasAccounts(role)) return `${path} is the key of role ${role}`;
  if (accounts === "all" || accounts === undefined) return `${path} is for all accounts`;
  const more = accounts.length > ACCOUNTS_SHOWN ? ", ..." : "";
  return `${path} is for account ${accounts.slice(0, ACCOUNTS_SHOWN).join(", ")}${more}`;
}

/** The key in the file. */
function readKeyFile(path: string): KeyEntry & { readonly private: string } {
  let descriptor: number | undefined;
  try {
    const opened = openSync(path, "r");
    descriptor = opened;
    const { mode, size } = fstatSync(opened);
    return ownKeyOf(
      parseKeysFile(path, size, mode, () => readFileSync(opened, "utf8")),
      path,
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw error instanceof SeriatimError ? error : storageError(code ?? "EIO", "read", path, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

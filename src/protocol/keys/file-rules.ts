// What holds for keys files wherever they are read: how large one may be, who may read it, and what a key's own file holds. Pure:
// whoever reads the file says what it found.

import { SeriatimError } from "../../base/index.ts";
import type { KeyEntry } from "./entry.ts";
import { KEYS_FILE_BYTES_MAX, parseKeys } from "./format.ts";

/** Bits of a file's mode: whoever else can read the file is whoever its owner is. */
const OTHERS = 0o077;

/** Reads the text of a keys file of this size and mode; throws SeriatimError KEYS_INVALID, KEYS_EXPOSED. */
export function parseKeysFile(path: string, size: number, mode: number, text: () => string): KeyEntry[] {
  if (size > KEYS_FILE_BYTES_MAX)
    throw invalid(`${path}: ${size} bytes, a keys file has at most ${KEYS_FILE_BYTES_MAX}`);
  const keys = parseKeys(text(), path);
  // Judged last: whoever named another file by mistake is not told to change that one's mode.
  if ((mode & OTHERS) === 0) return keys;
  const octal = (mode & 0o777).toString(8);
  const what = `others than its owner may read or write it (mode ${octal}): chmod 600 ${path}`;
  throw new SeriatimError("KEYS_EXPOSED", `${path}: ${what}`, { exitCode: 2 });
}

/** The one key of its own file; throws SeriatimError KEYS_INVALID. */
export function ownKeyOf(keys: readonly KeyEntry[], path: string): KeyEntry & { readonly private: string } {
  const [key] = keys;
  if (keys.length === 1 && key.private !== undefined) return { ...key, private: key.private };
  const what = keys.length === 1 ? "no private key" : `${keys.length} keys`;
  throw invalid(`${path}: holds ${what}, not one key of its own`);
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("KEYS_INVALID", message, { exitCode: 2 });
}

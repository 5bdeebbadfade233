// A keys file as text: who there is, in what role, and by which Ed25519 key. Specification: keys.md. Pure: signing is the
// platform's (ed25519.ts), reading files the runtime's (key-files.ts).

import { SeriatimError } from "../../base/index.ts";
import { isWho } from "../commands/index.ts";

export const KEY_ROLES = ["replica", "admin", "client"] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

export interface KeyEntry {
  /** 1 to 16 printable ASCII characters without a space; unique in its file. */
  readonly name: string;
  readonly role: KeyRole;
  /** 32 bytes in base64url. */
  readonly public: string;
  /** The same, and only in the file of whoever signs with it. */
  readonly private?: string;
}

const KEYS_VERSION = 1;
/** About 130 bytes each; a directory of more people is another program. */
export const KEYS_MAX = 4_096;
/** More than the most keys need; a mistaken path to something huge is refused instead of parsed. */
export const KEYS_FILE_BYTES_MAX = 1_048_576;

/** 32 bytes: 43 characters, the last of which has two bits to spare, that are zero. */
const KEY_TEXT = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const FIELDS: readonly string[] = ["name", "role", "public", "private"];

/** The text of a keys file. */
export function formatKeys(keys: readonly KeyEntry[]): string {
  const lines = keys.map((key) => `    ${JSON.stringify(key)}`);
  return `{\n  "version": ${KEYS_VERSION},\n  "keys": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** Reads the text of a keys file; `file` is what errors call it. Throws SeriatimError KEYS_INVALID. */
export function parseKeys(text: string, file: string): KeyEntry[] {
  const fail = (what: string) => new SeriatimError("KEYS_INVALID", `${file}: ${what}`, { exitCode: 2 });
  const { version, keys, ...unknown } = objectOf(text, fail);
  if (version === undefined) throw fail("is no keys file: it has no version");
  if (version !== KEYS_VERSION)
    throw fail(`version ${JSON.stringify(version)} of a keys file is not known to this program`);
  const stranger = Object.keys(unknown)[0];
  if (stranger !== undefined) throw fail(`a keys file has no field ${JSON.stringify(stranger)}`);
  if (!Array.isArray(keys)) throw fail("'keys' is not a list");
  if (keys.length > KEYS_MAX) throw fail(`${keys.length} keys, at most ${KEYS_MAX} are allowed`);
  const names = new Set<string>();
  return keys.map((entry: unknown, i) => {
    const key = keyOf(entry, (what) => fail(`key ${i + 1}: ${what}`));
    if (names.has(key.name)) throw fail(`there are two keys named ${key.name}`);
    names.add(key.name);
    return key;
  });
}

type Fail = (what: string) => SeriatimError;

function objectOf(text: string, fail: Fail): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw fail("is not JSON");
  }
  if (!isObject(parsed)) throw fail("must hold one JSON object");
  return parsed;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keyOf(entry: unknown, fail: Fail): KeyEntry {
  if (!isObject(entry)) throw fail("is no object");
  const stranger = Object.keys(entry).find((field) => !FIELDS.includes(field));
  if (stranger !== undefined) throw fail(`a key has no field ${JSON.stringify(stranger)}`);
  const { name, role } = entry;
  if (typeof name !== "string" || !isWho(name))
    throw fail("a name is 1 to 16 printable ASCII characters without a space");
  const known = KEY_ROLES.find((other) => other === role);
  if (known === undefined) throw fail(`the role of ${name} is none of ${KEY_ROLES.join(", ")}`);
  const text = (field: "public" | "private"): string => {
    const value = entry[field];
    if (typeof value === "string" && KEY_TEXT.test(value)) return value;
    throw fail(`the ${field} key of ${name} is not 32 bytes in base64url`);
  };
  const own = entry.private === undefined ? {} : { private: text("private") };
  return { name, role: known, public: text("public"), ...own };
}

// A keys file as text: who there is, in what role, and by which Ed25519 key. Specification: keys.md. Pure: signing is the
// platform's (ed25519.ts), reading files the runtime's (key-files.ts). What is wrong is named with its line, all of it at
// once: whoever mends such a file by hand mends it once.

import { SeriatimError } from "../../base/index.ts";
import { isJsonObject, type JsonObject, shownJson } from "../json/fields.ts";
import { type KeyEntry, readKeyEntry } from "./entry.ts";
import { elementLines, wrongLine } from "./lines.ts";

const KEYS_VERSION = 1;
/** About 130 bytes each; a directory of more people is another program. */
export const KEYS_MAX = 4_096;
/** More than the most keys need; a mistaken path to something huge is refused instead of parsed. */
export const KEYS_FILE_BYTES_MAX = 1_048_576;
/** Mistakes named in one error; of more the number is said. */
const MISTAKES_NAMED_MAX = 8;

/** The text of a keys file. */
export function formatKeys(keys: readonly KeyEntry[]): string {
  const lines = keys.map((key) => `    ${JSON.stringify(key)}`);
  return `{\n  "version": ${KEYS_VERSION},\n  "keys": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** Reads the text of a keys file; `file` is what errors call it. Throws SeriatimError KEYS_INVALID. */
export function parseKeys(text: string, file: string): KeyEntry[] {
  const fail = (what: string) => new SeriatimError("KEYS_INVALID", `${file}: ${what}`, { exitCode: 2 });
  const values = listOf(text, fail);
  const mistakes: string[] = [];
  const lines = elementLines(text);
  /** By name and by token: the line of the key that has it first. */
  const taken = new Map<string, number>();
  const keys = values.flatMap((value, i) => {
    const key = readKeyEntry(value);
    const mistake = typeof key === "string" ? key : mistakenTwice(key, taken, lines[i]);
    if (mistake !== undefined) mistakes.push(`line ${lines[i]}: ${mistake}`);
    return typeof key === "string" ? [] : [key];
  });
  if (mistakes.length > 0) throw fail(namedMistakes(mistakes));
  return keys;
}

type Fail = (what: string) => SeriatimError;

/** The values of the field `keys`. */
function listOf(text: string, fail: Fail): readonly unknown[] {
  const { version, keys, ...unknown } = objectOf(text, fail);
  if (version === undefined) throw fail("is no keys file: it has no version");
  if (version !== KEYS_VERSION)
    throw fail(`version ${shownJson(version)} of a keys file is not known to this program`);
  const stranger = Object.keys(unknown)[0];
  if (stranger !== undefined) throw fail(`a keys file has no field ${shownJson(stranger)}`);
  if (!Array.isArray(keys)) throw fail("'keys' is not a list");
  if (keys.length > KEYS_MAX) throw fail(`${keys.length} keys, at most ${KEYS_MAX} are allowed`);
  return keys;
}

function objectOf(text: string, fail: Fail): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw fail(`line ${wrongLine(text)}: is not JSON`);
  }
  if (!isJsonObject(parsed)) throw fail("must hold one JSON object");
  return parsed;
}

/** What the key shares with one before it, which it must not. */
function mistakenTwice(key: KeyEntry, taken: Map<string, number>, line: number): string | undefined {
  // A name has no space, so no token is taken for a name.
  const marks = [`named ${key.name}`];
  if (key.token !== undefined) marks.push(`with the token ${key.token}`);
  const twice = marks.find((mark) => taken.has(mark));
  for (const mark of marks) if (!taken.has(mark)) taken.set(mark, line);
  return twice && `there is a key ${twice} already, in line ${taken.get(twice)}`;
}

function namedMistakes(mistakes: readonly string[]): string {
  const named = mistakes.slice(0, MISTAKES_NAMED_MAX).join("; ");
  const more = mistakes.length - MISTAKES_NAMED_MAX;
  return more > 0 ? `${named}; and ${more} more` : named;
}

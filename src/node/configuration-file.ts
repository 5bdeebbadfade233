// The JSON file given by --config: one flat object whose keys are setting names. It is read strictly, because a
// misspelt or doubled key that is quietly ignored is a limit that is not in force.

import { SeriatimError, unknownName } from "../base/index.ts";
import { readBoundedFile } from "../platform/index.ts";
import { type Setting, settingKey } from "./settings.ts";

/** More than any sensible file; a mistaken path to something huge is refused and not read to its end. */
const FILE_BYTES_MAX = 1_048_576;

export interface ConfigurationFile {
  readonly path: string;
  /** By key; the values are not checked yet. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** Throws SeriatimError (`CONFIGURATION_INVALID` or the system's code, exit 2) naming the file, and the line where there is one. */
export function readConfigurationFile(path: string, settings: readonly Setting[]): ConfigurationFile {
  const text = readText(path);
  const object = parseObject(path, text);
  const known = new Set(settings.map(settingKey));
  for (const key of Object.keys(object)) {
    if (!known.has(key)) throw invalid(`${path}: unknown key ${unknownName(key, known)}`);
  }
  const twice = firstRepeatedKey(text);
  if (twice !== undefined) throw invalid(`${path}: ${twice} is there twice`);
  return { path, values: new Map(Object.entries(object)) };
}

function readText(path: string): string {
  const bytes = readBoundedFile(path, FILE_BYTES_MAX, "--config");
  if (bytes === undefined) throw invalid(`${path}: a configuration has at most ${FILE_BYTES_MAX} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid(`${path}: is not UTF-8 text`);
  }
}

function parseObject(path: string, text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    throw invalid(`${path}:${lineOfError(text, message)}: not JSON: ${firstClause(message)}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw invalid(`${path}: must hold one JSON object`);
  }
  return parsed;
}

/** The parser's complaint in one line, without its own idea of where, and without the file's content. */
function firstClause(message: string): string {
  const clause = message.replace(/ (in JSON )?at position.*$|, (\.\.\.)?".*$/s, "");
  return clause.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
}

/** The line number of a parse error. The parser names it in most messages but not for every unexpected token. */
function lineOfError(text: string, message: string): number {
  const named = /\(line ([0-9]+) column/.exec(message);
  if (named !== null) return Number(named[1]);
  const lines = text.trimEnd().split("\n");
  if (message.includes("Unexpected end")) return lines.length;
  // No token spans lines, so the error is in the first line with which the text so far has it.
  for (let count = 1; count < lines.length; count++) {
    if (failsAlike(`${lines.slice(0, count).join("\n")}\n`, message)) return count;
  }
  return lines.length;
}

function failsAlike(prefix: string, message: string): boolean {
  try {
    JSON.parse(prefix);
    return false;
  } catch (error) {
    return firstClause((error as SyntaxError).message) === firstClause(message);
  }
}

/** `text` is valid JSON: a string token followed by a colon is a key, and values that are objects are refused later. */
function firstRepeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  for (const [, key, colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?/g)) {
    if (colon === undefined) continue;
    // As it is meant: an escape spells the same key in another way.
    const name = JSON.stringify(JSON.parse(key));
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("CONFIGURATION_INVALID", message, { exitCode: 2 });
}

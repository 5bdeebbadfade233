// Reading a JSON object field by field, with every mistake told as one line that begins with the field's name. The first
// mistake is kept and reading goes on with stand-ins, so a caller reads all it wants and asks once, at the end.

import { u64FromString } from "../../base/index.ts";

/** Characters of a wrong value that are shown. */
const SHOWN_CHARACTERS_MAX = 60;

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A value as messages show it: text in quotes, so that "1" is told from 1. Of lists and objects not what they hold: a few kB
 * of a client's text are nested so deeply that writing them out would overflow the stack.
 */
export function shownJson(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "[...]";
  if (isJsonObject(value)) return "{...}";
  if (typeof value !== "string" || value.length <= SHOWN_CHARACTERS_MAX) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, SHOWN_CHARACTERS_MAX))}...`;
}

export class Fields {
  readonly #object: JsonObject;
  readonly #read = new Set<string>();
  #problem: string | undefined;

  constructor(object: JsonObject) {
    this.#object = object;
  }

  /** The first thing that is wrong, fields that nobody has read included; undefined when nothing is. */
  finish(): string | undefined {
    for (const name of Object.keys(this.#object)) {
      if (!this.#read.has(name)) this.refuse(`${shownJson(name)}: no field of this message`);
    }
    return this.#problem;
  }

  /** Notes what is wrong, unless something was before. */
  refuse(problem: string): void {
    this.#problem ??= problem;
  }

  /** The value of a field that may be missing. */
  take(name: string): unknown {
    this.#read.add(name);
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }

  /** Text with anything in it. */
  text(name: string): string {
    return this.optionalText(name) ?? this.#missing(name, "");
  }

  optionalText(name: string): string | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    return typeof value === "string" && value !== "" ? value : this.#wrong(name, value, "a text", "");
  }

  /** One of `words`, the first of them when the field is missing. */
  choice<Word extends string>(name: string, words: readonly Word[]): Word {
    const value = this.take(name);
    if (value === undefined) return words[0];
    const word = words.find((each) => each === value);
    return word ?? this.#wrong(name, value, `one of ${words.join(", ")}`, words[0]);
  }

  /** As `choice`, but it must be there. */
  requiredChoice<Word extends string>(name: string, words: readonly Word[]): Word {
    return this.take(name) === undefined ? this.#missing(name, words[0]) : this.choice(name, words);
  }

  whole(name: string, max: number): number {
    return this.optionalWhole(name, max) ?? this.#missing(name, 0);
  }

  optionalWhole(name: string, max: number): number | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    const fits = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
    return fits ? (value as number) : this.#wrong(name, value, `a whole number from 0 to ${max}`, 0);
  }

  /** True or false; a field that is missing is false. */
  flag(name: string): boolean {
    const value = this.take(name);
    if (value === undefined || typeof value === "boolean") return value === true;
    return this.#wrong(name, value, "true or false", false);
  }

  /** A u64 as a string of decimal digits. */
  id(name: string): string {
    return this.optionalId(name) ?? this.#missing(name, "0");
  }

  optionalId(name: string): string | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (typeof value === "string" && u64FromString(value) !== undefined) return value;
    return this.#wrong(name, value, "a string of decimal digits from 0 to 2^64-1", "0");
  }

  /** A list of 1 to `max` texts, each once; undefined when the field is missing. */
  optionalTexts(name: string, max: number): readonly string[] | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length === 0)
      return this.#wrong(name, value, "a list with anything in it", undefined);
    if (value.length > max) {
      this.refuse(`${name}: ${value.length} of them, at most ${max} are possible`);
      return undefined;
    }
    const seen = new Set<unknown>();
    for (const [i, each] of value.entries()) {
      if (typeof each !== "string") return this.#wrong(`${name}[${i}]`, each, "a text", undefined);
      if (seen.has(each)) this.refuse(`${name}[${i}]: ${shownJson(each)} is there twice`);
      seen.add(each);
    }
    return value as string[];
  }

  #missing<T>(name: string, standIn: T): T {
    this.refuse(`${name}: missing`);
    return standIn;
  }

  #wrong<T>(name: string, value: unknown, wanted: string, standIn: T): T {
    this.refuse(`${name}: ${shownJson(value)} is not ${wanted}`);
    return standIn;
  }
}

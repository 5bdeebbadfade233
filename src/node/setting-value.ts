// From what a person wrote to a setting's value: one valibot schema per kind of setting, in two spellings. Flags and
// the environment write text ("9009", "BTC-USD,ETH-USD"), the JSON file writes JSON (9009, ["BTC-USD", "ETH-USD"]).
// The first broken rule is the answer, in words that follow "<where>: ".

import * as v from "valibot";
import { encodeUtf8 } from "../base/index.ts";
import type { Configuration, Setting, SettingKind, SettingName } from "./settings.ts";

export type SettingValue = Configuration[SettingName];
export type Spelling = "text" | "json";

/** Characters of a wrong value that are shown. */
const SHOWN_CHARACTERS_MAX = 60;

/** The value of `setting`, or a message that says what is wrong with `input`. */
export function parseSetting(
  setting: Setting,
  spelling: Spelling,
  input: unknown,
): { value: SettingValue } | { problem: string } {
  const wrong = `${shown(input)} is not ${describeKind(setting.kind)}`;
  const parsed = v.safeParse(schemaOf(setting.kind, spelling, wrong), input);
  if (parsed.success) return { value: parsed.output };
  return { problem: parsed.issues[0].message };
}

/** What values a setting takes, in words. */
export function describeKind(kind: SettingKind): string {
  switch (kind.type) {
    case "integer":
      return `a whole number from ${kind.min} to ${kind.max}${kind.multipleOf ? `, a multiple of ${kind.multipleOf}` : ""}`;
    case "choice":
      return `one of ${kind.of.join(", ")}`;
    case "names":
      return `a list of 1 to ${kind.countMax} names, each once; a name is ${describeName(kind.bytesMax)}`;
    case "text":
      return "text without control characters";
  }
}

function describeName(bytesMax: number): string {
  return `1 to ${bytesMax} bytes without spaces and commas`;
}

type ValueSchema = v.GenericSchema<unknown, SettingValue>;

function schemaOf(kind: SettingKind, spelling: Spelling, wrong: string): ValueSchema {
  switch (kind.type) {
    case "integer":
      return v.pipe(
        integerInput(spelling, wrong),
        v.check((n) => Number.isSafeInteger(n) && n >= kind.min && n <= kind.max, wrong),
        v.check((n) => n % (kind.multipleOf ?? 1) === 0, wrong),
      );
    case "choice":
      return v.picklist(kind.of, wrong) as ValueSchema;
    case "text":
      return v.pipe(v.string(wrong), v.minLength(1, "is empty"), v.regex(/^\P{Cc}+$/u, wrong));
    case "names":
      return v.pipe(
        namesInput(spelling),
        v.minLength(1, "there must be at least one name"),
        v.maxLength(
          kind.countMax,
          (issue) => `${issue.input.length} names, at most ${kind.countMax} are possible`,
        ),
        v.checkItems(
          (name) => nameIsPlain(name, kind.bytesMax),
          (issue) => `${shown(issue.input)} is not ${describeName(kind.bytesMax)}`,
        ),
        v.checkItems(
          (name, index, all) => all.indexOf(name) === index,
          (issue) => `${shown(issue.input)} is there twice`,
        ),
      );
  }
}

function integerInput(spelling: Spelling, wrong: string) {
  if (spelling === "json") return v.number(wrong);
  return v.pipe(v.string(wrong), v.regex(/^-?[0-9]{1,17}$/, wrong), v.transform(Number));
}

function namesInput(spelling: Spelling) {
  if (spelling === "json") return v.array(v.string("names must be strings"), "must be a list of names");
  return v.pipe(
    v.string(),
    v.transform((text) => text.split(",")),
  );
}

function nameIsPlain(name: string, bytesMax: number): boolean {
  return name.isWellFormed() && /^[^\s,\p{Cc}]+$/u.test(name) && encodeUtf8(name).length <= bytesMax;
}

function shown(input: unknown): string {
  const text = JSON.stringify(input) ?? String(input);
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}...`;
}

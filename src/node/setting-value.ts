// From what a person wrote to a setting's value: one valibot schema per kind of setting, in two spellings. Flags and
// the environment write text ("9009", "BTC-USD,ETH-USD"), the JSON file writes JSON (9009, ["BTC-USD", "ETH-USD"]).
// The first broken rule is the answer, in words that follow "<where>: ".

import { isIP } from "node:net";
import * as v from "valibot";
import { ACCOUNT_RULE, parseNamedAccount } from "./account-names.ts";
import {
  describeInstrument,
  instrumentOf,
  instrumentText,
  parseInstrument,
  shown,
} from "./instrument-setting.ts";
import type { Configuration, Setting, SettingKind, SettingName } from "./settings.ts";

export type SettingValue = Configuration[SettingName];
export type Spelling = "text" | "json";

/** The value of `setting`, or a message that says what is wrong with `input`. */
export function parseSetting(
  setting: Setting,
  spelling: Spelling,
  input: unknown,
): { value: SettingValue } | { problem: string } {
  const isQuoted = spelling === "json" && setting.kind.type === "integer" && typeof input === "string";
  const is = isQuoted ? "is text, because of the quotes, and not" : "is not";
  const wrong = `${shown(input)} ${is} ${describeKind(setting.kind)}`;
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
    case "instruments":
      return `a list of 1 to ${kind.countMax}, each name once: ${describeInstrument()}`;
    case "accounts":
      return `a list of at most ${kind.countMax}, each name once: ${ACCOUNT_RULE}`;
    case "text":
      return "text without control characters";
    case "file":
      return "the path of a file";
    case "directory":
      return "the path of a directory";
    case "addresses":
      return `HOST:PORT, as 10.0.0.1:9029 or [::1]:9029${kind.most === undefined ? ", or several with commas" : kind.most === 2 ? ", or two with a comma" : ""}`;
    case "address":
      return "an IP address";
    case "names":
      return `${kind.orNone ? "any" : "one or more"} of ${kind.of.join(",")}, with commas`;
  }
}

/** Addresses with commas in between, or none. */
const ADDRESSES = /^$|^(\[[^\],]+\]|[^:,[]+):[0-9]{1,5}(, *(\[[^\],]+\]|[^:,[]+):[0-9]{1,5})*$/;

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
    case "addresses":
      return v.pipe(v.string(wrong), v.regex(ADDRESSES, wrong));
    case "address":
      return v.pipe(
        v.string(wrong),
        v.check((text) => text === "" || isIP(text) !== 0, wrong),
      );
    case "names":
      return namesSchema(kind, spelling, wrong);
    case "file":
    case "directory":
      return v.pipe(v.string(wrong), v.regex(/^\P{Cc}*$/u, wrong));
    case "instruments":
      return instrumentsSchema(kind.countMax, spelling);
    case "accounts":
      return accountsSchema(kind.countMax, spelling);
  }
}

function integerInput(spelling: Spelling, wrong: string) {
  if (spelling === "json") return v.number(wrong);
  return v.pipe(v.string(wrong), v.regex(/^-?[0-9]{1,17}$/, wrong), v.transform(Number));
}

function instrumentsSchema(countMax: number, spelling: Spelling) {
  const listed =
    spelling === "json"
      ? v.array(v.string("symbols must be strings"), "must be a list of symbols")
      : v.pipe(
          v.string(),
          v.transform((text) => text.split(",")),
        );
  return v.pipe(
    listed,
    v.minLength(1, "there must be at least one symbol"),
    v.maxLength(countMax, (issue) => `${issue.input.length} symbols, at most ${countMax} are possible`),
    v.checkItems(
      (text) => problemOf(text) === undefined,
      ({ input }) => problemOf(input) ?? "",
    ),
    v.transform((texts) => texts.map((text) => instrumentText(instrumentOf(text)))),
    v.checkItems(
      (text, index, all) => all.findIndex((other) => nameOf(other) === nameOf(text)) === index,
      ({ input }) => `${shown(nameOf(input))} is there twice`,
    ),
  );
}

/** In the order of `names`, however they were given. */
function namesSchema(
  { of: names, orNone }: Extract<SettingKind, { type: "names" }>,
  spelling: Spelling,
  wrong: string,
) {
  const named = (text: string) => text.split(",").map((name) => name.trim());
  const listed =
    spelling === "json"
      ? v.array(v.string(wrong), wrong)
      : v.pipe(
          v.string(wrong),
          v.transform((text) => (orNone && text === "" ? [] : named(text))),
        );
  return v.pipe(
    listed,
    v.minLength(orNone ? 0 : 1, wrong),
    v.check((given) => given.every((name) => names.includes(name)), wrong),
    v.check((given) => new Set(given).size === given.length, wrong),
    v.transform((given) => names.filter((name) => given.includes(name))),
  );
}

function accountsSchema(countMax: number, spelling: Spelling) {
  const listed =
    spelling === "json"
      ? v.array(v.string("accounts must be strings"), "must be a list of accounts")
      : v.pipe(
          v.string(),
          v.transform((text) => (text === "" ? [] : text.split(","))),
        );
  return v.pipe(
    listed,
    v.maxLength(countMax, (issue) => `${issue.input.length} accounts, at most ${countMax} are possible`),
    v.checkItems(
      (text) => parseNamedAccount(text) !== undefined,
      ({ input }) => `${shown(input)} is not ${ACCOUNT_RULE}`,
    ),
    v.checkItems(
      (text, index, all) => all.findIndex((other) => accountNameOf(other) === accountNameOf(text)) === index,
      ({ input }) => `${shown(accountNameOf(input))} is there twice`,
    ),
  );
}

function accountNameOf(text: string): string | undefined {
  return parseNamedAccount(text)?.name;
}

function problemOf(text: string): string | undefined {
  const parsed = parseInstrument(text);
  return "problem" in parsed ? parsed.problem : undefined;
}

function nameOf(text: string): string {
  return text.split(":", 1)[0];
}

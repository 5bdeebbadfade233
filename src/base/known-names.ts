// Names that somebody wrote down (settings, keys of a file, options of a call) against those that there are. One that is misspelt and
// passed over would be a limit that is not in force, or an order for account 0: it is refused, or said, with the one that seems to be meant.

import { SeriatimError } from "./errors.ts";

/** Longer ones are nothing that somebody meant to be one of ours. */
const NAME_MAX = 64;

/** The known name that the fewest letters make of `name`, a quarter of them at most; how it is written (a-b, A_B, aB) counts for nothing. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > NAME_MAX) return undefined;
  const letters = lettersOf(name);
  let nearest: string | undefined;
  let least = Math.floor(letters.length / 4) + 1;
  for (const candidate of known) {
    const edits = editsBetween(letters, lettersOf(candidate));
    if (edits < least) [nearest, least] = [candidate, edits];
  }
  return nearest;
}

/** What is said behind an unknown name: the one that was meant, as it seems, or nothing. */
export function meantText(nearest: string | undefined): string {
  return nearest === undefined ? "" : `, is ${nearest} meant?`;
}

/** `name`, which is none of `known`, in quotes, and the one that was meant, as it seems. */
export function unknownName(name: string, known: Iterable<string>): string {
  return `${JSON.stringify(name)}${meantText(nearestName(name, known))}`;
}

/** Throws SeriatimError `INVALID_ARGUMENT` unless `options`, given to `call`, is an object of known options alone. */
export function checkOptions(call: string, options: unknown, known: Readonly<Record<string, true>>): void {
  if (typeof options !== "object" || options === null) {
    const given = typeof options === "string" ? JSON.stringify(options) : String(options);
    throw new SeriatimError("INVALID_ARGUMENT", `options must be an object, not ${given}`);
  }
  const stranger = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (stranger === undefined) return;
  const name = unknownName(stranger, Object.keys(known));
  throw new SeriatimError("INVALID_ARGUMENT", `${call} has no option ${name}`);
}

/** Throws as checkOptions unless the option called `name` has one of the values `known`. */
export function checkChoice(name: string, value: unknown, known: readonly string[]): void {
  if (known.some((choice) => choice === value)) return;
  const given = typeof value === "string" ? unknownName(value, known) : String(value);
  throw new SeriatimError("INVALID_ARGUMENT", `${name} is one of ${known.join(", ")}, not ${given}`);
}

function lettersOf(name: string): string {
  return name.replace(/[-_]/g, "").toLowerCase();
}

/** Letters to insert, delete or replace. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}

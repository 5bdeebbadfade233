// The rules of an application's records, wherever its journal is opened. Functions can't be taken to a thread, so they are
// named by the module they come from, and every thread imports it.

import { SeriatimError } from "../base/index.ts";
import type { RecordRules } from "../journal/index.ts";
import { COMMAND_WORDS, checkAdminCommand } from "../protocol/index.ts";

/** The export `rules` of the module at `url`; throws RULES_MISSING. */
export async function importRules(url: string): Promise<RecordRules> {
  const missing = (why: string, cause?: unknown) =>
    new SeriatimError("RULES_MISSING", `no record rules come from ${url}: ${why}`, { cause });
  let module: { readonly rules?: RecordRules };
  try {
    module = await import(url);
  } catch (error) {
    throw missing(error instanceof Error ? error.message : String(error), error);
  }
  if (module.rules === undefined) throw missing("it has no export of the name rules");
  return withTenures(module.rules);
}

/** These rules, and the records by which nodes begin a tenure: in the log of any application. */
function withTenures(rules: RecordRules): RecordRules {
  const isTenures = (words: Int32Array, at: number): boolean => {
    const kind = checkAdminCommand(words, at)?.kind;
    return kind === "tenure" || kind === "forced_start" || kind === "promotion";
  };
  return {
    genesisFault: (words, at, count) => rules.genesisFault(words, at, count),
    firstUnknown(words, at, count) {
      for (let known = 0; known < count; known++) {
        const next = rules.firstUnknown(words, at + known * COMMAND_WORDS, count - known);
        if (next < 0) return -1;
        known += next;
        if (!isTenures(words, at + known * COMMAND_WORDS)) return known;
      }
      return -1;
    },
  };
}

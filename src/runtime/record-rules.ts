// The rules of an application's records, wherever its journal is opened. Functions can't be taken to a thread, so they are
// named by the module they come from, and every thread imports it.

import { SeriatimError } from "../base/index.ts";
import type { RecordRules } from "../journal/index.ts";

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
  return module.rules;
}

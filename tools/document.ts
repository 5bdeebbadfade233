// A part of a document that a command writes: what stands between two marks is replaced, the rest stays.

import { readFileSync, writeFileSync } from "node:fs";
import { orWrongUsage } from "./run-options.ts";

/**
 * Writes the part `name` of the document at `path`, or nowhere without one. A document that lacks its marks ends the process now, not
 * when there is something to write.
 */
export function partOf(path: string | undefined, name: string): (text: string) => void {
  if (path === undefined) return () => {};
  orWrongUsage(() => splitAt(path, name));
  return (text) => {
    const [before, after] = splitAt(path, name);
    writeFileSync(path, `${before}\n${text}\n${after}`);
  };
}

/** What stands before and behind what is between `<!-- name -->` and `<!-- end of name -->`; throws when the document lacks them. */
function splitAt(path: string, name: string): [before: string, after: string] {
  const [first, last] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const document = readFileSync(path, "utf8");
  const [begin, end] = [document.indexOf(first), document.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the marks ${first} and ${last}`);
  return [document.slice(0, begin + first.length), document.slice(end)];
}

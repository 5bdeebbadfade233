// A part of a document that a command writes: what stands between two marks is replaced, the rest stays.

import { readFileSync, writeFileSync } from "node:fs";

/** Replaces what stands between `<!-- name -->` and `<!-- end of name -->`; throws when the document lacks them. */
export function writePart(path: string, name: string, text: string): void {
  const [first, last] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const document = readFileSync(path, "utf8");
  const [begin, end] = [document.indexOf(first), document.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the marks ${first} and ${last}`);
  writeFileSync(path, `${document.slice(0, begin + first.length)}\n${text}\n${document.slice(end)}`);
}

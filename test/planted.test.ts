// The planted faults still fit the source: each stands in its file exactly once. `npm run planted` shows what notices them.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { PLANTED_FAULTS } from "../tools/planted/faults.ts";

test.each(PLANTED_FAULTS)("$name: what it replaces is in $file once", ({ file, find, replace }) => {
  const source = readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), "utf8");
  expect(source.split(find).length - 1).toBe(1);
  expect(replace).not.toBe(find);
});

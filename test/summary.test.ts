// The last line of a test run, by running one in a folder of its own.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "seriatim-summary-"));
symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `source` as the only test file; returns the lines of the summary and the exit status. */
function summaryOf(source: string): { lines: string[]; status: number | null } {
  writeFileSync(join(folder, "a.test.ts"), `import { beforeAll, describe, test } from "vitest";\n${source}`);
  const reporter = join(root, "tools/vitest-summary.ts");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--root", folder, "--reporter", reporter];
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return { lines: stdout.trim().split("\n"), status };
}

const pass = 'test("good", () => {});';

test.each([
  ["passes only", pass, ["1 passed, 0 failed"], 0],
  [
    "skips, with and without a reason",
    `${pass} test("why", ({ skip }) => skip("no disk")); test.skip("just so", () => {});`,
    ["skipped: a.test.ts > why: no disk", "skipped: a.test.ts > just so", "1 passed, 0 failed, 2 skipped"],
    0,
  ],
  ["a failure", `${pass} test("bad", () => { throw new Error("x"); });`, ["1 passed, 1 failed"], 1],
  ["a file that can't be loaded", 'throw new Error("x");', ["0 passed, 1 failed"], 1],
  [
    "a beforeAll that fails",
    `${pass} describe("s", () => { beforeAll(() => { throw new Error("x"); }); test("in it", () => {}); });`,
    ["skipped: a.test.ts > s > in it", "1 passed, 1 failed, 1 skipped"],
    1,
  ],
  [
    "an error outside of any test",
    'test("good", async () => { Promise.reject(new Error("x")); await new Promise(setImmediate); });',
    ["1 passed, 1 failed"],
    1,
  ],
])("the summary of a run with %s", (_, source, summary, exit) => {
  const { lines, status } = summaryOf(source);
  expect(lines.slice(-summary.length)).toEqual(summary);
  expect(status).toBe(exit);
});

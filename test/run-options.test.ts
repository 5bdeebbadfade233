import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { partOf } from "../tools/document.ts";
import { parseRunOptions } from "../tools/run-options.ts";

const NUMBERS = {
  kills: { unless: 200, least: 1 },
  minutes: { unless: 10, least: 0.01, isWhole: false },
} as const;
const parse = (...args: string[]) => parseRunOptions(args, NUMBERS, ["write"]);

test("numbers have their defaults, texts have none", () => {
  expect(parse()).toEqual({ kills: 200, minutes: 10 });
  expect(parse("--kills", "7", "--minutes", "0.5", "--write", "A.md")).toEqual({
    ...{ kills: 7, minutes: 0.5, write: "A.md" },
  });
  expect(parse("--kills", "7", "--help")).toBe("help");
});

test.each([
  [["--kills", "many"], "--kills is a whole number from 1 on, not 'many'"],
  [["--kills", "1.5"], "--kills is a whole number from 1 on, not '1.5'"],
  [["--kills", "0"], "--kills is a whole number from 1 on, not '0'"],
  [["--kills", ""], "--kills is a whole number from 1 on, not ''"],
  [["--kills", "9007199254740992"], "--kills is a whole number from 1 on, not '9007199254740992'"],
  [["--minutes", "0"], "--minutes is a number from 0.01 on, not '0'"],
  [["--minutes", "Infinity"], "--minutes is a number from 0.01 on, not 'Infinity'"],
  [["--nodes", "3"], "Unknown option '--nodes'"],
  [["more"], "Unexpected argument 'more'"],
])("%j is refused", (args, line) => {
  expect(() => parse(...args)).toThrow(line);
});

/** A run of the project that would take long, if it began. */
function run(...args: string[]) {
  const program = fileURLToPath(new URL("feed/proxy/command.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  return { status, stdout, stderr: stderr.replace(/^\S+: /, "") };
}

test("a run that can't be begins nothing: one line, exit status 2; --help is what its program begins with", () => {
  const nowhere = join(tmpdir(), "there is none.md");
  const wrong = run("--runs", "1000000000", "--write", nowhere);
  expect(wrong).toEqual({
    ...{ status: 2, stdout: "" },
    stderr: `ENOENT: no such file or directory, open '${nowhere}'\n`,
  });
  const help = run("--help");
  expect(help).toMatchObject({ status: 0, stderr: "" });
  expect(help.stdout).toMatch(/^The seeded runs of the feed handler[\s\S]*\n {2}npm run feed-proxy {5}/);
});

test("what stands between a document's marks is replaced, the rest stays", () => {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-document-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "A.md");
  writeFileSync(path, "before\n<!-- kills -->\nold\n<!-- end of kills -->\nafter\n");
  const write = partOf(path, "kills");
  write("new");
  write("newest");
  expect(readFileSync(path, "utf8")).toBe("before\n<!-- kills -->\nnewest\n<!-- end of kills -->\nafter\n");
  partOf(undefined, "kills")("nowhere");
});

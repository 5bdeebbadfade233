// One rule for every path that a command is given: one that the system refuses is wrong usage, exit status 2, in the same words; what is
// wrong with what it holds, or fails at a path that is right, is exit status 1.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { run } from "../../src/cli/main.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { asGivenPathError, exitCodeOfPath } from "../../src/platform/index.ts";

const directory = mkdtempSync(join(tmpdir(), "seriatim-paths-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, "file");
writeFileSync(file, "x");
const empty = join(directory, "empty");
mkdirSync(empty);
const nowhere = join(directory, "nowhere");

async function seriatim(line: string): Promise<{ status: number; err: string }> {
  let err = "";
  const out = vi.spyOn(stdout, "write").mockReturnValue(true);
  const errors = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  onTestFinished(() => {
    out.mockRestore();
    errors.mockRestore();
  });
  const places = { FILE: file, EMPTY: empty, NOWHERE: nowhere };
  const spelt = (word: string): string =>
    word.replace(/FILE|EMPTY|NOWHERE/, (name) => places[name as keyof typeof places]);
  return { status: await run(line.split(" ").map(spelt)), err };
}

const NONE = "no such file or directory (ENOENT)";
const IS_FILE = "it is not a directory (ENOTDIR)";
const IS_DIRECTORY = "it is a directory (EISDIR)";

const refused: [line: string, said: string][] = [
  ["replay NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["replay EMPTY", `cannot read ${empty}: ${IS_DIRECTORY}`],
  ["replay --check NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["lab shrink NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["send NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["send NOWHERE --key NOWHERE", `--key: cannot read ${nowhere}: ${NONE}`],
  ["traders --key NOWHERE", `--key: cannot read ${nowhere}: ${NONE}`],
  ["traders --tls-ca EMPTY", `--tls-ca: cannot read ${empty}: ${IS_DIRECTORY}`],
  ["admin 127.0.0.1:9 --key NOWHERE status", `--key: cannot read ${nowhere}: ${NONE}`],
  ["start --config NOWHERE", `--config: cannot read ${nowhere}: ${NONE}`],
  ["start --keys NOWHERE", `keys: cannot read ${nowhere}: ${NONE}`],
  ["start --tls-cert NOWHERE --tls-key FILE", `tls-cert: cannot read ${nowhere}: ${NONE}`],
  ["start --data-dir FILE", `data directory: cannot use the directory ${file}: ${IS_FILE}`],
  ["keygen ann --keys EMPTY", `cannot read ${empty}: ${IS_DIRECTORY}`],
  ["keygen ann --keys NOWHERE/k.json", `cannot write ${nowhere}/k.json: ${NONE}`],
  ["keygen ann -o FILE --keys EMPTY/k.json", `cannot create ${file}: it exists already (EEXIST)`],
  ["journal inspect NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["journal verify NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["journal repair FILE", `cannot read ${file}: ${IS_FILE}`],
  ["journal export NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["snapshot inspect NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["feed inspect NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["feed play FILE", `cannot read ${file}: ${IS_FILE}`],
  ["feed record 127.0.0.1:9 --to FILE", `cannot use the directory ${file}: ${IS_FILE}`],
  ["tape inspect NOWHERE", `cannot read ${nowhere}: ${NONE}`],
  ["tape repair NOWHERE --topic t", `cannot read ${nowhere}: ${NONE}`],
  ["tape serve --data-dir FILE", `data directory of the tape: cannot use the directory ${file}: ${IS_FILE}`],
  ["tape serve --keys NOWHERE", `keys: cannot read ${nowhere}: ${NONE}`],
  ["tape publish t --key NOWHERE", `--key: cannot read ${nowhere}: ${NONE}`],
  ["tape publish t --file NOWHERE", `--file: cannot read ${nowhere}: ${NONE}`],
  ["tape publish t --file EMPTY", `--file: cannot read ${empty}: ${IS_DIRECTORY}`],
  ["tape topics --tls-ca NOWHERE", `--tls-ca: cannot read ${nowhere}: ${NONE}`],
];

test.each(refused)("seriatim %s is wrong usage", async (line, said) => {
  const before = readdirSync(directory, { recursive: true });
  expect(await seriatim(line)).toEqual({ status: 2, err: `seriatim: ${said}\n` });
  expect(readdirSync(directory, { recursive: true })).toEqual(before);
});

const failed: [line: string, said: string][] = [
  ["replay FILE", `${file}:1: unknown line 'x'`],
  ["replay --check FILE NOWHERE", `${file}:1: unknown line 'x'; cannot read ${nowhere}: ${NONE}`],
  ["journal verify EMPTY", `${empty} holds no journal`],
  ["snapshot inspect EMPTY", `${empty} holds no snapshot`],
  ["feed inspect EMPTY", `${empty} holds no recording`],
  ["tape inspect EMPTY", `${empty} holds no topic of a tape`],
];

test.each(failed)("seriatim %s fails over what is there", async (line, said) => {
  expect(await seriatim(line)).toEqual({ status: 1, err: `seriatim: ${said}\n` });
});

test.each([
  ["EACCES", 2],
  ["EROFS", 2],
  ["EIO", 1],
  ["ENOSPC", 1],
  ["EMFILE", 1],
] as const)("%s at a given path is exit status %i", (code, status) => {
  expect(exitCodeOfPath(code)).toBe(status);
});

test("what the system did not say is thrown as it is", () => {
  const bug = new TypeError("a bug");
  expect(() => asGivenPathError(bug, "read", "a")).toThrow(bug);
});

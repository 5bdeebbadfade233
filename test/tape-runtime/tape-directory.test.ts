// Whose directory it is: what one program made is refused by the other, in one line, before anything is written.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { openDataDirectory } from "../../src/runtime/index.ts";
import { openTapeDirectory } from "../../src/tape-runtime/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-tape-directory-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function refusal(opening: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await opening.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof SeriatimError)) throw new Error(`was opened, or failed otherwise: ${error}`);
  return { code: error.code, message: error.message.replaceAll(folder, "DIR") };
}

test("a data directory of the exchange given to the tape is refused, and left as it is", async () => {
  for (const name of ["journal", "snapshots"]) {
    const path = join(folder, name);
    mkdirSync(join(path, name), { recursive: true });
    expect(await refusal(openTapeDirectory(path))).toEqual({
      code: "FOREIGN_DIRECTORY",
      message: `DIR/${name} is an exchange's, not a tape's: it holds ${name}`,
    });
    expect(readdirSync(path)).toEqual([name]);
  }
});

test("a data directory of the tape given to the exchange is refused, and left as it is", async () => {
  for (const name of ["catalog", "topics"]) {
    const path = join(folder, name);
    mkdirSync(join(path, name), { recursive: true });
    expect(await refusal(openDataDirectory(path))).toEqual({
      code: "FOREIGN_DIRECTORY",
      message: `DIR/${name} is a tape's data directory, not an exchange's: it holds ${name}`,
    });
    expect(readdirSync(path)).toEqual([name]);
  }
});

test("a directory with anything else in it is the tape's no more than the exchange's", async () => {
  writeFileSync(join(folder, "notes.txt"), "");
  expect(await refusal(openTapeDirectory(folder))).toEqual({
    code: "FOREIGN_DIRECTORY",
    message: "DIR is no data directory of a tape: it holds notes.txt",
  });
});

test("a tape's directory is made, and one process has it at a time", async () => {
  const path = join(folder, "new", "tape");
  const lock = await openTapeDirectory(path);
  for (const name of ["catalog", "topics"]) mkdirSync(join(path, name));
  expect(await refusal(openTapeDirectory(path))).toEqual({
    code: "DIRECTORY_IN_USE",
    message: `the directory DIR/new/tape is in use by process ${process.pid}`,
  });
  await lock.release();
  await (await openTapeDirectory(path)).release();
  expect(existsSync(path)).toBe(true);
});

test("the tape of a node lies in the exchange's directory, and each takes its own", async () => {
  const exchange = await openDataDirectory(folder);
  const tape = await openTapeDirectory(join(folder, "tape"));
  mkdirSync(join(folder, "tape", "catalog"));
  await Promise.all([exchange.lock.release(), tape.release()]);
  await (await openDataDirectory(folder)).lock.release();
});

test("what can't be a directory is said with whose it was to be", async () => {
  writeFileSync(join(folder, "file"), "");
  const { code, message } = await refusal(openTapeDirectory(join(folder, "file", "tape")));
  expect(code).toBe("ENOTDIR");
  expect(message).toMatch(/^data directory of the tape: cannot .*DIR\/file/);
});

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readBoundedFile } from "../../src/platform/index.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-bounded-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** More than one piece, and an odd number of bytes. */
const BOUND = 200_001;

test.each([
  ["nothing", 0, true],
  ["less than the bound", 100_000, true],
  ["exactly the bound", BOUND, true],
  ["one byte more", BOUND + 1, false],
  ["far more", 10 * BOUND, false],
])("a file that holds %s", (name, size, isRead) => {
  const path = join(folder, name);
  const bytes = Buffer.from(Array.from({ length: size }, (_, i) => i % 251));
  writeFileSync(path, bytes);
  const read = readBoundedFile(path, BOUND);
  expect(read === undefined ? undefined : read.equals(bytes)).toBe(isRead ? true : undefined);
});

test("a device that has no end is refused, and one that is empty holds nothing", () => {
  expect(readBoundedFile("/dev/zero", BOUND)).toBeUndefined();
  expect(readBoundedFile("/dev/null", BOUND)?.length).toBe(0);
});

test("what can't be read is said by the system, and no file stays open", () => {
  const open = readdirSync("/proc/self/fd").length;
  expect(() => readBoundedFile(folder, BOUND)).toThrow("EISDIR");
  expect(() => readBoundedFile(join(folder, "none"), BOUND)).toThrow("ENOENT");
  readBoundedFile("/dev/zero", 1);
  expect(readdirSync("/proc/self/fd").length).toBe(open);
});

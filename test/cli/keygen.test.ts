import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { run } from "../../src/cli/main.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { readKeyRing, readOwnKey } from "../../src/runtime/index.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-keygen-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function keygen(...args: string[]) {
  const out = vi.spyOn(stdout, "write").mockImplementation(() => true);
  const err = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const status = await run(["keygen", ...args]);
  const said = [out, err].map((spy) => spy.mock.calls.map(([text]) => String(text)).join(""));
  out.mockRestore();
  err.mockRestore();
  return { status, out: said[0], err: said[1] };
}

test("keygen makes a key that the keys file knows, and says where both are", async () => {
  const [keys, own] = [join(directory, "keys.json"), join(directory, "node-b.key")];
  expect(await keygen("node-b", "--role", "replica", "--keys", keys, "-o", own)).toEqual({
    status: 0,
    out: `${own}: the key of node-b, replica; ${keys} knows it\n`,
    err: "",
  });
  expect(readKeyRing(keys).names("replica")).toEqual(["node-b"]);
  expect(readOwnKey(own).name).toBe("node-b");
});

test("keygen says that a keys file's directory is missing, and makes no key", async () => {
  const [keys, own] = [join(directory, "none", "keys.json"), join(directory, "ann.key")];
  expect(await keygen("ann", "--keys", keys, "-o", own)).toEqual({
    status: 1,
    out: "",
    err: `seriatim: cannot write ${keys}: no such file or directory (ENOENT)\n`,
  });
  expect(existsSync(own)).toBe(false);
});

test.each([
  ["a b", 'seriatim: "a b" is not 1 to 16 printable characters without a space\n'],
  ["../ann", 'seriatim: "../ann" makes no good file name: name the file (--output)\n'],
])("keygen refuses the name '%s'", async (name, says) => {
  expect(await keygen(name, "--keys", join(directory, "keys.json"))).toEqual({
    status: 2,
    out: "",
    err: says,
  });
  expect(existsSync(join(directory, "keys.json"))).toBe(false);
});

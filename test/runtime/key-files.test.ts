// Keys on a real disk: made, added to a ring, read, and used to sign; and what is not taken.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { makeToken, tokenDigest } from "../../src/platform/index.ts";
import { generateKey, KeyRing, readIdentity, readKeyRing, readOwnKey } from "../../src/runtime/index.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-keys-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = (name: string) => join(directory, name);
const bytes = (text: string) => new TextEncoder().encode(text);

function errorOf(action: () => unknown): SeriatimError {
  try {
    action();
  } catch (error) {
    if (error instanceof SeriatimError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("what a key signs, the ring that knows it believes, of that name, role and statement alone", () => {
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  generateKey("bob", "replica", file("bob.key"), file("keys.json"));
  const ring = readKeyRing(file("keys.json"));
  expect([ring.names("admin"), ring.names("replica"), ring.names("trader")]).toEqual([["ann"], ["bob"], []]);
  const ann = readOwnKey(file("ann.key"));
  expect([ann.name, ann.role]).toEqual(["ann", "admin"]);
  const proof = ann.prove(bytes("halt"));
  expect(proof.length).toBe(64);
  expect(ring.isProof("ann", "admin", bytes("halt"), proof)).toBe(true);
  expect(ring.isProof("ann", "admin", bytes("resume"), proof)).toBe(false);
  expect(ring.isProof("ann", "replica", bytes("halt"), proof)).toBe(false);
  expect(ring.isProof("bob", "replica", bytes("halt"), proof)).toBe(false);
  expect(ring.isProof("eve", "admin", bytes("halt"), proof)).toBe(false);
  for (const length of [0, 1, 63, 65])
    expect(ring.isProof("ann", "admin", bytes("halt"), new Uint8Array(length))).toBe(false);
});

test("both files are their owner's alone, and the ring has no private key", () => {
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  expect(statSync(file("ann.key")).mode & 0o777).toBe(0o600);
  expect(statSync(file("keys.json")).mode & 0o777).toBe(0o600);
  expect(readFileSync(file("keys.json"), "utf8")).not.toContain("private");
});

test("a file that others may read or write is refused", () => {
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  for (const mode of [0o640, 0o604, 0o602, 0o620]) {
    chmodSync(file("keys.json"), mode);
    chmodSync(file("ann.key"), mode);
    const says = `others than its owner may read or write it (mode ${mode.toString(8)})`;
    for (const read of [() => readKeyRing(file("keys.json")), () => readOwnKey(file("ann.key"))])
      expect(errorOf(read)).toMatchObject({ code: "KEYS_EXPOSED", message: expect.stringContaining(says) });
  }
});

test("another file given by mistake is said to be none of keys, whatever its mode", () => {
  writeFileSync(file("package.json"), '{"name":"other"}');
  chmodSync(file("package.json"), 0o644);
  expect(errorOf(() => readKeyRing(file("package.json")))).toMatchObject({
    code: "KEYS_INVALID",
    message: `${file("package.json")}: is no keys file: it has no version`,
  });
});

test("a key's own file is no keys file, and one that is missing or a folder is wrong usage", () => {
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  expect(errorOf(() => readKeyRing(file("ann.key")))).toMatchObject({
    message: `${file("ann.key")}: has the private key of ann: a keys file has public keys`,
    exitCode: 2,
  });
  for (const read of [readKeyRing, readOwnKey]) {
    expect(errorOf(() => read(file("none")))).toMatchObject({ code: "ENOENT", exitCode: 2 });
    expect(errorOf(() => read(directory))).toMatchObject({ code: "EISDIR", exitCode: 2 });
  }
});

test("a ring in which two names have one public key is refused", () => {
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  const ring = readFileSync(file("keys.json"), "utf8");
  const line = ring.split("\n").find((text) => text.includes("ann")) ?? "";
  const twice = `${line},\n${line.replace('"ann"', '"eve"')}`;
  writeFileSync(file("keys.json"), ring.replace(line, twice));
  expect(errorOf(() => readKeyRing(file("keys.json"))).message).toBe(
    `${file("keys.json")}: ann and eve have one public key: who has it could be either`,
  );
});

test("a node that its own cluster doesn't know, by that name with that key, is refused", () => {
  generateKey("north", "replica", file("north.key"), file("keys.json"));
  generateKey("north", "replica", file("forged.key"), file("other.json"));
  expect(readIdentity(file("keys.json"), file("north.key")).name).toBe("north");
  expect(errorOf(() => readIdentity(file("keys.json"), file("forged.key")))).toMatchObject({
    message: `${file("keys.json")}: has no node north with the public key of ${file("forged.key")}`,
    exitCode: 2,
  });
});

test("a name twice and a file that is there are refused, and leave everything as it was", () => {
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  const before = readFileSync(file("keys.json"), "utf8");
  expect(errorOf(() => generateKey("ann", "admin", file("a.key"), file("keys.json")))).toMatchObject({
    code: "KEY_EXISTS",
    message: `${file("keys.json")} has a key named ann already`,
  });
  expect(errorOf(() => generateKey("bob", "admin", file("ann.key"), file("keys.json"))).code).toBe("EEXIST");
  expect(readFileSync(file("keys.json"), "utf8")).toBe(before);
  expect(existsSync(file("a.key"))).toBe(false);
});

test("a ring that is none leaves no key behind", () => {
  writeFileSync(file("keys.json"), "{}", { mode: 0o600 });
  expect(errorOf(() => generateKey("ann", "admin", file("ann.key"), file("keys.json"))).code).toBe(
    "KEYS_INVALID",
  );
  expect(existsSync(file("ann.key"))).toBe(false);
});

test("a ring is no key of one's own, a missing file is said to be missing, and keys that don't match are refused", () => {
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  generateKey("bob", "admin", file("bob.key"), file("keys.json"));
  expect(errorOf(() => readOwnKey(file("keys.json"))).message).toContain(
    "holds 2 keys, not one key of its own",
  );
  expect(errorOf(() => readKeyRing(file("none.json"))).code).toBe("ENOENT");
  const [ann, bob] = ["ann.key", "bob.key"].map((name) => JSON.parse(readFileSync(file(name), "utf8")));
  const mixed = { version: 1, keys: [{ ...ann.keys[0], private: bob.keys[0].private }] };
  writeFileSync(file("mixed.key"), JSON.stringify(mixed), { mode: 0o600 });
  expect(errorOf(() => readOwnKey(file("mixed.key"))).code).toBe("KEYS_INVALID");
});

const rightsOf = (token: string) => ({
  accounts: [1, 2],
  limits: { connections: 3 },
  token: tokenDigest(token),
});

test("a trader's key grants its accounts and limits, by its name and by its token; an administrator's grants nothing", () => {
  const token = makeToken();
  generateKey("ann", "admin", file("ann.key"), file("keys.json"));
  generateKey("tom", "trader", file("tom.key"), file("keys.json"), rightsOf(token));
  generateKey("eve", "reader", file("eve.key"), file("keys.json"), { accounts: "all" });
  const ring = readKeyRing(file("keys.json"));
  const tom = { name: "tom", role: "trader", accounts: new Set([1, 2]), limits: { connections: 3 } };
  expect(ring.grant("tom")).toEqual(tom);
  expect(ring.grantOfToken(token)).toEqual(tom);
  expect(ring.grant("eve")).toEqual({ name: "eve", role: "reader", accounts: "all", limits: {} });
  for (const name of ["ann", "nobody"]) expect(ring.grant(name)).toBeUndefined();
  for (const wrong of [makeToken(), "", token.slice(1), `${token}=`, tokenDigest(token), "x".repeat(100_000)])
    expect(ring.grantOfToken(wrong)).toBeUndefined();
  expect(ring.tradersAccounts).toEqual(new Set([1, 2]));
  expect(new KeyRing(ring.entries).grantOfToken(token)).toEqual(tom);
  expect(JSON.stringify(ring.entries)).not.toContain("private");
});

test("a token is in no file, and a trader's own file has its accounts", () => {
  const token = makeToken();
  generateKey("tom", "trader", file("tom.key"), file("keys.json"), rightsOf(token));
  for (const name of ["tom.key", "keys.json"]) expect(readFileSync(file(name), "utf8")).not.toContain(token);
  expect(readOwnKey(file("tom.key"))).toMatchObject({ role: "trader", accounts: [1, 2] });
});

test("a key that no node would take is not made", () => {
  const make = () => generateKey("node", "trader", file("node.key"), file("keys.json"), { accounts: [1] });
  expect(errorOf(make)).toMatchObject({
    code: "KEYS_INVALID",
    message: expect.stringContaining("is the node's own"),
  });
  expect([existsSync(file("node.key")), existsSync(file("keys.json"))]).toEqual([false, false]);
});

test("a disk that takes a part of the ring leaves the one before as it was", () => {
  const topics = Array.from({ length: 30 }, (_, i) => ({
    name: `${"x".repeat(200)}${i}`,
    may: ["publish"] as const,
  }));
  generateKey("loader", "tape", file("loader.key"), file("keys.json"), { topics });
  const before = readFileSync(file("keys.json"));
  const source = new URL("../../src/runtime/index.ts", import.meta.url);
  const make = `import(${JSON.stringify(source)}).then(({ generateKey }) => generateKey("ann", "admin", "ann.key", "keys.json"))`;
  // No file grows beyond 4 KiB: the write of a larger one is cut there, as on a disk that has no more.
  const limited = ["-c", 'ulimit -f 4 && exec "$0" -e "$1"', process.execPath, make];
  const { status, stderr } = spawnSync("bash", limited, { cwd: directory, encoding: "utf8" });
  expect([status, stderr]).toEqual([1, expect.stringContaining("EFBIG")]);
  expect(readFileSync(file("keys.json"))).toEqual(before);
  expect([existsSync(file("ann.key")), existsSync(file("keys.json.new"))]).toEqual([false, false]);
});

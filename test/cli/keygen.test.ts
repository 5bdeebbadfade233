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

test("keygen makes a trader's key, and a token that is shown once and known by its digest alone", async () => {
  const [keys, own] = [join(directory, "keys.json"), join(directory, "tom.key")];
  const limits = "frames_per_second=5000,connections=4";
  const made = await keygen(
    ...["tom", "--role", "trader", "--accounts", "7,1,7", "--limits", limits, "--token"],
    ...["--keys", keys, "-o", own],
  );
  expect(made).toMatchObject({ status: 0, err: "" });
  const [, token = ""] =
    /\ntoken: (\S{43}) \(shown this once; whoever has it is tom\)\n$/.exec(made.out ?? "") ?? [];
  expect(readKeyRing(keys).grantOfToken(token)).toEqual({
    name: "tom",
    role: "trader",
    accounts: new Set([1, 7]),
    limits: { frames_per_second: 5_000, connections: 4 },
  });
});

test("keygen makes a key for topics of the tape, which the ring grants and checks proofs of", async () => {
  const [keys, own] = [join(directory, "keys.json"), join(directory, "loader.key")];
  const topics = ["--topics", "md.*=publish+subscribe,audit=subscribe"];
  const made = await keygen(
    ...[
      "loader",
      "--role",
      "tape",
      ...topics,
      "--limits",
      "bytes_per_second=1000",
      "--keys",
      keys,
      "-o",
      own,
    ],
  );
  expect(made).toMatchObject({ status: 0, err: "" });
  const ring = readKeyRing(keys);
  expect([ring.topicGrant("loader"), ring.topicGrant("nobody"), ring.grant("loader")]).toEqual([
    {
      name: "loader",
      isAdmin: false,
      topics: [
        { name: "md.*", may: ["publish", "subscribe"] },
        { name: "audit", may: ["subscribe"] },
      ],
      bytesPerSecond: 1_000,
    },
    undefined,
    undefined,
  ]);
  const [statement, other] = [Buffer.from("statement"), Buffer.from("another")];
  const proof = readOwnKey(own).prove(statement);
  expect(ring.isProofOf("loader", statement, proof)).toBe(true);
  expect(ring.isProofOf("loader", other, proof)).toBe(false);
  expect(ring.isProofOf("nobody", statement, proof)).toBe(false);
});

const FLAGS_OF_OTHERS = "--accounts and --token are of the roles trader and reader, not admin";
const TOPICS = "is not NAME=RIGHT+RIGHT with some of publish, subscribe, administer";
const MOST = "a whole number from 1 to 10000000";
test.each([
  [["--role", "trader"], "a trader has accounts: --accounts 1,2 or --accounts all"],
  [["--token"], FLAGS_OF_OTHERS],
  [["--accounts", "1"], FLAGS_OF_OTHERS],
  [["--limits", "connections=1"], "--limits: connections is of the roles trader and reader, not admin"],
  [["--role", "tape"], "a key of role tape has topics: --topics 'NAME=publish+subscribe'"],
  [["--role", "replica", "--topics", "a=publish"], "--topics and --limits are of no node's key"],
  [["--role", "tape", "--topics", "a"], `--topics: "a" ${TOPICS}`],
  [["--role", "tape", "--topics", "a=write"], `--topics: "a=write" ${TOPICS}`],
  [["--role", "tape", "--topics", "a=publish+publish"], `--topics: "a=publish+publish" ${TOPICS}`],
  [["--role", "tape", "--topics", "a*b=publish"], `--topics: "a*b=publish" ${TOPICS}`],
  [["--role", "reader", "--accounts", "1,x"], '--accounts: "x" is not a whole number from 0 to 4294967295'],
  [
    ["--limits", "orders=1"],
    '--limits: "orders=1" is none of frames_per_second, cancels_per_second, connections, bytes_per_second, as NAME=NUMBER',
  ],
  [["--limits", "frames_per_second=0"], `--limits: frames_per_second: "0" is not ${MOST}`],
  [["--limits", "frames_per_second"], `--limits: frames_per_second: "" is not ${MOST}`],
  [["--limits", "frames_per_second=5=000"], `--limits: frames_per_second: "5=000" is not ${MOST}`],
  [["--limits", "connections=1,connections=1"], "--limits: connections is given twice"],
])("keygen refuses %j, and makes no key", async (flags, says) => {
  const keys = join(directory, "keys.json");
  expect(await keygen("tom", ...flags, "--keys", keys, "-o", join(directory, "tom.key"))).toEqual({
    status: 2,
    out: "",
    err: `seriatim: ${says}\n`,
  });
  expect([existsSync(keys), existsSync(join(directory, "tom.key"))]).toEqual([false, false]);
});

test("keygen says that a keys file's directory is missing, and makes no key", async () => {
  const [keys, own] = [join(directory, "none", "keys.json"), join(directory, "ann.key")];
  expect(await keygen("ann", "--keys", keys, "-o", own)).toEqual({
    status: 2,
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

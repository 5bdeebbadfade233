import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireDirectoryLock, isLockFile } from "../../src/platform/index.ts";

const holderScript = fileURLToPath(new URL("./lock-holder.ts", import.meta.url));
let directory: string;
let children: ChildProcess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-lock-"));
  children = [];
});

afterEach(async () => {
  await Promise.all(children.map((child) => kill(child)));
  rmSync(directory, { recursive: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Starts a process that tries to lock `path`; resolves with it and with what it says. */
async function starter(path = directory): Promise<{ child: ChildProcess; says: string }> {
  const child = spawn(process.execPath, [holderScript, path], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
  return { child, says: String(line).trim() };
}

/** A directory whose path alone is longer than any socket address. */
function longDirectory(): string {
  const path = join(directory, "a-rather-long-name".repeat(8));
  mkdirSync(path);
  return path;
}

test("a directory that a living process has locked is refused, naming both", async () => {
  const { child, says } = await starter();
  expect(says).toBe("held");
  await expect(acquireDirectoryLock(directory)).rejects.toMatchObject({
    code: "DIRECTORY_IN_USE",
    message: `the directory ${directory} is in use by process ${child.pid}`,
  });
  expect((await starter()).says).toContain(`in use by process ${child.pid}`);
});

test("the lock of a process that was killed is taken over, and its socket removed", async () => {
  const { child } = await starter();
  await kill(child);
  expect(readdirSync(directory)).toHaveLength(1);
  const lock = await acquireDirectoryLock(directory);
  expect(readdirSync(directory)).toHaveLength(1);
  await lock.release();
  expect(readdirSync(directory)).toEqual([]);
});

test("a process that is stopped keeps its lock", async () => {
  const { child } = await starter();
  child.kill("SIGSTOP");
  await expect(acquireDirectoryLock(directory)).rejects.toThrow(`${directory} is in use by another process`);
});

test("a lock that was given back while somebody works there is given back behind the last of them", async () => {
  const lock = await acquireDirectoryLock(directory);
  const [first, second, ended] = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  for (const { promise } of [first, second, ended]) lock.keepUntil(promise);
  ended.resolve();
  await lock.release();
  await expect(acquireDirectoryLock(directory)).rejects.toThrow("in use by process");
  first.resolve();
  await first.promise;
  await expect(acquireDirectoryLock(directory)).rejects.toThrow("in use by process");
  second.resolve();
  await expect.poll(() => readdirSync(directory)).toEqual([]);
  await (await acquireDirectoryLock(directory)).release();
});

test("a lock whose directory takes nothing any more is released all the same, and who comes later sees that", async () => {
  const lock = await acquireDirectoryLock(directory);
  const aside = `${directory}-aside`;
  renameSync(directory, aside);
  // Under its own name there is no directory to remove anything from.
  writeFileSync(directory, "");
  await lock.release();
  rmSync(directory);
  renameSync(aside, directory);
  expect(readdirSync(directory)).toHaveLength(1);
  await (await acquireDirectoryLock(directory)).release();
  expect(readdirSync(directory)).toEqual([]);
});

test("a released lock can be taken again, a refused starter leaves nothing behind", async () => {
  const first = await acquireDirectoryLock(directory);
  await expect(acquireDirectoryLock(directory)).rejects.toThrow("in use by process");
  expect(readdirSync(directory)).toHaveLength(1);
  await first.release();
  await (await acquireDirectoryLock(directory)).release();
  expect(readdirSync(directory)).toEqual([]);
});

test("of many starters in one process exactly one wins, also beside stale locks", async () => {
  for (let round = 0; round < 10; round++) {
    const { length: before } = readdirSync(directory);
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => acquireDirectoryLock(directory)),
    );
    const won = results.filter((result) => result.status === "fulfilled");
    expect(won, `round ${round}, ${before} locks before`).toHaveLength(1);
    await won[0].value.release();
    writeFileSync(join(directory, `lock-1-${String(round).padStart(16, "0")}.sock`), "");
  }
});

test("of several processes that start together on a dead one's lock exactly one wins", async () => {
  await kill((await starter()).child);
  const starters = await Promise.all([starter(), starter(), starter(), starter()]);
  expect(starters.map(({ says }) => says).filter((says) => says === "held")).toHaveLength(1);
  expect(starters.filter(({ says }) => says.includes("is in use by"))).toHaveLength(3);
});

test("a directory with a path too long for a socket is locked, refused and taken over like any other", async () => {
  const path = longDirectory();
  const { child, says } = await starter(path);
  expect(says).toBe("held");
  await expect(acquireDirectoryLock(path)).rejects.toThrow(`in use by process ${child.pid}`);
  await kill(child);
  await (await acquireDirectoryLock(path)).release();
  expect(readdirSync(path)).toEqual([]);
});

test("what a starter left that was killed in the middle is tidied up, other files are not", async () => {
  const rubbish = ".lock-1-00000000000000ff.sock";
  for (const name of [rubbish, "lock.txt"]) writeFileSync(join(directory, name), "");
  const lock = await acquireDirectoryLock(directory);
  expect(readdirSync(directory)).not.toContain(rubbish);
  expect(readdirSync(directory)).toContain("lock.txt");
  await lock.release();
});

test("isLockFile() knows the lock's files", async () => {
  const lock = await acquireDirectoryLock(directory);
  expect(readdirSync(directory).map(isLockFile)).toEqual([true]);
  expect(["lock", "lock.sock", "segment-1.log", ""].some(isLockFile)).toBe(false);
  await lock.release();
});

test.each([
  ["does not exist", "ENOENT", () => join(directory, "nothing")],
  [
    "is a file",
    "ENOTDIR",
    () => {
      writeFileSync(join(directory, "file"), "");
      return join(directory, "file");
    },
  ],
])("a directory that %s is one clear line", async (_, code, make) => {
  const path = make();
  const attempt = acquireDirectoryLock(path);
  await expect(attempt).rejects.toMatchObject({ name: "SeriatimError", code });
  await expect(attempt).rejects.toThrow(`cannot lock ${path}: `);
});

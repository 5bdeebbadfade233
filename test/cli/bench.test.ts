import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { registerBench } from "../../src/cli/bench.ts";
import { LAUNCHER } from "../support/launcher.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function bench(...args: string[]) {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  registerBench(program);
  return program.parseAsync(["bench", ...args], { from: "user" }).catch((error: unknown) => error);
}

test.each(["0x2", " 1", "1e1", "0", "101", "1.5", ""])("--rounds %j is refused", async (rounds) => {
  expect(await bench("codec", "--rounds", rounds)).toMatchObject({
    message: `--rounds: ${JSON.stringify(rounds)} is not a whole number from 1 to 100`,
    exitCode: 2,
  });
});

test("a bench that isn't there is refused with those that are", async () => {
  expect(await bench("speed")).toMatchObject({
    message: expect.stringMatching(/^no benchmark is called speed: there are engine, /),
    exitCode: 2,
  });
});

// Were it run before the path is checked, this would take as long as the bench.
test.each([
  [join(folder, "missing", "x.md"), "no such file or directory (ENOENT)"],
  [folder, "it is a directory (EISDIR)"],
])("--write %s is refused before anything is measured", async (path, why) => {
  expect(await bench("codec", "--rounds", "100", "--write", path)).toMatchObject({
    message: `--write: cannot write ${path}: ${why}`,
    exitCode: 2,
  });
  expect(readdirSync(folder)).toEqual([]);
});

// It left the directory of the C++ baseline behind.
test("a bench that is ended by Ctrl-C leaves nothing behind", async () => {
  const own = join(folder, "own");
  mkdirSync(own);
  // Ctrl-C goes to the whole group: the compiler of the baseline too.
  const child = spawn(process.execPath, [LAUNCHER, "bench", "engine", "--rounds", "100"], {
    ...{ detached: true, env: { ...process.env, TMPDIR: own } },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "close");
  let stderr = "";
  child.stderr.on("data", (piece: Buffer) => (stderr += piece));
  await vi.waitUntil(() => readdirSync(own).some((name) => name.startsWith("seriatim-standard-")), {
    timeout: 60_000,
  });
  process.kill(-(child.pid ?? 0), "SIGINT");
  expect([await ended, stderr]).toEqual([[1, null], "seriatim: ended by SIGINT\n"]);
  expect(readdirSync(own)).toEqual([]);
});

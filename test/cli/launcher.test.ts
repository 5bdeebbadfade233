import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SHELL_ENVIRONMENT } from "../support/shell.ts";
import { olderNode } from "./older-node.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LAUNCHER = `${ROOT}bin/seriatim`;

function seriatim(node: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(node, [LAUNCHER, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

const rows: [args: string[], status: number, stdout: RegExp, stderr: RegExp][] = [
  [["--version"], 0, /^[0-9]+\.[0-9]+\.[0-9]+\n$/, /^$/],
  [["--help"], 0, /^Usage: seriatim /, /^$/],
  [["--nonsense"], 2, /^$/, /^seriatim: unknown option '--nonsense'\n$/],
];

test.each(rows)("seriatim %j ends with %i and says so in one line", (args, status, stdout, stderr) => {
  const run = seriatim(process.execPath, args);
  expect(run).toEqual({
    status,
    stdout: expect.stringMatching(stdout),
    stderr: expect.stringMatching(stderr),
  });
});

test.skipIf(olderNode() === undefined)("under an older Node it runs with the project's own", () => {
  const old = olderNode() ?? "";
  for (const [args, status, stdout, stderr] of rows) {
    const run = seriatim(old, args);
    expect(run).toEqual({
      status,
      stdout: expect.stringMatching(stdout),
      stderr: expect.stringMatching(stderr),
    });
  }
});

test("a reader that closes the pipe early ends it quietly", () => {
  const pipeline = `"${process.execPath}" "${LAUNCHER}" --help | true`;
  const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", pipeline], {
    ...{ encoding: "utf8", env: SHELL_ENVIRONMENT },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("it keeps what it compiled where it is told to, and runs as well where nothing can be kept", () => {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-compiled-"));
  try {
    const kept = join(directory, "kept");
    expect(seriatim(process.execPath, ["--version"], { NODE_COMPILE_CACHE: kept }).status).toBe(0);
    const files = readdirSync(kept, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(100);
    const file = join(directory, "file");
    writeFileSync(file, "");
    const none = seriatim(process.execPath, ["--version"], { NODE_COMPILE_CACHE: join(file, "nowhere") });
    expect(none).toMatchObject({ status: 0, stderr: "" });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

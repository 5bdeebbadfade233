// A real disk that runs full under a publisher, as its user sees it: one clear line, nothing acknowledged is lost, readers go on, and
// the topic takes batches again when there is room. Needs the right to mount a small file system in memory.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { killAll, seriatim, serveTape } from "../cli/tape/support.ts";

const DISK_BYTES = 10 * 1_048_576;
const FILLER_BYTES = 4 * 1_048_576;
const LINE_BYTES = 1_024;
const disk = mkdtempSync(join(tmpdir(), "seriatim-tape-disk-"));
const folder = mkdtempSync(join(tmpdir(), "seriatim-tape-full-"));
let refusal: string | undefined;

beforeAll(() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "seriatim-test", disk], {
      stdio: "pipe",
    });
  } catch (error) {
    refusal = String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
});
afterAll(() => {
  killAll();
  // Lazily: a process that was just killed may hold it for another moment.
  if (refusal === undefined) execFileSync("umount", ["-l", disk]);
  for (const path of [disk, folder]) rmSync(path, { recursive: true, force: true });
});

test("full disk: clear error, nothing acknowledged is lost", async ({ skip }) => {
  skip(refusal !== undefined, `no file system can be mounted (${refusal})`);
  writeFileSync(join(disk, "filler"), Buffer.alloc(FILLER_BYTES));
  const lines = Array.from({ length: DISK_BYTES / LINE_BYTES }, (_, i) =>
    `${i} `.padEnd(LINE_BYTES - 1, "."),
  );
  const input = join(folder, "lines");
  writeFileSync(input, lines.map((line) => `${line}\n`).join(""));
  const served = await serveTape(join(disk, "tape"));
  const tape = (...args: string[]) => seriatim("tape", ...args, "--port", served.port);

  const flags = ["--file", input, "--ack", "2", "--batch-bytes", "65536"];
  const { status, out, err } = await tape("publish", "full", ...flags, "--retry", "0");
  expect([status, out]).toEqual([1, ""]);
  const said =
    /^seriatim: the tape at 127\.0\.0\.1:\d+: topic "full": there is no room .*; (\d+) lines are published, the input was read up to line \d+\n$/;
  const acknowledged = Number(said.exec(err)?.[1]);
  expect(acknowledged, err).toBeGreaterThan(0);

  const expected = lines.map((line) => `${line}\n`);
  const read = async (port: string) => {
    const { out: records, err: why } = await seriatim(
      "tape",
      "subscribe",
      "full",
      "--until-end",
      "--port",
      port,
    );
    expect(why).toBe("");
    return records;
  };
  const whileFull = await read(served.port);
  expect(whileFull.length).toBeGreaterThanOrEqual(acknowledged * LINE_BYTES);
  expect(whileFull).toBe(expected.slice(0, whileFull.length / LINE_BYTES).join(""));
  expect(served.process.err).toMatch(/no space left on the disk/);

  // The catalog has room where a log's first file has not: the topic is there, and that is what is said.
  const made = await tape("topics", "create", "late", "--order", "2");
  expect([made.status, made.err]).toEqual([0, ""]);
  expect(made.out).toMatch(
    /^late is made: order level 2, everything; for now it can't be published to: there is no room /,
  );

  rmSync(join(disk, "filler"));
  writeFileSync(input, "there is room again\n");
  // The log is tried again once a second.
  await expect.poll(async () => (await tape("publish", "full", ...flags)).status).toBe(0);
  served.process.child.kill("SIGKILL");
  await served.process.ended;
  const again = await serveTape(join(disk, "tape"));
  expect(await read(again.port)).toBe(`${whileFull}there is room again\n`);
});

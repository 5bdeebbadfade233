import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { registerLab } from "../../src/cli/lab.ts";
import { registerReplay } from "../../src/cli/replay.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { FLOW_PROFILE_NAMES } from "../../src/lab/index.ts";

const directory = mkdtempSync(join(tmpdir(), "seriatim-cli-"));
const flow = (name: string) => join(directory, name);
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs one command; what it printed, and the error it ended with. */
async function run(
  ...args: string[]
): Promise<{ out: string; error?: { message: string; exitCode: number } }> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  registerReplay(program);
  registerLab(program);
  let out = "";
  const write = vi.spyOn(stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return { out };
  } catch (error) {
    return { out, error: error as { message: string; exitCode: number } };
  } finally {
    write.mockRestore();
  }
}

const GENERATE = ["lab", "generate", "--profile", "plain", "--seed", "5", "--commands", "60"];

beforeAll(async () => {
  const { out } = await run(...GENERATE);
  writeFileSync(flow("good.txt"), out);
  writeFileSync(flow("wrong.txt"), out.replace(/snapshot last_seq \d+/, "snapshot last_seq 9999"));
  writeFileSync(flow("damaged.txt"), out.replace("cmd limit", "cmd lim"));
});

describe("replay", () => {
  test("prints each flow complete, as it was recorded", async () => {
    const { out, error } = await run("replay", flow("good.txt"), flow("wrong.txt"));
    const good = readFileSync(flow("good.txt"), "latin1").replace(/^#.*\n/, "");
    expect(error).toBeUndefined();
    expect(out).toBe(good + good);
  });

  test("--check of good flows says how much was compared", async () => {
    const { out, error } = await run("replay", "--check", flow("good.txt"));
    expect(error).toBeUndefined();
    expect(out).toMatch(/good\.txt: 63 commands, \d+ lines compared, none differs\n$/);
  });

  test("--check reports the differing line on stdout and fails", async () => {
    const { out, error } = await run("replay", "--check", flow("wrong.txt"), flow("good.txt"));
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /wrong\.txt:\d+: the engine says 'snapshot last_seq \d+ trades \d+', the file says 'snapshot last_seq 9999/,
    );
    expect(error).toMatchObject({ message: "1 line differs", exitCode: 1 });
  });

  test("--check of a recorded flow that was cut anywhere fails", async () => {
    const lines = readFileSync(flow("good.txt"), "latin1").trimEnd().split("\n");
    const final = lines.findIndex((line) => line.startsWith("snapshot"));
    const firstEvent = lines.findIndex((line) => line.startsWith("evt") || line.startsWith("reject"));
    for (let length = firstEvent + 1; length < lines.length; length++) {
      writeFileSync(flow("cut.txt"), `${lines.slice(0, length).join("\n")}\n`);
      const { error } = await run("replay", "--check", flow("cut.txt"));
      expect(error?.exitCode, `cut after line ${length}`).toBe(1);
    }
    writeFileSync(flow("cut.txt"), `${lines.slice(0, final).join("\n")}\n`);
    const { out } = await run("replay", "--check", flow("cut.txt"));
    expect(out).toBe(
      `${flow("cut.txt")}:${final}: the engine says '${lines[final]}' after this line, the file has none\n`,
    );
  });

  test("--check of commands alone fails, because nothing was compared", async () => {
    const lines = readFileSync(flow("good.txt"), "latin1").split("\n");
    const commands = lines.filter((line) => /^(version|meta|cmd) /.test(line));
    writeFileSync(flow("commands.txt"), `${commands.join("\n")}\n`);
    const { out, error } = await run("replay", "--check", flow("commands.txt"));
    expect(out).toBe("");
    expect(error).toMatchObject({
      message: `${flow("commands.txt")}: holds no events and no final state to compare with`,
      exitCode: 1,
    });
  });

  test.each([["replay"], ["replay", "--check"]])(
    "'%s' of a damaged flow names file and line",
    async (...args) => {
      const { error } = await run(...args, flow("damaged.txt"));
      expect(error?.message).toMatch(/damaged\.txt:\d+: expected a command \(.*\), found 'lim'$/);
      expect(error?.exitCode).toBe(1);
    },
  );

  test.each([
    ["missing.txt", "no such file or directory (ENOENT)"],
    ["", "it is a directory (EISDIR)"],
  ])("of '%s' says it can't be read: %s", async (name, why) => {
    const { error } = await run("replay", flow(name));
    expect(error).toMatchObject({ message: `cannot read ${flow(name)}: ${why}`, exitCode: 2 });
  });
});

test("replay of what has no end reads no more than a flow can have", async () => {
  const { error } = await run("replay", "/dev/zero");
  expect(error?.message).toBe("/dev/zero: a flow is at most 67108864 bytes");
});

describe("lab", () => {
  test("generate prints the same flow for the same seed, and another for another", async () => {
    const first = (await run(...GENERATE)).out;
    expect((await run(...GENERATE)).out).toBe(first);
    expect((await run(...GENERATE, "--seed", "6")).out).not.toBe(first);
  });

  test("diff runs every profile over a range of seeds and prints what it met", async () => {
    const { out, error } = await run(
      "lab",
      "diff",
      "--seeds",
      "3..4",
      "--commands",
      "100",
      "--output",
      directory,
    );
    expect(error).toBeUndefined();
    expect(out).toMatch(/mixed, seeds 3\.\.4: engine and twin agree\n {2}\d+ commands/);
    expect(out.match(/engine and twin agree/g)).toHaveLength(FLOW_PROFILE_NAMES.length);
  });

  test("shrink keeps a trade and prints a flow that replays", async () => {
    const { out, error } = await run("lab", "shrink", flow("good.txt"), "--keep", "trade");
    expect(error).toBeUndefined();
    expect(out).toContain("# minimized length: 3\n");
    expect(out).toContain("# failure reason: produces a trade\n");
    writeFileSync(flow("small.txt"), out);
    expect((await run("replay", "--check", flow("small.txt"))).error).toBeUndefined();
  });

  test("shrink refuses a flow on which engine and twin agree", async () => {
    const { error } = await run("lab", "shrink", flow("good.txt"));
    expect(error).toMatchObject({
      message: `${flow("good.txt")}: engine and twin agree on this flow`,
      exitCode: 1,
    });
  });

  const MISUSES: [args: string[], message: string][] = [
    [["diff", "--seeds", "5.."], '--seeds: "5.." is not a seed, nor a range such as 1..100'],
    [["diff", "--seeds", "5..4"], '--seeds: "5..4" is not a seed, nor a range such as 1..100'],
    [["generate", "--commands", "0"], '--commands: "0" is not a whole number from 1 to 100000'],
    [
      ["shrink", flow("good.txt"), "--keep", "calm"],
      "--keep: 'calm' is not 'disagree', 'trade' or the name of a reason",
    ],
    [
      ["shrink", flow("good.txt"), "--keep", "None"],
      "--keep: 'None' is not 'disagree', 'trade' or the name of a reason",
    ],
  ];
  test.each(MISUSES)("%j is wrong usage", async (args, message) => {
    expect((await run("lab", ...args)).error).toMatchObject({ message, exitCode: 2 });
  });
});

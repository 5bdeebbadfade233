import { expect, test, vi } from "vitest";
import { faultCount } from "../../src/cli/lab-sim.ts";
import { run } from "../../src/cli/main.ts";
import { stdout } from "../../src/cli/stdout.ts";

async function seriatim(args: readonly string[]) {
  let out = "";
  let err = "";
  const outSpy = vi.spyOn(stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  const errSpy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  const status = await run(args);
  outSpy.mockRestore();
  errSpy.mockRestore();
  return { status, out: out.split("\n")[0], err, hasExamples: /\nExamples:\n {2}.*seriatim /.test(out) };
}

const helps: [args: string, usage: string][] = [
  ["--help", "seriatim [options] [command]"],
  ["help", "seriatim [options] [command]"],
  ["help start", "seriatim start [options]"],
  ["help lab", "seriatim lab [options] [command]"],
  ["lab --help", "seriatim lab [options] [command]"],
  ["lab help", "seriatim lab [options] [command]"],
  ["lab help diff", "seriatim lab diff [options]"],
  ["help journal inspect", "seriatim journal inspect [options] <dir>"],
  ["journal help export", "seriatim journal export [options] <dir>"],
  ["feed help simulate", "seriatim feed simulate [options]"],
  ["feed help record", "seriatim feed record [options] <host:port>"],
  ["feed help play", "seriatim feed play [options] <dir>"],
  ["feed help inspect", "seriatim feed inspect [options] <dir>"],
  ["tape help inspect", "seriatim tape inspect [options] <dir>"],
  ["tape help repair", "seriatim tape repair [options] <dir>"],
  ["tape help serve", "seriatim tape serve [options]"],
  ["tape help publish", "seriatim tape publish [options] <topic>"],
  ["tape help subscribe", "seriatim tape subscribe [options] <topic>"],
  ["tape help topics", "seriatim tape topics [options] [command]"],
  ["tape help groups", "seriatim tape groups [options] <topic>"],
  ["tape help status", "seriatim tape status [options]"],
  ["journal help verify", "seriatim journal verify [options] <dir>"],
];

test.each(helps)("seriatim %s is answered on standard output, status 0", async (args, usage) => {
  const said = { status: 0, out: `Usage: ${usage}`, err: "", hasExamples: true };
  expect(await seriatim(args.split(" "))).toEqual(said);
});

test("a default of one has its unit in the singular", async () => {
  let out = "";
  const write = vi.spyOn(stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  await run(["tape", "serve", "--help"]);
  write.mockRestore();
  expect(out.match(/Default: 1 \w+/g)).toEqual(["Default: 1 thread"]);
});

test.each([
  ["one-way partitions", 1, "1 one-way partition"],
  ["one-way partitions", 2, "2 one-way partitions"],
  ["power failures of several", 1, "1 power failure of several"],
  ["new disks while another replica lags", 1, "1 new disk while another replica lags"],
  ["writes gone astray", 1, "1 write gone astray"],
  ["disk: EIO", 1, "1 disk: EIO"],
])("the simulation counts %s, %i, as %s", (name, count, said) => {
  expect(faultCount(name, count)).toBe(said);
});

const START_TO_JOURNAL =
  "start, send, traders, feed, tape, replay, lab, bench, journal, keygen, admin, snapshot";

test.each(START_TO_JOURNAL.split(", "))("seriatim %s --help has examples", async (command) => {
  expect(await seriatim([command, "--help"])).toMatchObject({ status: 0, hasExamples: true });
});

const wrong: [args: string[], line: string][] = [
  [[], `needs a command: ${START_TO_JOURNAL} (seriatim --help)`],
  [["journal"], "journal needs a command: inspect, verify, export, repair (seriatim journal --help)"],
  [["lab"], "lab needs a command: generate, diff, shrink, sim (seriatim lab --help)"],
  [["help", "nonsense"], "unknown command 'nonsense'"],
  [["journal", "help", "nonsense"], "unknown command 'journal nonsense'"],
  [["lab", "nonsense"], "unknown command 'lab nonsense'"],
  [["journal", "verfy"], "unknown command 'journal verfy' (Did you mean verify?)"],
  [["nonsense"], "unknown command 'nonsense'"],
  [
    ["tape", "topics", "dleete", "x"],
    "unknown command 'tape topics dleete': there are create, retain, delete",
  ],
];

test.each(wrong)("seriatim %j is wrong usage in one line", async (args, line) => {
  expect(await seriatim(args)).toMatchObject({ status: 2, out: "", err: `seriatim: ${line}\n` });
});

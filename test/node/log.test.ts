import { expect, test } from "vitest";
import { createLog } from "../../src/node/index.ts";

function collect(human: boolean, level: "warn" | "debug" = "debug") {
  const lines: string[] = [];
  return { lines, log: createLog({ level, human, write: (line) => lines.push(line) }) };
}

test("a program reads JSON lines with named levels and ISO times", () => {
  const { lines, log } = collect(false);
  log.warn({ position: 17 }, "slow disk");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toEqual({
    level: "warn",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    position: 17,
    msg: "slow disk",
  });
});

test("a person reads one line each", () => {
  const { lines, log } = collect(true);
  log.info({ port: 9009, path: "a b" }, "ready");
  log.error({ err: new Error("disk\nfull") }, "halted");
  expect(lines.map((line) => line.slice(13))).toEqual([
    'info  ready port=9009 path="a b"\n',
    'error halted error="disk\\nfull"\n',
  ]);
});

test("what is below the level is not written", () => {
  const { lines, log } = collect(false, "warn");
  log.info("quiet");
  expect(lines).toEqual([]);
});

// What nobody read waited in memory, without end.
test.each([
  ["debug", "info", "warn "],
  ["error", "error", "error"],
] as const)(
  "lines that nobody reads are left out, and counted when somebody reads again (level %s)",
  (level, said, counted) => {
    const lines: string[] = [];
    let isFull = false;
    const write = (line: string): void => void lines.push(line.slice(13));
    const log = createLog({ level, human: true, write, isFull: () => isFull });
    log[said]("one");
    isFull = true;
    log[said]("two");
    log[said]("three");
    isFull = false;
    log[said]("four");
    expect(lines).toEqual([
      `${said.padEnd(5)} one\n`,
      `${counted} nobody read the log: lines are missing here lines=2\n`,
      `${said.padEnd(5)} four\n`,
    ]);
  },
);

// The counter of examples/: its round trip, and what a kill -9 in the middle of its additions leaves: every one that was
// answered, and of the others each once or not at all.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { generateKey } from "../../src/runtime/index.ts";
import { freePort } from "../../tools/free-port.ts";
import { Example, killExamples } from "./example.ts";

const ADDITIONS = 50;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let path = "";
const running: ChildProcess[] = [];
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "seriatim-counter-"));
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  killExamples();
  rmSync(path, { recursive: true, force: true });
});

class CounterProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  output = "";

  constructor(directory = path, ...flags: string[]) {
    const program = ["--import", "./tools/from-sources.ts", "examples/counter.ts", directory, ...flags];
    this.#child = spawn(process.execPath, program, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
    running.push(this.#child);
    // What is said to one that was killed is lost.
    this.#child.stdin?.on("error", () => {});
    this.#child.stdout?.on("data", (text: Buffer) => {
      this.output += text;
    });
    this.#closed = once(this.#child, "close");
  }

  say(lines: string): void {
    this.#child.stdin?.write(lines);
  }

  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (this.#child.exitCode !== null) throw new Error(`it ended without ${pattern}:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  /** Ends its input and waits for its end; returns the exit status. */
  async ended(): Promise<number | null> {
    this.#child.stdin?.end();
    await this.#closed;
    return this.#child.exitCode;
  }
}

// The page of the runtime says so. It had grown.
test("an application of one's own, durable, replicated and failed over, is under 150 lines", () => {
  const text = readFileSync(join(ROOT, "examples/counter.ts"), "utf8");
  expect(text.trimEnd().split("\n").length).toBeLessThan(150);
});

test("the program of docs/runtime.md adds, and goes on with its log the next time", async () => {
  const page = readFileSync(join(ROOT, "docs/runtime.md"), "utf8");
  const programs = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, program]) => program);
  expect(programs).toHaveLength(1);
  const file = join(path, "program.mts");
  const counter = pathToFileURL(join(ROOT, "examples/counter.ts")).href;
  const data = join(path, "counter-data");
  writeFileSync(file, programs[0].replaceAll("./counter.ts", counter).replace("counter-data", data));
  const ends = [await new Example(file).ended(), await new Example(file).ended()];
  expect(ends.map(({ status, output, errors }) => [status, output, errors])).toEqual([
    [0, "safe at position 2: counter 7 is 5\n", ""],
    [0, "safe at position 3: counter 7 is 10\n", ""],
  ]);
});

test("adds, refuses what does not fit, and finds its state again", async () => {
  const first = new CounterProcess();
  first.say("add 7 5\nadd 7 -12\nadd 1 3\nnonsense\n");
  await first.prints(/^counter 1 is 3$/m);
  expect(await first.ended()).toBe(0);
  expect(first.output.split("\n")).toEqual([
    "1 command in the log",
    "not a line like: add 7 5",
    "counter 7 is 5",
    "counter 7 is -7",
    "counter 1 is 3",
    "",
  ]);
  const again = new CounterProcess();
  again.say("add 7 0\n");
  expect(await again.ended()).toBe(0);
  expect(again.output).toBe("4 commands in the log\ncounter 7 is -7\n");
});

const PER_ROUND = 300;

/** The answers so far: by counter, the last value said. */
function valuesIn(output: string): Map<number, number> {
  return new Map(
    Array.from(output.matchAll(/^counter (\d+) is (-?\d+)$/gm), ([, counter, value]) => [
      Number(counter),
      Number(value),
    ]),
  );
}

test("killed in the middle of its additions: each that was answered happened once, the others once or not", async () => {
  let answered = new Map<number, number>();
  for (let round = 0; round < 4; round++) {
    const counter = new CounterProcess();
    const before = Array.from({ length: PER_ROUND }, (_, i) => (round - 1) * PER_ROUND + i);
    if (round > 0) counter.say(before.map((each) => `add ${each} 0\n`).join(""));
    if (round > 0) await counter.prints(new RegExp(`^counter ${before[PER_ROUND - 1]} is `, "m"));
    const found = valuesIn(counter.output);
    for (const [each, value] of found) {
      const what = `round ${round}, counter ${each}, ${answered.has(each) ? "" : "not "}answered`;
      expect(answered.has(each) ? [1] : [0, 1], what).toContain(value);
    }
    if (round === 3) break;
    // One line at a time, each to a counter of its own, and killed after some answers.
    for (let i = 0; i < PER_ROUND; i++) {
      counter.say(`add ${round * PER_ROUND + i} 1\n`);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await counter.prints(new RegExp(`^counter ${round * PER_ROUND + 20 * (round + 1)} is 1$`, "m"));
    await counter.kill();
    answered = valuesIn(counter.output);
  }
  expect(answered.size).toBeGreaterThan(40);
});

/** Gives `line` again and again until `pattern` is printed. */
async function insist(counter: CounterProcess, line: string, pattern: RegExp): Promise<void> {
  for (let i = 0; i < 400 && !pattern.test(counter.output); i++) {
    counter.say(`${line}\n`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await counter.prints(pattern);
}

test("with a copy: when the first machine is lost with its disk, the copy leads with every answered addition", async () => {
  const keys = join(path, "keys.json");
  for (const name of ["north", "south"]) generateKey(name, "replica", join(path, `${name}.key`), keys);
  const [north, south] = [String(await freePort()), String(await freePort())];
  const start = (name: string, port: string, ...more: string[]) => {
    const own = ["--own-key", join(path, `${name}.key`), "--replication-port", port];
    return new CounterProcess(join(path, name), "--keys", keys, ...own, ...more);
  };
  const first = start("north", north);
  await first.prints(/^1 command in/m);
  first.say("add 3 1\n");
  await first.prints(/^counter 3: nothing is acknowledged: /m);
  const copy = start("south", south, "--replica-of", north);
  await copy.prints(/^follows north in epoch/m);
  // Refused until the primary knows of its copy.
  await insist(first, "add 3 0", /^counter 3 is 0$/m);
  for (let i = 0; i < ADDITIONS; i++) first.say(`add ${100 + i} 7\n`);
  await first.prints(new RegExp(`^counter ${100 + ADDITIONS - 1} is 7$`, "m"));
  copy.say("lead\nadd 3 1\n");
  await copy.prints(/^it does not lead: north is the primary, in epoch/m);
  await copy.prints(/^this is a copy/m);
  await first.kill();
  rmSync(join(path, "north"), { recursive: true });
  await insist(copy, "lead", /commands? in the log$/m);
  const back = start("north", north, "--replica-of", south);
  await back.prints(/^follows south/m);
  await insist(copy, "add 3 0", /^counter 3 is 0$/m);
  for (let i = 0; i < ADDITIONS; i++) copy.say(`add ${100 + i} 0\n`);
  for (let i = 0; i < ADDITIONS; i++) await copy.prints(new RegExp(`^counter ${100 + i} is 7$`, "m"));
  expect(await copy.ended()).toBe(0);
  expect(await back.ended()).toBe(0);
});

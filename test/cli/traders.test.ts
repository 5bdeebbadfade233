// `seriatim traders` as a process, against a node that is one too.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { run } from "../../src/cli/main.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { parseAddress } from "../../src/cli/traders.ts";
import { LAUNCHER } from "../support/launcher.ts";
import { forgetStopSignals } from "../support/stop-signals.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-traders-"));
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  forgetStopSignals();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

class Run {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #closed: Promise<unknown>;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [LAUNCHER, ...args], { cwd: folder });
    running.push(this.child);
    this.child.stdout?.on("data", (text: Buffer) => {
      this.stdout += text;
    });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.stderr += text;
    });
    this.#closed = once(this.child, "close");
  }

  /** Waits until it has printed what `pattern` finds. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found !== null) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended instead: ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async ended(signal?: NodeJS.Signals): Promise<{ status: number | null; stderr: string }> {
    if (signal !== undefined) this.child.kill(signal);
    await this.#closed;
    return { status: this.child.exitCode, stderr: this.stderr };
  }
}

const READY = /orders on (127\.0\.0\.1:(\d+)), (http:\S+),/;

/** A node on a journal of its own name; free ports unless one is given. */
function startNode(dataDir: string, port = "0"): Run {
  const files = ["--data-dir", dataDir, "--segment-bytes", "4194304"];
  return new Run("start", ...files, "--order-port", port, "--http-port", "0", "--symbols", "BTC-USD:2:50");
}

async function resting(http: string): Promise<number> {
  const metrics = await (await fetch(`${http}/metrics`)).text();
  return Number(/^seriatim_orders_resting (\d+)$/m.exec(metrics)?.[1]);
}

test("traders outlive a killed exchange, are succeeded when killed themselves, and take all quotes back at SIGINT", async () => {
  const first = startNode("killed");
  const [, address, port] = await first.says(READY);
  const traders = new Run("traders", address, "--every", "1", "--rate", "1000");
  await traders.says(/^8 traders on BTC-USD: about 1000 orders a second, seed 1\n/);
  await traders.says(/^1 s: \d+ orders \(\d+ a second\), [1-9]\d* fills, \d+ rejected/m);
  await first.ended("SIGKILL");
  await traders.says(/^the connection to 127\.0\.0\.1:\d+ was lost: .*; trying again\n/m);
  const second = startNode("killed", port);
  const [, , , http] = await second.says(READY);
  await traders.says(/connected again\n(.*\n)*\d+ s: [1-9]\d* orders .* [1-9]\d* fills/);
  expect(await resting(http)).toBeGreaterThan(20);
  expect(await traders.ended("SIGKILL")).toMatchObject({ stderr: "" });
  expect(await resting(http)).toBeGreaterThan(20);
  // The next ones find what the killed ones left.
  const next = new Run("traders", address, "--rate", "1000", "--every", "1", "--seed", "9");
  await next.says(/^1 s: /m);
  expect(await next.ended("SIGINT")).toEqual({ status: 0, stderr: "" });
  expect(next.stdout).toMatch(/\nended: \d+ orders, \d+ fills, \d+ rejected\n$/);
  expect(await resting(http)).toBe(0);
  expect(await second.ended("SIGTERM")).toMatchObject({ status: 0 });
});

// The process ended where it printed, and its quotes stayed in the books.
test("traders whose output can't be written any more take their quotes back and say so", async () => {
  const node = startNode("full");
  const [, address, , http] = await node.says(READY);
  const write = vi.spyOn(stdout, "write");
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  let quotes = 0;
  write.mockReturnValueOnce(true).mockImplementation(() => {
    throw new SeriatimError("OUTPUT_FAILED", "standard output can't be written: no space left on device");
  });
  const ended = run(["traders", address, "--rate", "1000", "--every", "1"]);
  while (write.mock.calls.length < 2) {
    quotes = Math.max(quotes, await resting(http));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await ended).toBe(1);
  expect(said.mock.calls.join()).toContain("standard output can't be written: no space left on device");
  write.mockRestore();
  said.mockRestore();
  expect(quotes).toBeGreaterThan(0);
  expect(await resting(http)).toBe(0);
});

test("a node with --simulate trades by itself at the usual rate, and ends in order", async () => {
  const node = new Run("start", "--simulate", "--order-port", "0", "--http-port", "0", "--durability", "off");
  const [, , , http] = await node.says(READY);
  while ((await resting(http)) < 20) await new Promise((resolve) => setTimeout(resolve, 20));
  const { status, stderr } = await node.ended("SIGINT");
  expect(status).toBe(0);
  expect(stderr).toMatch(/"traders":8,"symbols":4,"msg":"simulated traders trade"/);
  expect(stderr).not.toMatch(/"level":"(warn|error)"/);
});

const wrong: [args: string[], status: number, line: RegExp][] = [
  [["127.0.0.1:1"], 1, /^seriatim: can't connect to 127\.0\.0\.1:1: nothing listens there\n$/],
  [["localhost"], 2, /^seriatim: "localhost" is not HOST:PORT with a port from 1 to 65535\n$/],
  [["--symbols", "A,,B"], 2, /^seriatim: --symbols: "A,,B" has an empty name\n$/],
  [["--rate", "0"], 2, /^seriatim: --rate: "0" is not a whole number from 1 to 100000\n$/],
];
test.each(wrong)("traders %j end with %i and one line", async (args, status, line) => {
  let stderr = "";
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  expect(await run(["traders", ...args])).toBe(status);
  write.mockRestore();
  expect(stderr).toMatch(line);
});

test.each([
  ["10.0.0.1:9010", { host: "10.0.0.1", port: 9010 }],
  ["exchange.example:1", { host: "exchange.example", port: 1 }],
  ["[::1]:65535", { host: "::1", port: 65_535 }],
  [undefined, { host: "127.0.0.1", port: 7 }],
])("the address %j is %j", (text, address) => {
  expect(parseAddress(text, { SERIATIM_ORDER_PORT: "7" })).toEqual(address);
});

test.each(["", ":9009", "h:", "h:0", "h:65536", "h:x", "::1:9009", "[::1]", "a b:1"])(
  "%j is no address",
  (text) => {
    expect(() => parseAddress(text, {})).toThrow("is not HOST:PORT");
  },
);

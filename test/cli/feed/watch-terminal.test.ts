// The view of a feed in a real terminal (a pseudo-terminal of util-linux's `script`), and as text for a pipe, beside a real tick server.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { TickSimulator } from "../../../src/feed-runtime/index.ts";
import { NetTransport, SystemClock } from "../../../src/platform/index.ts";
import { LAUNCHER } from "../../support/launcher.ts";

/** Begins and ends the screen beside the one with what was printed before. */
const ALTERNATE_SCREEN = "\u001b[?1049h";
const FIRST_SCREEN = "\u001b[?1049l";
/** A minute, and more on a busy machine, where a process begins to paint after seconds. */
const LOOKS_MAX = 6_000;
const hasScript = spawnSync("script", ["--version"]).status === 0;

let simulator: TickSimulator;
let address: string;
let running: ChildProcess | undefined;
beforeAll(async () => {
  simulator = new TickSimulator({
    transport: new NetTransport({ connectionsMax: 16 }),
    clock: new SystemClock(),
    ...{ symbols: 30, rate: 500, seed: 7, market: "neutral", timeScale: 1 },
  });
  address = `127.0.0.1:${await simulator.listen({ host: "127.0.0.1", port: 0 })}`;
});
afterAll(() => simulator.close());
afterEach(() => {
  running?.kill("SIGKILL");
});

class Terminal {
  readonly child: ChildProcess;
  output = "";

  constructor(rows: number, columns: number, ...args: string[]) {
    const command = `tty; stty rows ${rows} cols ${columns}; exec "${process.execPath}" "${LAUNCHER}" ${args.join(" ")}`;
    this.child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
      // What says that nobody looks (CI) has colours left out.
      env: { ...process.env, CI: undefined, TERM: "xterm-256color", SHELL: "/bin/sh" },
    });
    running = this.child;
    this.child.stdout?.on("data", (text: Buffer) => {
      this.output += text;
    });
  }

  /** Waits until this is painted, after the first `from` characters. */
  async shows(pattern: RegExp, from = 0): Promise<void> {
    const text = () => stripVTControlCharacters(this.output.slice(from));
    for (let looks = 0; !pattern.test(text()); looks++) {
      if (this.child.exitCode !== null || looks > LOOKS_MAX)
        throw new Error(`not shown: ${pattern}\n${text().slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Types, and waits for what is painted then. */
  async types(keys: string, pattern: RegExp): Promise<void> {
    const { length } = this.output;
    this.child.stdin?.write(keys);
    await this.shows(pattern, length);
  }
}

test.skipIf(!hasScript)(
  "keys sort, filter and end it; it follows the window's size and gives the terminal back",
  async () => {
    const terminal = new Terminal(12, 110, "feed", "watch", address);
    await terminal.shows(/SYM0\d\d .* 0\.\ds/);
    await terminal.shows(/ticks\/1 {2}connected/);
    await terminal.types("n", /symbol↓.*\s+SYM000/);
    await terminal.types("n", /symbol↑.*\s+SYM029/);
    await terminal.types("/02\r", /filter "02": 11 found/);
    await terminal.types("r", /no gaps/);
    const [, tty] = /(\/dev\/\S+)/.exec(terminal.output) ?? [];
    const resized = async (rows: number, columns: number, pattern: RegExp) => {
      const { length } = terminal.output;
      spawnSync("stty", ["-F", tty, "rows", String(rows), "cols", String(columns)]);
      await terminal.shows(pattern, length);
    };
    // To the last column, and nothing is cut.
    await resized(12, 80, /\nsymbol↑ .* upd\/s {8}age\s*\nSYM029 [^…\n]* \d\.\ds\s*\n/);
    await resized(8, 45, /\nsymbol↑ {18}bid {9}ask\s*\n/);
    // What it is sorted by is said where its column has no room.
    await terminal.types("v", /\nlargest volume first\s*\nsymbol /);
    terminal.child.stdin?.write("q");
    expect(await once(terminal.child, "exit")).toEqual([0, null]);
    expect(terminal.output.split(FIRST_SCREEN)).toHaveLength(2);
    expect(terminal.output.indexOf(ALTERNATE_SCREEN)).toBeLessThan(terminal.output.indexOf("SYM"));
  },
);

test.skipIf(!hasScript)(
  "in 40 columns it says why there is no connection, and all lines are used",
  async () => {
    const terminal = new Terminal(10, 40, "feed", "watch", "127.0.0.1:1");
    await terminal.shows(/:1 ticks\/1 {2}reconnecting\s*\n[^\n]*\n[^\n]*\nnothing listens there\s*\nsymbol/);
    terminal.child.stdin?.write("q");
    await once(terminal.child, "exit");
    const full = new Terminal(10, 40, "feed", "watch", address);
    await full.shows(/symbol [^\n]*\n(SYM0\d\d [^\n]*\n){4}q quit/);
    full.child.stdin?.write("q");
    await once(full.child, "exit");
  },
);

test.skipIf(!hasScript)("green and red are painted unless NO_COLOR is set", async () => {
  for (const value of ["", "1"]) {
    vi.stubEnv("NO_COLOR", value);
    const terminal = new Terminal(12, 110, "feed", "watch", address);
    vi.unstubAllEnvs();
    await terminal.shows(/ticks\/1 {2}connected[\s\S]*SYM0\d\d .* 0\.\ds/);
    terminal.child.stdin?.write("q");
    await once(terminal.child, "exit");
    expect([value, terminal.output.includes("\x1b[32m")]).toEqual([value, value === ""]);
    expect(terminal.output).not.toContain("NO_COLOR");
  }
});

test("for a pipe it is blocks of text, without a colour, until its time is over", async () => {
  const { status, text, errors } = await watchPlain(address, "--duration", "1");
  expect({ status, errors }).toEqual({ status: 0, errors: "" });
  expect(text).toMatch(
    /^127\.0\.0\.1:\d+ ticks\/1 {2}connected\nno gaps {2}30 symbols {2}[1-9].* updates?\/s {2}.* messages\n/,
  );
  expect(text).toMatch(/\nSYM0\d\d .* 0\.\ds\n/);
  expect(text).not.toContain("\x1b");
});

interface Ended {
  readonly status: number | null;
  readonly text: string;
  readonly errors: string;
}

function watchPlain(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [LAUNCHER, "feed", "watch", ...args, "--plain"]);
    running = child;
    let [text, errors] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => (text += piece));
    child.stderr.on("data", (piece: Buffer) => (errors += piece));
    child.on("close", (status) => resolve({ status, text, errors }));
  });
}

test("nothing that came is a failure, and what speaks another wire is named", async () => {
  const silent = createServer();
  await once(silent.listen(0, "127.0.0.1"), "listening");
  const silentAddress = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const [refused, other, quiet] = await Promise.all([
    watchPlain("127.0.0.1:1", "--duration", "1"),
    watchPlain(address, "--protocol", "channel", "--duration", "3"),
    watchPlain(silentAddress, "--duration", "5"),
  ]);
  silent.close();
  expect([refused.status, other.status]).toEqual([1, 1]);
  expect(refused.errors).toMatch(
    /^seriatim: nothing came from 127\.0\.0\.1:1 ticks\/1: nothing listens there\n$/,
  );
  const hint = "no packet of a channel came: it may speak TLS (--tls-ca), or ticks/1 (--protocol ticks)";
  expect(other.text).toContain(hint);
  expect(other.errors).toBe(`seriatim: nothing came from ${address} channel top: ${hint}\n`);
  expect(quiet).toMatchObject({
    status: 1,
    errors: `seriatim: nothing came from ${silentAddress} ticks/1: it may speak an exchange's channels (--protocol channel)\n`,
  });
});

// It said "nothing came from ...: connected, nothing came yet".
test("a watch that is ended before its server counts as quiet names what else may be there", async () => {
  const silent = createServer();
  await once(silent.listen(0, "127.0.0.1"), "listening");
  const silentAddress = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const ended = watchPlain(silentAddress);
  running?.stdout?.on("data", (piece: Buffer) => {
    if (piece.includes("connected,")) running?.kill("SIGINT");
  });
  const { status, errors } = await ended;
  silent.close();
  const hint = "it may speak an exchange's channels (--protocol channel)";
  expect({ status, errors }).toEqual({
    status: 1,
    errors: `seriatim: nothing came from ${silentAddress} ticks/1: ${hint}\n`,
  });
});

const refused: [string[], RegExp][] = [
  [["feed", "watch"], /missing required argument 'host:port'/],
  [["feed", "watch", "nowhere"], /"nowhere" is not HOST:PORT/],
  [["feed", "watch", "127.0.0.1:1", "--channel", "levels"], /--channel is for --protocol channel/],
  [["feed", "watch", "127.0.0.1:1", "--interval", "0"], /--interval: "0" is not a whole number from 1/],
];

test.each(refused)("seriatim %j is refused in one line", (args, line) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, ...args], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

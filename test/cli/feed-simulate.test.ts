// `seriatim feed simulate`: what its faults may be called, what it refuses, and a run of it as a process.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { parseFaults } from "../../src/cli/feed/faults.ts";
import { run } from "../../src/cli/main.ts";
import { readTicks } from "../protocol/ticks/reference-reader.ts";
import { LAUNCHER } from "../support/launcher.ts";
import { forgetStopSignals } from "../support/stop-signals.ts";

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  forgetStopSignals();
});

test.each([
  ["gap", { gap: { every: 100 } }],
  ["gap=7", { gap: { every: 7 } }],
  ["gap=0.25", { gap: { probability: 0.25 } }],
  ["fragment", { fragment: { maxChunk: 7 } }],
  ["fragment=1", { fragment: { maxChunk: 1 } }],
  ["corrupt", { corrupt: { probability: 0.01, where: "any" } }],
  ["corrupt=.5:payload", { corrupt: { probability: 0.5, where: "payload" } }],
  ["disconnect", { disconnect: { cut: true, how: "finish" } }],
  ["disconnect=9", { disconnect: { after: 9, cut: true, how: "finish" } }],
  ["disconnect=9:whole:reset", { disconnect: { after: 9, cut: false, how: "reset" } }],
  ["stall", { stall: { after: 1_000, duration_us: 5_000_000 } }],
  ["stall=10:35", { stall: { after: 10, duration_us: 35_000_000 } }],
  ["gap=7 stall=10", { gap: { every: 7 }, stall: { after: 10, duration_us: 5_000_000 } }],
])("the faults %j", (words, faults) => {
  expect(parseFaults(words.split(" "))).toEqual(faults);
});

const GAP = "gap=N (1 to 1000000) or gap=P (between 0 and 1)";
const CORRUPT = "corrupt=P[:WHERE] (between 0 and 1; any, header, payload, checksum)";
const DISCONNECT = "disconnect=FRAMES[:reset][:whole] (1 to 1000000000)";
const ALL =
  "gap=N, fragment=BYTES, corrupt=P[:WHERE], disconnect=FRAMES[:reset][:whole] or stall=FRAMES[:SECONDS]";
test.each([
  ["nonsense", ALL],
  ["gap=", GAP],
  ["gap=0", GAP],
  ["gap=1.5", GAP],
  ["gap=1:2", GAP],
  ["gap=1=2", GAP],
  ["fragment=0", "fragment=BYTES (1 to 1000)"],
  ["corrupt=1", CORRUPT],
  ["corrupt=0.1:everywhere", CORRUPT],
  ["disconnect=x", DISCONNECT],
  ["disconnect=1:reset:reset", DISCONNECT],
  ["stall=1:2:3", "stall=FRAMES[:SECONDS] (1 to 1000000000; 1 to 3600)"],
])("%j names no fault: it is not %s", (word, form) => {
  expect(() => parseFaults([word])).toThrow(`--faults: ${JSON.stringify(word)} is not ${form}`);
});

test("a fault is named once", () => {
  expect(() => parseFaults(["gap=1", "gap=2"])).toThrow("--faults: gap is given twice");
});

test.each([
  [["--rate", "0"], '--rate: "0" is not a whole number from 1 to 500000'],
  [["--rate", "500001"], '--rate: "500001" is not a whole number from 1 to 500000'],
  [["--symbols", "501"], '--symbols: "501" is not a whole number from 1 to 500'],
  [["--seed", "4294967296"], '--seed: "4294967296" is not a whole number from 0 to 4294967295'],
  [["--time-scale", "0"], '--time-scale: "0" is not a number above 0 and up to 1000000'],
  [["--time-scale", "1e3"], '--time-scale: "1e3" is not a number above 0 and up to 1000000'],
  [
    ["--market", "flat"],
    "option '--market <name>' argument 'flat' is invalid. Allowed choices are neutral, bull, bear.",
  ],
  [["--port", "65536"], '--port: "65536" is not a whole number from 0 to 65535'],
])("%j is wrong usage in one line", async (args, line) => {
  let err = "";
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  const status = await run(["feed", "simulate", ...args]);
  spy.mockRestore();
  expect({ status, err }).toEqual({ status: 2, err: `seriatim: ${line}\n` });
});

test("a run tells where it listens, how it goes, and at SIGINT what there was, which is what its client read", async () => {
  const words = ["--port", "0", "--rate", "20000", "--seed", "7", "--symbols", "3", "--every", "1"];
  const args = [LAUNCHER, "feed", "simulate", ...words, "--faults", "gap=100"];
  const child = spawn(process.execPath, args);
  running.push(child);
  let [out, err] = ["", ""];
  child.stdout.on("data", (text: Buffer) => {
    out += text;
  });
  child.stderr.on("data", (text: Buffer) => {
    err += text;
  });
  const said = async (in_: () => string, pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(in_());
      if (found !== null) return found;
      if (child.exitCode !== null) throw new Error(`it ended instead: ${err}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const where = /^ticks\/1 on 127\.0\.0\.1:(\d+): 3 symbols, 20000 ticks a second, neutral, seed 7\n/;
  const [, port] = await said(() => out, where);
  const pieces: Buffer[] = [];
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  const over = once(socket, "close");
  await said(() => err, /^\d s: 1 client, \d+ ticks a second, \d+ skipped, 0 conflated, 0 dropped, /m);
  child.kill("SIGINT");
  await Promise.all([over, once(child, "close")]);
  expect(child.exitCode).toBe(0);
  const { frames, rest } = readTicks(Buffer.concat(pieces));
  const counts = new Map(out.split("\n").map((line) => line.split(" ") as [string, string]));
  const value = (name: string) => Number(counts.get(name));
  expect(rest).toBe(0);
  expect(frames[0]).toMatchObject({ type: "quote", symbol: 1, values: [3230.99, 6730, 3234.72, 7497] });
  expect(frames.length).toBe(value("framesSent"));
  expect(value("ticksMade")).toBe(value("ticks"));
  expect(value("injected.gaps")).toBe(Math.floor(frames.length / 100));
  expect(frames.at(-1)?.sequence).toBe(frames.length + value("injected.gaps"));
  expect([value("queueBytesMax") > 0, value("slowDisconnects")]).toEqual([true, 0]);
});

test("a port that is taken is said in one line", async () => {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  let err = "";
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  const status = await run(["feed", "simulate", "--port", String(port)]);
  spy.mockRestore();
  server.close();
  expect({ status, err }).toEqual({
    ...{ status: 1, err: `seriatim: 127.0.0.1:${port} is in use\n` },
  });
});

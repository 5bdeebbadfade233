// `seriatim feed record`, `play` and `inspect` as processes: what a recorder that was killed leaves, and what a feed handler
// gets of a recording.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { run } from "../../src/cli/main.ts";
import { stdout } from "../../src/cli/stdout.ts";
import {
  FeedRecorder,
  TICK_CLIENTS_MAX,
  TICK_CONNECTIONS_SPARE,
  TickClient,
  TickSimulator,
} from "../../src/feed-runtime/index.ts";
import { NetTransport, SystemClock } from "../../src/platform/index.ts";
import { encodeTickHeartbeat, TickHeartbeat } from "../../src/protocol/index.ts";
import { receiveAll, startFeed, takeBytes } from "../feed-runtime/recording/support.ts";
import { LAUNCHER } from "../support/launcher.ts";
import { forgetStopSignals } from "../support/stop-signals.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-record-"));
/** The least that a feed of ticks/1 says. */
const HEARTBEAT = Buffer.alloc(TickHeartbeat.bytes);
encodeTickHeartbeat(new DataView(HEARTBEAT.buffer, HEARTBEAT.byteOffset), 0, 1, 0, 0);
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  forgetStopSignals();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

class Run {
  readonly child: ChildProcess;
  output = "";

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [LAUNCHER, "feed", ...args], { cwd: folder });
    running.push(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (text: Buffer) => {
        this.output += text;
      });
    }
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended instead: ${this.output}`);
      await sleep(10);
    }
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const closed = once(this.child, "close");
    this.child.kill(signal);
    await closed;
    return this.child.exitCode;
  }
}

/** In this process: what it prints, and its status. */
async function said(...args: string[]): Promise<{ status: number; text: string }> {
  let text = "";
  const take = (more: string | Uint8Array): boolean => {
    text += more;
    return true;
  };
  const spies = [
    vi.spyOn(stdout, "write").mockImplementation(take),
    vi.spyOn(process.stderr, "write").mockImplementation(take),
  ];
  const status = await run(["feed", ...args]);
  for (const spy of spies) spy.mockRestore();
  return { status, text };
}

test("a recorder killed by SIGKILL leaves what it had written, to the byte; the next one adds a take", async () => {
  const directory = join(folder, "killed");
  /** Byte n of the feed is n modulo 251: any loss in the middle shows. */
  const piece = Buffer.from(Array.from({ length: 16 * 251 }, (_, i) => i % 251));
  const port = await startFeed((socket, number) => {
    if (number > 1) return;
    const timer = setInterval(() => socket.write(piece), 1);
    socket.on("close", () => clearInterval(timer));
  });
  const recorder = new Run("record", `127.0.0.1:${port}`, "--to", directory);
  await recorder.says(/^recording ticks to .*killed$/m);
  const bytesNow = async () => JSON.parse((await said("inspect", directory, "--json")).text).takes[0].bytes;
  let seen = 0;
  while (seen < 100_000) {
    await sleep(20);
    seen = (await bytesNow().catch(() => 0)) as number;
  }
  await recorder.end("SIGKILL");
  const report = JSON.parse((await said("inspect", directory, "--json")).text);
  expect(report.takes).toMatchObject([{ take: 1, protocol: "ticks", address: `127.0.0.1:${port}` }]);
  expect(report.takes[0].end).toBe(undefined);
  expect(report.takes[0].bytes).toBeGreaterThanOrEqual(seen);
  const bytes = takeBytes(directory, 1);
  expect(bytes.length).toBe(report.takes[0].bytes);
  expect(bytes.findIndex((byte, i) => byte !== i % 251)).toBe(-1);
  const again = new Run("record", `127.0.0.1:${port}`, "--to", directory);
  await again.says(/^recording ticks/m);
  expect(await again.end("SIGINT")).toBe(1);
  const { text } = await said("inspect", directory);
  expect(text).toMatch(
    /^2 takes in \d+ segments?, \d+ frames\ntake 1: .* cut, or under way\ntake 2: .* the recorder stopped\n$/,
  );
});

test("what a recorder counts that its disk failed is what it leaves", async () => {
  const port = await startFeed((socket) => {
    const timer = setInterval(() => socket.write(Buffer.alloc(1 << 16, 7)), 1);
    socket.on("close", () => clearInterval(timer));
  });
  // Where a segment should come to be lies a directory from the first take on: the first one, and the second while the first fills.
  for (const [number, takes] of [
    [1, 0],
    [2, 1],
  ]) {
    const directory = join(folder, `failing-${number}`);
    const clock = vi.spyOn(SystemClock.prototype, "wallMicros").mockImplementation(() => {
      mkdirSync(join(directory, "recording", `recording-000000000${number}.seg.tmp`), { recursive: true });
      return 1_700_000_000_000_000;
    });
    const { status, text } = await said("record", `127.0.0.1:${port}`, "--to", directory);
    clock.mockRestore();
    expect(status).toBe(1);
    const [, counted, bytes, received] =
      /^ended: (\d) takes?, (\d+) bytes? written of (\d+) received/m.exec(text) ?? expect.fail(text);
    expect(Number(received)).toBeGreaterThan(Number(bytes));
    expect(Number(counted)).toBe(takes);
    const left = await said("inspect", directory, "--json");
    if (takes === 0) expect([bytes, left.text]).toEqual(["0", expect.stringContaining("holds no recording")]);
    else expect(JSON.parse(left.text).takes).toMatchObject([{ take: 1, bytes: Number(bytes) }]);
  }
});

test("a port from which nothing comes is said once, with what to look at, whether it ends the connection or not", async () => {
  const ending = await startFeed((socket) => socket.end());
  const silent = await startFeed(() => {});
  const ended = new Run("record", `127.0.0.1:${ending}`, "--to", "nothing-1");
  const waiting = new Run("record", `127.0.0.1:${silent}`, "--to", "nothing-2", "--protocol", "channel");
  await ended.says(/^seriatim: nothing came from 127\.0\.0\.1:\d+: is it a feed of ticks\/1\?.*$/m);
  await waiting.says(
    /^seriatim: nothing came from 127\.0\.0\.1:\d+: is it an exchange's own feed .* It may speak TLS \(--tls-ca\).*$/m,
  );
  await ended.says(/the feed ended.*the feed ended/s);
  for (const run of [ended, waiting]) {
    expect(await run.end("SIGINT")).toBe(1);
    expect(run.output.match(/is it a/g)).toHaveLength(1);
    expect(run.output).toMatch(/\nended: .*, 0 bytes\nseriatim: nothing came from 127\.0\.0\.1:\d+\n$/);
  }
});

test.each([
  ["nothing came", "ticks", "", /nothing came from \S+: is it a feed of ticks\/1\?/],
  [
    "another protocol came",
    "ticks",
    "HTTP/1.1 400",
    /12 bytes came from \S+, and no whole message of ticks\/1: is it/,
  ],
  [
    "ticks/1 came for channels",
    "channel",
    HEARTBEAT,
    /20 bytes came from \S+, and no whole packet of a channel: is it/,
  ],
])("a recording in which %s is no success, and says so in one line", async (_, protocol, bytes, line) => {
  const port = await startFeed((socket) => socket.write(bytes));
  const directory = join(folder, `silent-${port}`);
  const args = ["--to", directory, "--protocol", protocol, "--duration", "1"];
  const { status, text } = await said("record", `127.0.0.1:${port}`, ...args);
  const [ended, why] = text.trimEnd().split("\n").slice(-2);
  expect({ status, ended }).toEqual({ status: 1, ended: `ended: 1 take, ${bytes.length} bytes` });
  expect(why).toMatch(line);
});

test("it records for so many seconds when it is told so, and then says what it has", async () => {
  const port = await startFeed((socket) => socket.write(HEARTBEAT));
  const directory = join(folder, "for-a-second");
  const { status, text } = await said("record", `127.0.0.1:${port}`, "--to", directory, "--duration", "1");
  expect({ status, text: text.trimEnd().split("\n").at(-1) }).toEqual({
    ...{ status: 0, text: "ended: 1 take, 20 bytes" },
  });
  const [take] = JSON.parse((await said("inspect", directory, "--json")).text).takes;
  expect(take).toMatchObject({ bytes: 20, end: "the recorder stopped" });
});

test("a recorder and a player whose words nobody reads any more do their work on", async () => {
  const port = await startFeed((socket) => socket.end(HEARTBEAT));
  const recorder = new Run("record", `127.0.0.1:${port}`, "--to", "unread");
  await recorder.says(/^recording ticks/m);
  recorder.child.stdout?.destroy();
  const report = async () => JSON.parse((await said("inspect", join(folder, "unread"), "--json")).text);
  while (!((await report().catch(() => undefined))?.takes.length > 2)) await sleep(20);
  expect(await recorder.end("SIGINT")).toBe(0);
  const player = new Run("play", "unread", "--speed", "max");
  const [, at] = await player.says(/on 127\.0\.0\.1:(\d+)$/m);
  player.child.stdout?.destroy();
  for (let i = 0; i < 3; i++) expect(await receiveAll(Number(at))).toEqual(HEARTBEAT);
});

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

test.skipIf(!hasIPv6)("where a player listens is said as others are told it: HOST:PORT", async () => {
  const port = await startFeed((socket) => socket.end(HEARTBEAT));
  const directory = join(folder, "of-feed");
  await said("record", `127.0.0.1:${port}`, "--to", directory, "--duration", "1");
  const player = new Run("play", directory, "--host", "::1");
  const [, address] = await player.says(/ on (\S+)$/m);
  const recording = await said("record", address, "--to", join(folder, "of-player"), "--duration", "1");
  expect(recording.text).toContain(`connected to ${address}\n`);
  expect(recording.status).toBe(0);
});

test("a client of ticks/1 takes the player for the feed, at the pace it was recorded", async () => {
  const clock = new SystemClock();
  const transport = new NetTransport({ connectionsMax: TICK_CLIENTS_MAX + TICK_CONNECTIONS_SPARE });
  const simulator = new TickSimulator({
    ...{ transport, clock, symbols: 5, rate: 5_000, seed: 7, market: "neutral", timeScale: 1 },
  });
  const port = await simulator.listen({ host: "127.0.0.1", port: 0 });
  const recorder = await FeedRecorder.start({
    ...{ host: "127.0.0.1", port, protocol: "ticks" },
    directory: join(folder, "ticks"),
  });
  while (recorder.figures.bytes < 40_000) await sleep(10);
  await recorder.stop();
  await simulator.close();
  const player = new Run("play", "ticks", "--speed", "4");
  const [, at] = await player.says(/on 127\.0\.0\.1:(\d+)$/m);
  const client = new TickClient({ host: "127.0.0.1", port: Number(at) });
  await player.says(/sent everything/);
  await client.stop();
  const { counters } = client;
  expect(counters.trades + counters.quotes).toBeGreaterThan(900);
  expect([
    counters.gapIncidents,
    counters.checksumIncidents,
    counters.typeIncidents,
    counters.skippedBytes,
  ]).toEqual([0, 0, 0, 0]);
});

test("an exchange refuses a recording's directory, a recorder an exchange's", async () => {
  const ours = join(folder, "ours");
  mkdirSync(join(ours, "recording"), { recursive: true });
  const start = await (async () => {
    let text = "";
    const spy = vi.spyOn(process.stderr, "write").mockImplementation((more) => {
      text += more;
      return true;
    });
    const status = await run(["start", "--data-dir", ours, "--order-port", "0", "--http-port", "0"]);
    spy.mockRestore();
    return { status, text };
  })();
  expect(start.status).toBe(1);
  expect(start.text).toContain(`${ours} is not a seriatim data directory: it holds recording`);
  const exchange = join(folder, "exchange");
  mkdirSync(join(exchange, "journal"), { recursive: true });
  const refusal = `seriatim: ${exchange} is an exchange's data directory, it holds journal: a recording has one of its own\n`;
  for (const args of [
    ["record", "127.0.0.1:1", "--to", exchange],
    ["play", exchange],
    ["inspect", exchange],
  ])
    expect(await said(...args)).toEqual({ status: 1, text: refusal });
});

test.each([
  [["record", "127.0.0.1:1"], "required option '--to <dir>' not specified"],
  [["record", "127.0.0.1:1", "--to", "x", "--channels", "top"], "--channels is for --protocol channel"],
  [
    ["record", "127.0.0.1:1", "--to", "x", "--protocol", "channel", "--channels", "top,top"],
    '--channels: "top,top" is not some of top,levels,orders, each once',
  ],
  [
    ["record", "127.0.0.1:1", "--to", "x", "--duration", "0"],
    '--duration: "0" is not a whole number from 1 to 1000000',
  ],
  [["record", "127.0.0.1:1", "--to", "x", "--tls-ca", "y"], "--tls-ca: ticks/1 has no TLS"],
  [["play", "x", "--speed", "0"], '--speed: "0" is not max, nor a number above 0 and up to 1000000'],
  [["play", "x", "--speed", "fast"], '--speed: "fast" is not max, nor a number above 0 and up to 1000000'],
])("seriatim feed %j is wrong usage in one line", async (args, line) => {
  expect(await said(...args)).toEqual({ status: 2, text: `seriatim: ${line}\n` });
});

// How commands end when the world around them does: full disks, readers that leave, signals, launchers that are
// killed. Real processes throughout; waits end by an event, or by the test's own timeout.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import { MessageType } from "../../src/protocol/index.ts";
import { type Script, say, startScriptedServer } from "../client/scripted-server.ts";
import { LAUNCHER } from "../support/launcher.ts";
import { olderNode } from "./older-node.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "seriatim-endings-"));
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

class Run {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<number | string>;

  constructor(command: string, args: readonly string[], stdout: "pipe" | number = "pipe") {
    this.child = spawn(command, args, { cwd: ROOT, stdio: ["pipe", stdout, "pipe"] });
    undo.push(() => this.child.kill("SIGKILL"));
    this.child.stdout?.on("data", (text) => {
      this.stdout += text;
    });
    this.child.stderr?.on("data", (text) => {
      this.stderr += text;
    });
    this.ended = once(this.child, "close").then(([code, signal]) => code ?? signal);
  }

  /** Waits until `seen` finds something; throws when the process ends before. */
  async until<T>(seen: (run: Run) => T | null): Promise<T> {
    for (;;) {
      const found = seen(this);
      if (found !== null) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

const seriatim = (...args: string[]) => new Run(process.execPath, [LAUNCHER, ...args]);
const START = ["start", "--order-port", "0", "--http-port", "0", "--segment-bytes", "2097152"];
const START_SMALL = [...START, "--orders-max", "1000", "--data-dir"];
const flow = join(folder, "flow.txt");
const cancels = Array.from({ length: 3_000 }, (_, i) => `cmd cancel 0 ${i}\n`).join("");
writeFileSync(
  flow,
  `version 1\nmeta seed 1 symbols 1 orders 9 max_qty 20 max_notional 1000\ncmd reg A\n${cancels}`,
);

/** An exchange that answers the cancels with ids below `end`. */
function answering(end: number): Script {
  return ({ type, id }) => {
    if (type === MessageType.Hello) return [say.helloAck(id, 1)];
    if (type === MessageType.Instruments) return [say.instrument(0, "A")];
    return id < end ? [say.ack(id, id + 1)] : [];
  };
}

async function sendTo(script: Script, ...options: string[]): Promise<Run> {
  const server = await startScriptedServer(script);
  undo.push(() => server.close());
  return seriatim("send", "--port", String(server.port), ...options, flow);
}

/** Takes nothing, as a full disk. */
const full = openSync("/dev/full", "w");
afterAll(() => closeSync(full));
const FULL = "seriatim: standard output can't be written: no space left on device\n";

test.each([
  [["--help"]],
  [["lab", "generate"]],
  [["replay", flow]],
  [["replay", "--check", join(ROOT, "examples/session.txt")]],
])("%j on a full disk says so and ends with 1", (args) => {
  const { status, stderr } = spawnSync(process.execPath, [LAUNCHER, ...args], {
    ...{ encoding: "utf8", stdio: ["ignore", full, "pipe"] },
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: FULL });
});

test("an exchange whose ready line can't be written warns, and runs on", async () => {
  const run = new Run(process.execPath, [LAUNCHER, ...START_SMALL, join(folder, "full")], full);
  await run.until(({ stderr }) => /the ready line was not printed: .* no space left/.exec(stderr));
  run.child.kill("SIGHUP");
  expect([await run.ended, run.stderr.match(/"signal":"\w+"/)?.[0]]).toEqual([0, '"signal":"SIGHUP"']);
});

test("an exchange whose ready line nobody reads warns, and runs on", async () => {
  const run = seriatim(...START_SMALL, join(folder, "unread"));
  run.child.stdout?.destroy();
  await run.until(({ stderr }) => /nobody reads standard output/.exec(stderr));
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);
});

test("send ended by Ctrl-C counts what is answered, unknown and unsent, once", async () => {
  const run = await sendTo(answering(3), "--window", "10");
  await run.until(({ stdout }) => /cancel 3 0 2\n/.exec(stdout));
  run.child.kill("SIGINT");
  run.child.kill("SIGINT");
  expect(await run.ended).toBe(1);
  expect(run.stderr).toBe("seriatim: ended by SIGINT; 3 commands answered, 10 unknown, 2987 not sent\n");
});

test("send whose answers nobody reads stops sending and counts", async () => {
  const run = await sendTo(answering(3_000), "--window", "2");
  run.child.stdout?.once("data", () => run.child.stdout?.destroy());
  expect(await run.ended).toBe(1);
  const counts =
    /^seriatim: nobody reads the answers any more; (\d+) commands answered, (\d) unknown, (\d+) not/;
  const [, answered, unknown, unsent] = (counts.exec(run.stderr) ?? []).map(Number);
  expect(answered + unknown + unsent, run.stderr).toBe(3_000);
  expect(unsent).toBeGreaterThan(0);
});

test("send to a full disk stops sending and counts", async () => {
  const server = await startScriptedServer(answering(3_000));
  undo.push(() => server.close());
  const args = ["send", "--window", "1", "--port", String(server.port), flow];
  const run = new Run(process.execPath, [LAUNCHER, ...args], full);
  expect(await run.ended).toBe(1);
  expect(run.stderr).toMatch(
    /^seriatim: standard output can't .* device; 1 commands answered, .* not sent\n$/,
  );
});

/** Waits until nothing listens at the exchange of `ready`, and its data directory is left in order. */
async function orderlyEnd(http: string, data: string): Promise<void> {
  for (;;) {
    const alive = await fetch(`${http}/healthz`).then(
      () => true,
      () => false,
    );
    if (!alive && readdirSync(data).every((name) => name === "journal" || name === "tape")) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const readyAt = ({ stdout }: Run) => /ready: .* (http:\S+),/.exec(stdout);

test.skipIf(olderNode() === undefined)("an exchange whose launcher is killed ends in order", async () => {
  const data = join(folder, "orphan");
  const run = new Run(olderNode() ?? "", [`${ROOT}bin/seriatim`, ...START_SMALL, data]);
  const [, http] = await run.until(readyAt);
  run.child.kill("SIGKILL");
  await orderlyEnd(http, data);
  await run.ended;
  expect(run.stderr).toContain('"signal":"SIGTERM"');
});

test("a signal to npm start reaches the exchange", async () => {
  const data = join(folder, "npm");
  // The ports of `npm start` may be those of somebody who tries it beside the tests.
  const ports = ["--md-port", "0", "--feed-port", "0", "--tape-port", "0"];
  const run = new Run("npm", ["start", "--", ...ports, ...START_SMALL.slice(1), data]);
  const [, http] = await run.until(readyAt);
  run.child.kill("SIGTERM");
  await orderlyEnd(http, data);
  expect(run.stderr).toContain('"signal":"SIGTERM"');
});

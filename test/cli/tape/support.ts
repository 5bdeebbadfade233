// Commands of the tape as processes, and in this one where no process is needed.

import { type ChildProcess, spawn } from "node:child_process";
import { vi } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { stdout } from "../../../src/cli/stdout.ts";
import { LAUNCHER } from "../../support/launcher.ts";
import { forgetStopSignals } from "../../support/stop-signals.ts";

const children = new Set<ChildProcess>();

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export class Process {
  out = "";
  err = "";
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [LAUNCHER, ...args], { env: { ...process.env, ...env } });
    children.add(this.child);
    this.child.stdout?.on("data", (text: Buffer) => {
      this.out += text.toString();
    });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.err += text.toString();
    });
    // One that has ended reads no more.
    this.child.stdin?.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.child.once("close", (status) => {
        children.delete(this.child);
        resolve({ status, out: this.out, err: this.err });
      });
    });
  }

  /** What the pattern finds in its output, once it is there. */
  async says(pattern: RegExp, where: "out" | "err" = "out"): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this[where]);
      if (found !== null) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended with ${this.child.exitCode}: ${this.err}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  end(input: string | Uint8Array): Promise<Ended> {
    this.child.stdin?.end(input);
    return this.ended;
  }
}

/** `seriatim tape serve` on a free port. */
export async function serveTape(
  directory: string,
  ...more: string[]
): Promise<{ process: Process; port: string }> {
  const small = ["--segment-bytes", "8388608", "--staging", "4", "--delivery", "4"];
  const args = [
    "tape",
    "serve",
    "--port",
    "0",
    "--data-dir",
    directory,
    "--log-level",
    "warn",
    ...small,
    ...more,
  ];
  const served = new Process(args);
  const [, port] = await served.says(/^seriatim tape is ready: on 127\.0\.0\.1:(\d+)/);
  return { process: served, port };
}

export function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** A command in this process. */
export async function seriatim(...args: string[]): Promise<Ended> {
  const written: Uint8Array[] = [];
  const texts = vi.spyOn(stdout, "write").mockImplementation((text) => written.push(Buffer.from(text)) > 0);
  const bytes = vi.spyOn(stdout, "writeBytes").mockImplementation((piece) => written.push(piece) > 0);
  let err = "";
  const errors = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += String(text);
    return true;
  });
  const status = await run(args);
  forgetStopSignals();
  for (const spy of [texts, bytes, errors]) spy.mockRestore();
  return { status, out: Buffer.concat(written).toString("latin1"), err };
}

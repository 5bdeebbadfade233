// A node as `seriatim start` runs it, in a process of its own, and what can be seen of it from outside.

import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { SeriatimError } from "../../src/base/index.ts";
import { launcherPath } from "../launcher.ts";

/**
 * Has V8 collect the whole heap whenever it collects. Left to itself it lets garbage grow for many minutes, which looks like
 * a leak and would hide one.
 */
const COLLECT_ALWAYS = "--gc-global";
const READY_MS = 30_000;
/** pino's level of an error. */
const LEVEL_ERROR = 50;

export class NodeProcess {
  errors = 0;
  http = "";
  readonly #process: ChildProcess;

  constructor(dataDir: string, flags: readonly string[]) {
    const launcher = launcherPath();
    const args = ["start", "--order-port", "0", "--http-port", "0", "--data-dir", dataDir, ...flags];
    this.#process = spawn(process.execPath, [COLLECT_ALWAYS, launcher, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = createInterface({ input: this.#process.stderr as NodeJS.ReadableStream });
    log.on("line", (line) => {
      if (levelOf(line) >= LEVEL_ERROR) this.errors++;
    });
  }

  /** Open files and sockets of the process. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.#process.pid}/fd`).length;
  }

  /** Resolves when the ready line has been read. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new SeriatimError("BENCH_NOT_READY", "the node is not ready")),
        READY_MS,
      );
      const output = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
      output.on("line", (line) => {
        const http = /http:\/\/\S+:\d+/.exec(line);
        if (http === null) return;
        this.http = http[0];
        clearTimeout(late);
        resolve();
      });
    });
  }

  /** The text of /metrics. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.http}/metrics`)).text();
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#process.exitCode !== null) return resolve();
      this.#process.once("exit", () => resolve());
      this.#process.kill("SIGTERM");
    });
  }
}

/** A figure of /metrics, summed over its labels. */
export function figureOf(metrics: string, name: string): number {
  const values = [...metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

function levelOf(line: string): number {
  try {
    return Number((JSON.parse(line) as { level?: number }).level ?? 0);
  } catch {
    // Not a line of the log: whatever it is, it does not belong there.
    return LEVEL_ERROR;
  }
}

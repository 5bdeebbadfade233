// A process of the cluster: what it says is printed line by line behind its name, and its end is told. It has a process group
// of its own, so that Ctrl-C reaches the cluster alone, which ends its members in order.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readableLine } from "../../src/node/index.ts";

/** In a test run the bundle's (tools/bundle.ts). */
const LAUNCHER = process.env.TEST_LAUNCHER ?? fileURLToPath(new URL("../../bin/seriatim", import.meta.url));
/** An orderly stop of a node takes less; then it is killed. */
const STOP_MS = 25_000;

/** Prints what a member says. */
export type Say = (name: string, line: string) => void;

export class Member {
  readonly name: string;
  /** Resolves with how it ended: its exit status or the signal's name. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  #isThere = false;

  constructor(name: string, args: readonly string[], say: Say) {
    this.name = name;
    const child = spawn(process.execPath, [LAUNCHER, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#process = child;
    const output = createInterface({ input: child.stdout });
    output.once("line", () => {
      this.#isThere = true;
    });
    output.on("line", (line) => say(name, line));
    createInterface({ input: child.stderr }).on("line", (line) => say(name, readable(line)));
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve(signal ?? `exit status ${code}`));
      child.once("error", (error) => resolve(error.message));
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** It has printed a line: a node does when it listens on the ports it was given, so that who answers there is this one. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** Orderly; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const late = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS);
    await this.ended;
    clearTimeout(late);
  }
}

/** A line of a node's log is JSON; what else it says is said as it is. */
function readable(line: string): string {
  return line.startsWith("{") ? readableLine(line).trimEnd() : line;
}

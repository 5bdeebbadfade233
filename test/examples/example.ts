// The programs of examples/, run as they stand: processes of their own, as `npm run example` starts them.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const running: ChildProcess[] = [];

/** Ends those that still run. */
export function killExamples(): void {
  for (const child of running.splice(0)) child.kill("SIGKILL");
}

export class Example {
  readonly child: ChildProcess;
  output = "";
  errors = "";
  readonly #closed: Promise<unknown>;

  /** `file`: of examples/, or an absolute path. */
  constructor(file: string, ...args: string[]) {
    const program = ["--import", "./tools/from-sources.ts", resolve(ROOT, "examples", file), ...args];
    this.child = spawn(process.execPath, program, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    running.push(this.child);
    this.child.stdout?.on("data", (text: Buffer) => {
      this.output += text;
    });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.errors += text;
    });
    this.#closed = once(this.child, "close");
  }

  /** Waits for this line. */
  async prints(line: string): Promise<void> {
    while (!`\n${this.output}`.includes(`\n${line}\n`)) {
      if (this.child.exitCode !== null)
        throw new Error(`it ended without "${line}":\n${this.output}${this.errors}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async ended(): Promise<{ status: number | null; output: string; errors: string }> {
    await this.#closed;
    return { status: this.child.exitCode, output: this.output, errors: this.errors };
  }
}

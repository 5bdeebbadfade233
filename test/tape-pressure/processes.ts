// The processes of a run: a broker as an operator runs it, and publishers. What a run that fails has left running `endProcesses` ends.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { entryBeside } from "../../src/platform/index.ts";
import { LAUNCHER } from "../support/launcher.ts";
import type { PublishersBound, PublishersPlan, PublishersWord } from "./publishers-worker.ts";

const HEAP = fileURLToPath(entryBeside(import.meta.url, "heap-worker"));
const PUBLISHERS = fileURLToPath(entryBeside(import.meta.url, "publishers-worker"));

const started = new Set<ChildProcess>();

export function endProcesses(): void {
  for (const child of started) child.kill("SIGKILL");
}

class RunningProcess<Word> {
  /** What it said last; undefined before that, and of one that is not heard. */
  word: Word | undefined;
  stderr = "";
  protected readonly child: ChildProcess;
  /** The exit status, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;

  /** `isHeard`: it is told that somebody listens. */
  constructor(args: readonly string[], isHeard: boolean) {
    this.child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe", ...(isHeard ? (["ipc"] as const) : [])],
    });
    started.add(this.child);
    this.child.stderr?.on("data", (text: Buffer) => {
      this.stderr += text.toString();
    });
    this.child.on("message", (word) => {
      this.word = word as Word;
    });
    this.ended = once(this.child, "close").then(([code, signal]) => {
      started.delete(this.child);
      return code ?? signal;
    });
  }

  end(signal: "SIGKILL" | "SIGTERM"): Promise<number | string> {
    this.child.kill(signal);
    return this.ended;
  }
}

export interface BrokerPlan {
  readonly directory: string;
  readonly port: number;
  readonly staging: number;
  readonly segmentBytes: number;
  /** Of a topic; 0: everything is kept. */
  readonly retainBytes: number;
}

export class BrokerProcess extends RunningProcess<number> {
  constructor({ directory, port, staging, segmentBytes, retainBytes }: BrokerPlan, isHeard = false) {
    const settings = {
      ...{ "data-dir": directory, port, staging, "segment-bytes": segmentBytes },
      ...{ "retain-bytes": retainBytes, "log-level": "warn" },
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    super([...(isHeard ? ["--import", HEAP] : []), LAUNCHER, "tape", "serve", ...flags], isHeard);
  }

  /** Resolves when it listens; rejects with what it said when it ends before. */
  async ready(): Promise<void> {
    const over = this.ended.then((how) => {
      throw new Error(`the broker ended with ${how}: ${this.stderr}`);
    });
    over.catch(() => {});
    await Promise.race([once(this.child.stdout as NodeJS.ReadableStream, "data"), over]);
  }

  /** The heap of its main thread. */
  get heapBytes(): number {
    return this.word ?? 0;
  }

  /** What of it is in memory now, shared buffers and all. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "latin1");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1_024;
  }
}

export class PublishersProcess extends RunningProcess<PublishersWord> {
  constructor(plan: PublishersPlan, isHeard = false) {
    super([PUBLISHERS, JSON.stringify(plan)], isHeard);
  }

  /** How many bytes it may make in all. */
  bound(bytesMax: number): void {
    const bound: PublishersBound = { bytesMax };
    if (this.child.connected) this.child.send(bound);
  }
}

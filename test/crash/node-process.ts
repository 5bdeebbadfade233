// A node as a process of its own, as an operator runs it: started by its launcher, ended by a signal.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { LAUNCHER } from "../support/launcher.ts";

/** A module that makes this process's disk fail while a file is there; see disk-faults-worker.ts. */
const FAULTS = fileURLToPath(new URL("./disk-faults-worker.ts", import.meta.url));

export interface ProcessOptions {
  /** Loads the fault module: what its variables say goes wrong. */
  readonly faults?: Readonly<Record<string, string>>;
  /** A free one when left out. */
  readonly httpPort?: number;
  /** A free one when left out. */
  readonly orderPort?: number;
  /** A program and its arguments that runs the node in its own place: it has the node's process number and exit status. */
  readonly under?: readonly [string, ...string[]];
}

const started: ChildProcess[] = [];

/** Ends what a test that failed has left running. */
export function killNodes(): void {
  for (const child of started.splice(0)) child.kill("SIGKILL");
}

export class NodeProcess {
  readonly #process: ChildProcess;
  readonly #ready: Promise<void>;
  /** All it said on stderr. */
  stderr = "";
  /** 0 of a replica. */
  orderPort = 0;
  httpPort = 0;
  /** 0 without administrators. */
  adminPort = 0;
  /** 0 without a tape. */
  tapePort = 0;

  private constructor(args: readonly string[], options: ProcessOptions) {
    const { faults, httpPort = 0, orderPort = 0, under = [] } = options;
    const [program, ...before] = [...under, process.execPath];
    this.#process = spawn(
      program,
      [
        ...before,
        ...(faults === undefined ? [] : ["--import", FAULTS]),
        ...[LAUNCHER, "start", "--order-port", String(orderPort), "--http-port", String(httpPort), ...args],
      ],
      { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...faults } },
    );
    started.push(this.#process);
    this.#process.stderr?.on("data", (text: Buffer) => {
      this.stderr += text.toString();
    });
    this.#ready = this.#becomeReady();
    this.#ready.catch(() => {});
  }

  /** Starts a node and waits for nothing: it may be ended at any moment of its start. */
  static launch(args: readonly string[], options: ProcessOptions = {}): NodeProcess {
    return new NodeProcess(args, options);
  }

  /** Starts a node on free ports and waits for its ready line; throws with its stderr when it ends before. */
  static async start(args: readonly string[], options: ProcessOptions = {}): Promise<NodeProcess> {
    const node = new NodeProcess(args, options);
    await node.ready();
    return node;
  }

  /** Resolves with the ready line of a node that was launched; rejects with its stderr when it ends before. */
  ready(): Promise<void> {
    return this.#ready;
  }

  async #becomeReady(): Promise<void> {
    const line = await this.#readyLine();
    const ports = /:(\d+), http:\/\/[^:]+:(\d+)/.exec(line);
    if (ports === null && !line.startsWith("seriatim is a replica"))
      throw new Error(`not a ready line: ${line}`);
    this.orderPort = Number(ports?.[1] ?? 0);
    this.httpPort = Number(ports?.[2] ?? 0);
    this.tapePort = Number(/tape on 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
    this.adminPort = Number(/administrators on 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
  }

  async #readyLine(): Promise<string> {
    let text = "";
    this.#process.stdout?.on("data", (part: Buffer) => {
      text += part.toString();
    });
    const ended = once(this.#process, "close").then(([code]) => {
      throw new Error(`the node ended with ${code}: ${this.stderr}`);
    });
    ended.catch(() => {});
    while (!text.includes("\n")) {
      await Promise.race([once(this.#process.stdout as NodeJS.ReadableStream, "data"), ended]);
    }
    return text;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Sends a signal and goes on. */
  signal(signal: "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT"): void {
    this.#process.kill(signal);
  }

  /** Waits for its end and all it said; returns the exit status, or the signal's name. */
  async ended(): Promise<number | string> {
    const [code, by] = (await once(this.#process, "close")) as [number | null, string | null];
    return code ?? by ?? "gone";
  }

  /** Sends a signal and waits for the end; returns the exit status, or the signal's name. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | string> {
    const ended = this.ended();
    this.#process.kill(signal);
    return ended;
  }
}

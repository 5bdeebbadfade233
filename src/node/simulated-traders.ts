// A node with simulated traders: their thread is started when the node listens and ended, quotes cancelled, before the node
// ends. Whatever happens to them is logged and never stops the node.

import { Worker } from "node:worker_threads";
import { entryBeside } from "../platform/index.ts";
import { within } from "../runtime/index.ts";
import { reachableHost } from "./listening.ts";
import type { Log } from "./log.ts";
import type { RunningNode } from "./node.ts";
import type { Configuration } from "./settings.ts";
import type { TradersWorkerData, TradersWorkerMessage } from "./traders-worker.ts";

/** For connecting, if they just do, and for cancelling the quotes; then the thread is ended, and they rest. */
const STOP_MS = 4_000;

/** `node`, and traders that trade on it until it stops. */
export function withTraders(node: RunningNode, { host, simulate }: Configuration, log: Log): RunningNode {
  const { orderPort, httpPort, adminPort, replicationPort, accountsMax, recovered, failed } = node;
  const traders = new TradersThread(
    { host: reachableHost(host), port: orderPort, rate: simulate, accountsMax },
    log,
  );
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await within(Promise.race([traders.stop(), failed]), STOP_MS);
    await traders.end();
    await node.stop();
  };
  return {
    ...{ orderPort, httpPort, adminPort, replicationPort, accountsMax, recovered, failed },
    status: () => node.status(),
    requestSnapshot: () => node.requestSnapshot(),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

class TradersThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #log: Log;
  #isEnding = false;

  constructor(workerData: TradersWorkerData, log: Log) {
    this.#log = log;
    this.#worker = new Worker(entryBeside(import.meta.url, "traders-worker"), {
      name: "traders",
      workerData,
    });
    this.#worker.on("message", (message: TradersWorkerMessage) => this.#hear(message));
    this.#worker.on("error", (error) => log.warn(`the simulated traders' thread failed: ${String(error)}`));
    this.#exited = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
  }

  /** Resolves when their quotes are cancelled and the thread has ended. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#worker.postMessage("stop");
    await this.#exited;
  }

  /** Ends the thread as it is. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }

  #hear(message: TradersWorkerMessage): void {
    switch (message.kind) {
      case "trading": {
        const { traders, symbols } = message;
        return this.#log.info({ traders, symbols }, "simulated traders trade");
      }
      case "lost":
        if (!this.#isEnding) this.#log.warn(`simulated traders: ${message.why}; trying again`);
        return;
      case "back":
        return this.#log.info("simulated traders trade again");
      case "failed":
        if (!this.#isEnding) this.#log.warn(`there are no simulated traders: ${message.why}`);
        return;
    }
  }
}

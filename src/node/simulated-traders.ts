// Simulated traders of a node: their thread is started when the node takes orders and ended, quotes cancelled, before the
// node ends. Whatever happens to them is logged and never stops the node.

import { Worker } from "node:worker_threads";
import { entryBeside, within } from "../platform/index.ts";
import { NODE_KEY_NAME } from "../protocol/index.ts";

import type { ExchangeNode } from "./exchange-node.ts";
import type { Log } from "./log.ts";
import { isOpen } from "./order-access.ts";
import type { Configuration } from "./settings.ts";
import type { TradersWorkerData, TradersWorkerMessage } from "./traders-worker.ts";

/** For connecting, if they just do, and for cancelling the quotes; then the thread is ended, and they rest. */
export const TRADERS_STOP_MS = 1_000;

/** Starts traders on the exchange in this process; where nobody trades without a logon they have the node's own key. */
export function startSimulatedTraders(
  { ownOrders, accountsMax, ownKey }: Pick<ExchangeNode, "ownOrders" | "accountsMax" | "ownKey">,
  configuration: Configuration,
  log: Log,
): SimulatedTraders {
  const data = { ...ownOrders, rate: configuration.simulate, accountsMax };
  const key = { name: NODE_KEY_NAME, private: ownKey.private };
  return new SimulatedTraders(isOpen(configuration) ? data : { ...data, key }, log);
}

export class SimulatedTraders {
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

  /** Their quotes are cancelled, if that is possible in time and the exchange has not `failed`, and the thread ends. */
  async stop(failed: Promise<unknown>): Promise<void> {
    this.#isEnding = true;
    this.#worker.postMessage("stop");
    await within(Promise.race([this.#exited, failed]), TRADERS_STOP_MS);
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

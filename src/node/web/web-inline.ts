// The web on the node's own thread (`--threads single`).

import type { SeriatimError } from "../../base/index.ts";
import { FirstFailure } from "../first-failure.ts";
import type { Log } from "../log.ts";
import type { NodeStatus } from "../status.ts";
import type { Handover } from "./command-feed.ts";
import { WebServer } from "./web-server.ts";
import type { WebOptions, WebStage } from "./web-stage.ts";

export class InlineWeb implements WebStage {
  readonly #options: WebOptions;
  readonly #status: () => NodeStatus;
  readonly #log: Log;
  readonly #listening = Promise.withResolvers<number>();
  readonly #failure = new FirstFailure();
  #server: WebServer | undefined;

  constructor(options: WebOptions, status: () => NodeStatus, log: Log) {
    this.#options = options;
    this.#status = status;
    this.#log = log;
  }

  get listening(): Promise<number> {
    return this.#listening.promise;
  }

  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  follow(handover: Handover): void {
    if (this.#server !== undefined) return this.#server.follow(handover);
    this.#server = new WebServer(handover, this.#options, {
      status: async () => this.#status(),
      log: this.#log,
      onFailure: (error) => this.#failure.set(error),
    });
    this.#server.listen().then(this.#listening.resolve, this.#listening.reject);
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }
}

// The web on the node's own thread (`--threads single`).

import type { SeriatimError } from "../../base/index.ts";
import { FirstFailure } from "../../platform/index.ts";

import type { Log } from "../log.ts";
import type { Handover } from "./command-feed.ts";
import { WebServer } from "./web-server.ts";
import type { WebOptions, WebPeer, WebPorts, WebStage } from "./web-stage.ts";

export class InlineWeb implements WebStage {
  readonly #failure = new FirstFailure();
  readonly #server: WebServer;

  constructor(options: WebOptions, log: Log) {
    this.#server = new WebServer(options, log, (error) => this.#failure.set(error));
  }

  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  follow(handover: Handover): void {
    this.#server.follow(handover);
  }

  listen({ status, ...peer }: WebPeer): Promise<WebPorts> {
    return this.#server.listen({ ...peer, status: async () => status() });
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }
}

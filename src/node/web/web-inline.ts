// The web on the node's own thread (`--threads single`).

import { assert, type SeriatimError } from "../../base/index.ts";
import { FirstFailure } from "../../runtime/index.ts";
import type { Log } from "../log.ts";
import type { Handover } from "./command-feed.ts";
import { WebServer } from "./web-server.ts";
import type { WebOptions, WebPeer, WebStage } from "./web-stage.ts";

export class InlineWeb implements WebStage {
  readonly #options: WebOptions;
  readonly #log: Log;
  readonly #failure = new FirstFailure();
  #server: WebServer | undefined;

  constructor(options: WebOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  follow(handover: Handover): void {
    if (this.#server !== undefined) return this.#server.follow(handover);
    this.#server = new WebServer(handover, this.#options, this.#log, (error) => this.#failure.set(error));
  }

  async listen({ orderPort, status }: WebPeer): Promise<number> {
    assert(this.#server !== undefined, "the web follows before it listens");
    return this.#server.listen(orderPort, async () => status());
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }
}

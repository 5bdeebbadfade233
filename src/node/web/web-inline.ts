// The web on the node's own thread (`--threads single`). A node whose web has a thread of its own does not load it here: a good part of
// all modules, and of the time of a start.

import type { SeriatimError } from "../../base/index.ts";
import { FirstFailure } from "../../platform/index.ts";
import type { Log } from "../log.ts";
import type { Handover } from "./copy/command-feed.ts";
import type { WebServer } from "./web-server.ts";
import type { WebOptions, WebPeer, WebPorts, WebStage } from "./web-stage.ts";

export class InlineWeb implements WebStage {
  readonly #failure = new FirstFailure();
  readonly #server: Promise<WebServer>;

  constructor(options: WebOptions, log: Log) {
    this.#server = import("./web-server.ts").then(
      ({ WebServer }) => new WebServer(options, log, (error) => this.#failure.set(error)),
    );
  }

  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  follow(handover: Handover): void {
    void this.#server.then((server) => server.follow(handover));
  }

  async listen({ status, ...peer }: WebPeer): Promise<WebPorts> {
    const statusOfNow = async () => status();
    return (await this.#server).listen({ ...peer, status: statusOfNow, statusOfNow });
  }

  async stop(): Promise<void> {
    await (await this.#server).close();
  }
}

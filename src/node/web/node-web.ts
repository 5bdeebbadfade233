// The web as the node holds it: the stage, the feed of commands to it, and what happens when either can't go on. The web
// is shown what happens and decides nothing, so its end is an error in the log and a degraded node, not a halted one.

import type { Application } from "../../base/index.ts";
import type { CommandPath } from "../../runtime/index.ts";
import type { Log } from "../log.ts";
import { CommandFeed } from "./command-feed.ts";
import type { WebPeer, WebStage } from "./web-stage.ts";

export interface NodeWebParts {
  readonly application: Application;
  readonly path: CommandPath;
  readonly log: Log;
  /** The feed's own when left out. */
  readonly feedRingRecords?: number | undefined;
}

export class NodeWeb {
  /** What ended it, in one line. */
  failure: string | undefined;
  readonly #path: CommandPath;
  readonly #log: Log;
  readonly #feed: CommandFeed;
  readonly #stage: WebStage;

  constructor(stage: WebStage, { application, path, log, feedRingRecords }: NodeWebParts) {
    this.#path = path;
    this.#log = log;
    this.#stage = stage;
    this.#feed = new CommandFeed({
      application,
      position: () => path.position,
      handOver: (handover) => stage.follow(handover),
      ringRecords: feedRingRecords,
      onOverrun: (at) =>
        log.warn({ position: at }, "the web can't follow: it will begin anew from a snapshot"),
    });
  }

  get resyncs(): number {
    return this.#feed.resyncs;
  }

  /** Resolves with the HTTP port; throws SeriatimError when it can't be listened on. */
  async listen(peer: WebPeer): Promise<number> {
    this.#path.tap(this.#feed);
    this.#feed.begin(this.#path.releasedPosition);
    const port = await this.#stage.listen(peer);
    this.#stage.failed.then((error) => {
      this.failure = error.message;
      this.#feed.close();
      this.#log.error({ position: this.#path.releasedPosition }, `${error.message}; orders are still taken`);
    });
    return port;
  }

  /** Never rejects: what comes behind it, the journal first of all, must be closed whatever the web does. */
  async stop(): Promise<void> {
    try {
      await this.#stage.stop();
    } catch (error) {
      this.#log.error({ err: error }, "the web did not end in order");
    } finally {
      this.#feed.close();
    }
  }
}

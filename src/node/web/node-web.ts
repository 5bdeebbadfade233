// The web as the node holds it: the stage, the feed of commands to it, and what happens when either can't go on. The web
// is shown what happens and decides nothing, so its end is an error in the log and a degraded node, not a halted one.

import type { Position } from "../../base/index.ts";
import type { ExchangeEngine } from "../../engine/index.ts";
import type { CommandTap } from "../../runtime/index.ts";
import type { Log } from "../log.ts";
import { CommandFeed } from "./copy/command-feed.ts";
import type { WebPeer, WebPorts, WebStage } from "./web-stage.ts";

/** What the commands of a log do, and where they can be seen. */
export interface CommandSource {
  readonly application: Pick<ExchangeEngine, "snapshotWithoutReports">;
  readonly path: {
    /** The last one applied. */
    readonly position: Position;
    /** The last one that may be seen. */
    readonly releasedPosition: Position;
    /** Tells `tap` of every command from now on, and nobody else any more. */
    tap(tap: CommandTap): void;
  };
}

export interface NodeWebParts {
  readonly log: Log;
  /** Whether anybody is shown the market; otherwise nothing is followed. */
  readonly showsMarket: boolean;
  /** Whether the stage knows a journal. */
  readonly hasJournal?: boolean;
  /** The feed's own when left out. */
  readonly feedRingRecords?: number | undefined;
}

export class NodeWeb {
  /** What ended it, in one line. */
  failure: string | undefined;
  readonly #parts: NodeWebParts;
  readonly #stage: WebStage;
  #feed: CommandFeed | undefined;
  /** Of the feeds before. */
  #resyncsBefore = 0;

  constructor(stage: WebStage, parts: NodeWebParts) {
    this.#stage = stage;
    this.#parts = parts;
  }

  get resyncs(): number {
    return this.#resyncsBefore + (this.#feed?.resyncs ?? 0);
  }

  /** Shows what `application` makes of the commands, from its state of now on; what was shown before is over. */
  follow({ application, path }: CommandSource): void {
    if (this.failure !== undefined || !this.#parts.showsMarket) return;
    const { log, feedRingRecords, hasJournal = false } = this.#parts;
    const how = { journal: "reads on in the journal", state: "will begin anew from a snapshot" };
    this.#resyncsBefore = this.resyncs;
    this.#feed?.close();
    const feed = new CommandFeed({
      application,
      position: () => path.position,
      handOver: (handover) => this.#stage.follow(handover),
      ringRecords: feedRingRecords,
      hasJournal,
      onOverrun: (at, by) => log.warn({ position: at }, `the web can't follow: it ${how[by]}`),
    });
    this.#feed = feed;
    path.tap(feed);
    feed.begin(path.releasedPosition);
  }

  /** Resolves with the ports; throws SeriatimError when one can't be listened on. */
  async listen(peer: WebPeer): Promise<WebPorts> {
    const ports = await this.#stage.listen(peer);
    this.#stage.failed.then((error) => {
      this.failure = error.message;
      this.#feed?.close();
      this.#parts.log.error(`${error.message}; the node goes on`);
    });
    return ports;
  }

  /** Never rejects: what comes behind it, the journal first of all, must be closed whatever the web does. */
  async stop(): Promise<void> {
    try {
      await this.#stage.stop();
    } catch (error) {
      this.#parts.log.error({ err: error }, "the web did not end in order");
    } finally {
      this.#feed?.close();
    }
  }
}

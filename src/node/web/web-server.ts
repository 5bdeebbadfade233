// What the web consists of, whatever thread it is on: a copy of the exchange that follows the log, the publisher that tells
// what happens in it, and the HTTP server with its WebSockets.

import { SeriatimError } from "../../base/index.ts";
import { Publisher } from "../../feed/index.ts";
import { SystemClock, threadBusyMicros } from "../../platform/index.ts";
import { AccountNames } from "../account-names.ts";
import type { Log } from "../log.ts";
import type { NodeStatus } from "../status.ts";
import type { Handover } from "./command-feed.ts";
import { Follower } from "./follower.ts";
import { type HttpFace, startHttp } from "./http.ts";
import { pageDirectory, readPageFiles } from "./page-files.ts";
import { PublishPace } from "./publish-pace.ts";
import { WebCounters } from "./web-limits.ts";
import type { WebOptions } from "./web-stage.ts";
import { attachWebSockets, type NodeFigures, type WebSockets } from "./websockets.ts";

export class WebServer {
  readonly #options: WebOptions;
  readonly #log: Log;
  readonly #clock = new SystemClock();
  readonly #follower: Follower<PublishPace>;
  readonly #counters = new WebCounters();
  #http: HttpFace | undefined;
  #sockets: WebSockets | undefined;
  #isClosed = false;

  /** `onFailure`: called at most once, when the copy can't go on; health and metrics do, but nobody sees a stale market. */
  constructor(first: Handover, options: WebOptions, log: Log, onFailure: (error: SeriatimError) => void) {
    this.#options = options;
    this.#log = log;
    this.#follower = new Follower(
      first,
      (engine) => new PublishPace(new Publisher(engine), this.#clock, threadBusyMicros),
      (error) => {
        this.#sockets?.close();
        onFailure(copyFailed(error));
      },
    );
  }

  /**
   * Resolves with the HTTP port; throws SeriatimError (`EADDRINUSE`, `EACCES`, ...) when it can't be listened on, or
   * CONFIGURATION_INVALID for a named account that the exchange does not have. `status`: rejects when the node does not
   * answer.
   */
  async listen(orderPort: number, status: () => Promise<NodeStatus>): Promise<number> {
    const { host, httpPort } = this.#options;
    const { engine, listener } = this.#follower;
    const { publisher } = listener;
    const log = this.#log;
    const counters = this.#counters;
    const accounts = new AccountNames(this.#options.accounts, engine.genesis.accountsMax);
    const web = () => ({ feedPosition: this.#follower.position, webSockets: counters });
    const files = readPageFiles(pageDirectory());
    const http = await startHttp({ host, port: httpPort, status, web, files, log });
    this.#http = http;
    this.#sockets = attachWebSockets(http.server, {
      ...{ host, orderPort, accounts, publisher, source: engine, counters, log },
      clock: this.#clock,
      status: async () => figuresOf(await status()),
      sequence: async () => lastEventOf(await status()),
    });
    if (this.#isClosed) await this.close();
    return http.port;
  }

  follow(handover: Handover): void {
    this.#follower.follow(handover);
  }

  /** Shows what is visible by now, and ends every connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#follower.finish();
    this.#follower.listener.finish();
    await this.#sockets?.close();
    await this.#http?.close();
  }
}

/** What channel `status` says of a node's status. */
function figuresOf(now: NodeStatus): NodeFigures {
  const { status, reason, position, durablePosition, load, connections, time_us, role, node, nodes } = now;
  const cluster = node === "" ? {} : { node, nodes };
  return { status, reason, position, durablePosition, ...load, connections, time_us, role, ...cluster };
}

/** What a node that failed did last is never released: nobody shall wait for it. */
function lastEventOf({ hasFailed, eventSequence }: NodeStatus): number {
  return hasFailed ? 0 : eventSequence;
}

function copyFailed(cause: unknown): SeriatimError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SeriatimError("WEB_FAILED", `the web's copy of the exchange can't go on, a bug: ${why}`, {
    cause,
  });
}

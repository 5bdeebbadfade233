// What the web consists of, whatever thread it is on: a copy of the exchange that follows the log, and the HTTP server that
// shows it.

import { SeriatimError } from "../../base/index.ts";
import type { Log } from "../log.ts";
import type { NodeStatus } from "../status.ts";
import type { Handover } from "./command-feed.ts";
import { Follower } from "./follower.ts";
import { type HttpFace, startHttp } from "./http.ts";
import { pageDirectory, readPageFiles } from "./page-files.ts";
import type { WebOptions } from "./web-stage.ts";

export interface WebServerParts {
  /** The node's status; rejects when the node does not answer. */
  readonly status: () => Promise<NodeStatus>;
  readonly log: Log;
  /** Called at most once, when the copy can't go on. */
  readonly onFailure: (error: SeriatimError) => void;
}

export class WebServer {
  readonly #options: WebOptions;
  readonly #parts: WebServerParts;
  readonly #follower: Follower;
  #http: HttpFace | undefined;
  #isClosed = false;

  constructor(first: Handover, options: WebOptions, parts: WebServerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#follower = new Follower(
      first,
      () => ({ onEvents() {}, onReset() {}, flush() {} }),
      (error) => parts.onFailure(copyFailed(error)),
    );
  }

  /** The port; throws SeriatimError (`EADDRINUSE`, `EACCES`, ...) when it can't be listened on. */
  async listen(): Promise<number> {
    const { host, httpPort } = this.#options;
    const { status, log } = this.#parts;
    const web = () => ({ feedPosition: this.#follower.position });
    const files = readPageFiles(pageDirectory());
    const http = await startHttp({ host, port: httpPort, status, web, files, log });
    this.#http = http;
    if (this.#isClosed) await http.close();
    return http.port;
  }

  follow(handover: Handover): void {
    this.#follower.follow(handover);
  }

  /** Shows what is visible by now, and ends every connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#follower.finish();
    await this.#http?.close();
  }
}

function copyFailed(cause: unknown): SeriatimError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SeriatimError("WEB_FAILED", `the web's copy of the exchange can't go on, a bug: ${why}`, {
    cause,
  });
}

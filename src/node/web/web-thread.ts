// The web on a thread of its own: the node's side of web-worker.ts, and its supervisor. However the thread ends, without
// having been told to it has failed; the exchange goes on without it.

import { Worker } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { endThread, entryBeside, FirstFailure, within } from "../../platform/index.ts";

import type { Log } from "../log.ts";
import type { Handover } from "./copy/command-feed.ts";
import type { WebOptions, WebPeer, WebPorts, WebStage } from "./web-stage.ts";
import type { ToWebWorker, WebWorkerMessage } from "./web-worker.ts";

/** For telling every subscriber that the node ends; then the thread is ended. */
const STOP_MS = 1_000;

export class WebThread implements WebStage {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #log: Log;
  readonly #listening = Promise.withResolvers<WebPorts>();
  readonly #failure = new FirstFailure();
  #peer: WebPeer | undefined;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: WebOptions, log: Log) {
    this.#log = log;
    this.#worker = new Worker(entryBeside(import.meta.url, "web-worker"), {
      name: "web",
      workerData: options,
    });
    this.#worker.on("message", (message: WebWorkerMessage) => this.#hear(message));
    this.#worker.on("error", (error) => this.#fail(threadDied(String(error))));
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        if (!this.#isStopping) this.#fail(threadDied(`exit code ${code}`));
        resolve();
      });
    });
    // Whoever listens is told; before that it is nobody's.
    this.#listening.promise.catch(() => {});
  }

  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  follow(handover: Handover): void {
    const { snapshot } = handover;
    this.#say({ kind: "follow", handover }, snapshot === undefined ? [] : [snapshot.buffer]);
  }

  listen(peer: WebPeer): Promise<WebPorts> {
    this.#peer = peer;
    const { status: _, ...told } = peer;
    this.#say({ kind: "listen", peer: told });
    return this.#listening.promise;
  }

  #say(message: ToWebWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #hear(message: WebWorkerMessage): void {
    switch (message.kind) {
      case "listening":
        return this.#listening.resolve(message.ports);
      case "ask":
        if (this.#peer !== undefined) this.#say({ kind: "status", status: this.#peer.status() });
        return;
      case "log": {
        const { level, time: _, msg, ...fields } = JSON.parse(message.line);
        return this.#log[level as "error"](fields, msg);
      }
      case "failed": {
        const { code, message: line, exitCode } = message;
        return this.#fail(new SeriatimError(code, line, { exitCode }));
      }
    }
  }

  #fail(error: SeriatimError): void {
    this.#failure.set(error);
    this.#listening.reject(error);
    // What is left of it is of no use: its ring is not read any more.
    this.#worker.terminate();
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#say({ kind: "stop" });
    if (!(await within(this.#exited, STOP_MS))) await endThread(this.#worker);
  }
}

function threadDied(how: string): SeriatimError {
  return new SeriatimError("WEB_THREAD_DIED", `the web's thread ended: ${how}`);
}

// The web's own thread.
//
//   the node's thread                  this thread
//   snapshot, ring    -> message --->  restores the copy; again: begins anew
//   listen            -> message --->  listens
//                     <- message <---  the ports
//   commands          -> ring ------>  applies them, tells subscribers
//   status            <- message <---  asks for it
//                     -> message --->  the answer
//   log               <- message <---  lines to log
//   stop              -> message --->  ends every connection, and itself

import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { letOthersGoFirst } from "../../platform/index.ts";
import { createLog } from "../log.ts";
import type { NodeStatus } from "../status.ts";
import { AskedStatus } from "./asked-status.ts";
import type { Handover } from "./copy/command-feed.ts";
import { WebServer } from "./web-server.ts";
import type { WebOptions, WebPeer, WebPorts } from "./web-stage.ts";

export type ToWebWorker =
  | { readonly kind: "follow"; readonly handover: Handover }
  | { readonly kind: "listen"; readonly peer: Omit<WebPeer, "status"> }
  | { readonly kind: "status"; readonly status: NodeStatus }
  | { readonly kind: "stop" };

export type WebWorkerMessage =
  | { readonly kind: "listening"; readonly ports: WebPorts }
  | { readonly kind: "ask" }
  | { readonly kind: "log"; readonly line: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly exitCode: 1 | 2 };

// However many watch, those who trade are served first.
letOthersGoFirst();

const options = workerData as WebOptions;
const port = parentPort;

function say(message: WebWorkerMessage): void {
  port?.postMessage(message);
}

const asked = new AskedStatus(() => say({ kind: "ask" }));
const log = createLog({
  level: options.logLevel,
  human: false,
  write: (line) => say({ kind: "log", line }),
});

function fail(error: unknown): void {
  const known = error instanceof SeriatimError;
  const message = known ? error.message : `a bug: ${String(error)}`;
  say({ kind: "failed", code: known ? error.code : "BUG", message, exitCode: known ? error.exitCode : 1 });
}

const server = new WebServer(options, log, fail);

async function listen(peer: Omit<WebPeer, "status">): Promise<void> {
  const status = { status: () => asked.status(), statusOfNow: () => asked.statusOfNow() };
  say({ kind: "listening", ports: await server.listen({ ...peer, ...status }) });
}

port?.on("message", (message: ToWebWorker) => {
  switch (message.kind) {
    case "follow":
      return server.follow(message.handover);
    case "listen":
      listen(message.peer).catch(fail);
      return;
    case "status":
      return asked.answer(message.status);
    case "stop":
      // The port is what keeps the thread alive.
      server.close().then(() => port.close(), fail);
  }
});

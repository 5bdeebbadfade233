// Listening on the port that a setting names, and how a port that can't be listened on is said.

import { createServer, type Server } from "node:net";
import { listenWords, SeriatimError } from "../base/index.ts";

/** Throws SeriatimError (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, ...) naming the setting, the port and the host. */
export function listenOn(server: Server, setting: string, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const message = listenWords({ setting, host, port }, error.code, error.message);
      reject(new SeriatimError(error.code ?? "LISTEN_FAILED", message, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

/** Asked before anything is written: a node that can't serve should not begin a log. Throws as listenOn. */
export async function assertPortFree(setting: string, host: string, port: number): Promise<void> {
  const server = createServer();
  await listenOn(server, setting, host, port);
  await new Promise((resolve) => server.close(resolve));
}

/** Whether only this machine can connect to whoever listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.[0-9.]+$/.test(host);
}

/** An address that connects to whoever listens on `host`: one that means all of a machine's means none to connect to. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

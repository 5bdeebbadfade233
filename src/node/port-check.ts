// Whether a port can be listened on, asked before anything is written: a node that can't serve should not begin a log.

import { createServer } from "node:net";
import { SeriatimError } from "../base/index.ts";

/** Throws SeriatimError (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, ...) naming the setting, the port and the host. */
export async function assertPortFree(setting: string, host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "is in use" : `can't be listened on: ${error.message}`;
      const message = `${setting} ${port} on ${host} ${why}`;
      reject(new SeriatimError(error.code ?? "LISTEN_FAILED", message, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

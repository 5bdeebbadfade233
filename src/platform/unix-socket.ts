// Unix sockets in the file system: listening, asking who listens, and paths that are too long for one.

/// <reference types="node" preserve="true" />

import { existsSync } from "node:fs";
import { connect, type Server } from "node:net";
import { join } from "node:path";
import { SeriatimError } from "../base/index.ts";

/** sun_path holds 108 bytes on Linux and 104 elsewhere, with a closing zero. */
const socket_path_bytes_max = 103;
/** A living process that does not answer by then is stopped or blocked. */
const answer_timeout_ms = 1_000;
/** An answer is one short line; whoever sends more is no process of ours. */
const answer_bytes_max = 64;

/**
 * A path to `name` in `directory` that fits a socket address: the plain one, or one through the open descriptor of the
 * directory where there is /proc. Throws SeriatimError `PATH_TOO_LONG` elsewhere.
 */
export function socketPath(directory: string, name: string, directoryFd: number): string {
  const plain = join(directory, name);
  if (Buffer.byteLength(plain) <= socket_path_bytes_max) return plain;
  const throughDescriptor = `/proc/self/fd/${directoryFd}`;
  if (existsSync(throughDescriptor)) return `${throughDescriptor}/${name}`;
  const limit = socket_path_bytes_max - Buffer.byteLength(name) - 1;
  throw new SeriatimError(
    "PATH_TOO_LONG",
    `the path ${directory} is too long for its lock: at most ${limit} bytes`,
  );
}

export function listenOn(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Closes `server`; one that does not listen (any more) is left alone. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/**
 * What came of connecting: nobody listens; it ended without a word (it was just closing); it is alive but says nothing;
 * or its line.
 */
export type SocketAnswer = "nobody" | "hangs up" | "silent" | { says: string };

/** Connects and reads the one line that the other side says on its own. */
export function askSocket(path: string): Promise<SocketAnswer> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let said = "";
    const finish = (answer: SocketAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.setTimeout(answer_timeout_ms, () => finish("silent"));
    socket.on("data", (text) => {
      said += text;
      const end = said.indexOf("\n");
      if (end >= 0 || said.length >= answer_bytes_max) finish({ says: said.slice(0, end) });
    });
    socket.on("end", () => finish("hangs up"));
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED" || code === "ENOENT") finish("nobody");
      else if (code === "ECONNRESET" || code === "EPIPE") finish("hangs up");
      // A full queue (EAGAIN) or a missing permission: somebody is there.
      else finish("silent");
    });
  });
}

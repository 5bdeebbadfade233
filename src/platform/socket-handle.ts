// The handle under one of Node's sockets, which Node does not document: this is the one place that knows it. Where there is none, only
// speed is lost.

import type { Socket } from "node:net";

export interface SocketHandle {
  /** Its descriptor; below 0 where it has none, or none any more. */
  readonly fd?: number;
  /** A function where a socket's reads can go into its owner's memory. */
  readonly useUserBuffer?: unknown;
}

interface HasHandle {
  _handle?: SocketHandle | null;
}

/** Undefined where there is none, or it is closed. For TLS it is the handle under the encryption. */
export function handleOf(socket: Socket): SocketHandle | undefined {
  return (socket as HasHandle)._handle ?? undefined;
}

/** From now on the owner of the handle is to be used, `socket` no more. */
export function takeHandle(socket: Socket): SocketHandle | undefined {
  const handle = handleOf(socket);
  (socket as HasHandle)._handle = null;
  return handle;
}

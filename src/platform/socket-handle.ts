// What a socket of Node's stands on, which Node does not document: this is the one place that knows it. Where it is not there nothing is
// lost but speed.

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

/** Undefined: there is none, or it is closed. Of TLS: what is under the encryption. */
export function handleOf(socket: Socket): SocketHandle | undefined {
  return (socket as HasHandle)._handle ?? undefined;
}

/** `socket` is not to be used any more: who has its handle is. */
export function takeHandle(socket: Socket): SocketHandle | undefined {
  const handle = handleOf(socket);
  (socket as HasHandle)._handle = null;
  return handle;
}

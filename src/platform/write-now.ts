// Writes to a socket past its stream. Most of what is sent the kernel takes at once, and nobody waits for it: a stream makes an object
// and a tick of each such write all the same, a tenth of all processor time where an answer has a kilobyte (docs/adr/gateway-and-transport.md).

import { writeSync } from "node:fs";
import type { Socket } from "node:net";
import { handleOf } from "./socket-handle.ts";

/**
 * Of `bytes[from, to)`, how many the kernel took: for the rest there is the stream, which also says what went wrong. Not for TLS: what
 * is written goes as it is.
 */
export function writeNow(socket: Socket, bytes: Uint8Array, from: number, to: number): number {
  // Looked up for each write: the number of a closed one is another's soon.
  const descriptor = handleOf(socket)?.fd ?? -1;
  if (descriptor < 0 || socket.writableLength > 0) return 0;
  try {
    return writeSync(descriptor, bytes, from, to - from);
  } catch {
    return 0;
  }
}

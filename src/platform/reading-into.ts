// Sockets that read where their owner says. A socket of Node's reads 64 KiB at a time into memory of its own, new for each read; its
// `onread` option, documented for sockets that connect, reads into the owner's memory, as much at once as that has room for
// and the kernel has. A socket that was accepted can't be given that option, but another one can be put around its handle. Where that is not
// there, or it is TLS, the socket goes on as it is (docs/adr/tape-ingest.md).

import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { handleOf, takeHandle } from "./socket-handle.ts";

export interface ReadingInto {
  /** Where the next read goes: asked for when a read is over, so before it is known when the next one comes. Not empty. */
  space(): Uint8Array;
  /** The first `count` bytes of `space` were read. */
  filled(space: Uint8Array, count: number): void;
}

/**
 * What every such socket that breaks is destroyed with, whatever broke it: Node has the stack of that error written out, a tenth of
 * what a connection costs that is made and broken off (docs/adr/hostile-clients.md). Owners are told that it broke, not why.
 */
const BROKEN = new Error("the connection is broken");

class OwnSocket extends Socket {
  override destroy(error?: Error): this {
    return super.destroy(error === undefined ? undefined : BROKEN);
  }
}

/** Another socket in place of `accepted`, which is not to be used any more; undefined: it can't be, and `accepted` is as it was. */
export function readingInto(accepted: Socket, into: ReadingInto): Socket | undefined {
  if (accepted instanceof TLSSocket) return undefined;
  if (typeof handleOf(accepted)?.useUserBuffer !== "function") return undefined;
  const callback = (count: number, space: Uint8Array): boolean => {
    into.filled(space, count);
    return true;
  };
  const onread = { buffer: () => into.space(), callback };
  const handle = takeHandle(accepted);
  return new OwnSocket({ handle, onread, allowHalfOpen: true } as ConstructorParameters<typeof Socket>[0]);
}

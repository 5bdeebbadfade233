// Peers in the middle of a TLS handshake. When there are too many the oldest goes, so that a silent peer keeps nobody
// out. A peer is known by its addresses, before its TLS and after it. The same addresses may come again before the end of their first
// owner is heard of, and those of a peer that is gone already may be unknown: the earlier owner goes then. Each handshake ends once.

import type { Socket } from "node:net";

interface Handshake<Held> {
  readonly peer: string;
  readonly socket: Socket;
  readonly held: Held;
  isOver: boolean;
}

export class Handshakes<Held> {
  /** The oldest first. */
  readonly #underWay = new Map<string, Handshake<Held>>();
  readonly #max: number;
  readonly #failed: (held: Held) => void;

  /** `failed`: told what a handshake held that ended without TLS. */
  constructor(max: number, failed: (held: Held) => void) {
    this.#max = max;
    this.#failed = failed;
  }

  begin(socket: Socket, held: Held): void {
    const peer = peerOf(socket);
    const [oldest] = this.#underWay.values();
    const outdone = this.#underWay.get(peer) ?? (this.#underWay.size >= this.#max ? oldest : undefined);
    if (outdone !== undefined) this.#fail(outdone);
    const handshake = { peer, socket, held, isOver: false };
    this.#underWay.set(peer, handshake);
    socket.once("close", () => this.#fail(handshake));
  }

  /** The TLS of this peer holds: what its handshake held, or undefined when that is over. */
  secured(socket: Socket): Held | undefined {
    const handshake = this.#underWay.get(peerOf(socket));
    if (handshake === undefined) return undefined;
    this.#over(handshake);
    return handshake.held;
  }

  /** Breaks all of them off. */
  destroy(): void {
    for (const handshake of [...this.#underWay.values()]) this.#fail(handshake);
  }

  #over(handshake: Handshake<Held>): void {
    handshake.isOver = true;
    this.#underWay.delete(handshake.peer);
  }

  #fail(handshake: Handshake<Held>): void {
    if (handshake.isOver) return;
    this.#over(handshake);
    handshake.socket.destroy();
    this.#failed(handshake.held);
  }
}

/** One server may have several addresses: a peer can come from the same port to each. */
function peerOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

// A link between two nodes that a test cuts: a TCP proxy that carries bytes one way and the other, late if it is told to.
// What it delays comes from its seed. A link that is held carries nothing and looks alive, as one whose far end lost its
// power does; what it holds back is bounded by the sockets' own buffers.

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Prng } from "../../src/base/index.ts";

/** As seen from who connects: to the other side, or from it. */
export type Way = "there" | "back";

interface Direction {
  /** Nothing gets through before it resolves. */
  held: PromiseWithResolvers<void> | undefined;
  /** Each piece of bytes is late by a draw from this; 0, 0: not at all. */
  delay_ms: readonly [least: number, most: number];
}

export class CutLink {
  /** Where to connect to. */
  port = 0;
  /** Bytes that came to be carried there, those that are held among them. */
  came = 0;
  readonly #target: number;
  readonly #prng: Prng;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>();
  readonly #ways: Readonly<Record<Way, Direction>> = {
    there: { held: undefined, delay_ms: [0, 0] },
    back: { held: undefined, delay_ms: [0, 0] },
  };
  #isCut = false;

  private constructor(target: number, prng: Prng) {
    this.#target = target;
    this.#prng = prng;
    this.#server = createServer((near) => this.#connected(near));
  }

  /** A link on a free port to the port `target` of this machine. */
  static async to(target: number, prng: Prng): Promise<CutLink> {
    const link = new CutLink(target, prng);
    await new Promise<void>((resolve) => link.#server.listen(0, "127.0.0.1", resolve));
    link.port = (link.#server.address() as { port: number }).port;
    return link;
  }

  /** Connections are reset, those to come too. */
  cut(): void {
    this.#isCut = true;
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** From now on nothing gets through that way, and nobody is told. */
  hold(way: Way): void {
    this.#ways[way].held ??= Promise.withResolvers();
  }

  delay(way: Way, least_ms: number, most_ms: number): void {
    this.#ways[way].delay_ms = [least_ms, most_ms];
  }

  /** As at the beginning; what was held back goes on its way. */
  heal(): void {
    this.#isCut = false;
    for (const direction of Object.values(this.#ways)) {
      direction.held?.resolve();
      direction.held = undefined;
      direction.delay_ms = [0, 0];
    }
  }

  close(): void {
    this.heal();
    this.cut();
    this.#server.close();
  }

  #connected(near: Socket): void {
    if (this.#isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: "127.0.0.1", port: this.#target });
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", end);
    }
    void this.#carry(near, far, this.#ways.there);
    void this.#carry(far, near, this.#ways.back);
  }

  /** One piece after the other, so that they stay in order. */
  async #carry(from: Socket, to: Socket, direction: Direction): Promise<void> {
    try {
      for await (const bytes of from) {
        if (direction === this.#ways.there) this.came += (bytes as Buffer).length;
        const [least, most] = direction.delay_ms;
        if (most > 0) await sleep(this.#prng.between(least, most));
        while (direction.held !== undefined) await direction.held.promise;
        if (!to.write(bytes as Buffer)) await once(to, "drain");
      }
    } catch {
      // The connection is gone; its other half goes with it.
    }
  }
}

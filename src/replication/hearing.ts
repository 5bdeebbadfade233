// What the other nodes have said of themselves, while it can be relied on: the newest word of each, for as long as a
// silent peer counts as there. What is older says nothing about now.

import type { PeerStanding } from "./decisions.ts";
import { SILENCE_US } from "./peers.ts";

export class Hearing {
  /** By name; never more than the cluster has nodes. */
  readonly #heard = new Map<string, { readonly standing: PeerStanding; readonly at_us: number }>();

  hear(standing: PeerStanding, now_us: number): void {
    this.#heard.set(standing.name, { standing, at_us: now_us });
  }

  /** Those heard of late. */
  peers(now_us: number): PeerStanding[] {
    return [...this.#heard.values()]
      .filter(({ at_us }) => now_us - at_us <= SILENCE_US)
      .map(({ standing }) => standing);
  }
}

// Asking other nodes how they stand, over the simulated network: all of them at once, and no longer than a peer may take to
// answer.

import type { TransportHandler } from "../base/index.ts";
import { type AskingNode, AskingSession, type PeerStanding } from "../replication/index.ts";
import { StreamOutput } from "./session-links.ts";
import { REPLICATION_PORT, type Site, TICK_US } from "./site.ts";

/** Calls `done` once, with those that answered and proved who they are. */
export function askPeers(site: Site, node: AskingNode, done: (answers: PeerStanding[]) => void): void {
  const others = site.cluster.names.filter((name) => name !== site.name);
  const answers: PeerStanding[] = [];
  let waiting = others.length;
  for (const other of others) {
    new Question(site, node, other, (answer) => {
      if (answer !== undefined) answers.push(answer);
      if (--waiting === 0) done(answers);
    });
  }
}

class Question implements TransportHandler {
  readonly #site: Site;
  readonly #connection: number;
  readonly #session: AskingSession;
  readonly #done: (answer: PeerStanding | undefined) => void;
  #isOver = false;

  constructor(site: Site, node: AskingNode, to: string, done: (answer: PeerStanding | undefined) => void) {
    this.#site = site;
    this.#done = done;
    this.#connection = site.host.connect(to, REPLICATION_PORT, this);
    this.#session = new AskingSession(node, new StreamOutput(site.host, this.#connection), this.#now);
    this.#tick();
  }

  get #now(): number {
    return this.#site.host.network.queue.now_us;
  }

  #tick(): void {
    this.#session.tick(this.#now);
    this.#look();
    if (!this.#isOver) this.#site.plan(TICK_US, () => this.#tick());
  }

  opened(): void {}

  received(_connection: number, bytes: Uint8Array): void {
    this.#session.received(bytes);
    this.#look();
  }

  drained(): void {}

  ended(): void {
    this.closed();
  }

  closed(): void {
    this.#session.close();
    this.#look();
  }

  #look(): void {
    if (this.#session.ended === undefined || this.#isOver) return;
    this.#isOver = true;
    this.#site.host.destroy(this.#connection);
    this.#done(this.#session.standing);
  }
}

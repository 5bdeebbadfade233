// A replica's connection to a primary. The replica's thread has one thing to do at a time: while its disk takes its time
// nothing is read, and what it says after a sync leaves when that is done.

import type { TransportHandler } from "../base/index.ts";
import { type FollowingNode, FollowingSession, type SessionOutput } from "../replication/index.ts";
import { StreamOutput } from "./session-links.ts";
import { REPLICATION_PORT, type Site } from "./site.ts";

export class FollowingLink implements TransportHandler {
  readonly session: FollowingSession;
  readonly #site: Site;
  readonly #connection: number;
  readonly #onWork: (work: () => void) => void;
  readonly #output: StreamOutput;
  #hasSynced = false;
  #isBusy = false;
  /** Came in, or is to go out, while the disk is at work. */
  #arrived: Uint8Array[] = [];
  #said: Uint8Array[] = [];

  /** `onWork` does what may throw what the disk says. */
  constructor(site: Site, node: FollowingNode, to: string, onWork: (work: () => void) => void) {
    this.#site = site;
    this.#onWork = onWork;
    this.#connection = site.host.connect(to, REPLICATION_PORT, this);
    this.#output = new StreamOutput(site.host, this.#connection);
    const output: SessionOutput = { hasRoom: true, write: (bytes) => this.#write(bytes) };
    this.session = new FollowingSession(node, output, this.#now);
  }

  get #now(): number {
    return this.#site.host.network.queue.now_us;
  }

  opened(): void {}

  received(_connection: number, bytes: Uint8Array): void {
    this.#arrived.push(bytes);
    this.#take();
  }

  drained(): void {}

  ended(): void {
    this.#site.host.close(this.#connection);
  }

  closed(): void {
    this.session.close();
    this.#onWork(() => {});
  }

  tick(): void {
    this.session.tick(this.#now);
    this.#onWork(() => {});
  }

  /** The log has asked the disk to make it safe. */
  synced(): void {
    this.#hasSynced = true;
  }

  end(): void {
    this.#site.host.close(this.#connection);
  }

  #take(): void {
    if (this.#isBusy || this.#arrived.length === 0) return;
    const bytes = new Uint8Array(Buffer.concat(this.#arrived));
    this.#arrived = [];
    this.#onWork(() => this.session.received(bytes, this.#now));
    if (!this.#hasSynced) return;
    this.#isBusy = true;
    this.#site.plan(this.#site.syncTime_us(), () => this.#goOn());
  }

  #goOn(): void {
    this.#isBusy = false;
    this.#hasSynced = false;
    this.session.stored(this.#now);
    for (const bytes of this.#said.splice(0)) this.#output.write(bytes);
    this.#take();
  }

  #write(bytes: Uint8Array): void {
    if (this.#hasSynced) this.#said.push(bytes.slice());
    else this.#output.write(bytes);
  }
}

// A replica's connection to a primary. The replica's thread has one thing to do at a time: while its disk takes its time
// nothing is read, and what it says after a sync leaves when that is done.

import type { TransportHandler } from "../base/index.ts";
import type { FollowingLine, FollowingSide } from "../runtime/index.ts";
import { StreamOutput } from "./session-links.ts";
import { REPLICATION_PORT, type Site } from "./site.ts";

export class FollowingLink implements FollowingLine, TransportHandler {
  readonly #site: Site;
  readonly #side: FollowingSide;
  readonly #connection: number;
  readonly #output: StreamOutput;
  #hasSynced = false;
  #isBusy = false;
  #isEnding = false;
  /** Came in, or is to go out, while the disk is at work. */
  #arrived: Uint8Array[] = [];
  #said: Uint8Array[] = [];

  constructor(site: Site, side: FollowingSide, to: string) {
    this.#site = site;
    this.#side = side;
    this.#connection = site.host.connect(to, REPLICATION_PORT, this);
    this.#output = new StreamOutput(site.host, this.#connection);
  }

  readonly hasRoom = true;

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
    this.#side.closed(this);
  }

  /** The log has asked the disk to make it safe. */
  synced(): void {
    this.#hasSynced = true;
  }

  write(bytes: Uint8Array): void {
    if (this.#hasSynced) this.#said.push(bytes.slice());
    else this.#output.write(bytes);
  }

  end(hasLastWords: boolean): void {
    if (!hasLastWords) return this.#site.host.destroy(this.#connection);
    this.#isEnding = true;
    if (!this.#hasSynced) this.#site.host.close(this.#connection);
  }

  #take(): void {
    if (this.#isBusy || this.#arrived.length === 0) return;
    const bytes = new Uint8Array(Buffer.concat(this.#arrived));
    this.#arrived = [];
    this.#side.received(this, bytes);
    if (!this.#hasSynced) return this.#side.stored(this);
    this.#isBusy = true;
    this.#site.plan(this.#site.syncTime_us(), () => this.#goOn());
  }

  #goOn(): void {
    this.#isBusy = false;
    this.#hasSynced = false;
    this.#side.stored(this);
    for (const bytes of this.#said.splice(0)) this.#output.write(bytes);
    if (this.#isEnding) return this.#site.host.close(this.#connection);
    this.#take();
  }
}

// The sessions between nodes on the simulated network, as the threads of a real node own them on sockets: bytes in, bytes
// out, time by ticks. `onWork` is told after whatever may have changed a session.

import { SeriatimError, type TransportHandler } from "../base/index.ts";
import { type ServingNode, ServingSession, type SessionOutput } from "../replication/index.ts";
import type { BoundCheck } from "./bounds.ts";
import type { SimulatedHost } from "./simulated-network.ts";

/** Small beside the real one's, so that a slow line fills it. */
const WAITING_BYTES_MAX = 16_384;
/** A session's own few words are said with or without room. */
const WORDS_BYTES_MAX = 1_024;
/** As on a real node. */
const CONNECTIONS_MAX = 8;

/** A connection as a session's way out. */
export class StreamOutput implements SessionOutput {
  readonly #host: SimulatedHost;
  readonly #connection: number;
  #longest_bytes = 0;

  constructor(host: SimulatedHost, connection: number) {
    this.#host = host;
    this.#connection = connection;
  }

  get hasRoom(): boolean {
    return this.#host.unacknowledgedBytes(this.#connection) < WAITING_BYTES_MAX;
  }

  /** One message is begun while there is room for the next byte. */
  bounds(check: BoundCheck): void {
    const waiting_bytes = this.#host.unacknowledgedBytes(this.#connection);
    check("bytes for another node", waiting_bytes, WAITING_BYTES_MAX + WORDS_BYTES_MAX + this.#longest_bytes);
  }

  write(bytes: Uint8Array): void {
    this.#longest_bytes = Math.max(this.#longest_bytes, bytes.length);
    this.#host.send(this.#connection, bytes, 0, bytes.length);
  }
}

/** Where the other nodes connect. */
export class ServingPort implements TransportHandler {
  readonly #host: SimulatedHost;
  readonly #node: ServingNode;
  readonly #onWork: () => void;
  readonly #onFailure: (why: string) => void;
  readonly #sessions = new Map<number, ServingSession>();
  readonly #outputs = new Map<number, StreamOutput>();

  /** `onFailure`: reading the log to send it has failed, which ends a node's thread. */
  constructor(host: SimulatedHost, node: ServingNode, onWork: () => void, onFailure: (why: string) => void) {
    this.#host = host;
    this.#node = node;
    this.#onWork = onWork;
    this.#onFailure = onFailure;
  }

  get #now(): number {
    return this.#host.network.queue.now_us;
  }

  opened(connection: number): void {
    if (this.#sessions.size >= CONNECTIONS_MAX) this.#giveWay();
    const output = new StreamOutput(this.#host, connection);
    this.#sessions.set(connection, new ServingSession(this.#node, output, this.#now));
    this.#outputs.set(connection, output);
  }

  /** As on a real node: the oldest that is no replica's. */
  #giveWay(): void {
    for (const [connection, session] of this.#sessions) {
      if (session.replica !== undefined || session.snapshotTo !== undefined) continue;
      session.close();
      this.#forget(connection);
      return this.#host.destroy(connection);
    }
  }

  received(connection: number, bytes: Uint8Array): void {
    const session = this.#sessions.get(connection);
    if (session === undefined) return;
    this.#guarded(() => session.received(bytes, this.#now));
    this.#pump(connection, session);
    this.#onWork();
  }

  drained(connection: number): void {
    const session = this.#sessions.get(connection);
    if (session !== undefined) this.#pump(connection, session);
  }

  ended(connection: number): void {
    this.#host.close(connection);
  }

  closed(connection: number): void {
    this.#sessions.get(connection)?.close();
    this.#forget(connection);
    this.#onWork();
  }

  bounds(check: BoundCheck): void {
    check("connections of other nodes", this.#sessions.size, CONNECTIONS_MAX);
    for (const output of this.#outputs.values()) output.bounds(check);
  }

  /** New frames: each session sends what it can. */
  pump(): void {
    for (const [connection, session] of this.#sessions) this.#pump(connection, session);
  }

  tick(): void {
    for (const session of this.#sessions.values()) session.tick(this.#now);
    this.pump();
    this.#onWork();
  }

  /** Nobody counts any more. */
  close(): void {
    for (const session of this.#sessions.values()) session.close();
  }

  #pump(connection: number, session: ServingSession): void {
    this.#guarded(() => {
      while (session.send(this.#now));
    });
    if (session.ended === undefined) return;
    this.#forget(connection);
    this.#host.close(connection);
  }

  #forget(connection: number): void {
    this.#sessions.delete(connection);
    this.#outputs.delete(connection);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#onFailure(error.message);
    }
  }
}

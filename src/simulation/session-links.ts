// The sessions between nodes on the simulated network, as the threads of a real node own them on sockets: bytes in, bytes
// out, time by ticks. What becomes of those that other nodes make is the real serving-connections.ts; `onWork` is told after
// whatever may have changed a session.

import type { TransportHandler } from "../base/index.ts";
import type { ServingNode } from "../replication/index.ts";
import { SERVED_MAX, ServingConnections, type ServingLine, UNTOLD } from "../runtime/index.ts";
import type { BoundCheck } from "./bounds.ts";
import type { SimulatedHost } from "./simulated-network.ts";
import type { Site } from "./site.ts";

/** Small beside the real one's, so that a slow line fills it. */
const WAITING_BYTES_MAX = 16_384;
/** A session's own few words are said with or without room. */
const WORDS_BYTES_MAX = 1_024;

/** A connection as a session's way out. */
export class StreamOutput implements ServingLine {
  readonly address = "";
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

  /** With or without last words: of a connection that is broken off the other end would hear also where the two are parted. */
  end(): void {
    this.#host.close(this.#connection);
  }
}

/** Where the other nodes connect. */
export class ServingPort implements TransportHandler {
  readonly connections: ServingConnections;
  readonly #host: SimulatedHost;
  readonly #onWork: () => void;
  readonly #lines = new Map<number, StreamOutput>();

  constructor({ host, clock }: Site, node: ServingNode, onWork: () => void) {
    // The next turn of a thread is the same moment here.
    this.connections = new ServingConnections(node, UNTOLD, clock, (act) => act());
    this.#host = host;
    this.#onWork = onWork;
  }

  opened(connection: number): void {
    const line = new StreamOutput(this.#host, connection);
    this.#lines.set(connection, line);
    this.connections.opened(line);
  }

  received(connection: number, bytes: Uint8Array): void {
    this.#of(connection, (line) => this.connections.received(line, bytes));
    this.#onWork();
  }

  drained(connection: number): void {
    this.#of(connection, (line) => this.connections.drained(line));
  }

  ended(connection: number): void {
    this.#host.close(connection);
  }

  closed(connection: number): void {
    this.#of(connection, (line) => this.connections.closed(line));
    this.#lines.delete(connection);
    this.#onWork();
  }

  #of(connection: number, act: (line: StreamOutput) => void): void {
    const line = this.#lines.get(connection);
    if (line !== undefined) act(line);
  }

  bounds(check: BoundCheck): void {
    check("connections of other nodes", this.connections.count, SERVED_MAX);
    for (const line of this.#lines.values()) line.bounds(check);
  }
}

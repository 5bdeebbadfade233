// The binary feed over TCP, or TLS: one session of the desk for each connection.

import { CloseCause, connectionSlot, type Transport, type TransportHandler } from "../../base/index.ts";
import { type FeedCarrier, FeedClose, type FeedDesk, type Seat } from "../../feed/index.ts";

/** A connection that ended, for a log. */
export interface EndedSubscriber {
  readonly reason: FeedClose;
  readonly address: string;
}

export interface FeedServiceOptions {
  readonly transport: Transport;
  /** Undefined while there is nothing to serve yet: whoever comes then is closed at once. */
  readonly desk: () => FeedDesk | undefined;
  /** Somebody can be served. */
  readonly wake: () => void;
  readonly ended: (subscriber: EndedSubscriber) => void;
}

export class FeedService implements TransportHandler {
  readonly #options: FeedServiceOptions;
  /** By slot. */
  readonly #connections: (TcpSubscriber | undefined)[] = [];

  constructor(options: FeedServiceOptions) {
    this.#options = options;
  }

  opened(connection: number, address: string): void {
    const { transport, desk, ended } = this.#options;
    const carrier = new TcpSubscriber(connection, address, transport);
    const seat = desk()?.enter(carrier, address) ?? FeedClose.GoingAway;
    if (typeof seat === "string") {
      transport.destroy(connection);
      ended({ reason: seat, address });
      return;
    }
    carrier.seat = seat;
    this.#connections[connectionSlot(connection)] = carrier;
  }

  received(connection: number, bytes: Uint8Array): void {
    this.#find(connection)?.seat?.session.received(bytes);
    this.#options.wake();
  }

  drained(connection: number): void {
    this.#find(connection)?.seat?.session.drained();
    this.#options.wake();
  }

  /** Who sends no more has nothing more to ask; what is on its way goes out. */
  ended(connection: number): void {
    this.#find(connection)?.close(FeedClose.PeerEnded);
  }

  closed(connection: number, cause: CloseCause): void {
    const found = this.#find(connection);
    if (found === undefined) return;
    this.#connections[connectionSlot(connection)] = undefined;
    const reason = found.why ?? (cause === CloseCause.Broken ? FeedClose.Broken : FeedClose.PeerEnded);
    found.seat?.leave(reason);
    this.#options.ended({ reason, address: found.address });
  }

  #find(connection: number): TcpSubscriber | undefined {
    const found = this.#connections[connectionSlot(connection)];
    return found?.connection === connection ? found : undefined;
  }
}

class TcpSubscriber implements FeedCarrier {
  readonly connection: number;
  readonly address: string;
  seat: Seat | undefined;
  why: FeedClose | undefined;
  readonly #transport: Transport;

  constructor(connection: number, address: string, transport: Transport) {
    this.connection = connection;
    this.address = address;
    this.#transport = transport;
  }

  send(bytes: Uint8Array): boolean {
    return this.#transport.send(this.connection, bytes, 0, bytes.length);
  }

  unacknowledged(): number {
    return this.#transport.unacknowledgedBytes(this.connection);
  }

  close(why: FeedClose): void {
    if (this.why !== undefined) return;
    this.why = why;
    // Who takes nothing won't take the rest either.
    if (why === FeedClose.Stalled) this.#transport.destroy(this.connection);
    else this.#transport.close(this.connection);
  }
}

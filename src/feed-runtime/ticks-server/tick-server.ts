// A server of ticks/1: connections of a transport, a TickSession for each, and the time that runs for them. A tick is
// encoded once and offered to every session; what they have to write goes out at the end of the turn of the event loop,
// or after some hundred ticks. Who publishes needs to know nothing of clients.
//
// Bounds: clientsMax clients, each with a queue of at most TickStageLimits.loadMax_bytes. Its end: nothing is taken any
// more, what waits has 1 s to go out, then connections end, and are broken off half a second later.

import type { ListenAddress, SeriatimError, TransportHandler } from "../../base/index.ts";
import { assert, type Clock, connectionSlot, type Listener, type Transport } from "../../base/index.ts";
import {
  assertStageLimits,
  ChunkPool,
  EncodedTick,
  TICK_STAGE_LIMITS,
  type TickFaults,
  TickServerCounters,
  TickSession,
  type TickSink,
  type TickStageLimits,
  type TickValues,
} from "../../feed/index.ts";
import { NetTransport, SystemClock } from "../../platform/index.ts";
import { type Stamp, WallStamp } from "./stamp.ts";

/** Clients of a server when nothing else is said. */
export const TICK_CLIENTS_MAX = 64;
/** Connections that a transport needs beside those of clients: one too many is accepted, and closed at once. */
export const TICK_CONNECTIONS_SPARE = 16;

/** How often heartbeats and deadlines are looked at. */
const TURN_ms = 50;
/** Ticks after which writes are made, however the turn goes on: less than a chunk of the longest. */
const TICKS_PER_FLUSH = 1_024;
/** Writes of one connection in a row: of fragments, mostly; the rest comes with the next turn. */
const WRITES_MAX = 256;
const FLUSH_ms = 1_000;
const CLOSE_ms = 500;

/** A transport that can also end a connection the way a machine does that has lost it. */
export interface ResettingTransport extends Transport {
  reset(connection: number): void;
}

export interface TickServerOptions {
  /** Sockets of this machine by default; another one has room for clientsMax connections and TICK_CONNECTIONS_SPARE. */
  readonly transport?: ResettingTransport;
  /** The machine's by default. */
  readonly clock?: Clock;
  /** Of heartbeats. */
  readonly stamp?: Stamp;
  readonly clientsMax?: number;
  readonly limits?: TickStageLimits;
  readonly faults?: TickFaults | undefined;
  /** Of faults: u32, 0 by default. */
  readonly seed?: number;
  /** The number of each connection's first frame, 1 by default. */
  readonly firstSequence?: number;
  /** How many clients there are, whenever that changes. */
  readonly onClients?: (count: number) => void;
}

interface Client {
  readonly connection: number;
  readonly session: TickSession;
  /** Its connection was told to end. */
  isEnding: boolean;
}

export class TickServer implements TransportHandler, TickSink {
  /** Clients that found no place. */
  clientsRefused = 0;
  /** Whether silence means that nothing happened: otherwise no heartbeats are sent. */
  isCurrent = true;
  readonly #transport: ResettingTransport;
  readonly #clock: Clock;
  readonly #stamp: Stamp;
  readonly #options: TickServerOptions;
  readonly #limits: TickStageLimits;
  readonly #clientsMax: number;
  readonly #pool = new ChunkPool();
  readonly #tick = new EncodedTick();
  readonly #heartbeat = new EncodedTick();
  /** By slot; and those that are there. */
  readonly #bySlot: (Client | undefined)[] = [];
  readonly #clients: Client[] = [];
  /** Of connections that are over. */
  readonly #past = new TickServerCounters();
  #now_us: number;
  #unflushed = 0;
  #isFlushDue = false;
  #isClosing = false;
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onQuiet = (): void => {};

  constructor(options: TickServerOptions) {
    this.#options = options;
    this.#clientsMax = options.clientsMax ?? TICK_CLIENTS_MAX;
    const connectionsMax = this.#clientsMax + TICK_CONNECTIONS_SPARE;
    this.#transport = options.transport ?? new NetTransport({ connectionsMax });
    this.#clock = options.clock ?? new SystemClock();
    this.#stamp = options.stamp ?? new WallStamp();
    this.#limits = options.limits ?? TICK_STAGE_LIMITS;
    assert(this.#clientsMax >= 1, "a server has room for a client");
    assertStageLimits(this.#limits);
    this.#now_us = this.#clock.monotonicMicros();
  }

  /** Resolves with the port; throws SeriatimError (`EADDRINUSE`, ...) naming the address. */
  async listen(address: ListenAddress): Promise<number> {
    this.#listener = await this.#transport.listen(address, this);
    this.#timer = setInterval(() => this.turn(), TURN_ms);
    return this.#listener.port;
  }

  /** Resolves with why it can't listen any more, if that happens; after listen(). */
  get failed(): Promise<SeriatimError> {
    assert(this.#listener !== undefined, "it listens");
    return this.#listener.failed;
  }

  get clients(): number {
    return this.#clients.length;
  }

  /** Of all connections there were, with those there are. Cold: allocates. */
  counters(): TickServerCounters {
    const all = new TickServerCounters();
    all.add(this.#past);
    for (const { session } of this.#clients) all.add(session.counters);
    return all;
  }

  /** Of each client. Cold: allocates. */
  clientCounters(): readonly TickServerCounters[] {
    return this.#clients.map(({ session }) => session.counters);
  }

  /** Sends a trade or a quote to every client that wants its symbol; the object may be used again at once. */
  publish(tick: TickValues): void {
    if (this.#clients.length === 0 || this.#isClosing) return;
    this.#tick.encode(tick);
    this.#offer();
  }

  /** Writes what waits. It happens by itself at the end of the turn. */
  flush(): void {
    this.#now_us = this.#clock.monotonicMicros();
    this.#unflushed = 0;
    // Backwards: who is closed on the way leaves the list.
    for (let i = this.#clients.length - 1; i >= 0; i--) this.#write(this.#clients[i]);
  }

  /** Heartbeats and deadlines; it is called by itself while it listens. */
  turn(): void {
    this.#now_us = this.#clock.monotonicMicros();
    for (const { session } of this.#clients) {
      session.check(this.#now_us);
      const mayBeat = this.isCurrent && !this.#isClosing;
      if (mayBeat && session.wantsHeartbeat(this.#now_us)) this.#beat(session);
    }
    this.flush();
  }

  /** Ends it, within 1.5 s. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const closing = this.#listener?.close();
    this.flush();
    await this.#until(() => this.#clients.every(({ session }) => session.load === 0), FLUSH_ms);
    for (const { connection } of this.#clients) this.#transport.close(connection);
    await this.#until(() => this.#clients.length === 0, CLOSE_ms);
    clearInterval(this.#timer);
    for (const { connection } of this.#clients) this.#transport.destroy(connection);
    await closing;
  }

  opened(connection: number): void {
    if (this.#clients.length === this.#clientsMax || this.#isClosing) {
      this.clientsRefused++;
      this.#transport.destroy(connection);
      return;
    }
    const { faults, firstSequence, seed = 0 } = this.#options;
    this.#now_us = this.#clock.monotonicMicros();
    const limits = this.#limits;
    const session = new TickSession({ limits, faults, seed, firstSequence }, this.#pool, this.#now_us);
    const client = { connection, session, isEnding: false };
    this.#bySlot[connectionSlot(connection)] = client;
    this.#clients.push(client);
    this.#options.onClients?.(this.#clients.length);
  }

  received(connection: number, bytes: Uint8Array): void {
    const client = this.#find(connection);
    if (client === undefined) return;
    client.session.receive(bytes, this.#clock.monotonicMicros());
    this.#endIfDue(client);
  }

  drained(connection: number): void {
    const client = this.#find(connection);
    if (client === undefined) return;
    this.#now_us = this.#clock.monotonicMicros();
    client.session.written(this.#now_us);
    this.#write(client);
    this.#onQuiet();
  }

  /** A client that ends its side ends the connection. */
  ended(connection: number): void {
    this.#transport.destroy(connection);
  }

  closed(connection: number): void {
    const client = this.#find(connection);
    if (client === undefined) return;
    client.session.close();
    this.#past.add(client.session.counters);
    this.#bySlot[connectionSlot(connection)] = undefined;
    this.#clients.splice(this.#clients.indexOf(client), 1);
    this.#options.onClients?.(this.#clients.length);
    this.#onQuiet();
  }

  #find(connection: number): Client | undefined {
    const found = this.#bySlot[connectionSlot(connection)];
    return found?.connection === connection ? found : undefined;
  }

  #offer(): void {
    const clients = this.#clients;
    for (let i = 0; i < clients.length; i++) clients[i].session.offer(this.#tick, this.#now_us);
    if (++this.#unflushed >= TICKS_PER_FLUSH) return this.flush();
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#transport.nextTurn(this.#flushDue);
  }

  readonly #flushDue = (): void => {
    this.#isFlushDue = false;
    this.flush();
  };

  #beat(session: TickSession): void {
    this.#stamp.take();
    this.#heartbeat.heartbeat(this.#stamp.low, this.#stamp.high);
    session.offerHeartbeat(this.#heartbeat, this.#now_us);
  }

  #write(client: Client): void {
    const { connection, session } = client;
    let writes = 0;
    while (writes++ < WRITES_MAX && session.next(this.#now_us)) {
      if (!this.#transport.send(connection, session.bytes, session.from, session.to)) break;
      session.written(this.#now_us);
    }
    if (writes > WRITES_MAX) this.#flushSoon();
    this.#endIfDue(client);
  }

  #endIfDue(client: Client): void {
    const { connection, session } = client;
    if (session.ending === undefined || client.isEnding) return;
    client.isEnding = true;
    if (session.ending === "finish") this.#transport.close(connection);
    else if (session.ending === "reset") this.#transport.reset(connection);
    else this.#transport.destroy(connection);
  }

  /** Waits until `isReached`, for so long at most. */
  #until(isReached: () => boolean, wait_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      this.#onQuiet = () => {
        if (!isReached()) return;
        clearTimeout(timer);
        resolve();
      };
      this.#onQuiet();
    });
  }
}

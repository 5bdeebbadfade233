// A server of ticks/1 on real sockets of this machine whose time a test owns, and peers that keep what they are sent.

import { connect, type Socket } from "node:net";
import type { Clock } from "../../../src/base/index.ts";
import {
  TICK_CLIENTS_MAX,
  TICK_CONNECTIONS_SPARE,
  TickServer,
  type TickServerOptions,
  TickSimulator,
  type TickSimulatorOptions,
} from "../../../src/feed-runtime/index.ts";
import { NetTransport } from "../../../src/platform/index.ts";
import { readTicks, type TickFrame } from "../../protocol/ticks/reference-reader.ts";

class OwnedClock implements Clock {
  now_us = 1_000_000;

  wallMicros(): number {
    return this.now_us;
  }
  monotonicMicros(): number {
    return this.now_us;
  }
}

export class Peer {
  readonly socket: Socket;
  /** The connection is over; whether it was reset. */
  isOver = false;
  wasReset = false;
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #waiting: { isReached: () => boolean; resolve: () => void }[] = [];

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port });
    this.socket.on("data", (piece) => {
      this.#pieces.push(piece as Buffer);
      this.#length += piece.length;
      this.#look();
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.wasReset = error.code === "ECONNRESET";
    });
    this.socket.on("close", () => {
      this.isOver = true;
      this.#look();
    });
  }

  /** Bytes that came. */
  get length(): number {
    return this.#length;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }

  frames(): TickFrame[] {
    return readTicks(this.bytes()).frames;
  }

  until(isReached: () => boolean): Promise<void> {
    if (isReached()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isReached, resolve }));
  }

  untilBytes(length: number): Promise<void> {
    return this.until(() => this.#length >= length);
  }

  untilOver(): Promise<void> {
    return this.until(() => this.isOver);
  }

  #look(): void {
    const reached = this.#waiting.filter(({ isReached }) => isReached());
    this.#waiting = this.#waiting.filter((waiter) => !reached.includes(waiter));
    for (const { resolve } of reached) resolve();
  }
}

/** Waits until `isReached`, looking at it once in a turn of the event loop. */
export async function reached(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise(setImmediate);
}

export class TickVenue {
  readonly clock = new OwnedClock();
  readonly transport: NetTransport;
  readonly peers: Peer[] = [];
  port = 0;
  server!: TickServer;
  simulator: TickSimulator | undefined;

  private constructor(clientsMax: number) {
    this.transport = new NetTransport({ connectionsMax: clientsMax + TICK_CONNECTIONS_SPARE });
  }

  static async serving(options: Partial<TickServerOptions> = {}): Promise<TickVenue> {
    const venue = new TickVenue(options.clientsMax ?? TICK_CLIENTS_MAX);
    venue.server = new TickServer({ transport: venue.transport, clock: venue.clock, ...options });
    venue.port = await venue.server.listen({ host: "127.0.0.1", port: 0 });
    return venue;
  }

  static async simulating(options: Partial<TickSimulatorOptions> = {}): Promise<TickVenue> {
    const venue = new TickVenue(options.clientsMax ?? TICK_CLIENTS_MAX);
    const { transport, clock } = venue;
    venue.simulator = new TickSimulator({
      ...{ transport, clock, symbols: 20, rate: 10_000, seed: 7, market: "neutral", timeScale: 1 },
      ...options,
    });
    venue.server = venue.simulator.server;
    venue.port = await venue.simulator.listen({ host: "127.0.0.1", port: 0 });
    return venue;
  }

  /** A connected peer that the server knows. */
  async connect(): Promise<Peer> {
    const before = this.server.clients;
    const peer = new Peer(this.port);
    this.peers.push(peer);
    await reached(() => this.server.clients > before);
    return peer;
  }

  /** A Subscribe that the server has taken. */
  async subscribe(peer: Peer, bytes: readonly number[]): Promise<void> {
    const before = this.server.counters().subscriptions;
    peer.socket.write(Uint8Array.from(bytes));
    await reached(() => this.server.counters().subscriptions > before);
  }

  /** Lets time pass for the server. */
  pass(time_ms: number): void {
    this.clock.now_us += time_ms * 1_000;
    this.simulator?.step();
    this.server.turn();
  }

  async end(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    await (this.simulator ?? this.server).close();
  }
}

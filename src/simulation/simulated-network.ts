// Machines and the streams of bytes between them, as TCP gives them: in order and unharmed or not at all, but cut into other
// pieces, late, held up, broken off, or half open (one side knows nothing of the other's end). What a partition holds up
// arrives when it heals, unless the connection is broken before.
//
//   send -> pieces, each with its delay, never before the one before -> received
//
// Every call of a handler comes from the event queue, never from inside a call of the transport.

import {
  connectionNumber,
  crc32c,
  encodeUtf8,
  type ListenAddress,
  type Listener,
  type Prng,
  SeriatimError,
  type Transport,
  type TransportHandler,
} from "../base/index.ts";
import type { EventQueue } from "./event-queue.ts";
import { StreamEnd } from "./stream-end.ts";

/** From connecting to knowing that nobody answers. */
const CONNECT_TIMEOUT_US = 1_000_000;

export interface NetworkConditions {
  /** One way of one piece, least and most. */
  readonly delay_us: readonly [number, number];
  /** How often a piece is late by a retransmission. */
  readonly lossChance: number;
  readonly retransmission_us: number;
  /** What one direction of a connection holds before `send` says no. */
  readonly window_bytes: number;
  /** What a byte takes on each direction of a connection, behind those before it; 0: nothing. */
  readonly byte_us: number;
}

export class SimulatedNetwork {
  readonly queue: EventQueue;
  readonly prng: Prng;
  conditions: NetworkConditions;
  /** A checksum over everything that arrived, and when. */
  trace = 0;
  /** How often anything was cut or healed. */
  cuts = 0;
  readonly #hosts = new Map<string, SimulatedHost>();
  /** "a>b": nothing gets from a to b. */
  readonly #cut = new Set<string>();

  constructor(queue: EventQueue, prng: Prng, conditions: NetworkConditions) {
    this.queue = queue;
    this.prng = prng;
    this.conditions = conditions;
  }

  host(name: string): SimulatedHost {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new SimulatedHost(name, this);
      this.#hosts.set(name, host);
    }
    return host;
  }

  /** Nothing gets from `from` to `to` until it heals; the other way is another cut. */
  cut(from: string, to: string): void {
    this.cuts++;
    this.#cut.add(`${from}>${to}`);
  }

  /** Both ways, from each of `others`. */
  cutOff(name: string, others: readonly string[]): void {
    for (const other of others) {
      this.cut(name, other);
      this.cut(other, name);
    }
  }

  healAll(): void {
    this.cuts++;
    this.#cut.clear();
  }

  isCut(from: string, to: string): boolean {
    return this.#cut.has(`${from}>${to}`);
  }

  /** For its streams: a piece, or the end, has arrived. */
  note(from: string, to: string, bytes: Uint8Array): void {
    this.trace = crc32c(encodeUtf8(`${this.queue.now_us} ${from}>${to} `), 0, undefined, this.trace);
    this.trace = crc32c(bytes, 0, undefined, this.trace);
  }

  delay_us(): number {
    const { delay_us, lossChance, retransmission_us } = this.conditions;
    const late_us = this.prng.chance(lossChance) ? retransmission_us : 0;
    return this.prng.between(delay_us[0], delay_us[1]) + late_us;
  }
}

export class SimulatedHost implements Transport {
  readonly name: string;
  readonly network: SimulatedNetwork;
  readonly #listening = new Map<number, Listening>();
  readonly #ends = new Map<number, StreamEnd>();
  #generation = 0;
  #nextPort = 1;
  /** How often the process has ended: what it had planned for its next turn ends with it. */
  #lives = 0;
  /** Of all connections, those too that are opened meanwhile; they may overlap. */
  #pauses = 0;

  constructor(name: string, network: SimulatedNetwork) {
    this.name = name;
    this.network = network;
  }

  /** The machine stops: its connections are gone without a word, and nobody listens. */
  crash(): void {
    this.#lives++;
    for (const end of this.#ends.values()) end.vanish();
    this.#ends.clear();
    this.#listening.clear();
  }

  /** The process ends: the kernel closes its connections, and their peers learn of it, as far as that gets through. */
  exit(): void {
    for (const end of this.#ends.values()) {
      const { peer } = end;
      const isHeard = peer !== undefined && !this.network.isCut(this.name, peer.host.name);
      if (isHeard) this.network.queue.plan(this.network.delay_us(), () => peer.isGone || peer.break());
    }
    this.crash();
  }

  /** At the cap who comes is refused, as a kernel does when the port is let go. */
  async listen(
    { port }: ListenAddress,
    handler: TransportHandler,
    connectionsMax = Number.POSITIVE_INFINITY,
  ): Promise<Listener> {
    const taken = port === 0 ? this.#nextPort++ : port;
    if (this.#listening.has(taken))
      throw new SeriatimError("EADDRINUSE", `port ${taken} of ${this.name} is in use`);
    this.#listening.set(taken, { handler, connectionsMax });
    return {
      port: taken,
      failed: new Promise(() => {}),
      close: async () => void this.#listening.delete(taken),
    };
  }

  /** Connects to a port of `to`; `handler.opened` or, without it, `handler.closed` follows. Returns the connection. */
  connect(to: string, port: number, handler: TransportHandler): number {
    const network = this.network;
    const near = this.#open(handler);
    const far = network.host(to);
    const meet = (): void => {
      const taker = far.#takerAt(port);
      if (near.isGone) return;
      if (network.isCut(this.name, to) || network.isCut(to, this.name) || taker === undefined) {
        const wait_us = taker === undefined ? network.delay_us() : CONNECT_TIMEOUT_US;
        network.queue.plan(wait_us, () => near.break());
        return;
      }
      const end = far.#open(taker);
      near.join(end);
      end.join(near);
      taker.opened(end.number, "");
      network.queue.plan(network.delay_us(), () => near.isGone || handler.opened(near.number, ""));
    };
    network.queue.plan(network.delay_us(), meet);
    return near.number;
  }

  /** Breaks off every connection with `other`, as a reset would: both sides learn of it. */
  reset(other: string): void {
    for (const end of this.#ends.values()) {
      if (end.peer?.host.name !== other) continue;
      end.peer.break();
      end.break();
    }
  }

  send(connection: number, bytes: Uint8Array, from: number, to: number): boolean {
    return this.#ends.get(connection)?.send(bytes.slice(from, to)) ?? true;
  }

  unacknowledgedBytes(connection: number): number {
    return this.#ends.get(connection)?.underWay_bytes ?? 0;
  }

  /** Its processes read nothing, on no connection, until each pause is over. */
  pauseAll(): void {
    this.#pauses++;
  }

  /** One pause is over. */
  resumeAll(): void {
    this.#pauses--;
    for (const end of this.#ends.values()) end.goOn();
  }

  /** For its ends: nothing is read on any of them. */
  get isPaused(): boolean {
    return this.#pauses > 0;
  }

  nextTurn(turned: () => void): void {
    const life = this.#lives;
    this.network.queue.plan(0, () => {
      if (this.#lives === life) turned();
    });
  }

  pause(connection: number): void {
    this.#ends.get(connection)?.pause(true);
  }

  resume(connection: number): void {
    this.#ends.get(connection)?.pause(false);
  }

  close(connection: number): void {
    this.#ends.get(connection)?.close();
  }

  destroy(connection: number): void {
    const end = this.#ends.get(connection);
    end?.peer?.break();
    end?.break();
  }

  /** For its ends: one is gone. */
  forget(connection: number): void {
    this.#ends.delete(connection);
  }

  /** Undefined: nobody listens there, or has no room. */
  #takerAt(port: number): TransportHandler | undefined {
    const listening = this.#listening.get(port);
    if (listening === undefined) return undefined;
    const { handler, connectionsMax } = listening;
    if (connectionsMax === Number.POSITIVE_INFINITY) return handler;
    const count = [...this.#ends.values()].filter((end) => end.isOf(handler)).length;
    return count < connectionsMax ? handler : undefined;
  }

  #open(handler: TransportHandler): StreamEnd {
    let slot = 0;
    // Each port has slots of its own, as each transport of a real node.
    const used = new Set([...this.#ends.values()].filter((end) => end.isOf(handler)).map(({ slot }) => slot));
    while (used.has(slot)) slot++;
    const end = new StreamEnd(this, slot, connectionNumber(slot, ++this.#generation % 32_768), handler);
    this.#ends.set(end.number, end);
    return end;
  }
}

/** Who takes what comes to a port, and how many of them. */
interface Listening {
  readonly handler: TransportHandler;
  readonly connectionsMax: number;
}

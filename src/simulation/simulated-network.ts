// Machines and the streams of bytes between them, as TCP gives them: in order and unharmed or not at all, but cut into other
// pieces, late, held up, broken off, or half open (one side knows nothing of the other's end). What a partition holds up
// arrives when it heals, unless the connection is broken before.
//
//   send -> pieces, each with its delay, never before the one before -> received
//
// Every call of a handler comes from the event queue, never from inside a call of the transport.

import {
  CloseCause,
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

/** What one direction holds before `send` says no: a socket's buffers, small beside real ones, so that whoever reads nothing fills them. */
export const WINDOW_BYTES = 4_096;
/** From connecting to knowing that nobody answers. */
const CONNECT_TIMEOUT_US = 1_000_000;
const NOTHING = new Uint8Array(0);
/** Between two looks of a stream whether a partition has healed. */
const HELD_UP_US = 10_000;

export interface NetworkConditions {
  /** One way of one piece, least and most. */
  readonly delay_us: readonly [number, number];
  /** How often a piece is late by a retransmission. */
  readonly lossChance: number;
  readonly retransmission_us: number;
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
  readonly #listening = new Map<number, TransportHandler>();
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

  async listen({ port }: ListenAddress, handler: TransportHandler): Promise<Listener> {
    const taken = port === 0 ? this.#nextPort++ : port;
    if (this.#listening.has(taken))
      throw new SeriatimError("EADDRINUSE", `port ${taken} of ${this.name} is in use`);
    this.#listening.set(taken, handler);
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
      const taker = far.#listening.get(port);
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

  #open(handler: TransportHandler): StreamEnd {
    let slot = 0;
    const used = new Set([...this.#ends.values()].map((end) => end.slot));
    while (used.has(slot)) slot++;
    const end = new StreamEnd(this, slot, connectionNumber(slot, ++this.#generation % 32_768), handler);
    this.#ends.set(end.number, end);
    return end;
  }
}

/** Bytes or the end, and what the sender does once they are read. */
interface Arrived {
  readonly what: Uint8Array | "end";
  readonly read: () => void;
}

/** One side of a connection. */
class StreamEnd {
  readonly host: SimulatedHost;
  readonly slot: number;
  readonly number: number;
  readonly #handler: TransportHandler;
  peer: StreamEnd | undefined;
  isGone = false;
  underWay_bytes = 0;
  /** Pieces and the end, in order: none overtakes another. */
  readonly #underWay: { readonly arrival_us: number; readonly act: () => void }[] = [];
  #isHeld = false;
  #isPaused = false;
  /** What arrived while paused, in order. */
  readonly #arrived: Arrived[] = [];
  #hasEnded = false;

  constructor(host: SimulatedHost, slot: number, number: number, handler: TransportHandler) {
    this.host = host;
    this.slot = slot;
    this.number = number;
    this.#handler = handler;
  }

  join(peer: StreamEnd): void {
    this.peer = peer;
  }

  send(bytes: Uint8Array): boolean {
    const { prng } = this.host.network;
    for (let at = 0; at < bytes.length; ) {
      const to = prng.chance(0.8) ? bytes.length : prng.between(at + 1, bytes.length);
      this.#sendPiece(bytes.subarray(at, to));
      at = to;
    }
    this.#isHeld = this.underWay_bytes > WINDOW_BYTES;
    return !this.#isHeld;
  }

  /** Everything that was sent, then the end. */
  close(): void {
    this.#hasEnded = true;
    this.#deliver(0, () => this.peer?.arrive("end", () => {}));
    this.#plan(this.host.network.delay_us(), () => this.#finish(CloseCause.Finished));
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.goOn();
  }

  /** Reads what has arrived, unless it is paused still. */
  goOn(): void {
    if (!this.#isStill && this.#arrived.length > 0) this.#plan(0, () => this.#hand());
  }

  /** Broken off: this side learns of it soon. */
  break(): void {
    this.#plan(0, () => this.#finish(CloseCause.Broken));
  }

  /** Gone without a word; the peer learns nothing. */
  vanish(): void {
    this.isGone = true;
  }

  /** `read`: called when its handler has it; until then it takes room of the sender's. */
  arrive(what: Uint8Array | "end", read: () => void): void {
    if (this.isGone) return;
    this.host.network.note(this.peer?.host.name ?? "", this.host.name, what === "end" ? NOTHING : what);
    this.#arrived.push({ what, read });
    this.#hand();
  }

  #sendPiece(piece: Uint8Array): void {
    this.underWay_bytes += piece.length;
    this.#deliver(piece.length, () => this.peer?.arrive(piece, () => this.#wasRead(piece.length)));
  }

  #wasRead(bytes: number): void {
    this.underWay_bytes -= bytes;
    if (!this.#isHeld || this.underWay_bytes > WINDOW_BYTES / 2 || this.isGone) return;
    this.#isHeld = false;
    this.#plan(0, () => this.#handler.drained(this.number));
  }

  /** Does what happens at the other side, when the way there is free, and not before what was sent earlier. */
  #deliver(bytes: number, act: () => void): void {
    const { queue, conditions } = this.host.network;
    const last_us = this.#underWay.at(-1)?.arrival_us ?? 0;
    const begun_us = Math.max(queue.now_us + this.host.network.delay_us(), last_us);
    this.#underWay.push({ arrival_us: begun_us + bytes * conditions.byte_us, act });
    if (this.#underWay.length === 1) this.#planFirst();
  }

  #planFirst(): void {
    const { queue } = this.host.network;
    const first = this.#underWay[0];
    if (first !== undefined)
      queue.plan(Math.max(0, first.arrival_us - queue.now_us), () => this.#arriveFirst());
  }

  #arriveFirst(): void {
    const { network, name } = this.host;
    const { peer } = this;
    if (peer === undefined || peer.isGone) return;
    if (network.isCut(name, peer.host.name)) return network.queue.plan(HELD_UP_US, () => this.#arriveFirst());
    this.#underWay.shift()?.act();
    this.#planFirst();
  }

  get #isStill(): boolean {
    return this.#isPaused || this.host.isPaused;
  }

  #hand(): void {
    while (!this.#isStill && !this.isGone && this.#arrived.length > 0) {
      const { what, read } = this.#arrived.shift() as Arrived;
      read();
      if (what === "end") this.#handler.ended(this.number);
      else if (!this.#hasEnded) this.#handler.received(this.number, what);
    }
  }

  #plan(delay_us: number, act: () => void): void {
    this.host.network.queue.plan(delay_us, () => {
      if (!this.isGone) act();
    });
  }

  #finish(cause: CloseCause): void {
    this.isGone = true;
    this.host.forget(this.number);
    this.#handler.closed(this.number, cause);
  }
}

// The transport on Node's sockets. A write the kernel takes at once (`writableLength` is 0 behind it) leaves its
// memory free; otherwise the socket holds it and `drained` follows (over TLS always, because what is sent is encrypted first).
// Half-open is allowed: a peer that sends and then ends its side gets all its answers. At `connectionsMax` the port is
// closed; a peer that was accepted in the same moment is disconnected at once and counted. A peer in the middle of its TLS
// handshake has a slot too, and the handler knows nothing of it.

import type { Socket } from "node:net";
import {
  type AddressLimits,
  AddressTable,
  addressKey,
  assert,
  CloseCause,
  CONNECTION_GENERATIONS,
  CONNECTION_SLOTS_MAX,
  connectionNumber,
  connectionSlot,
  type Listener,
  type Transport,
  type TransportHandler,
} from "../base/index.ts";
import { Handshakes } from "./handshakes.ts";
import { type NetListenAddress, NetListener } from "./net-listener.ts";
import { type ReadingInto, readingInto } from "./reading-into.ts";
import { TcpQueues } from "./tcp-queues.ts";
import { writeNow } from "./write-now.ts";

/** How long a closed connection may take to send its last bytes and to see the peer's end, in milliseconds; then it
 * is broken off. It is not ended sooner, because closing a socket that has unread bytes makes the kernel reset the
 * connection, and the peer would lose our last answers. */
const CLOSE_ms = 5_000;

/** TLS handshakes that one address may have under way: what its connections may be is said only after them. */
const HANDSHAKES_MAX = 32;
/** Of the slots, what all handshakes under way may have: 1 / this. */
const HANDSHAKES_SHARE = 4;

export interface NetTransportOptions {
  /** The most connections open at once, over all listeners (1 .. 65,536). */
  readonly connectionsMax: number;
  /** TLS handshakes that one address may have under way; HANDSHAKES_MAX, and of this machine's own addresses all, when left out. */
  readonly handshakes?: AddressLimits;
}

/**
 * A handler that may say where what comes in is to be put, so that it is copied nowhere. Where that can't be done (TLS) it is
 * told `received` as any other.
 */
export interface SpaceHandler extends TransportHandler {
  /**
   * Where the next read of the connection goes: asked for when a read is over, and before the first one, when the connection is
   * not `opened` yet. It stays in use until `filled` or `closed`, whatever happens meanwhile. Not empty.
   */
  space(connection: number): Uint8Array;
  /** The first `count` bytes of `space` came in. Never called while reading is paused. */
  filled(connection: number, space: Uint8Array, count: number): void;
}

/** Where every connection is read to that is being closed, or whose handler says no place: it is lent what came, so one is enough. */
const LENT = new Uint8Array(65_536);

export class NetTransport implements Transport {
  /** Peers that were lost while they were accepted: no slot or descriptor was left for them, or their TLS was none. */
  refused = 0;
  /** How often the last slot was taken. */
  timesFull = 0;
  readonly #connections: (NetConnection | undefined)[];
  readonly #generations: Uint16Array;
  /** Free slots, used in turn so that a slot rests as long as possible before it is used again. */
  readonly #free: Uint16Array;
  #freeHead = 0;
  #freeCount: number;
  readonly #queues = new TcpQueues();
  readonly #listeners = new Set<NetListener>();
  /** Slots of peers in the middle of a TLS handshake. */
  readonly #arrived: Handshakes<{ readonly slot: number; readonly address: string }>;
  /** How many of them each address has. */
  readonly #handshakes: AddressTable;

  constructor(options: NetTransportOptions) {
    const { connectionsMax } = options;
    assert(connectionsMax >= 1 && connectionsMax <= CONNECTION_SLOTS_MAX, "connectionsMax is 1 to 65536");
    this.#connections = new Array(connectionsMax).fill(undefined);
    this.#generations = new Uint16Array(connectionsMax);
    this.#free = Uint16Array.from({ length: connectionsMax }, (_, slot) => slot);
    this.#freeCount = connectionsMax;
    const handshakes = options.handshakes ?? { connections: HANDSHAKES_MAX, ownConnections: connectionsMax };
    this.#handshakes = new AddressTable(handshakes);
    const share = Math.max(1, Math.floor(connectionsMax / HANDSHAKES_SHARE));
    this.#arrived = new Handshakes(share, ({ slot, address }) => {
      this.#handshakes.leave(address);
      this.#release(slot);
    });
  }

  /** Connections open now. */
  get open(): number {
    return this.#connections.length - this.#freeCount;
  }

  /** Nothing is accepted now. */
  get isFull(): boolean {
    return this.#freeCount === 0;
  }

  async listen(address: NetListenAddress, handler: TransportHandler): Promise<Listener> {
    const listener = await NetListener.open(address, {
      accepted: (socket) => this.#accept(socket, handler),
      arrived: (socket) => this.#expect(socket),
      secured: (socket) => this.#secured(socket, handler),
      lost: () => this.refused++,
    });
    this.#listeners.add(listener);
    if (this.isFull) listener.full();
    return listener;
  }

  send(connection: number, bytes: Uint8Array, from: number, to: number): boolean {
    return this.#find(connection)?.send(bytes, from, to) ?? true;
  }

  unacknowledgedBytes(connection: number): number {
    const socket = this.#find(connection)?.socket;
    if (socket?.localPort === undefined || socket.remotePort === undefined) return -1;
    return this.#queues.unacknowledgedBytes(socket.localPort, socket.remotePort);
  }

  nextTurn(turned: () => void): void {
    // After the poll phase, in which every socket with something to read is read.
    setImmediate(turned);
  }

  pause(connection: number): void {
    this.#find(connection)?.pause();
  }

  resume(connection: number): void {
    this.#find(connection)?.resume();
  }

  close(connection: number): void {
    this.#find(connection)?.close();
  }

  destroy(connection: number): void {
    // Also of one that is being closed: it has its slot until its peer is through.
    const found = this.#connections[connectionSlot(connection)];
    if (found?.number === connection) found.destroy();
  }

  /** Ends the connection as a machine does that has lost it: the peer is told that it was reset. */
  reset(connection: number): void {
    const found = this.#find(connection);
    if (found === undefined) return;
    found.finishing = true;
    found.socket.resetAndDestroy();
  }

  /** Breaks off every connection, also those that are being closed, and every handshake. */
  destroyAll(): void {
    for (const connection of this.#connections) connection?.destroy();
    this.#arrived.destroy();
  }

  /** The connection of that number while the handler may still use it. */
  #find(connection: number): NetConnection | undefined {
    const found = this.#connections[connectionSlot(connection)];
    return found?.number === connection && !found.finishing ? found : undefined;
  }

  #accept(socket: Socket, handler: TransportHandler): void {
    const slot = this.#take();
    if (slot >= 0) return this.#open(slot, socket, handler);
    this.refused++;
    turnAway(socket);
  }

  /** A peer that begins a TLS handshake: its slot is taken, so that such peers are bounded like all others. */
  #expect(socket: Socket): void {
    const address = addressKey(socket.remoteAddress ?? "");
    // A peer that is turned away in the middle of its handshake is counted like one whose TLS failed.
    if (!this.#handshakes.enter(address)) return turnAway(socket);
    const slot = this.#take();
    if (slot < 0) {
      this.#handshakes.leave(address);
      return turnAway(socket);
    }
    this.#arrived.begin(socket, { slot, address });
  }

  #secured(socket: Socket, handler: TransportHandler): void {
    const arrived = this.#arrived.secured(socket);
    if (arrived === undefined) return turnAway(socket);
    this.#handshakes.leave(arrived.address);
    this.#open(arrived.slot, socket, handler);
  }

  #open(slot: number, socket: Socket, handler: TransportHandler): void {
    const number = connectionNumber(slot, this.#generations[slot]);
    const connection = new NetConnection(number, socket, handler, () => this.#release(slot));
    this.#connections[slot] = connection;
    // A peer that is gone already has no address any more; it is told as closed in a moment.
    handler.opened(number, connection.socket.remoteAddress ?? "");
  }

  /** A free slot for a peer, or -1. */
  #take(): number {
    if (this.#freeCount === 0) return -1;
    const slot = this.#free[this.#freeHead];
    this.#freeHead = (this.#freeHead + 1) % this.#free.length;
    this.#freeCount--;
    if (this.#freeCount === 0) this.#full();
    return slot;
  }

  #full(): void {
    this.timesFull++;
    for (const listener of this.#listeners) listener.full();
  }

  #release(slot: number): void {
    this.#connections[slot] = undefined;
    this.#generations[slot] = (this.#generations[slot] + 1) % CONNECTION_GENERATIONS;
    this.#free[(this.#freeHead + this.#freeCount) % this.#free.length] = slot;
    this.#freeCount++;
    if (this.#freeCount === 1) for (const listener of this.#listeners) listener.room();
  }
}

function turnAway(socket: Socket): void {
  socket.on("error", () => {}).destroy();
}

function hasSpace(handler: TransportHandler): handler is SpaceHandler {
  return "space" in handler;
}

class NetConnection {
  readonly number: number;
  readonly socket: Socket;
  /** `close` or `destroy` was called: nothing but `closed` reaches the handler from here on. */
  finishing = false;
  readonly #handler: TransportHandler;
  /** What is sent goes as it is. */
  readonly #isPlain: boolean;
  #held = false;
  #paused = false;
  /** The peer ended its side, and the handler does not know yet. */
  #endUntold = false;

  constructor(number: number, accepted: Socket, handler: TransportHandler, release: () => void) {
    this.number = number;
    this.#handler = handler;
    const own = readingInto(accepted, hasSpace(handler) ? this.#toSpace(handler) : this.#toLent(handler));
    const socket = own ?? accepted;
    this.socket = socket;
    this.#isPlain = own !== undefined;
    let cause: CloseCause = CloseCause.Finished;
    if (own === undefined)
      socket.on("data", (bytes: Buffer) => {
        if (!this.finishing) handler.received(number, bytes);
      });
    socket.on("end", () => {
      this.#endUntold = true;
      this.#tellEnd();
    });
    socket.on("error", () => {
      cause = CloseCause.Broken;
    });
    socket.on("close", () => {
      this.finishing = true;
      release();
      handler.closed(number, cause);
    });
  }

  #toSpace(handler: SpaceHandler): ReadingInto {
    const { number } = this;
    return {
      space: () => (this.finishing ? LENT : handler.space(number)),
      filled: (space, count) => {
        if (!this.finishing) handler.filled(number, space, count);
      },
    };
  }

  #toLent(handler: TransportHandler): ReadingInto {
    const { number } = this;
    return {
      space: () => LENT,
      filled: (space, count) => {
        if (!this.finishing) handler.received(number, space.subarray(0, count));
      },
    };
  }

  send(bytes: Uint8Array, from: number, to: number): boolean {
    assert(!this.#held, "nothing may be sent while a send is held");
    const sent = this.#isPlain ? from + writeNow(this.socket, bytes, from, to) : from;
    if (sent === to) return true;
    this.socket.write(Buffer.from(bytes.buffer, bytes.byteOffset + sent, to - sent), this.#written);
    this.#held = this.socket.writableLength > 0;
    return !this.#held;
  }

  // Also called for writes that were taken at once, on a later tick, when another may be held already.
  readonly #written = (): void => {
    if (!this.#held || this.socket.writableLength > 0) return;
    this.#held = false;
    if (!this.finishing) this.#handler.drained(this.number);
  };

  pause(): void {
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.socket.resume();
    if (this.#endUntold) process.nextTick(() => this.#tellEnd());
  }

  // A socket tells its end also while it is paused, when nothing it has read is left to give.
  #tellEnd(): void {
    if (!this.#endUntold || this.#paused || this.finishing) return;
    this.#endUntold = false;
    this.#handler.ended(this.number);
  }

  close(): void {
    this.finishing = true;
    const deadline = setTimeout(() => this.socket.destroy(), CLOSE_ms).unref();
    this.socket.once("close", () => clearTimeout(deadline));
    this.socket.end();
    // What still comes in is read and dropped, so that the peer's end is seen.
    this.socket.resume();
  }

  destroy(): void {
    this.finishing = true;
    this.socket.destroy();
  }
}

// One side of a connection of the simulated network: what it has sent and is under way, and what has arrived and waits to be read.

import { CloseCause, type TransportHandler } from "../base/index.ts";
import type { SimulatedHost } from "./simulated-network.ts";

const NOTHING = new Uint8Array(0);
/** Between two looks of a stream whether a partition has healed. */
const HELD_UP_US = 10_000;

/** Bytes or the end, and what the sender does once they are read. */
interface Arrived {
  readonly what: Uint8Array | "end";
  readonly read: () => void;
}

export class StreamEnd {
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

  isOf(handler: TransportHandler): boolean {
    return this.#handler === handler;
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
    this.#isHeld = this.underWay_bytes > this.#window_bytes;
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
    if (!this.#isHeld || this.underWay_bytes > this.#window_bytes / 2 || this.isGone) return;
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

  get #window_bytes(): number {
    return this.host.network.conditions.window_bytes;
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

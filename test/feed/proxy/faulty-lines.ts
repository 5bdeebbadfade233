// What lies between the exchange and its subscriber: lines that lose, double, delay, reorder and damage datagrams, and streams that cut
// bytes anywhere, damage them and break. All by a seed; `isFaulty` ends it.

import type { Prng } from "../../../src/base/index.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** Chances per datagram, of a stream per piece. */
export interface Faults {
  readonly loss: number;
  readonly double: number;
  /** Delayed by more than others. */
  readonly late: number;
  readonly damage: number;
  /** A stream breaks. */
  readonly reset: number;
}

/** A copy with up to three bits flipped, cut short, or with foreign bytes in it. */
function damaged(bytes: Uint8Array, random: Prng): Uint8Array {
  const copy = bytes.slice();
  const at = random.between(0, copy.length - 1);
  switch (random.between(0, 3)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Uint8Array.from([...copy.subarray(0, at), ...foreign(random), ...copy.subarray(at)]);
    default:
      for (let i = random.between(1, 3); i > 0; i--)
        copy[random.between(0, copy.length - 1)] ^= 1 << random.between(0, 7);
      return copy;
  }
}

function foreign(random: Prng): number[] {
  return Array.from({ length: random.between(1, 60) }, () => random.between(0, 255));
}

export class FaultyLine {
  isFaulty = true;
  lost = 0;
  readonly #time: SimulatedTime;
  readonly #random: Prng;
  readonly #faults: Faults;
  readonly #deliver: (bytes: Uint8Array) => void;

  constructor(time: SimulatedTime, random: Prng, faults: Faults, deliver: (bytes: Uint8Array) => void) {
    this.#time = time;
    this.#random = random;
    this.#faults = faults;
    this.#deliver = deliver;
  }

  /** Whether the datagram arrives unharmed, once or more. */
  send(bytes: Uint8Array): boolean {
    const { loss, double, late, damage } = this.#faults;
    const random = this.#random;
    const isFaulty = this.isFaulty;
    const isDamaged = isFaulty && random.chance(damage);
    if (isFaulty && random.chance(loss)) {
      this.lost++;
      return false;
    }
    const copies = isFaulty && random.chance(double) ? 2 : 1;
    const arriving = isDamaged ? damaged(bytes, random) : bytes.slice();
    for (let i = 0; i < copies; i++) {
      const more_us = isFaulty && random.chance(late) ? random.between(500, 4_000) : 0;
      this.#time.after(100 + random.between(0, 20) + more_us, () => this.#deliver(arriving));
    }
    if (isDamaged) this.lost++;
    return !isDamaged;
  }
}

/** One direction of a TCP connection: all bytes in order, in pieces of any length. */
export class FaultyStream {
  readonly #time: SimulatedTime;
  readonly #random: Prng;
  readonly #faults: Faults;
  readonly #isFaulty: () => boolean;
  readonly #deliver: (bytes: Uint8Array) => void;
  readonly #reset: () => void;
  #arrives_us = 0;

  constructor(
    time: SimulatedTime,
    random: Prng,
    faults: Faults,
    isFaulty: () => boolean,
    deliver: (bytes: Uint8Array) => void,
    reset: () => void,
  ) {
    this.#time = time;
    this.#random = random;
    this.#faults = faults;
    this.#isFaulty = isFaulty;
    this.#deliver = deliver;
    this.#reset = reset;
  }

  send(bytes: Uint8Array): void {
    const random = this.#random;
    for (let at = 0; at < bytes.length; ) {
      const to = Math.min(bytes.length, at + this.#pieceLength());
      const piece = bytes.slice(at, to);
      const isDamaged = this.#isFaulty() && random.chance(this.#faults.damage);
      const arriving = isDamaged ? damaged(piece, random) : piece;
      this.#arrives_us = Math.max(this.#arrives_us, this.#time.now_us + 200 + random.between(0, 300));
      this.#time.at(this.#arrives_us, () => this.#deliver(arriving));
      at = to;
    }
    if (this.#isFaulty() && random.chance(this.#faults.reset)) this.#time.at(this.#arrives_us, this.#reset);
  }

  #pieceLength(): number {
    const random = this.#random;
    return random.chance(0.1) ? random.between(1, 50) : random.between(50, 3_000);
  }
}

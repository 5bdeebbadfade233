// Which symbols a connection wants, and the bytes in which it says so: cut anywhere, several Subscribes in a read, junk
// between them. Nothing a client sends is trusted for more than 1 KiB of memory, and two bounds end its connection: a
// frame that stays unfinished, and how much junk there may be in all.

import {
  TICK_SUBSCRIBE_COMMAND,
  TICK_SUBSCRIBE_SYMBOLS_MAX,
  TICK_SYMBOLS_MAX,
  TickSubscribe,
} from "../../protocol/index.ts";

/** A Subscribe must be whole so long after its first byte. */
const FRAME_MAX_us = 5_000_000;
/** Bytes that begin no frame, of a connection. */
const SKIPPED_MAX = 4_096;

export class ConnectionSubscription {
  /** Subscribes that were taken; that had too many symbols. */
  taken = 0;
  errors = 0;
  /** Runs of bytes that begin no frame, and those bytes. */
  incidents = 0;
  skippedBytes = 0;
  #all = true;
  readonly #wanted = new Uint8Array(TICK_SYMBOLS_MAX);
  readonly #frame = new Uint8Array(TickSubscribe.symbols + 2 * TICK_SUBSCRIBE_SYMBOLS_MAX);
  /** Of the frame that has begun: the bytes kept, and when it began. */
  #kept = 0;
  #begun_us = 0;
  /** Bytes still to come of a frame that is too long. */
  #overlong = 0;
  #isSkipping = false;

  wants(symbol: number): boolean {
    return this.#all || this.#wanted[symbol] === 1;
  }

  /** Bytes from the client, in order. */
  receive(bytes: Uint8Array, now_us: number): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#overlong > 0) {
        const passed = Math.min(this.#overlong, bytes.length - at);
        this.#overlong -= passed;
        at += passed;
      } else this.#take(bytes[at++], now_us);
    }
  }

  /** Whether the connection must end for what came in, or did not. */
  isBroken(now_us: number): boolean {
    if (this.skippedBytes > SKIPPED_MAX) return true;
    return (this.#kept > 0 || this.#overlong > 0) && now_us - this.#begun_us >= FRAME_MAX_us;
  }

  #take(byte: number, now_us: number): void {
    if (this.#kept === 0) {
      if (byte !== TICK_SUBSCRIBE_COMMAND) return this.#skip();
      this.#isSkipping = false;
      this.#begun_us = now_us;
    }
    this.#frame[this.#kept++] = byte;
    if (this.#kept >= TickSubscribe.symbols) this.#judge();
  }

  #skip(): void {
    if (!this.#isSkipping) this.incidents++;
    this.#isSkipping = true;
    this.skippedBytes++;
  }

  #judge(): void {
    const count = this.#u16(TickSubscribe.count);
    if (count > TICK_SUBSCRIBE_SYMBOLS_MAX) {
      this.errors++;
      this.#overlong = 2 * count;
      this.#kept = 0;
    } else if (this.#kept === TickSubscribe.symbols + 2 * count) {
      this.#subscribe(count);
      this.#kept = 0;
    }
  }

  #subscribe(count: number): void {
    this.taken++;
    this.#all = count === 0;
    this.#wanted.fill(0);
    for (let i = 0; i < count; i++) {
      const symbol = this.#u16(TickSubscribe.symbols + 2 * i);
      if (symbol < TICK_SYMBOLS_MAX) this.#wanted[symbol] = 1;
    }
  }

  #u16(at: number): number {
    return this.#frame[at] | (this.#frame[at + 1] << 8);
  }
}
